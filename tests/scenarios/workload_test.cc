#include <doctest/doctest.h>

#include "rollout/keys.h"
#include "world.h"

using namespace slipway;
using namespace slipway::scenarios;

/// Rollouts that take over the template of another object (behaviour.md 22).
namespace {

constexpr const char* deployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)";

std::string rollout_of(const std::string& kind, const std::string& scale_down) {
  const bool core = kind == "PodTemplate";
  return R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  strategy: {canary: {steps: [{setWeight: 34}, {pause: {}}]}}
  workloadRef: {apiVersion: )" +
         std::string(core ? "v1" : "apps/v1") + ", kind: " + kind +
         ", name: shop, scaleDown: " + scale_down + "}\n";
}

int deployment_size(World& world) {
  return static_cast<int>(
      world.get(api::kinds::deployment, "shop")["spec"]["replicas"].integer_or(-1));
}

int ready_pods(World& world) {
  int ready = 0;
  for (const Json& pod : world.list(api::kinds::pod)) {
    if (!pod["status"]["conditions"].is_array()) continue;
    for (const Json& one : pod["status"]["conditions"].as_array()) {
      ready += one["type"] == Json("Ready") && one["status"] == Json("True");
    }
  }
  return ready;
}

void set_image_of(World& world, const api::Kind& kind, const std::string& at,
                  const std::string& image) {
  const Json containers = Json::array({
      Json::object({{"name", "shop"}, {"image", image}}
      )
  });
  Json pod_template = Json::object({
      {"template", Json::object({{"spec", Json::object({{"containers", containers}})}})}
  });
  const Json patch = at.empty() ? pod_template
                                : Json::object({
                                      {at, pod_template}
  });
  REQUIRE(world.merge_patch(kind, "shop", patch) == 200);
}

}  // namespace

TEST_CASE(
    "moving from a Deployment costs no pod that serves, and ends it as its mode says (22.4)") {
  struct Row {
    const char* mode;
    int want;
  };
  for (const Row& row : {
           Row{"never",         3},
           {"onsuccess",     0},
           {"progressively", 0}
  }) {
    CAPTURE(row.mode);
    World world;
    world.apply(deployment);
    world.apply(rollout_of("Deployment", row.mode));
    int fewest = 3;
    REQUIRE(world.until([&] {
      // The embedded cluster runs no Deployments: what is asked of it counts as its pods.
      fewest = std::min(fewest, deployment_size(world) + ready_pods(world));
      return world.phase("shop") == "Healthy" && deployment_size(world) == row.want;
    }));
    CAPTURE(fewest);
    CHECK(fewest >= 3);
    CHECK(world.replica_sets("shop").size() == 1);
    const auto settled = world.write_count();
    world.run_for(Duration::from_seconds(3600));
    CHECK(world.write_count() == settled);
  }
}

TEST_CASE("an update of the Deployment's template runs as a canary of the Rollout (22.2, 22.3)") {
  World world;
  world.apply(deployment);
  world.apply(rollout_of("Deployment", "onsuccess"));
  REQUIRE(world.until([&] { return deployment_size(world) == 0; }));
  set_image_of(world, api::kinds::deployment, "spec", "shop:2");
  REQUIRE(world.until([&] { return world.phase("shop") == "Paused"; }));
  CHECK(world.replica_set_of("shop", "shop:2").spec.replicas == 1);
  const api::Rollout seen = world.rollout("shop");
  CHECK(*seen.metadata.annotation(rollout::keys::workload_generation) ==
        seen.status.workload_observed_generation);
  CHECK(seen.spec.template_.absent());
  world.promote("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(world.replica_set_of("shop", "shop:2").spec.replicas == 3);
  CHECK(deployment_size(world) == 0);
}

TEST_CASE("a PodTemplate and a ReplicaSet lend their templates too (22.1)") {
  World world;
  world.apply(R"(
apiVersion: v1
kind: PodTemplate
metadata: {name: shop}
template:
  metadata: {labels: {app: shop}}
  spec: {containers: [{name: shop, image: "shop:1"}]}
)");
  world.apply(rollout_of("PodTemplate", "never"));
  REQUIRE(world.until_phase("shop", "Healthy"));
  set_image_of(world, api::kinds::pod_template, "", "shop:2");
  REQUIRE(world.until([&] { return world.phase("shop") == "Paused"; }));
  CHECK(world.replica_set_of("shop", "shop:2").spec.replicas == 1);

  World other;
  other.apply(R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: shop}
spec:
  replicas: 0
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)");
  other.apply(rollout_of("ReplicaSet", "never"));
  REQUIRE(other.until_phase("shop", "Healthy"));
  CHECK(other.replica_sets("shop").size() == 1);
}

TEST_CASE("a reference to nothing is told, and goes on once it is there (3.e, 22)") {
  World world;
  world.apply(rollout_of("Deployment", "never"));
  REQUIRE(world.until_phase("shop", "Degraded"));
  CHECK(world.rollout("shop").status.message.find("deployments.apps \"shop\" not found") !=
        std::string::npos);
  CHECK(world.replica_sets("shop").empty());
  world.apply(deployment);
  REQUIRE(world.until_phase("shop", "Healthy"));
}

TEST_CASE("a controller that starts anew waits for the workloads before it judges (22)") {
  World world;
  world.apply(deployment);
  world.apply(rollout_of("Deployment", "onsuccess"));
  REQUIRE(world.until([&] { return deployment_size(world) == 0; }));
  const auto settled = world.write_count();
  for (int i = 0; i < 5; ++i) {
    world.restart_controller();
    world.run_for(Duration::from_seconds(60));
  }
  CHECK(world.write_count() == settled);
}
