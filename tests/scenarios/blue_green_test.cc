#include <doctest/doctest.h>

#include <algorithm>

#include "world.h"

using namespace slipway;
using namespace slipway::scenarios;

namespace {

const std::string manifests = services({"active", "preview"}, "web") + R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy:
    blueGreen:
      activeService: active
      previewService: preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 60
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
)";

std::string selected(World& world, const std::string& service) {
  const Json object = world.get(api::kinds::service, service);
  return std::string(object["spec"]["selector"]["rollouts-pod-template-hash"].string_or_empty());
}

int size_of(World& world, const std::string& image) {
  return world.replica_set_of("web", image).spec.replicas.value_or(1);
}

std::string hash_of(World& world, const std::string& image) {
  const api::ReplicaSet replica_set = world.replica_set_of("web", image);
  const std::string* hash = replica_set.metadata.label("rollouts-pod-template-hash");
  return hash == nullptr ? "none" : *hash;
}

void strategy(World& world, const char* blue_green) {
  const Json patch = Json::object({
      {"spec", Json::object({{"strategy",
                              Json::object({{"blueGreen", parse_json(blue_green).value()}})}})}
  });
  CHECK(world.merge_patch(api::kinds::rollout, "web", patch) == 200);
}

void install(World& world) {
  world.apply(manifests);
  REQUIRE(world.until_phase("web", "Healthy"));
}

void update_to_pause(World& world) {
  world.set_image("web", "web:2");
  REQUIRE(world.until_phase("web", "Paused"));
}

}  // namespace

TEST_CASE("the first version is switched to once it stands") {
  World world;
  install(world);
  CHECK(selected(world, "active") == hash_of(world, "web:1"));
  CHECK(selected(world, "preview") == hash_of(world, "web:1"));
  const Json service = world.get(api::kinds::service, "active");
  CHECK(service["metadata"]["annotations"]["argo-rollouts.argoproj.io/managed-by-rollouts"] ==
        Json("web"));
}

TEST_CASE("an update previews, waits, switches, and ends the old version after its delay") {
  World world;
  install(world);
  update_to_pause(world);
  CHECK(world.rollout("web").status.message == "BlueGreenPause");
  CHECK(size_of(world, "web:1") == 3);
  CHECK(size_of(world, "web:2") == 3);
  CHECK(selected(world, "active") == hash_of(world, "web:1"));
  CHECK(selected(world, "preview") == hash_of(world, "web:2"));
  world.run_for(3600_s);
  CHECK(world.phase("web") == "Paused");

  world.promote("web");
  REQUIRE(world.until_phase("web", "Healthy"));
  const Instant switched = world.loop().now();
  CHECK(selected(world, "active") == hash_of(world, "web:2"));
  REQUIRE(world.until([&] { return size_of(world, "web:1") == 0; }));
  CHECK(world.loop().now() - switched >= 55_s);
  CHECK(world.loop().now() - switched <= 66_s);
  CHECK(world.replica_set_of("web", "web:1").metadata.annotation("scale-down-deadline") == nullptr);
}

TEST_CASE("a promotion happens by itself where nobody asked for a pause") {
  World world;
  install(world);
  strategy(world, R"({"autoPromotionEnabled": true})");
  world.set_image("web", "web:2");
  REQUIRE(world.until([&] { return selected(world, "active") == hash_of(world, "web:2"); }));
  CHECK(world.until_phase("web", "Healthy"));
}

TEST_CASE("autoPromotionSeconds ends the pause after that time") {
  World world;
  install(world);
  strategy(world, R"({"autoPromotionEnabled": true, "autoPromotionSeconds": 30})");
  update_to_pause(world);
  const Instant paused = world.loop().now();
  REQUIRE(world.until([&] { return selected(world, "active") == hash_of(world, "web:2"); }));
  CHECK(world.loop().now() - paused >= 28_s);
  CHECK(world.loop().now() - paused <= 34_s);
}

TEST_CASE("a preview stays small until it is promoted") {
  World world;
  install(world);
  strategy(world, R"({"previewReplicaCount": 1})");
  update_to_pause(world);
  CHECK(size_of(world, "web:2") == 1);
  world.promote("web");
  REQUIRE(world.until_phase("web", "Healthy"));
  CHECK(size_of(world, "web:2") == 3);
  CHECK(selected(world, "active") == hash_of(world, "web:2"));
}

TEST_CASE("going back within the delay is immediate") {
  World world;
  install(world);
  update_to_pause(world);
  world.promote("web");
  REQUIRE(world.until_phase("web", "Healthy"));
  world.set_image("web", "web:1");
  REQUIRE(world.until([&] { return selected(world, "active") == hash_of(world, "web:1"); }, 10_s));
  CHECK(world.until_phase("web", "Healthy"));
  CHECK(size_of(world, "web:1") == 3);
  REQUIRE(world.until([&] { return size_of(world, "web:2") == 0; }));
}

TEST_CASE("an abort leaves the active service alone and ends the preview after its delay") {
  World world;
  install(world);
  update_to_pause(world);
  world.abort("web");
  REQUIRE(world.until_phase("web", "Degraded"));
  CHECK(selected(world, "active") == hash_of(world, "web:1"));
  CHECK(size_of(world, "web:2") == 3);
  const Instant aborted = world.loop().now();
  REQUIRE(world.until([&] { return size_of(world, "web:2") == 0; }));
  CHECK(world.loop().now() - aborted >= 25_s);
  CHECK(world.loop().now() - aborted <= 40_s);
  CHECK(selected(world, "active") == hash_of(world, "web:1"));

  world.retry("web");
  REQUIRE(world.until_phase("web", "Paused"));
  CHECK(world.promote_until_healthy("web"));
  CHECK(selected(world, "active") == hash_of(world, "web:2"));
}

