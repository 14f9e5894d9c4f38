#include "rollout/conditions.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};

Statement progressing(std::string_view status, std::string_view reason, std::string message) {
  return {condition_types::progressing, status, reason, std::move(message)};
}

TEST_CASE("a condition changes with its status or reason, not with its message (27.1)") {
  api::RolloutStatus status;
  CHECK(set_condition(status, progressing("True", "A", "one"), t0));
  CHECK_FALSE(set_condition(status, progressing("True", "A", "two"), t0 + 10_s));
  CHECK(find_condition(status, condition_types::progressing)->message == "one");
  CHECK(set_condition(status, progressing("True", "B", "three"), t0 + 20_s));
  const auto* condition = find_condition(status, condition_types::progressing);
  CHECK(condition->last_update_time == t0 + 20_s);
  CHECK(condition->last_transition_time == t0);
  CHECK(set_condition(status, progressing("False", "B", "four"), t0 + 30_s));
  CHECK(find_condition(status, condition_types::progressing)->last_transition_time == t0 + 30_s);
}

TEST_CASE("what one plan says and takes back is no transition") {
  api::RolloutStatus before;
  set_condition(before, progressing("False", "Aborted", ""), t0);
  api::RolloutStatus status = before;
  set_condition(status, progressing("Unknown", "Retry", ""), t0 + 10_s);
  set_condition(status, progressing("False", "CreateError", ""), t0 + 10_s);
  keep_transition_times(before, status);
  const auto* condition = find_condition(status, condition_types::progressing);
  CHECK(condition->last_transition_time == t0);
  CHECK(condition->last_update_time == t0 + 10_s);
  CHECK(condition->reason == "CreateError");

  set_condition(status, progressing("True", "Created", ""), t0 + 20_s);
  keep_transition_times(before, status);
  CHECK(find_condition(status, condition_types::progressing)->last_transition_time == t0 + 20_s);
}

TEST_CASE("a condition that changes goes to the end, in whole seconds") {
  api::RolloutStatus status;
  set_condition(status, progressing("True", "A", ""), t0);
  set_condition(status, {condition_types::available, "True", "AvailableReason", ""}, t0);
  renew_condition(status, progressing("True", "A", "again"), t0 + 1'900_ms);
  REQUIRE(status.conditions.size() == 2);
  CHECK(status.conditions[1].type == condition_types::progressing);
  CHECK(status.conditions[1].last_update_time == t0 + 1_s);
  CHECK(status.conditions[1].last_transition_time == t0);
  CHECK(is_true(status, condition_types::progressing));
  CHECK(has_reason(status, condition_types::progressing, "A"));
  remove_condition(status, condition_types::progressing);
  CHECK_FALSE(is_true(status, condition_types::progressing));
}

}  // namespace
}  // namespace slipway::rollout
