#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/rollout.h"

namespace slipway::rollout {

namespace condition_types {
inline constexpr std::string_view invalid_spec = "InvalidSpec";
inline constexpr std::string_view available = "Available";
inline constexpr std::string_view progressing = "Progressing";
inline constexpr std::string_view replica_failure = "ReplicaFailure";
inline constexpr std::string_view paused = "Paused";
inline constexpr std::string_view completed = "Completed";
inline constexpr std::string_view healthy = "Healthy";
/// Ours: the Rollout asks for what Slipway can't do yet, and is left as it is.
inline constexpr std::string_view not_supported = "NotSupported";
}  // namespace condition_types

namespace condition_reasons {
inline constexpr std::string_view invalid_spec = "InvalidSpec";
inline constexpr std::string_view available = "AvailableReason";
inline constexpr std::string_view new_replica_set_created = "NewReplicaSetCreated";
inline constexpr std::string_view found_new_replica_set = "FoundNewReplicaSet";
inline constexpr std::string_view create_error = "ReplicaSetCreateError";
inline constexpr std::string_view updated = "ReplicaSetUpdated";
inline constexpr std::string_view not_available = "ReplicaSetNotAvailable";
inline constexpr std::string_view new_replica_set_available = "NewReplicaSetAvailable";
inline constexpr std::string_view paused = "RolloutPaused";
inline constexpr std::string_view resumed = "RolloutResumed";
inline constexpr std::string_view retry = "RolloutRetry";
inline constexpr std::string_view aborted = "RolloutAborted";
inline constexpr std::string_view deadline_exceeded = "ProgressDeadlineExceeded";
inline constexpr std::string_view completed = "RolloutCompleted";
inline constexpr std::string_view healthy = "RolloutHealthy";
inline constexpr std::string_view not_supported = "NotSupported";
}  // namespace condition_reasons

const api::RolloutCondition* find_condition(const api::RolloutStatus& status,
                                            std::string_view type);
/// Whether there is a condition of that type with that reason.
bool has_reason(const api::RolloutStatus& status, std::string_view type, std::string_view reason);
/// Whether there is a condition of that type whose status is "True".
bool is_true(const api::RolloutStatus& status, std::string_view type);

/// What to say of one matter.
struct Statement {
  std::string_view type;
  std::string_view status;  ///< "True", "False", "Unknown"
  std::string_view reason;
  std::string message;
};

/// Puts a condition at the end of the list, in the place of the one of its type. One of the same
/// status and reason stays as it is, its message too. The transition time is kept where the status
/// is the same. Times are whole seconds. Returns whether anything changed. Source: behaviour.md
/// 27.1.
bool set_condition(api::RolloutStatus& status, Statement statement, Instant now);
/// The same, but one of the same status and reason is written afresh too.
void renew_condition(api::RolloutStatus& status, Statement statement, Instant now);
/// What was said on the way to `status` and taken back in the same plan was no transition: where a
/// condition has the status that it has in `before`, its transition is that one's.
void keep_transition_times(const api::RolloutStatus& before, api::RolloutStatus& status);
void remove_condition(api::RolloutStatus& status, std::string_view type);

}  // namespace slipway::rollout
