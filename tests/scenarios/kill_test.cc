#include <doctest/doctest.h>

#include <algorithm>

#include "rollout/keys.h"
#include "world.h"

using namespace slipway;
using namespace slipway::scenarios;

namespace {

constexpr const char* canary = R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 5
  revisionHistoryLimit: 0
  selector: {matchLabels: {app: shop}}
  strategy:
    canary:
      stableService: first
      canaryService: second
      maxSurge: 1
      maxUnavailable: 0
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 60
        - pause: {duration: 10}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)";

constexpr const char* blue_green = R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 3
  revisionHistoryLimit: 0
  selector: {matchLabels: {app: shop}}
  strategy:
    blueGreen:
      activeService: first
      previewService: second
      autoPromotionEnabled: false
      previewReplicaCount: 1
      scaleDownDelaySeconds: 60
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)";

/// All that a life leaves behind, without the times at which it happened.
std::string what_remains(World& world) {
  api::RolloutStatus status = world.rollout("shop").status;
  for (api::RolloutCondition& condition : status.conditions) {
    condition.last_transition_time = {};
    condition.last_update_time = {};
  }
  status.duration.reset();
  Json all = api::encode(status);
  for (const char* name : {"first", "second"}) {
    all.set(name, world.get(api::kinds::service, name)["spec"]["selector"]);
  }
  for (const api::ReplicaSet& replica_set : world.replica_sets("shop")) {
    Json seen = api::encode(replica_set);
    Json metadata = Json::object({});
    for (const char* key : {"annotations", "labels"}) metadata.set(key, seen["metadata"][key]);
    metadata.member("annotations").erase(rollout::keys::claim);  // A version, as a time is.
    all.set(replica_set.metadata.name,
            Json::object({
                {"metadata", metadata                },
                {"replicas", seen["spec"]["replicas"]}
    }));
  }
  return to_text(all);
}

/// An install and an update. A person promotes the update once, at its pause: a controller that
/// took a step twice would wait there again, for ever.
std::string live(World& world, const char* manifest) {
  world.apply(services({"first", "second"}, "shop"));
  world.apply(manifest);
  REQUIRE(world.until_phase("shop", "Healthy"));
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  world.promote("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  world.run_for(120_s);  // The old version's delay.
  return what_remains(world);
}

/// No step is taken again: within an update, the index only grows.
void check_no_step_repeats(const std::vector<api::RolloutStatus>& statuses) {
  for (std::size_t i = 1; i < statuses.size(); ++i) {
    const api::RolloutStatus& before = statuses[i - 1];
    const api::RolloutStatus& after = statuses[i];
    if (before.current_pod_hash != after.current_pod_hash || !before.current_step_index) continue;
    CHECK(after.current_step_index >= before.current_step_index);
  }
}

void survive_each_kill(const char* manifest, std::size_t at_least) {
  World undisturbed;
  const std::string want = live(undisturbed, manifest);
  std::size_t survived = 0;
  for (const World::Moment moment : {World::Moment::before, World::Moment::after}) {
    for (std::size_t nth = 1;; ++nth) {
      CAPTURE(nth);
      CAPTURE(static_cast<int>(moment));
      World world;
      world.kill_at_write(nth, moment);
      CHECK(live(world, manifest) == want);
      check_no_step_repeats(world.statuses());
      if (world.is_doomed()) break;  // It had fewer writes than that.
      ++survived;
    }
  }
  MESSAGE(survived << " kills survived");
  CHECK(survived >= at_least);
}

}  // namespace

TEST_CASE("a canary survives a kill of the controller before and after each single write") {
  survive_each_kill(canary, 100);
}

TEST_CASE("a blue-green survives a kill of the controller before and after each single write") {
  survive_each_kill(blue_green, 60);
}
