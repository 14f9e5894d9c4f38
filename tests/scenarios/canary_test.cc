#include <doctest/doctest.h>

#include "rollout/conditions.h"
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
  revisionHistoryLimit: 2
  selector: {matchLabels: {app: shop}}
  strategy:
    canary:
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

int size_of(World& world, const std::string& image) {
  return world.replica_set_of("shop", image).spec.replicas.value_or(1);
}

void install(World& world) {
  world.apply(canary);
  REQUIRE(world.until_phase("shop", "Healthy"));
}

void update_to_pause(World& world, const std::string& image = "shop:2") {
  world.set_image("shop", image);
  REQUIRE(world.until_phase("shop", "Paused"));
}

}  // namespace

TEST_CASE("the first version is installed at once, without steps") {
  World world;
  install(world);
  const api::Rollout shop = world.rollout("shop");
  CHECK(shop.status.stable_rs == shop.status.current_pod_hash);
  CHECK(shop.status.current_step_index == 4);
  CHECK(shop.status.available_replicas == 5);
  CHECK(size_of(world, "shop:1") == 5);
}

TEST_CASE("an update takes the steps, waits at the pause, and ends with the old ReplicaSet gone") {
  World world;
  install(world);
  update_to_pause(world);
  api::Rollout shop = world.rollout("shop");
  CHECK(shop.status.message == "CanaryPauseStep");
  CHECK(shop.status.current_step_index == 1);
  CHECK(size_of(world, "shop:1") == 4);
  CHECK(size_of(world, "shop:2") == 1);

  world.run_for(3600_s);
  CHECK(world.phase("shop") == "Paused");

  world.promote("shop");
  REQUIRE(world.until([&] { return world.rollout("shop").status.current_step_index == 3; }));
  CHECK(size_of(world, "shop:2") == 3);
  REQUIRE(world.until_phase("shop", "Healthy"));
  shop = world.rollout("shop");
  CHECK(shop.status.stable_rs == shop.status.current_pod_hash);
  CHECK(size_of(world, "shop:1") == 0);
  CHECK(size_of(world, "shop:2") == 5);
}

TEST_CASE("a timed pause lasts its time and not a second more (32)") {
  World world;
  install(world);
  update_to_pause(world);
  world.promote("shop");
  REQUIRE(world.until([&] {
    return world.phase("shop") == "Paused" && world.rollout("shop").status.current_step_index == 3;
  }));
  const Instant begun = *world.rollout("shop").status.pause_conditions.at(0).start_time;
  REQUIRE(world.until([&] { return world.rollout("shop").status.current_step_index == 4; }));
  CHECK(world.loop().now() - begun >= 10_s);
  CHECK(world.loop().now() - begun <= 12_s);
}

TEST_CASE("an aborted update goes back to the stable version, and a retry takes the steps again") {
  World world;
  install(world);
  update_to_pause(world);
  world.abort("shop");
  REQUIRE(world.until_phase("shop", "Degraded"));
  REQUIRE(world.until([&] { return size_of(world, "shop:2") == 0; }));
  CHECK(size_of(world, "shop:1") == 5);
  CHECK(world.rollout("shop").status.message ==
        "RolloutAborted: Rollout aborted update to revision 2");

  world.retry("shop");
  REQUIRE(world.until_phase("shop", "Paused"));
  CHECK(size_of(world, "shop:2") == 1);
  CHECK(world.promote_until_healthy("shop"));
}

TEST_CASE("a full promotion skips the pauses") {
  World world;
  install(world);
  update_to_pause(world);
  world.promote_full("shop");
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(size_of(world, "shop:2") == 5);
  CHECK(size_of(world, "shop:1") == 0);
}

TEST_CASE("going back to the stable template skips the steps") {
  World world;
  install(world);
  update_to_pause(world);
  world.set_image("shop", "shop:1");
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(size_of(world, "shop:1") == 5);
  REQUIRE(world.until([&] { return size_of(world, "shop:2") == 0; }));
  const auto reasons = world.event_reasons("shop");
  CHECK(std::count(reasons.begin(), reasons.end(), "SkipSteps") == 1);
}

TEST_CASE("a third version takes over from a second that was half-way") {
  World world;
  install(world);
  update_to_pause(world, "shop:2");
  world.set_image("shop", "shop:3");
  CHECK(world.promote_until_healthy("shop"));
  CHECK(size_of(world, "shop:1") == 0);
  CHECK(size_of(world, "shop:2") == 0);
  CHECK(size_of(world, "shop:3") == 5);
}

TEST_CASE("a person's pause holds the update until it is resumed") {
  World world;
  install(world);
  CHECK(world.merge_patch(api::kinds::rollout, "shop",
                          Json::object({
                              {"spec", Json::object({{"paused", true}})}
  })) == 200);
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  world.run_for(600_s);
  CHECK(world.rollout("shop").status.message == "manually paused");
  CHECK(size_of(world, "shop:2") == 0);
  CHECK(size_of(world, "shop:1") == 5);
  CHECK(world.merge_patch(api::kinds::rollout, "shop",
                          Json::object({
                              {"spec", Json::object({{"paused", false}})}
  })) == 200);
  CHECK(world.promote_until_healthy("shop"));
}

