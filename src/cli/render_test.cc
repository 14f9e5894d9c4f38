#include "cli/render.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "cli/objects_for_test.h"

using namespace slipway;
using namespace slipway::cli;

namespace {

constexpr std::string_view canary = R"(
kind: Rollout
metadata: {name: shop, namespace: demo, uid: r, generation: 2, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  replicas: 5
  selector: {matchLabels: {app: shop}}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}, {setWeight: 40}, {pause: {duration: 10}}, {setWeight: 60}, {setWeight: 80}]}}
status:
  observedGeneration: "2"
  phase: Paused
  message: CanaryPauseStep
  controllerPause: true
  pauseConditions: [{reason: CanaryPauseStep, startTime: "2026-01-04T02:00:00Z"}]
  currentStepIndex: 2
  currentPodHash: 6b7c9d5f4
  stableRS: 79d8c4b6f
  replicas: 6
  updatedReplicas: 1
  readyReplicas: 6
  availableReplicas: 6
---
kind: ReplicaSet
metadata:
  name: shop-79d8c4b6f
  uid: rs1
  generation: 1
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {rollouts-pod-template-hash: 79d8c4b6f}
  annotations: {rollout.argoproj.io/revision: "1"}
  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: shop, uid: r, controller: true}]
spec: {replicas: 5, template: {spec: {containers: [{name: shop, image: "reg.example/shop:1.4"}]}}}
status: {replicas: 5, availableReplicas: 5, observedGeneration: 1}
---
kind: ReplicaSet
metadata:
  name: shop-6b7c9d5f4
  uid: rs2
  generation: 1
  creationTimestamp: "2026-01-04T01:56:00Z"
  labels: {rollouts-pod-template-hash: 6b7c9d5f4}
  annotations: {rollout.argoproj.io/revision: "2"}
  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: shop, uid: r, controller: true}]
spec: {replicas: 1, template: {spec: {containers: [{name: shop, image: "reg.example/shop:1.5"}]}}}
status: {replicas: 1, availableReplicas: 1, observedGeneration: 1}
---
kind: Pod
metadata:
  name: shop-6b7c9d5f4-x2v4n
  creationTimestamp: "2026-01-04T01:56:01Z"
  ownerReferences: [{kind: ReplicaSet, name: shop-6b7c9d5f4, uid: rs2}]
spec: {containers: [{name: shop}]}
status:
  phase: Running
  containerStatuses: [{name: shop, ready: true, restartCount: 0, state: {running: {}}}]
---
kind: Pod
metadata:
  name: shop-79d8c4b6f-2kq9s
  creationTimestamp: "2026-01-01T00:00:00Z"
  ownerReferences: [{kind: ReplicaSet, name: shop-79d8c4b6f, uid: rs1}]
spec: {containers: [{name: shop}]}
status:
  phase: Running
  containerStatuses: [{name: shop, ready: true, restartCount: 1, state: {running: {}}}]
---
kind: AnalysisRun
metadata:
  name: shop-6b7c9d5f4-2
  creationTimestamp: "2026-01-04T01:56:10Z"
  annotations: {rollout.argoproj.io/revision: "2"}
  ownerReferences: [{kind: Rollout, name: shop, uid: r, controller: true}]
spec: {metrics: []}
status: {phase: Running, metricResults: [{name: a, successful: 2, failed: 1}, {name: b, successful: 1}]}
)";

// The layout of cli-output.md, section 4; trailing blanks are stripped as upstream's tests do.
constexpr std::string_view canary_page = R"(Name:            shop
Namespace:       demo
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          2/6
  SetWeight:     40
  ActualWeight:  16
Images:          reg.example/shop:1.4 (stable)
                 reg.example/shop:1.5 (canary)
Replicas:
  Desired:       5
  Current:       6
  Updated:       1
  Ready:         6
  Available:     6