TEST_CASE("no more old versions wait out their delay than the limit says") {
  World world;
  install(world);
  strategy(world, R"({"autoPromotionEnabled": true, "scaleDownDelayRevisionLimit": 1,
                      "scaleDownDelaySeconds": 600})");
  for (const char* image : {"web:2", "web:3", "web:4"}) {
    world.set_image("web", image);
    REQUIRE(world.until([&] { return selected(world, "active") == hash_of(world, image); }));
    REQUIRE(world.until_phase("web", "Healthy"));
  }
  REQUIRE(world.until([&] { return size_of(world, "web:1") + size_of(world, "web:2") == 0; }));
  CHECK(size_of(world, "web:3") == 3);
}

TEST_CASE("the founding bug's zombie ends") {
  for (const char* deadline : {"", "soon", "0001-01-01"}) {
    CAPTURE(deadline);
    World world;
    install(world);
    update_to_pause(world);
    world.promote("web");
    REQUIRE(world.until([&] {
      return world.replica_set_of("web", "web:1").metadata.annotation("scale-down-deadline") !=
             nullptr;
    }));
    world.stop_controller();
    const std::string name = world.replica_set_of("web", "web:1").metadata.name;
    const Json patch = Json::object({
        {"metadata",
         Json::object({{"annotations", Json::object({{"scale-down-deadline", deadline}})}})}
    });
    CHECK(world.merge_patch(api::kinds::replica_set, name, patch) == 200);
    world.restart_controller();
    CHECK(world.until([&] { return size_of(world, "web:1") == 0; }, 90_s));
    CHECK(world.until_phase("web", "Healthy"));
  }
}

TEST_CASE("a deadline that passed while no controller ran ends the old version at once") {
  World world;
  install(world);
  update_to_pause(world);
  world.promote("web");
  REQUIRE(world.until_phase("web", "Healthy"));
  world.stop_controller();
  world.run_for(24_h);
  CHECK(size_of(world, "web:1") == 3);
  world.restart_controller();
  CHECK(world.until([&] { return size_of(world, "web:1") == 0; }, 5_s));
}

TEST_CASE("a ReplicaSet that loses its hash label while no controller runs is not lost") {
  for (const bool old_one : {false, true}) {
    CAPTURE(old_one);
    World world;
    install(world);
    if (old_one) {
      update_to_pause(world);
      world.promote("web");
      REQUIRE(world.until([&] { return size_of(world, "web:1") == 0; }));
    }
    const std::string lost = world.replica_set_of("web", "web:1").metadata.name;
    world.stop_controller();
    REQUIRE(
        world.merge_patch(
            api::kinds::replica_set, lost,
            parse_json(R"({"metadata":{"labels":{"rollouts-pod-template-hash":null}}})").value()) ==
        200);
    world.restart_controller();
    world.run_for(120_s);
    CHECK(world.phase("web") == "Healthy");
    CHECK(world.replica_sets("web").size() == (old_one ? 2 : 1));
    const api::ReplicaSet found = world.replica_set_of("web", "web:1");
    CHECK(found.metadata.name == lost);
    CHECK(found.metadata.label("rollouts-pod-template-hash") != nullptr);
    CHECK(found.spec.replicas == (old_one ? 0 : 3));
  }
}

TEST_CASE("a scaleDownDelaySeconds of 0 ends the old version at once") {
  World world;
  install(world);
  strategy(world, R"({"autoPromotionEnabled": true, "scaleDownDelaySeconds": 0})");
  world.set_image("web", "web:2");
  REQUIRE(world.until([&] { return selected(world, "active") == hash_of(world, "web:2"); }));
  CHECK(world.until([&] { return size_of(world, "web:1") == 0; }, 10_s));
}

TEST_CASE("somebody who writes the ReplicaSets all the time stops nothing") {
  World world;
  install(world);
  world.set_image("web", "web:2");
  const std::string first = hash_of(world, "web:1");
  for (int i = 0; i < 400 && world.rollout("web").status.stable_rs == first; ++i) {
    world.run_for(100_ms);
    if (world.phase("web") == "Paused") world.promote("web");
    for (const Json& replica_set : world.list(api::kinds::replica_set)) {
      const Json patch = Json::object({
          {"metadata",
           Json::object({{"annotations", Json::object({{"busy", std::to_string(i)}})}})}
      });
      world.merge_patch(api::kinds::replica_set,
                        std::string(replica_set["metadata"]["name"].string_or_empty()), patch);
    }
  }
  CHECK(world.rollout("web").status.stable_rs == hash_of(world, "web:2"));
  CHECK(world.until([&] { return size_of(world, "web:1") == 0; }, 120_s));
}

TEST_CASE("a missing service is told, and its creation goes on at once") {
  World world;
  world.apply(manifests);
  world.erase(api::kinds::service, "preview");
  REQUIRE(world.until_phase("web", "Degraded"));
  CHECK(world.rollout("web").status.message.find("preview") != std::string::npos);
  world.apply(
      "{apiVersion: v1, kind: Service, metadata: {name: preview}, spec: {selector: {app: web}, "
      "ports: [{port: 80}]}}");
  CHECK(world.until_phase("web", "Healthy"));
}
