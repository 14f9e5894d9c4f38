#include "controller/metrics.h"

#include <doctest/doctest.h>

namespace slipway::controller {
namespace {

bool says(const std::string& text, std::string_view line) {
  return text.find(std::string(line) + "\n") != std::string::npos;
}

TEST_CASE("an update that ended is counted by how, with the time that people took apart") {
  Metrics metrics({});
  metrics.update_ended({"Promoted", Duration::from_seconds(400), Duration::from_seconds(100)});
  metrics.update_ended({"Aborted", Duration::from_seconds(20), Duration{}});
  const std::string text = metrics.text();
  CAPTURE(text);
  CHECK(says(text, "rollout_duration_seconds_sum{status=\"Promoted\"} 400"));
  CHECK(says(text, "rollout_duration_seconds_bucket{status=\"Promoted\",le=\"300\"} 0"));
  CHECK(says(text, "rollout_duration_seconds_bucket{status=\"Promoted\",le=\"600\"} 1"));
  CHECK(
      says(text, "rollout_progression_duration_seconds_bucket{status=\"Promoted\",le=\"300\"} 1"));
  CHECK(
      says(text, "rollout_manual_pause_duration_seconds_bucket{status=\"Promoted\",le=\"300\"} 1"));
  CHECK(says(text, "rollout_manual_pause_duration_seconds_bucket{status=\"Aborted\",le=\"0\"} 1"));
}

TEST_CASE("queues have client-go's metrics") {
  Metrics metrics({});
  metrics.collect_from(nullptr, [] {
    return std::vector<QueueSample>{
        {.name = "Rollouts",
         .depth = 3,
         .in_flight = 2,
         .adds = 9,
         .retries = 1,
         .longest_running = Duration::from_seconds(4),
         .unfinished = Duration::from_seconds(5)}
    };
  });
  metrics.queue_waited("Rollouts", Duration::from_milliseconds(50));
  metrics.queue_worked("Rollouts", Duration::from_seconds(2));
  const std::string text = metrics.text();
  CAPTURE(text);
  for (const char* line :
       {"workqueue_depth{name=\"Rollouts\"} 3", "workqueue_adds_total{name=\"Rollouts\"} 9",
        "workqueue_retries_total{name=\"Rollouts\"} 1",
        "workqueue_longest_running_processor_seconds{name=\"Rollouts\"} 4",
        "workqueue_unfinished_work_seconds{name=\"Rollouts\"} 5",
        "workqueue_queue_duration_seconds_bucket{name=\"Rollouts\",le=\"0.1\"} 1",
        "workqueue_work_duration_seconds_bucket{name=\"Rollouts\",le=\"1\"} 0",
        "workqueue_work_duration_seconds_bucket{name=\"Rollouts\",le=\"10\"} 1"}) {
    CAPTURE(line);
    CHECK(says(text, line));
  }
}

}  // namespace
}  // namespace slipway::controller
