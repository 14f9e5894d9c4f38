#include "rollout/duration.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};
using Duration_ = api::Box<api::RolloutDurationStatus>;

TEST_CASE("an update is timed from its start to its end, without what people took (29)") {
  Duration_ duration;
  track_duration(duration, {.begins = true}, t0);
  REQUIRE(duration);
  CHECK(duration->rollout_started_at == t0);
  track_duration(duration, {.waits_for_person = true}, t0 + 10_s);
  CHECK(duration->manual_pause_started_at == t0 + 10_s);
  track_duration(duration, {}, t0 + 70_s);
  CHECK_FALSE(duration->manual_pause_started_at);
  CHECK(duration->total_manual_pause_duration_seconds == 60);
  track_duration(duration, {.promoted = true}, t0 + 80_s);
  CHECK(duration->completion_status == "Promoted");
  CHECK_FALSE(duration->finished_at);
  track_duration(duration, {.promoted = true, .all_available = true}, t0 + 90_s);
  CHECK(duration->finished_at == t0 + 90_s);

  const auto finished = *duration;
  track_duration(duration, {.promoted = true, .all_available = true}, t0 + 99_h);
  CHECK(*duration == finished);
}

TEST_CASE("how an update ended is told") {
  const auto ended = [](DurationFacts facts) {
    Duration_ duration;
    track_duration(duration, {.begins = true}, t0);
    track_duration(duration, facts, t0 + 1_s);
    return duration->completion_status.value_or("not yet");
  };
  CHECK(ended({.aborted = true}) == "Aborted");
  CHECK(ended({.fast = true, .promoted = true}) == "FastPromoted");
  CHECK(ended({.begins = true, .rolls_back = true}) == "RolledBack");
  CHECK(ended({.begins = true, .rolls_back = true, .fast = true}) == "FastRolledBack");
  CHECK(ended({.begins = true}) == "not yet");  // Superseded: another one runs.
}

TEST_CASE("what ran before anybody counted is not counted, and a settled one stays as it is") {
  Duration_ duration;
  track_duration(duration, {.waits_for_person = true}, t0);
  CHECK_FALSE(duration);
  track_duration(duration, {.promoted = true, .all_available = true}, t0);
  CHECK_FALSE(duration);
  track_duration(duration, {.retries = true}, t0);
  CHECK(duration);
}

TEST_CASE("what ended is told once, with how long it took and how long people were waited for") {
  const auto told = [](const Duration_& before, const Duration_& after) {
    const auto ended = ended_update(before, after);
    return ended ? ended->status + " " + std::to_string(ended->total.whole_seconds()) + " " +
                       std::to_string(ended->paused.whole_seconds())
                 : "nothing";
  };
  Duration_ none, started, waiting, finished, next;
  track_duration(started, {.begins = true}, t0);
  waiting = started;
  track_duration(waiting, {.waits_for_person = true}, t0 + 10_s);
  next = waiting;
  track_duration(next, {.begins = true}, t0 + 40_s);
  finished = waiting;
  track_duration(finished, {.promoted = true, .all_available = true}, t0 + 70_s);
  CHECK(told(none, none) == "nothing");
  CHECK(told(none, started) == "nothing");
  CHECK(told(started, waiting) == "nothing");
  CHECK(told(waiting, finished) == "Promoted 70 60");
  CHECK(told(finished, finished) == "nothing");
  CHECK(told(finished, next) == "nothing");
  CHECK(told(waiting, next) == "Superseded 40 30");
  Duration_ aborted = next;
  track_duration(aborted, {.aborted = true}, t0 + 45_s);
  CHECK(told(next, aborted) == "Aborted 5 0");
}

}  // namespace
}  // namespace slipway::rollout
