#pragma once

#include <string_view>

/// Labels and annotations that a rollout reads and writes. They are Argo Rollouts', so that either
/// controller can go on where the other stopped.
namespace slipway::rollout::keys {

inline constexpr std::string_view revision = "rollout.argoproj.io/revision";
inline constexpr std::string_view revision_history = "rollout.argoproj.io/revision-history";
inline constexpr std::string_view desired_replicas = "rollout.argoproj.io/desired-replicas";
inline constexpr std::string_view workload_generation = "rollout.argoproj.io/workload-generation";
inline constexpr std::string_view managed_by = "argo-rollouts.argoproj.io/managed-by-rollouts";
inline constexpr std::string_view notified = "notified.notifications.argoproj.io";
inline constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";
inline constexpr std::string_view experiment_name = "experiment.argoproj.io/name";

/// On a ReplicaSet: what the strategy had put on its pod template's metadata, as JSON.
inline constexpr std::string_view ephemeral_metadata = "rollout.argoproj.io/ephemeral-metadata";
/// On a ReplicaSet whose template's metadata was changed: its pods do not read like it yet. The
/// value tells what they may hold from before, as JSON. Ours.
inline constexpr std::string_view pods_behind = "slipway.dev/pods-behind";

/// When an old ReplicaSet may go. The bare key is the one in use, by Argo Rollouts as by us.
inline constexpr std::string_view scale_down_deadline = "scale-down-deadline";
/// As Argo Rollouts' documents print it. No version writes it, but people who follow the documents
/// do; it is read, moved to the bare key and removed.
inline constexpr std::string_view scale_down_deadline_as_documented =
    "argo-rollouts.argoproj.io/scale-down-deadline";

/// On a ReplicaSet: the resourceVersion of the Rollout that the last decision about its size, its
/// end or its return into service rests on; on a Service, about what it selects. Each such write is
/// held to the value it saw, so one from before can't land late; and who finds a newer version
/// there than its own copy of the Rollout knows that this copy is behind. Ours.
inline constexpr std::string_view claim = "slipway.dev/claim";
/// On a Rollout: the hash of the version that the revision beside it was given to. Ours.
inline constexpr std::string_view revision_for = "slipway.dev/revision-for";

}  // namespace slipway::rollout::keys
