#include "rollout/pausing.h"

#include <algorithm>

namespace slipway::rollout {

const api::PauseCondition* find_pause(const api::RolloutStatus& status, std::string_view reason) {
  const auto found =
      std::ranges::find(status.pause_conditions, reason, &api::PauseCondition::reason);
  return found == status.pause_conditions.end() ? nullptr : &*found;
}

void add_pause(api::RolloutStatus& status, std::string_view reason, Instant now) {
  if (find_pause(status, reason)) return;
  status.pause_conditions.push_back({std::string(reason), round_up_to_second(now)});
  status.controller_pause = true;
}

void remove_pause(api::RolloutStatus& status, std::string_view reason) {
  std::erase_if(status.pause_conditions,
                [&](const api::PauseCondition& pause) { return pause.reason == reason; });
}

void clear_pauses(api::RolloutStatus& status) {
  status.pause_conditions.clear();
  status.controller_pause = false;
}

bool was_resumed(const api::RolloutStatus& status) {
  return status.controller_pause && status.pause_conditions.empty();
}

PauseState pause_state(const api::RolloutStatus& status, std::string_view reason,
                       std::optional<Duration> duration, Instant now) {
  const api::PauseCondition* pause = find_pause(status, reason);
  if (pause == nullptr) return {status.controller_pause ? Pause::resumed : Pause::absent, {}};
  if (!duration) return {Pause::waits, {}};
  const Instant end = pause->start_time.value_or(now) + *duration;
  if (now >= end) return {Pause::is_over, {}};
  return {Pause::waits, end - now};
}

bool is_halted(const api::Rollout& rollout) {
  return rollout.spec.paused ||
         find_pause(rollout.status, pause_reasons::inconclusive_analysis) != nullptr;
}

}  // namespace slipway::rollout
