#include "rollout/progress.h"

#include "rollout/conditions.h"

namespace slipway::rollout {

bool made_progress(const api::RolloutStatus& before, const api::RolloutStatus& after) {
  const auto old_replicas = [](const api::RolloutStatus& status) {
    return status.replicas - status.updated_replicas;
  };
  return after.updated_replicas != before.updated_replicas ||
         old_replicas(after) < old_replicas(before) ||
         after.ready_replicas > before.ready_replicas ||
         after.available_replicas > before.available_replicas ||
         after.blue_green.active_selector != before.blue_green.active_selector ||
         after.blue_green.preview_selector != before.blue_green.preview_selector ||
         after.stable_rs != before.stable_rs ||
         after.current_step_index != before.current_step_index ||
         after.current_step_hash != before.current_step_hash ||
         after.current_pod_hash != before.current_pod_hash;
}

ProgressClock progress_clock(const api::RolloutStatus& status, Duration deadline, Instant now) {
  const api::RolloutCondition* progressing = find_condition(status, condition_types::progressing);
  if (progressing == nullptr || progressing->reason == condition_reasons::aborted ||
      progressing->reason == condition_reasons::paused) {
    return {};
  }
  if (progressing->reason == condition_reasons::deadline_exceeded) return {.timed_out = true};
  const Instant end = progressing->last_update_time.value_or(now) + deadline;
  if (end < now) return {.timed_out = true};
  // Strictly after: a second more, as times are written in whole seconds.
  return {.left = end - now + 1_s};
}

}  // namespace slipway::rollout
