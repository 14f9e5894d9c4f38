#include "rollout/conditions.h"

#include <algorithm>

namespace slipway::rollout {

const api::RolloutCondition* find_condition(const api::RolloutStatus& status,
                                            std::string_view type) {
  const auto found = std::ranges::find(status.conditions, type, &api::RolloutCondition::type);
  return found == status.conditions.end() ? nullptr : &*found;
}

bool has_reason(const api::RolloutStatus& status, std::string_view type, std::string_view reason) {
  const api::RolloutCondition* condition = find_condition(status, type);
  return condition && condition->reason == reason;
}

bool is_true(const api::RolloutStatus& status, std::string_view type) {
  const api::RolloutCondition* condition = find_condition(status, type);
  return condition && condition->status == "True";
}

bool set_condition(api::RolloutStatus& status, Statement statement, Instant now) {
  const api::RolloutCondition* present = find_condition(status, statement.type);
  if (present && present->status == statement.status && present->reason == statement.reason) {
    return false;
  }
  renew_condition(status, std::move(statement), now);
  return true;
}

void renew_condition(api::RolloutStatus& status, Statement statement, Instant now) {
  const Instant at = round_down_to_second(now);
  api::RolloutCondition condition{
      .type = std::string(statement.type),
      .status = std::string(statement.status),
      .last_update_time = at,
      .last_transition_time = at,
      .reason = std::string(statement.reason),
      .message = std::move(statement.message),
  };
  const api::RolloutCondition* present = find_condition(status, statement.type);
  if (present && present->status == condition.status) {
    condition.last_transition_time = present->last_transition_time;
  }
  remove_condition(status, statement.type);
  status.conditions.push_back(std::move(condition));
}

void keep_transition_times(const api::RolloutStatus& before, api::RolloutStatus& status) {
  for (api::RolloutCondition& condition : status.conditions) {
    const api::RolloutCondition* was = find_condition(before, condition.type);
    if (was && was->status == condition.status) {
      condition.last_transition_time = was->last_transition_time;
    }
  }
}

void remove_condition(api::RolloutStatus& status, std::string_view type) {
  std::erase_if(status.conditions,
                [&](const api::RolloutCondition& condition) { return condition.type == type; });
}

}  // namespace slipway::rollout
