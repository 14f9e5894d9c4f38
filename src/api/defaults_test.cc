#include "api/defaults.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <limits>
#include <map>

#include "base/text.h"

namespace slipway::api {
namespace {

Rollout canary() {
  Rollout rollout;
  rollout.metadata.name = "rollout name";
  rollout.spec.strategy.canary.emplace().stable_service = "stableService";
  return rollout;
}

Rollout routed() {
  Rollout rollout = canary();
  rollout.spec.strategy.canary->traffic_routing.emplace();
  return rollout;
}

Rollout blue_green() {
  Rollout rollout;
  rollout.spec.strategy.blue_green.emplace();
  return rollout;
}

constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();

std::string seconds(std::optional<Duration> delay) {
  return delay ? std::to_string(delay->whole_seconds()) : "never";
}

std::string limit(std::int32_t value) {
  return std::to_string(value) + (value == unlimited ? " (unlimited)" : "");
}

/// Our answer for each default of a Rollout, in the words of the table.
std::map<std::string, std::string> answers() {
  const Rollout basic = canary(), router = routed(), blue = blue_green();
  const CanaryStrategy& strategy = *router.spec.strategy.canary;
  Rollout hundred = basic;
  hundred.spec.replicas = 100;
  Rollout hundred_blue = blue;
  hundred_blue.spec.replicas = 100;
  const ReplicaProgressThreshold threshold = replica_progress_threshold(strategy);
  const bool waits = !pause_duration({}).value();
  const std::string canary = "spec.strategy.canary.", routing = canary + "trafficRouting.";
  const std::string blue_green = "spec.strategy.blueGreen.";
  return {
      {"spec.replicas", fmt::format("{}", desired_replicas(basic))},
      {"spec.minReadySeconds", fmt::format("{}", basic.spec.min_ready_seconds)},
      {"spec.revisionHistoryLimit", fmt::format("{}", revision_history_limit(basic))},
      {"spec.progressDeadlineSeconds", seconds(progress_deadline(basic))},
      {"spec.progressDeadlineAbort", fmt::format("{}", basic.spec.progress_deadline_abort)},
      {"spec.analysis.successfulRunHistoryLimit",
       fmt::format("{}", successful_run_history_limit(basic))},
      {"spec.analysis.unsuccessfulRunHistoryLimit",
       fmt::format("{}", unsuccessful_run_history_limit(basic))},
      {"spec.rollbackWindow.revisions", fmt::format("{} = feature off", rollback_window(basic))},
      {"spec.workloadRef.scaleDown",
       workload_scale_down(basic) == WorkloadScaleDown::never ? "never" : "another"},
      {blue_green + "autoPromotionEnabled", fmt::format("{}", auto_promotion_enabled(blue))},
      {blue_green + "autoPromotionSeconds",
       fmt::format("{}", blue.spec.strategy.blue_green->auto_promotion_seconds)},
      {blue_green + "maxUnavailable", fmt::format("{}%", max_unavailable(hundred_blue))},
      {blue_green + "scaleDownDelaySeconds", seconds(scale_down_delay(blue))},
      {blue_green + "scaleDownDelayRevisionLimit", limit(scale_down_delay_revision_limit(blue))},
      {blue_green + "abortScaleDownDelaySeconds", seconds(abort_scale_down_delay(blue))},
      {blue_green + "previewReplicaCount",
       preview_replicas(hundred_blue) == 100 ? "spec.replicas" : "another"},
      {canary + "maxSurge", fmt::format("{}%", max_surge(hundred))},
      {canary + "maxUnavailable", fmt::format("{}%", max_unavailable(hundred))},
      {canary + "scaleDownDelaySeconds",
       fmt::format("{} with trafficRouting, {} without", seconds(scale_down_delay(router)),
       seconds(scale_down_delay(basic)))},
      {canary + "scaleDownDelayRevisionLimit", limit(scale_down_delay_revision_limit(router))},
      {canary + "abortScaleDownDelaySeconds",
       fmt::format("{} with trafficRouting, {} (immediate) without",
       seconds(abort_scale_down_delay(router)),
       seconds(abort_scale_down_delay(basic)))},
      {canary + "replicaProgressThreshold",
       fmt::format("{}{} (spec == available == desired)", threshold.value,
       threshold.type == "Percent" ? "%" : "")},
      {canary + "minPodsPerReplicaSet", at_least_min_pods(router, 1) == 1 ? "unset" : "another"},
      {canary + "analysis.startingStep",
       fmt::format("{} (starts as soon as an update begins)", starting_step({}))},
      {canary + "steps[].pause.duration", waits ? "absent = wait for a human" : "another"},
      {canary + "steps[].setMirrorRoute.percentage", fmt::format("{}", mirror_percentage({}))},
      {routing + "maxTrafficWeight", fmt::format("{}", max_traffic_weight(router))},
      {routing + "nginx.annotationPrefix", annotation_prefix(NginxTrafficRouting{})},
      {routing + "alb.annotationPrefix", annotation_prefix(ALBTrafficRouting{})},
      {routing + "alb.rootService", root_service(strategy, ALBTrafficRouting{})},
      {routing + "smi.rootService", root_service(strategy, SMITrafficRouting{})},
      {routing + "smi.trafficSplitName", traffic_split_name(router, {})},
      {routing + "apisix.route.rules", "[" + join(rules({.name = "route name"}), ",") + "]"},
  };
}

TEST_CASE("absent members of a Rollout mean what the compatibility table says") {
  std::map<std::string, std::string> ours = answers();
  std::ifstream in("tests/data/compat/defaults-validation.tsv");
  REQUIRE(in.good());
  for (std::string line; std::getline(in, line);) {
    const auto cells = split(line, '\t');
    if (cells.size() < 4 || cells[0] != "default" || cells[1] != "Rollout") continue;
    const std::string path(cells[2]);
    CAPTURE(path);
    REQUIRE_MESSAGE(ours.contains(path), "no answer to " << path);
    CHECK(ours[path] == std::string(cells[3]));
    ours.erase(path);
  }
  for (const auto& [path, answer] : ours) CHECK_MESSAGE(false, path << " is not in the table");
}

TEST_CASE("absent members of an Experiment mean what the compatibility table says") {
  Experiment experiment;
  CHECK(progress_deadline(experiment) == 600_s);
  CHECK(scale_down_delay(experiment) == 30_s);
  CHECK(desired_replicas(TemplateSpec{}) == 1);
  experiment.spec.scale_down_delay_seconds = 0;
  CHECK(scale_down_delay(experiment) == std::nullopt);
  experiment.spec.progress_deadline_seconds = 5;
  CHECK(progress_deadline(experiment) == 5_s);
}

TEST_CASE("members that are set are taken as they are") {
  Rollout rollout = routed();
  rollout.spec.replicas = 0;
  rollout.spec.revision_history_limit = 0;
  rollout.spec.progress_deadline_seconds = 7;
  rollout.spec.analysis = {.successful_run_history_limit = 0, .unsuccessful_run_history_limit = 2};
  rollout.spec.rollback_window = {.revisions = 3};
  rollout.spec.workload_ref = RolloutWorkloadRef{.scale_down = "progressively"};
  rollout.spec.strategy.canary->traffic_routing->max_traffic_weight = 1000;
  CHECK(desired_replicas(rollout) == 0);
  CHECK(revision_history_limit(rollout) == 0);
  CHECK(progress_deadline(rollout) == 7_s);
  CHECK(successful_run_history_limit(rollout) == 0);
  CHECK(unsuccessful_run_history_limit(rollout) == 2);
  CHECK(rollback_window(rollout) == 3);
  CHECK(workload_scale_down(rollout) == WorkloadScaleDown::progressively);
  CHECK(max_traffic_weight(rollout) == 1000);

  Rollout blue = blue_green();
  blue.spec.replicas = 4;
  blue.spec.strategy.blue_green->auto_promotion_enabled = false;
  blue.spec.strategy.blue_green->scale_down_delay_revision_limit = 2;
  CHECK(!auto_promotion_enabled(blue));
  CHECK(preview_replicas(blue) == 4);
  blue.spec.strategy.blue_green->preview_replica_count = 1;
  CHECK(preview_replicas(blue) == 1);
  CHECK(scale_down_delay_revision_limit(blue) == 2);
}

TEST_CASE("delays of scale-down depend on the strategy, and 0 after an abort means never") {
  struct Row {
    const char* name;
    Rollout rollout;
    std::optional<std::int32_t> seconds;
    bool dynamic;
    Duration delay;
    std::optional<Duration> abort_delay;
  };
  const Row rows[] = {
      {"basic canary, unset",   canary(),     {}, false, 0_s,  0_s         },
      {"basic canary, 60",      canary(),     60, false, 0_s,  0_s         },
      {"basic canary, 0",       canary(),     0,  false, 0_s,  0_s         },
      {"routed canary, unset",  routed(),     {}, false, 30_s, 30_s        },
      {"routed canary, 60",     routed(),     60, false, 60_s, 60_s        },
      {"routed canary, 0",      routed(),     0,  false, 0_s,  std::nullopt},
      {"dynamic stable, unset", routed(),     {}, true,  30_s, 0_s         },
      {"dynamic stable, 60",    routed(),     60, true,  60_s, 60_s        },
      {"dynamic stable, 0",     routed(),     0,  true,  0_s,  std::nullopt},
      {"blue-green, unset",     blue_green(), {}, false, 30_s, 30_s        },
      {"blue-green, 60",        blue_green(), 60, false, 60_s, 60_s        },
      {"blue-green, 0",         blue_green(), 0,  false, 0_s,  std::nullopt},
      {"no strategy",           Rollout{},    {}, false, 0_s,  0_s         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Rollout rollout = row.rollout;
    const auto set = [&](auto& strategy) {
      strategy.scale_down_delay_seconds = row.seconds;
      strategy.abort_scale_down_delay_seconds = row.seconds;
    };
    if (rollout.spec.strategy.canary) {
      set(*rollout.spec.strategy.canary);
      rollout.spec.strategy.canary->dynamic_stable_scale = row.dynamic;
    }
    if (rollout.spec.strategy.blue_green) set(*rollout.spec.strategy.blue_green);
    CHECK(scale_down_delay(rollout) == row.delay);
    CHECK(abort_scale_down_delay(rollout) == row.abort_delay);
  }
}

IntOrString text(const char* value) {
  return IntOrString::of(std::string(value));
}

TEST_CASE("surge rounds up, unavailability rounds down, and one of them is left (10.1)") {
  using Limit = std::optional<IntOrString>;
  struct Row {
    std::int32_t replicas;
    Limit surge, unavailable;
    std::int32_t want_surge, want_unavailable;
  };
  const Row rows[] = {
      {10,        {},                  {},                  3,         2         },
      {1,         {},                  {},                  1,         0         },
      {0,         {},                  {},                  0,         0         },
      {10,        IntOrString::of(0),  {},                  0,         2         },
      {3,         IntOrString::of(0),  {},                  0,         1         }, // 25% of 3 is 0
      {3,         IntOrString::of(0),  IntOrString::of(0),  0,         1         },
      {0,         IntOrString::of(0),  IntOrString::of(0),  0,         0         },
      {10,        text("5"),           text("15"),          1,         1         }, // percent
      {10,        text("5%%"),         text("100%"),        1,         10        },
      {10,        IntOrString::of(20), IntOrString::of(20), 20,        10        },
      {10,        text("x"),           text("%"),           0,         1         },
      {10,        IntOrString::of(-1), text("-50%"),        0,         1         },
      {unlimited, text("400%"),        text("50%"),         unlimited, 1073741823},
  };
  for (const Row& row : rows) {
    CAPTURE(row.replicas);
    CAPTURE(row.want_surge);
    Rollout rollout = canary();
    rollout.spec.replicas = row.replicas;
    rollout.spec.strategy.canary->max_surge = row.surge;
    rollout.spec.strategy.canary->max_unavailable = row.unavailable;
    CHECK(max_surge(rollout) == row.want_surge);
    CHECK(max_unavailable(rollout) == row.want_unavailable);
  }
}

TEST_CASE("blue-green has no surge, and its own unavailability for restarts") {
  Rollout rollout = blue_green();
  rollout.spec.replicas = 10;
  CHECK(max_surge(rollout) == 0);
  CHECK(max_unavailable(rollout) == 2);
  rollout.spec.strategy.blue_green->max_unavailable = IntOrString::of(0);
  CHECK(max_unavailable(rollout) == 0);
}

TEST_CASE("a minimum of pods holds with a router, for counts above 0, up to the desired count") {
  Rollout rollout = routed();
  rollout.spec.replicas = 3;
  rollout.spec.strategy.canary->min_pods_per_replica_set = 2;
  CHECK(at_least_min_pods(rollout, 0) == 0);
  CHECK(at_least_min_pods(rollout, 1) == 2);
  CHECK(at_least_min_pods(rollout, 3) == 3);
  rollout.spec.strategy.canary->min_pods_per_replica_set = 9;
  CHECK(at_least_min_pods(rollout, 1) == 3);
  rollout.spec.strategy.canary->traffic_routing.reset();
  CHECK(at_least_min_pods(rollout, 1) == 1);
}

TEST_CASE("a pause lasts seconds or a Go duration, cut to whole seconds") {
  struct Row {
    IntOrString written;
    std::optional<Duration> want;
  };
  const Row rows[] = {
      {IntOrString::of(10), 10_s        },
      {IntOrString::of(0),  0_s         },
      {text("10"),          10_s        },
      {text("1h30m"),       5400_s      },
      {text("1500ms"),      1_s         },
      {text("soon"),        std::nullopt},
      {text(""),            std::nullopt},
      {text("-1s"),         std::nullopt},
      {IntOrString::of(-1), std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.written.text);
    CAPTURE(row.written.number);
    const auto duration = pause_duration({.duration = row.written});
    CHECK(duration.has_value() == row.want.has_value());
    if (duration) CHECK(*duration == row.want);
  }
}

}  // namespace
}  // namespace slipway::api
