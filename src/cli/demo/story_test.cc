#include "cli/demo/story.h"

#include <doctest/doctest.h>

#include "base/yaml.h"
#include "cli/demo/screen.h"

using namespace slipway;
using namespace slipway::cli;

namespace {

RolloutObjects objects(const char* status, int old_size) {
  Json rollout = parse_yaml_document(
                     "{metadata: {name: shop, generation: 1}, spec: {strategy: {canary: {steps: "
                     "[{setWeight: 20}, {pause: {}}, {pause: {duration: 10}}]}}}}")
                     .value();
  rollout.set("status", parse_yaml_document(status).value());
  Json replica_set =
      parse_yaml_document("{metadata: {name: shop-a, labels: {rollouts-pod-template-hash: a}}}")
          .value();
  replica_set.set("spec", Json::object({
                              {"replicas", old_size}
  }));
  RolloutObjects made;
  made.rollout = api::decode<api::Rollout>(rollout).value();
  made.replica_sets.push_back(api::decode<api::ReplicaSet>(replica_set).value());
  return made;
}

const RolloutObjects installed =
    objects("{observedGeneration: '1', phase: Healthy, stableRS: a}", 2);
const RolloutObjects paused = objects(
    "{observedGeneration: '1', phase: Paused, stableRS: a, currentStepIndex: 1, pauseConditions: "
    "[{reason: CanaryPauseStep, startTime: '2026-01-01T00:00:00Z'}], controllerPause: true}",
    2);
const RolloutObjects timed_pause = objects(
    "{observedGeneration: '1', phase: Paused, stableRS: a, currentStepIndex: 2, pauseConditions: "
    "[{reason: CanaryPauseStep, startTime: '2026-01-01T00:00:00Z'}], controllerPause: true}",
    2);
const RolloutObjects promoted =
    objects("{observedGeneration: '1', phase: Healthy, stableRS: b}", 2);
const RolloutObjects ended = objects("{observedGeneration: '1', phase: Healthy, stableRS: b}", 0);

}  // namespace

TEST_CASE("the story goes from install to the end of the old ReplicaSet") {
  Chapter chapter;
  Instant now;
  CHECK(next_act(chapter, objects("{}", 2), true, now) == Act::watch);
  CHECK(next_act(chapter, installed, false, now) == Act::watch);
  CHECK(next_act(chapter, installed, true, now) == Act::update);
  CHECK(next_act(chapter, installed, true, now) == Act::watch);
  CHECK(next_act(chapter, paused, true, now) == Act::watch);
  CHECK(next_act(chapter, paused, true, now + pause_shown) == Act::promote);
  CHECK(next_act(chapter, timed_pause, true, now + 60_s) == Act::watch);
  CHECK(next_act(chapter, promoted, true, now) == Act::watch);
  CHECK(next_act(chapter, ended, true, now) == Act::rest);
  CHECK(chapter.stage == Chapter::Stage::done);
}

TEST_CASE("the next image is another one") {
  CHECK(next_image("argoproj/rollouts-demo:blue") == "argoproj/rollouts-demo:yellow");
  CHECK(next_image("registry.example:5000/shop") == "registry.example:5000/shop:2.0");
  CHECK(next_image("shop:1.0") == "shop:2.0");
  CHECK(next_image("shop:2.0") == "shop:3.0");
}

TEST_CASE("the steps line says what is done, what is on and how long it lasts") {
  const Instant now = parse_rfc3339("2026-01-01T00:00:03Z").value();
  CHECK(steps_line(timed_pause.rollout, Painter(false), now) ==
        "✔ 20%  ✔ pause  ▶ pause 10s, 7s left");
  CHECK(steps_line(paused.rollout, Painter(false), now) ==
        "✔ 20%  ▶ pause, waits for a promotion  · pause 10s");
}
