#include "rollout/pausing.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};
constexpr std::string_view step = pause_reasons::canary_step;

api::RolloutStatus paused_since(Instant start) {
  api::RolloutStatus status;
  status.controller_pause = true;
  status.pause_conditions.push_back({std::string(step), start});
  return status;
}

TEST_CASE("a pause waits, is over, or was ended by a person (9.1, 9.3)") {
  api::RolloutStatus promoted;
  promoted.controller_pause = true;
  struct Row {
    const char* name;
    api::RolloutStatus status;
    std::optional<Duration> duration;
    Instant now;
    PauseState want;
  };
  const Row rows[] = {
      {"not begun",              {},               10_s, t0,        {Pause::absent, {}} },
      {"until a person comes",   paused_since(t0), {},   t0 + 99_h, {Pause::waits, {}}  },
      {"half-way",               paused_since(t0), 10_s, t0 + 4_s,  {Pause::waits, 6_s} },
      {"on the dot",             paused_since(t0), 10_s, t0 + 10_s, {Pause::is_over, {}}},
      {"after an outage",        paused_since(t0), 10_s, t0 + 99_h, {Pause::is_over, {}}},
      {"promoted by a person",   promoted,         {},   t0,        {Pause::resumed, {}}},
      {"the clock stepped back", paused_since(t0), 10_s, t0 - 5_s,  {Pause::waits, 15_s}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(pause_state(row.status, step, row.duration, row.now) == row.want);
  }
}

TEST_CASE("a pause starts at a whole second that is not early (D10), and once (P3)") {
  api::RolloutStatus status;
  add_pause(status, step, t0 + 200_ms);
  REQUIRE(find_pause(status, step));
  CHECK(find_pause(status, step)->start_time == t0 + 1_s);
  CHECK(status.controller_pause);
  add_pause(status, step, t0 + 60_s);
  CHECK(find_pause(status, step)->start_time == t0 + 1_s);
  remove_pause(status, step);
  CHECK(was_resumed(status));
  clear_pauses(status);
  CHECK_FALSE(was_resumed(status));
}

TEST_CASE("a person and an analysis that can't tell both halt an update") {
  api::Rollout rollout;
  CHECK_FALSE(is_halted(rollout));
  add_pause(rollout.status, step, t0);
  CHECK_FALSE(is_halted(rollout));
  add_pause(rollout.status, pause_reasons::inconclusive_analysis, t0);
  CHECK(is_halted(rollout));
  rollout.status = {};
  rollout.spec.paused = true;
  CHECK(is_halted(rollout));
}

}  // namespace
}  // namespace slipway::rollout