TEST_CASE("a change of size keeps the step and the split") {
  World world;
  install(world);
  update_to_pause(world);
  CHECK(world.merge_patch(api::kinds::rollout, "shop",
                          Json::object({
                              {"spec", Json::object({{"replicas", 10}})}
  })) == 200);
  REQUIRE(world.until([&] { return size_of(world, "shop:1") == 8; }));
  REQUIRE(world.until([&] { return size_of(world, "shop:2") == 2; }));
  CHECK(world.rollout("shop").status.current_step_index == 1);
}

TEST_CASE("a version that never gets ready runs into the progress deadline") {
  World world;
  install(world);
  Json patch = parse_json(R"({"spec": {"progressDeadlineSeconds": 60, "template": {"metadata":
      {"annotations": {"slipway.dev/behaviour": "never-ready"}}}}})")
                   .value();
  CHECK(world.merge_patch(api::kinds::rollout, "shop", patch) == 200);
  REQUIRE(world.until_phase("shop", "Degraded"));
  CHECK(world.rollout("shop").status.message.starts_with("ProgressDeadlineExceeded: "));
  world.run_for(600_s);
  int available = 0;
  for (const api::ReplicaSet& replica_set : world.replica_sets("shop")) {
    available += replica_set.status.available_replicas;
  }
  CHECK(available >= 5);
}

TEST_CASE("history beyond the limit is cleaned up") {
  World world;
  install(world);
  for (int version = 2; version <= 6; ++version) {
    world.set_image("shop", "shop:" + std::to_string(version));
    REQUIRE(world.promote_until_healthy("shop"));
  }
  CHECK(world.until([&] { return world.replica_sets("shop").size() == 3; }));
}

TEST_CASE("a settled Rollout is left alone") {
  World world;
  install(world);
  update_to_pause(world);
  REQUIRE(world.promote_until_healthy("shop"));
  world.run_for(120_s);
  const std::size_t writes = world.write_count();
  const std::uint64_t reconciles = world.controller().reconciles();
  world.run_for(6_h);
  CHECK(world.write_count() == writes);
  CHECK(world.controller().reconciles() - reconciles <= 25);  // Resyncs, each 900 s.
}

TEST_CASE("a controller that is killed at any moment leaves nothing undone") {
  World world;
  install(world);
  world.set_image("shop", "shop:2");
  for (int i = 0; i < 60; ++i) {
    world.run_for(Duration{137'000'000});
    world.restart_controller();
  }
  CHECK(world.promote_until_healthy("shop"));
  CHECK(size_of(world, "shop:1") == 0);
  CHECK(size_of(world, "shop:2") == 5);
}

TEST_CASE("a Rollout that is deleted takes its ReplicaSets and pods with it, and that is told") {
  World world;
  install(world);
  world.erase(api::kinds::rollout, "shop");
  CHECK(world.until([&] {
    return world.list(api::kinds::replica_set).empty() && world.list(api::kinds::pod).empty();
  }));
  CHECK(world.event_reasons("shop").back() == "RolloutDeleted");
}

TEST_CASE("after a write whose answer was lost, the object is read before the next plan (1.4)") {
  World world;
  world.apply(canary);
  REQUIRE(world.until_phase("shop", "Healthy"));
  world.lose_next_answer();
  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  REQUIRE_FALSE(world.after_loss().empty());
  CHECK(world.after_loss().front().starts_with("GET /apis/"));
}

TEST_CASE("an invalid spec is told, and mended by a valid one") {
  World world;
  install(world);
  Json wrong = parse_json(R"({"spec": {"minReadySeconds": 700}})").value();
  CHECK(world.merge_patch(api::kinds::rollout, "shop", wrong) == 200);
  REQUIRE(world.until_phase("shop", "Degraded"));
  CHECK(world.rollout("shop").status.message.find("must be greater than minReadySeconds") !=
        std::string::npos);
  Json right = parse_json(R"({"spec": {"minReadySeconds": 0}})").value();
  CHECK(world.merge_patch(api::kinds::rollout, "shop", right) == 200);
  CHECK(world.until_phase("shop", "Healthy"));
}

TEST_CASE("a ReplicaSet that a quota keeps from being made is told, and made once there is room") {
  World world;
  install(world);
  bool full = true;
  world.refuse([&](const kubernetes::Request& request) -> std::optional<kubernetes::Response> {
    const bool creates = request.method == kubernetes::Method::post &&
                         request.target.find("/replicasets") != std::string::npos;
    if (!full || !creates) return std::nullopt;
    return kubernetes::Response{.status = 403,
                                .content_type = "application/json",
                                .body = R"({"kind":"Status","apiVersion":"v1","status":"Failure",
                                            "message":"exceeded quota: tight","reason":"Forbidden",
                                            "code":403})"};
  });
  world.set_image("shop", "shop:2");
  const auto told = [&] {
    const api::Rollout shop = world.rollout("shop");
    const api::RolloutCondition* condition =
        rollout::find_condition(shop.status, rollout::condition_types::progressing);
    return condition != nullptr && condition->reason == "ReplicaSetCreateError" &&
           condition->message.find("exceeded quota: tight") != std::string::npos;
  };
  CHECK(world.until(told));
  const std::size_t writes = world.write_count();
  world.run_for(3600_s);
  // With a growing back-off, at most once a minute; and the status is not written again for it.
  CHECK(world.write_count() - writes < 80);
  const std::vector<std::string> reasons = world.event_reasons("shop");
  CHECK(std::count(reasons.begin(), reasons.end(), "ReplicaSetCreateError") == 1);

  full = false;
  CHECK(world.until_phase("shop", "Paused"));
  CHECK(size_of(world, "shop:2") == 1);
}
