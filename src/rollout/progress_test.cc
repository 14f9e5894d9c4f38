#include "rollout/progress.h"

#include <doctest/doctest.h>

#include "rollout/conditions.h"

namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};

TEST_CASE("progress is what moves towards the end (27.2)") {
  const api::RolloutStatus before{.replicas = 5,
                                  .updated_replicas = 2,
                                  .ready_replicas = 4,
                                  .available_replicas = 4,
                                  .current_step_index = 1};
  struct Row {
    const char* name;
    void (*change)(api::RolloutStatus&);
    bool want;
  };
  using Status = api::RolloutStatus;
  const Row rows[] = {
      {"nothing",        [](Status&) {},                                        false},
      {"more updated",   [](Status& s) { s.updated_replicas = 3; },             true },
      {"fewer updated",  [](Status& s) { s.updated_replicas = 1; },             true },
      {"fewer old ones", [](Status& s) { s.replicas = 4; },                     true },
      {"more old ones",  [](Status& s) { s.replicas = 6; },                     false},
      {"more ready",     [](Status& s) { s.ready_replicas = 5; },               true },
      {"fewer ready",    [](Status& s) { s.ready_replicas = 3; },               false},
      {"more available", [](Status& s) { s.available_replicas = 5; },           true },
      {"a step",         [](Status& s) { s.current_step_index = 2; },           true },
      {"promoted",       [](Status& s) { s.stable_rs = "x"; },                  true },
      {"switched",       [](Status& s) { s.blue_green.active_selector = "x"; }, true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    api::RolloutStatus after = before;
    row.change(after);
    CHECK(made_progress(before, after) == row.want);
  }
}

TEST_CASE("the progress deadline runs from the last progress, and not while paused (27.4)") {
  const auto told = [](std::string_view reason) {
    api::RolloutStatus status;
    set_condition(status, {condition_types::progressing, "True", reason, ""}, t0);
    return status;
  };
  const auto clock = [](const api::RolloutStatus& status, Instant now) {
    return progress_clock(status, 600_s, now);
  };
  CHECK(clock(told("ReplicaSetUpdated"), t0 + 100_s).left == 501_s);
  CHECK_FALSE(clock(told("ReplicaSetUpdated"), t0 + 600_s).timed_out);
  CHECK(clock(told("ReplicaSetUpdated"), t0 + 601_s).timed_out);
  CHECK_FALSE(clock(told("RolloutPaused"), t0 + 601_s).timed_out);
  CHECK_FALSE(clock(told("RolloutAborted"), t0 + 601_s).timed_out);
  CHECK_FALSE(clock(told("RolloutPaused"), t0).left);
  CHECK(clock(told("ProgressDeadlineExceeded"), t0).timed_out);
  CHECK_FALSE(clock({}, t0).timed_out);
}

}  // namespace
}  // namespace slipway::rollout
