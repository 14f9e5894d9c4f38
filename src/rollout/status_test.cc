#include <doctest/doctest.h>

#include <fmt/format.h>

#include "rollout/conditions.h"
#include "rollout/simulated_world.h"

/// What the status tells: to autoscalers, of commands, of time that has run out. Source:
/// behaviour.md 17, 27.2, 27.3, 27.5, 28.
namespace slipway::rollout {
namespace {

const std::string canary =
    R"({"canary":{"steps":[{"setWeight":25},{"pause":{}},{"setWeight":50},{"pause":{}}]}})";
const std::string blue_green =
    R"({"blueGreen":{"activeService":"active","previewService":"preview","autoPromotionEnabled":false}})";

using Deed = std::function<void(SimulatedWorld&)>;

SimulatedWorld running(const std::string& strategy) {
  SimulatedWorld world(4, strategy);
  world.add_service("active");
  world.add_service("preview");
  world.run();
  REQUIRE(world.rollout().status.phase == "Healthy");
  return world;
}

/// At the first pause of an update.
SimulatedWorld paused(const std::string& strategy) {
  SimulatedWorld world = running(strategy);
  world.advance(60_s);
  world.set_image("v2");
  world.run();
  REQUIRE(world.rollout().status.phase == "Paused");
  return world;
}

Deed command(const char* patch) {
  return [patch](SimulatedWorld& world) { world.command(patch); };
}

Deed edit(const char* patch) {
  return [patch](SimulatedWorld& world) { world.edit(patch); };
}

std::string condition(const api::RolloutStatus& status, std::string_view type) {
  const auto* found = find_condition(status, type);
  return found ? found->status + " " + found->reason : "none";
}

TEST_CASE("autoscalers see the pods of a canary, and of a blue-green the active ones (28, 15.5)") {
  struct Row {
    const char* name;
    std::string strategy;
    Deed deed;
    const char* want;  ///< HPAReplicas, ready, available, replicas, updated; selector.
  };
  const auto nothing = [](SimulatedWorld&) {};
  const auto update = [](SimulatedWorld& world) { world.set_image("v2"); };
  const auto promoted = [](SimulatedWorld& world) {
    world.set_image("v2");
    world.run();
    world.promote();
    world.settle();
  };
  const auto no_active = [](SimulatedWorld& world) {
    world.edit_service("active", R"({"spec":{"selector":{"rollouts-pod-template-hash":null}}})");
    world.edit(R"({"paused":true})");
  };
  const Row rows[] = {
      {"canary, settled",           canary,     nothing,   "4 4 4 4 4 app=web"   },
      {"canary, half-way",          canary,     update,    "4 4 4 4 1 app=web"   },
      {"blue-green, settled",       blue_green, nothing,   "4 4 4 4 4 app=web,v1"},
      {"blue-green, with preview",  blue_green, update,    "4 4 4 8 4 app=web,v1"},
      {"blue-green, just switched", blue_green, promoted,  "4 4 4 8 4 app=web,v2"},
      {"blue-green, none active",   blue_green, no_active, "4 4 4 4 4 app=web"   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SimulatedWorld world = running(row.strategy);
    row.deed(world);
    world.run(20_s);
    const api::RolloutStatus status = world.rollout().status;
    std::string selector = status.selector;
    for (const char* image : {"v1", "v2"}) {
      if (!world.has_replica_set(image)) continue;
      const std::string label =
          "rollouts-pod-template-hash=" +
          *world.replica_set(image).metadata.label("rollouts-pod-template-hash");
      if (const auto at = selector.find(label); at != std::string::npos) {
        selector.replace(at, label.size(), image);
      }
    }
    CHECK(fmt::format("{} {} {} {} {} {}", status.hpa_replicas, status.ready_replicas,
                      status.available_replicas, status.replicas, status.updated_replicas,
                      selector) == row.want);
  }
}

TEST_CASE("what a person commands by a field is done (17)") {
  struct Row {
    const char* name;
    std::string strategy;
    Deed deed;
    const char* sizes;
    const char* stands;  ///< Step, phase and message.
  };
  const Row rows[] = {
      {"pause",                                    canary,     edit(R"({"paused":true})"),                           "v1:3/3 v2:1/1", "1 Paused: manually paused"},
      {"pause and resume",                         canary,
       [](SimulatedWorld& world) {
         world.edit(R"({"paused":true})");
         world.run();
         world.edit(R"({"paused":false})");
       },                                                                                                            "v1:3/3 v2:1/1", "1 Paused: CanaryPauseStep"},
      {"promote",                                  canary,     command(R"({"pauseConditions":null})"),               "v1:2/2 v2:2/2",
       "3 Paused: CanaryPauseStep"                                                                                                                               },
      {"promote past a step",                      canary,
       command(R"({"pauseConditions":null,"controllerPause":false,"currentStepIndex":3})"),
       "v1:2/2 v2:2/2",                                                                                                               "3 Paused: CanaryPauseStep"},
      {"promote in full",                          canary,     command(R"({"promoteFull":true})"),                   "v2:4/4",        "4 Healthy: "              },
      {"abort",                                    canary,     command(R"({"abort":true})"),                         "v1:4/4",
       "0 Degraded: RolloutAborted: Rollout aborted update to revision 2"                                                                                        },
      {"abort and retry",                          canary,
       [](SimulatedWorld& world) {
         world.command(R"({"abort":true})");
         world.run();
         world.command(R"({"abort":false})");
       },                                                                                                            "v1:3/3 v2:1/1", "1 Paused: CanaryPauseStep"},
      {"undo",                                     canary,     [](SimulatedWorld& world) { world.set_image("v1"); }, "v1:4/4",
       "4 Healthy: "                                                                                                                                             },
      {"another image",                            canary,     [](SimulatedWorld& world) { world.set_image("v3"); },
       "v1:3/3 v3:1/1",                                                                                                               "1 Paused: CanaryPauseStep"},
      {"another after abort",                      canary,
       [](SimulatedWorld& world) {
         world.command(R"({"abort":true})");
         world.run();
         world.set_image("v3");
       },                                                                                                            "v1:3/3 v3:1/1", "1 Paused: CanaryPauseStep"},
      {"blue-green: promote",                      blue_green, command(R"({"pauseConditions":null})"),               "v2:4/4",
       "- Healthy: "                                                                                                                                             },
      {"blue-green: in full",                      blue_green, command(R"({"promoteFull":true})"),                   "v2:4/4",
       "- Healthy: "                                                                                                                                             },
      {"blue-green: abort",                        blue_green, command(R"({"abort":true})"),                         "v1:4/4",
       "- Degraded: RolloutAborted: Rollout aborted update to revision 2"                                                                                        },
      {"blue-green: undo",                         blue_green, [](SimulatedWorld& world) { world.set_image("v1"); },
       "v1:4/4",                                                                                                                      "- Healthy: "              },
      {"an abort of what is stable is taken back", canary,
       [](SimulatedWorld& world) {
         world.command(R"({"promoteFull":true})");
         world.run();
         world.command(R"({"abort":true})");
       },                                                                                                            "v2:4/4",        "4 Healthy: "              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SimulatedWorld world = paused(row.strategy);
    row.deed(world);
    world.run();
    const api::RolloutStatus status = world.rollout().status;
    CHECK(world.sizes() == row.sizes);
    CHECK(fmt::format("{} {}: {}",
                      status.current_step_index ? std::to_string(*status.current_step_index) : "-",
                      status.phase, status.message) == row.stands);
    CHECK(!status.promote_full);
  }
}

TEST_CASE("the conditions tell of a pause, a resume, an abort and a retry (27.2, 27.3)") {
  struct Row {
    const char* name;
    Deed deed;
    const char* progressing;
    const char* paused;
  };
  const auto nothing = [](SimulatedWorld&) {};
  const auto resumes = [](SimulatedWorld& world) {
    world.break_image("v2");
    world.promote();
  };
  const auto aborts_and_retries = [](SimulatedWorld& world) {
    world.command(R"({"abort":true})");
    world.run();
    world.break_image("v2");
    world.command(R"({"abort":false})");
  };
  const auto full = [](SimulatedWorld& world) {
    world.command(R"({"promoteFull":true})");
    world.run();
  };
  const Row rows[] = {
      {"paused",   nothing,                      "Unknown RolloutPaused",       "True RolloutPaused" },
      {"resumed",  resumes,                      "True ReplicaSetUpdated",      "False RolloutPaused"},
      {"aborted",  command(R"({"abort":true})"), "False RolloutAborted",        "True RolloutPaused" },
      {"retried",  aborts_and_retries,           "Unknown RolloutRetry",        "False RolloutPaused"},
      {"promoted", full,                         "True NewReplicaSetAvailable", "False RolloutPaused"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SimulatedWorld world = paused(canary);
    row.deed(world);
    world.reconcile();
    const api::RolloutStatus status = world.rollout().status;
    CHECK(condition(status, condition_types::progressing) == row.progressing);
    CHECK(condition(status, condition_types::paused) == row.paused);
  }
}

TEST_CASE("time that has run out aborts where that is asked for, and where time counts (27.5)") {
  const std::string weight = R"({"canary":{"steps":[{"setWeight":25}]}})";
  const std::string at_once = R"({"blueGreen":{"activeService":"active"}})";
  struct Row {
    const char* name;
    std::string strategy;
    bool asked;
    Deed deed;
    bool aborts;
  };
  const auto breaks = [](SimulatedWorld& world) {
    world.break_image("v2");
    world.set_image("v2");
  };
  const auto breaks_and_pauses = [&](SimulatedWorld& world) {
    breaks(world);
    world.edit(R"({"paused":true})");
  };
  const auto is_slow = [](SimulatedWorld& world) {
    world.startup = 500_s;  // Each pod is progress, however late.
    world.set_image("v2");
  };
  const auto breaks_what_is_stable = [](SimulatedWorld& world) {
    world.set_image("v2");
    world.run();
    world.break_image("v2");
  };
  const Row rows[] = {
      {"asked for, pods never come",     weight,  true,  breaks,                                               true },
      {"not asked for",                  weight,  false, breaks,                                               false},
      {"blue-green, pods never come",    at_once, true,  breaks,                                               true },
      {"paused by a person",             weight,  true,  breaks_and_pauses,                                    false},
      {"at a pause without end",         canary,  true,  [](SimulatedWorld& world) { world.set_image("v2"); },
       false                                                                                                        },
      {"slow, but each pod is progress", weight,  true,  is_slow,                                              false},
      {"promoted: nothing to abort",     weight,  true,  breaks_what_is_stable,                                false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SimulatedWorld world = running(row.strategy);
    world.edit(fmt::format(R"({{"progressDeadlineAbort":{}}})", row.asked));
    row.deed(world);
    world.run(3000_s);
    world.advance(1_s);
    world.run(3000_s);
    const api::RolloutStatus status = world.rollout().status;
    CHECK(status.abort == row.aborts);
    if (!row.aborts) continue;
    CHECK(world.count_events("RolloutAborted") > 0);
    CHECK(world.sizes().find("v1:4/4") != std::string::npos);
    CHECK(condition(status, condition_types::progressing) == "False RolloutAborted");
  }
}

TEST_CASE("replicaProgressThreshold lets a step go by with fewer pods (9.2)") {
  struct Row {
    const char* name;
    const char* threshold;
    const char* steps;
    int available;       ///< Of the new version's pods.
    std::int32_t index;  ///< Where the update stands then.
  };
  const char* half_way = R"([{"setWeight":50},{"pause":{}}])";
  const char* none = "null";
  const char* half = R"({"type":"Percent","value":50})";
  const char* one = R"({"type":"Pods","value":1})";
  const char* two = R"({"type":"Pods","value":2})";
  const Row rows[] = {
      {"all that the step asks for",  none, half_way, 2, 1},
      {"one of two",                  none, half_way, 1, 0},
      {"one of two, half will do",    half, half_way, 1, 1},
      {"none of two, half would do",  half, half_way, 0, 0},
      {"one of two, one pod will do", one,  half_way, 1, 1},
      {"one of two, two are wanted",  two,  half_way, 1, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    SimulatedWorld world = running(fmt::format(
        R"({{"canary":{{"maxUnavailable":4,"replicaProgressThreshold":{},"steps":{}}}}})",
        row.threshold, row.steps));
    world.break_image("v2");
    world.set_image("v2");
    world.run(60_s);
    REQUIRE(world.rollout().status.current_step_index == 0);
    world.edit_replica_set(
        "v2", fmt::format(R"({{"status":{{"readyReplicas":{0},"availableReplicas":{0}}}}})",
                          row.available));
    world.settle();
    CHECK(world.rollout().status.current_step_index == row.index);
  }
}

TEST_CASE("replicaProgressThreshold lets a version be promoted with fewer pods (16.1)") {
  struct Row {
    const char* threshold;
    int available;
    bool promoted;
  };
  const char* half = R"({"type":"Percent","value":50})";
  const char* three = R"({"type":"Pods","value":3})";
  const Row rows[] = {
      {"null", 3, false},
      {"null", 4, true },
      {half,   1, false},
      {half,   2, true },
      {three,  2, false},
      {three,  3, true },
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.threshold));
    CAPTURE(row.available);
    SimulatedWorld world = running(fmt::format(
        R"({{"canary":{{"maxUnavailable":4,"replicaProgressThreshold":{}}}}})", row.threshold));
    world.break_image("v2");
    world.set_image("v2");
    world.run(60_s);
    REQUIRE(world.sizes() == "v2:4/0");
    world.edit_replica_set(
        "v2", fmt::format(R"({{"status":{{"readyReplicas":{0},"availableReplicas":{0}}}}})",
                          row.available));
    world.settle();
    const api::RolloutStatus status = world.rollout().status;
    CHECK((status.stable_rs == status.current_pod_hash) == row.promoted);
  }
}

}  // namespace
}  // namespace slipway::rollout
