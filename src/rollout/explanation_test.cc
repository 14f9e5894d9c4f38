#include "rollout/explanation.h"

#include <doctest/doctest.h>

#include <functional>

#include "rollout/simulated_world.h"

namespace slipway::rollout {
namespace {

Explanation explained(const SimulatedWorld& world) {
  const Observed seen = world.observe();
  return explain(seen, plan(seen));
}

constexpr const char* canary = R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})";
constexpr const char* timed =
    R"({"canary":{"steps":[{"setWeight":50},{"pause":{"duration":"1h"}}]}})";
constexpr const char* blue_green =
    R"({"blueGreen":{"activeService":"live","autoPromotionEnabled":false}})";
constexpr const char* blue_green_timed =
    R"({"blueGreen":{"activeService":"live","autoPromotionSeconds":300}})";

/// Every way in which a Rollout can wait, and what is said of it.
TEST_CASE("every state in which a Rollout waits has a sentence, what blocks it and what frees it") {
  using World = SimulatedWorld;
  struct Row {
    const char* name;
    const char* strategy;
    std::function<void(World&)> happens;
    const char *text, *blocked_by, *freed_by;  ///< Parts; empty: nothing is said.
  };
  const auto update = [](World& world) {
    world.set_image("v2");
    world.run();
  };
  const Row rows[] = {
      {"at rest",                      canary,                                      [](World&) {}, "nothing to do",                                  "",                     ""                         },
      {"paused by a person",           canary,
       [](World& w) {
         w.edit(R"({"paused":true})");
         w.settle();
       },                                                                                          "a person paused it",                             "",                     "promote web -n shop"      },
      {"pause step",                   canary,                                      update,        "waits at step 2/2",                              "",                     "promote web -n shop"      },
      {"timed pause",                  timed,
       [](World& w) {
         w.set_image("v2");
         w.run(60_s);
       },                                                                                          "more at step 2/2",                               "",                     "promote web"              },
      {"pods that don't come up",      canary,
       [](World& w) {
         w.break_image("v2");
         w.set_image("v2");
         w.run(60_s);
       },                                                                                          "waits until the pods of step 1/2",               "ReplicaSet shop/web-", ""                         },
      {"progress deadline",            canary,
       [](World& w) {
         w.break_image("v2");
         w.set_image("v2");
         w.run(7200_s);
       },                                                                                          "timed out progressing",                          "ReplicaSet shop/web-", "abort web -n shop"        },
      {"aborted",                      canary,
       [update](World& w) {
         update(w);
         w.command(R"({"abort":true})");
         w.run();
       },                                                                                          "aborted update to revision 2",                   "",                     "retry rollout web -n shop"},
      {"invalid",                      canary,
       [](World& w) {
         w.edit(R"({"minReadySeconds":-1})");
         w.settle();
       },                                                                                          "must be greater than or equal to 0",             "spec.minReadySeconds", "set 0 or more"            },
      {"a Service is missing",         R"({"blueGreen":{"activeService":"gone"}})",
       [](World& w) { w.settle(); },                                                               "service \"gone\" not found",
       "spec.strategy.blueGreen.activeService",                                                                                                                              "create the Service"       },
      {"the workload is missing",      canary,
       [](World& w) {
         w.edit(
             R"({"template":null,"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"x"}})");
         w.settle();
       },                                                                                          "deployments.apps \"x\" not found",               "spec.workloadRef",     "create it"                },
      {"not built yet",                canary,
       [](World& w) {
         w.edit(R"({"strategy":{"canary":{"analysis":{}}}})");
         w.settle();
       },                                                                                          "can't act yet on spec.strategy.canary.analysis", "",                     ""                         },
      {"restart to come",              canary,
       [](World& w) {
         w.edit(R"({"restartAt":"2030-01-01T00:00:00Z"})");
         w.settle();
       },                                                                                          "restarting",                                     "",                     ""                         },
      {"preview",                      blue_green,                                  update,        "until a person promotes the preview",            "",                     "promote web"              },
      {"preview, timed",               blue_green_timed,
       [](World& w) {
         w.set_image("v2");
         w.run(60_s);
       },                                                                                          "promotes by itself in",                          "",                     "promote web"              },
      {"preview's pods",               blue_green,
       [](World& w) {
         w.break_image("v2");
         w.set_image("v2");
         w.run(60_s);
       },                                                                                          "until all pods of ReplicaSet shop/web-",         "ReplicaSet shop/web-", ""                         },
      {"old version within its delay", R"({"blueGreen":{"activeService":"live"}})",
       [](World& w) {
         w.set_image("v2");
         w.run(10_s);
       },                                                                                          "ends in",                                        "",                     ""                         },
      {"blue-green aborted",           blue_green,
       [update](World& w) {
         update(w);
         w.command(R"({"abort":true})");
         w.run();
       },                                                                                          "aborted update",                                 "",                     "retry rollout web"        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world(2, row.strategy);
    world.add_service("live");
    world.run();
    row.happens(world);
    const Explanation got = explained(world);
    const std::string told = got.text + " | " + got.blocked_by + " | " + got.freed_by;
    CAPTURE(told);
    CHECK(got.text.find(row.text) != std::string::npos);
    CHECK(got.text.find('\n') == std::string::npos);
    CHECK(got.blocked_by.find(row.blocked_by) != std::string::npos);
    CHECK(got.freed_by.find(row.freed_by) != std::string::npos);
    CHECK(got.freed_by.empty() == std::string_view(row.freed_by).empty());
  }
}

TEST_CASE("what the controller has not done yet is told as its next write") {
  SimulatedWorld world(2, canary);
  const Explanation got = explained(world);
  CHECK(got.text.find("next write is \"patch Rollout shop/web: revision 1") != std::string::npos);
  CHECK(got.freed_by.find("no controller is at work") != std::string::npos);
}

TEST_CASE("a blocking ReplicaSet is followed down to its pod") {
  SimulatedWorld world(2, canary);
  world.run();
  world.break_image("v2");
  world.set_image("v2");
  world.run(60_s);
  Observed seen = world.observe();
  api::Pod pod;
  pod.metadata.name = "web-x";
  pod.metadata.namespace_ = "shop";
  pod.metadata.owner_references.push_back(
      {"apps/v1", "ReplicaSet", "", world.replica_set("v2").metadata.uid, true, true});
  pod.status.container_statuses.push_back(
      {.name = "web",
       .state = {.waiting = api::ContainerStateDetail{.reason = "ImagePullBackOff"}}});
  seen.pods.push_back(std::make_shared<const api::Pod>(pod));
  CHECK(explain(seen, plan(seen)).blocked_by == "Pod shop/web-x: container web: ImagePullBackOff");
}

}  // namespace
}  // namespace slipway::rollout
