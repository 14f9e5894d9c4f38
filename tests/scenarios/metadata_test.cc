#include <doctest/doctest.h>

#include <set>

#include "rollout/keys.h"
#include "world.h"

using namespace slipway;
using namespace slipway::scenarios;

/// Ephemeral metadata and anti-affinity (behaviour.md 23, 24) through a whole cluster.
namespace {

constexpr const char* canary = R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  strategy:
    canary:
      maxUnavailable: 0
      stableMetadata: {labels: {role: stable}}
      canaryMetadata: {labels: {role: canary}, annotations: {note: new}}
      antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}
      steps: [{setWeight: 50}, {pause: {}}]
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)";

/// Role labels of the pods of that image, each once.
std::set<std::string> roles(World& world, const std::string& image) {
  std::set<std::string> found;
  for (const Json& pod : world.list(api::kinds::pod)) {
    if (!pod["metadata"]["deletionTimestamp"].is_null()) continue;
    if (pod["spec"]["containers"].at(0)["image"].string_or_empty() != image) continue;
    found.insert(std::string(pod["metadata"]["labels"]["role"].string_or_empty()));
  }
  return found;
}

std::set<std::string> pod_names(World& world, const std::string& image) {
  std::set<std::string> names;
  for (const Json& pod : world.list(api::kinds::pod)) {
    if (pod["spec"]["containers"].at(0)["image"].string_or_empty() != image) continue;
    names.insert(std::string(pod["metadata"]["name"].string_or_empty()));
  }
  return names;
}

using Roles = std::set<std::string>;

}  // namespace

TEST_CASE("running pods carry the labels of their part, and none is restarted for it (23)") {
  World world;
  world.apply(canary);
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(roles(world, "shop:1") == Roles{"stable"});
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  CHECK(roles(world, "shop:1") == Roles{"stable"});
  CHECK(roles(world, "shop:2") == Roles{"canary"});
  world.promote("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  const auto before = pod_names(world, "shop:2");
  REQUIRE(world.until([&] { return roles(world, "shop:2") == Roles{"stable"}; }));
  world.run_for(Duration::from_seconds(60));
  CHECK(pod_names(world, "shop:2") == before);
  for (const api::ReplicaSet& one : world.replica_sets("shop")) {
    CHECK(one.metadata.annotation(rollout::keys::pods_behind) == nullptr);
  }
  const auto settled = world.write_count();
  world.run_for(Duration::from_seconds(3600));
  CHECK(world.write_count() == settled);
}

TEST_CASE("a controller that dies while it labels pods goes on where it stopped (23)") {
  World world;
  world.apply(canary);
  REQUIRE(world.until_phase("shop", "Healthy"));
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  int patched = 0;
  world.refuse([&](const kubernetes::Request& request) -> std::optional<kubernetes::Response> {
    if (request.target.find("/pods/") == std::string::npos || ++patched <= 1) return std::nullopt;
    kubernetes::Response unavailable;
    unavailable.status = 503;
    return unavailable;
  });
  world.promote("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  REQUIRE(world.until([&] { return patched > 1; }));
  CHECK(roles(world, "shop:2").size() == 2);
  world.refuse(nullptr);
  world.restart_controller();
  REQUIRE(world.until([&] { return roles(world, "shop:2") == Roles{"stable"}; }));
}

TEST_CASE("the new version's pods keep off the nodes of the stable one (24)") {
  World world;
  world.apply(canary);
  REQUIRE(world.until_phase("shop", "Healthy"));
  const std::string stable = world.rollout("shop").status.stable_rs;
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  const Json content = world.replica_set_of("shop", "shop:2").spec.template_.content();
  const Json* term = content.find_pointer(
      "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0");
  REQUIRE(term != nullptr);
  CHECK((*term)["topologyKey"].string_or_empty() == "kubernetes.io/hostname");
  CHECK((*term)["labelSelector"]["matchExpressions"].at(0)["values"].at(0).string_or_empty() ==
        stable);
  world.promote("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(world.replica_sets("shop").size() == 2);
}