NAME                             KIND         STATUS     AGE    INFO
⟳ shop                           Rollout      ॥ Paused   3d2h
├──# revision:2
│  ├──⧉ shop-6b7c9d5f4           ReplicaSet   ✔ Healthy  4m10s  canary
│  │  └──□ shop-6b7c9d5f4-x2v4n  Pod          ✔ Running  4m9s   ready:1/1
│  └──α shop-6b7c9d5f4-2         AnalysisRun  ◌ Running  4m     ✔ 3,✖ 1
└──# revision:1
   └──⧉ shop-79d8c4b6f           ReplicaSet   ✔ Healthy  3d2h   stable
      └──□ shop-79d8c4b6f-2kq9s  Pod          ✔ Running  3d2h   ready:1/1,restarts:1
)";

std::string stripped(const std::string& page) {
  std::string result;
  for (std::string_view line : split(page, '\n')) {
    while (line.ends_with(' ')) line.remove_suffix(1);
    result.append(line).append("\n");
  }
  result.pop_back();
  return result;
}

Instant at(std::string_view text) {
  return parse_rfc3339(text).value();
}

}  // namespace

TEST_CASE("get rollout prints the page of the plugin") {
  const Instant now = at("2026-01-04T02:00:10Z");
  const RolloutObjects objects = objects_for_test(canary);
  CHECK(stripped(render(view_of(objects, now), Painter(false), now)) == canary_page);
}

TEST_CASE("colour changes no column") {
  const Instant now = at("2026-01-04T02:00:10Z");
  const RolloutView view = view_of(objects_for_test(canary), now);
  const std::string plain = render(view, Painter(false), now);
  std::string coloured = render(view, Painter(true), now);
  CHECK(coloured.find("\x1b[32mstable\x1b[0m") != std::string::npos);
  CHECK(coloured.find("\x1b[33mshop-6b7c9d5f4\x1b[0m") != std::string::npos);
  for (std::size_t at; (at = coloured.find('\x1b')) != std::string::npos;) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  CHECK(coloured == plain);
}

TEST_CASE("an old ReplicaSet shows how long it has left") {
  struct Row {
    const char* deadline;
    const char* info;
  };
  const Row rows[] = {
      {"2026-01-04T02:00:40Z", "delay:30s"   },
      {"2026-01-04T01:00:00Z", "delay:passed"},
      {"",                     "delay:"      },
      {"soon",                 "delay:"      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.deadline);
    RolloutObjects objects = objects_for_test(canary);
    objects.rollout.status.stable_rs = "other";
    objects.replica_sets[0].metadata.annotations["scale-down-deadline"] = row.deadline;
    const TreeRow tree = view_of(objects, at("2026-01-04T02:00:10Z")).tree;
    const TreeRow& old = tree.children.at(1).children.at(0);
    REQUIRE(!old.info.empty());
    CHECK(old.info.back().text == row.info);
  }
}

TEST_CASE("the shown phase waits for the controller to see the newest spec") {
  RolloutObjects objects = objects_for_test(canary);
  api::Rollout& rollout = objects.rollout;
  CHECK(shown_phase(rollout) == Phase{"Paused", "CanaryPauseStep"});
  rollout.status.pause_conditions.clear();
  CHECK(shown_phase(rollout) == Phase{"Progressing", "waiting for rollout to unpause"});
  rollout.metadata.generation = 3;
  CHECK(shown_phase(rollout) ==
        Phase{"Progressing", "waiting for rollout spec update to be observed"});
  rollout.status.observed_generation = "not a number";
  rollout.status.controller_pause = false;
  CHECK(shown_phase(rollout).phase == "Paused");
}

TEST_CASE("columns are as wide as their widest cell, the last is not padded") {
  CHECK(align({
            {"NAME", "INFO"},
            {"a",    "b"   }
  }) == "NAME  INFO\na     b\n");
  CHECK(align(
            {
                {"⟳ x",    "y"},
                {"abcdef", "z"}
  },
            {8}) == "⟳ x       y\nabcdef    z\n");
}
