#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/experiment.h"
#include "api/rollout.h"
#include "base/time.h"

/// What absent members of a spec mean. The objects themselves stay as people wrote them: nothing
/// here is ever stored.
namespace slipway::api {

std::int32_t desired_replicas(const Rollout& rollout);
std::int32_t revision_history_limit(const Rollout& rollout);
Duration progress_deadline(const Rollout& rollout);
std::int32_t successful_run_history_limit(const Rollout& rollout);
std::int32_t unsuccessful_run_history_limit(const Rollout& rollout);
/// In revisions; 0 is off.
std::int32_t rollback_window(const Rollout& rollout);

/// What becomes of the Deployment that `workloadRef` names.
enum class WorkloadScaleDown { never, on_success, progressively };
/// Anything unknown counts as never.
WorkloadScaleDown workload_scale_down(const Rollout& rollout);

/// Pods beyond, and short of, the desired ones that an update may cause. Percentages of the desired
/// count: surge rounds up, unavailability down. All texts are percentages, "5" like "5%". If both
/// of a canary come to 0, one pod may be unavailable, or no update could begin. Never negative, and
/// never more unavailable than there are. Source: behaviour.md 10.1.
///
/// Blue-green has no surge, and uses unavailability for restarts only.
std::int32_t max_surge(const Rollout& rollout);
std::int32_t max_unavailable(const Rollout& rollout);

/// How long an old ReplicaSet keeps its pods after promotion. A basic canary's end at once: their
/// share has gone to the new version already.
Duration scale_down_delay(const Rollout& rollout);
/// How many old ReplicaSets may wait for that delay at the same time.
std::int32_t scale_down_delay_revision_limit(const Rollout& rollout);
/// How long the ReplicaSet of an aborted update keeps its pods; nothing: for ever. Zero for a basic
/// canary and, unless the Rollout sets a delay, with dynamicStableScale, where the canary shrinks
/// as stable grows.
std::optional<Duration> abort_scale_down_delay(const Rollout& rollout);

bool auto_promotion_enabled(const Rollout& rollout);
/// Pods of the preview before promotion.
std::int32_t preview_replicas(const Rollout& rollout);

std::int32_t max_traffic_weight(const Rollout& rollout);
/// The count raised to minPodsPerReplicaSet where that holds: with a router, and not for 0.
std::int32_t at_least_min_pods(const Rollout& rollout, std::int32_t count);
/// Of the desired pods, or in pods: how many must be available for a step to be done.
ReplicaProgressThreshold replica_progress_threshold(const CanaryStrategy& canary);
/// The step with which background analysis begins.
std::int32_t starting_step(const RolloutAnalysisBackground& analysis);
std::int32_t mirror_percentage(const SetMirrorRoute& route);

/// How long a pause step lasts; nothing: until a person promotes. Whole seconds.
///
/// *Errors*: `invalid` for a text that is neither a number nor a Go duration, and below zero.
Result<std::optional<Duration>> pause_duration(const RolloutPause& pause);

std::string annotation_prefix(const NginxTrafficRouting& nginx);
std::string annotation_prefix(const ALBTrafficRouting& alb);
std::string root_service(const CanaryStrategy& canary, const ALBTrafficRouting& alb);
std::string root_service(const CanaryStrategy& canary, const SMITrafficRouting& smi);
std::string traffic_split_name(const Rollout& rollout, const SMITrafficRouting& smi);
std::vector<std::string> rules(const ApisixRoute& route);

Duration progress_deadline(const Experiment& experiment);
/// Nothing: the ReplicaSets go to zero without a deadline.
std::optional<Duration> scale_down_delay(const Experiment& experiment);
std::int32_t desired_replicas(const TemplateSpec& spec);

}  // namespace slipway::api
