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

}  // namespace
}  // namespace slipway::rollout
