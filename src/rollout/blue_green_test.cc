#include <fmt/format.h>

#include <doctest/doctest.h>

#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/scale_down.h"
#include "rollout/services.h"
#include "rollout/simulated_world.h"

namespace slipway::rollout {
namespace {

/// A blue-green strategy with both services and these members more.
std::string blue_green(const std::string& more = "") {
  return R"({"blueGreen":{"activeService":"active","previewService":"preview")" +
         (more.empty() ? "" : "," + more) + "}}";
}

SimulatedWorld running(int replicas, const std::string& strategy) {
  SimulatedWorld world(replicas, strategy);
  world.add_service("active");
  world.add_service("preview");
  world.run();
  REQUIRE(world.rollout().status.phase == "Healthy");
  world.events.clear();
  return world;
}

std::string image_behind(const SimulatedWorld& world, const std::string& service) {
  const std::string hash = selected_hash(world.service(service));
  for (const api::ReplicaSet& replica_set : world.replica_sets()) {
    if (hash_of(replica_set) == hash) {
      return std::string(replica_set.spec.template_.content()["spec"]["containers"]
                             .at(0)["image"]
                             .string_or_empty());
    }
  }
  return "none";
}

/// "v1:3/3 v2:3/3 | active v1, preview v2 | Paused: BlueGreenPause"
std::string stands_at(const SimulatedWorld& world) {
  const api::RolloutStatus status = world.rollout().status;
  return world.sizes() + " | active " + image_behind(world, "active") + ", preview " +
         image_behind(world, "preview") + " | " + status.phase +
         (status.message.empty() ? "" : ": " + status.message);
}

Deadline deadline_of(const SimulatedWorld& world, const std::string& image) {
  return parse_deadline(world.replica_set(image).metadata);
}

const std::string by_hand = "\"autoPromotionEnabled\":false";

TEST_CASE("the first deployment: the active Service moves when all pods serve (15.6)") {
  SimulatedWorld world(3, blue_green());
  world.add_service("active");
  world.add_service("preview");
  world.settle();
  CHECK(stands_at(world) ==
        "v1:3/0 | active none, preview v1 | Progressing: more replicas need to be updated");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 | active v1, preview v1 | Healthy");
  CHECK(world.count_events("RolloutCompleted") == 1);
  CHECK(world.rollout().status.selector.find("rollouts-pod-template-hash=") != std::string::npos);
}

TEST_CASE("an update waits for a person, switches, and the old version ends (15.1, 34.3)") {
  SimulatedWorld world = running(3, blue_green(by_hand));
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v1, preview v2 | Paused: BlueGreenPause");
  world.advance(10_h);
  CHECK(world.settle() == 0);
  world.promote();
  world.settle();
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v2, preview v2 | Healthy");
  CHECK(deadline_of(world, "v1") == Deadline(At{world.now + 30_s}));
  world.run(29_s);
  CHECK(world.sizes() == "v1:3/3 v2:3/3");
  world.run();
  CHECK(stands_at(world) == "v2:3/3 | active v2, preview v2 | Healthy");
  CHECK(deadline_of(world, "v1") == Deadline(Absent{}));
}

TEST_CASE("by default an update promotes itself once all pods serve (15.7)") {
  SimulatedWorld world = running(3, blue_green());
  world.set_image("v2");
  world.run(20_s);
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v2, preview v2 | Healthy");
  CHECK(world.count_events("RolloutPaused") == 0);
}

TEST_CASE("autoPromotionSeconds counts from readiness; a person can be quicker (15.3)") {
  const std::string strategy = blue_green("\"autoPromotionSeconds\":60");
  SimulatedWorld patient = running(3, strategy);
  patient.set_image("v2");
  patient.run(60_s);
  CHECK(patient.rollout().status.message == "BlueGreenPause");
  patient.run(10_s);
  CHECK(image_behind(patient, "active") == "v2");

  SimulatedWorld hasty = running(3, strategy);
  hasty.set_image("v2");
  hasty.run(10_s);
  hasty.promote();
  hasty.run(1_s);
  CHECK(image_behind(hasty, "active") == "v2");
}

TEST_CASE("a small preview grows only once it is promoted (15.2, previewReplicaCount)") {
  SimulatedWorld world = running(4, blue_green(by_hand + ",\"previewReplicaCount\":1"));
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world).starts_with("v1:4/4 v2:1/1 | active v1, preview v2 | Paused"));
  world.promote();
  world.settle();
  CHECK(world.sizes() == "v1:4/4 v2:4/1");
  CHECK(image_behind(world, "active") == "v1");
  world.run(20_s);
  CHECK(stands_at(world) == "v1:4/4 v2:4/4 | active v2, preview v2 | Healthy");
}

TEST_CASE("going back while the old version still has its pods takes one plan and no pause") {
  SimulatedWorld world = running(3, blue_green(by_hand + ",\"scaleDownDelaySeconds\":600"));
  world.advance(60_s);
  world.set_image("v2");
  world.run();
  world.promote();
  world.run(60_s);
  REQUIRE(world.sizes() == "v1:3/3 v2:3/3");
  world.set_image("v1");
  world.settle();
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v1, preview v1 | Healthy");
  CHECK(deadline_of(world, "v1") == Deadline(Absent{}));
  CHECK(deadline_of(world, "v2") == Deadline(At{world.now + 600_s}));
  CHECK(world.count_events("RolloutPaused") == 1);
  CHECK(*world.rollout().metadata.annotation(keys::revision) == "3");
}

TEST_CASE("going back within the window, a preview gets all its pods without a promotion (L1)") {
  for (const int preview : {1, 2, 4}) {
    CAPTURE(preview);
    SimulatedWorld world(3, fmt::format(R"({{"blueGreen":{{"activeService":"active",)"
                                        R"("autoPromotionEnabled":false,)"
                                        R"("previewReplicaCount":{}}}}})",
                                        preview));
    world.edit(R"({"rollbackWindow":{"revisions":1}})");
    world.add_service("active");
    world.run();
    world.set_image("v2");
    world.run();
    world.command(R"({"promoteFull":true})");
    world.run(60_s);
    REQUIRE(world.rollout().status.phase == "Healthy");
    REQUIRE(world.replica_set("v1").spec.replicas == 0);
    world.set_image("v1");
    world.run(60_s);
    CHECK(world.rollout().status.phase == "Healthy");
    CHECK(world.replica_set("v1").spec.replicas == 3);
  }
}

TEST_CASE("a deadline that somebody gave a version without pods is gone when it comes back (L1)") {
  SimulatedWorld world(1, R"({"blueGreen":{"activeService":"active","previewReplicaCount":2}})");
  world.edit(R"({"rollbackWindow":{"revisions":1}})");
  world.add_service("active");
  world.run();
  world.set_image("v2");
  world.run(60_s);
  REQUIRE(world.replica_set("v1").spec.replicas == 0);
  world.edit_replica_set(
      "v1", R"({"metadata":{"annotations":{"scale-down-deadline":"2099-12-31T23:59:59Z"}}})");
  world.set_image("v1");
  world.run(60_s);
  CHECK(world.replica_set("v1").metadata.annotation(keys::scale_down_deadline) == nullptr);
  CHECK(world.rollout().status.phase == "Healthy");
}

TEST_CASE("a version that comes back while its pods run is not cut down to a preview first (D4)") {
  SimulatedWorld world =
      running(4, blue_green(by_hand + R"(,"previewReplicaCount":1,"scaleDownDelaySeconds":600)"));
  int fewest_of_v1 = 4;
  int fewest_of_v2 = 4;
  world.set_image("v2");
  world.run();
  world.promote();
  world.run(60_s);
  REQUIRE(world.sizes() == "v1:4/4 v2:4/4");
  world.on_write = [&](const SimulatedWorld::Change& change) {
    fewest_of_v1 = std::min(fewest_of_v1, spec_replicas(change.world.replica_set("v1")));
    fewest_of_v2 = std::min(fewest_of_v2, spec_replicas(change.world.replica_set("v2")));
  };
  world.set_image("v1");  // The older one: at once.
  world.settle();
  CHECK(stands_at(world) == "v1:4/4 v2:4/4 | active v1, preview v1 | Healthy");
  world.set_image("v2");  // The newer one: an update like any other.
  world.run(60_s);
  CHECK(stands_at(world) == "v1:4/4 v2:4/4 | active v1, preview v2 | Paused: BlueGreenPause");
  world.promote();
  world.run(60_s);
  CHECK(stands_at(world) == "v1:4/4 v2:4/4 | active v2, preview v2 | Healthy");
  CHECK(fewest_of_v1 == 4);
  CHECK(fewest_of_v2 == 4);
}

TEST_CASE("where the status names no stable ReplicaSet, the one that has the traffic is it (L4)") {
  for (const bool aborted : {false, true}) {
    CAPTURE(aborted);
    SimulatedWorld world = running(3, blue_green(by_hand));
    world.set_image("v2");
    while (world.rollout().status.phase == "Healthy") world.reconcile();
    const std::string stable = world.rollout().status.stable_rs;
    world.command(aborted ? R"({"stableRS":"5b8f7d9c6","abort":true})"
                          : R"({"stableRS":"5b8f7d9c6"})");
    world.run(5_s);
    CHECK(world.rollout().status.stable_rs == stable);
    CHECK(image_behind(world, "active") == "v1");
    CHECK(world.rollout().status.phase == (aborted ? "Degraded" : "Paused"));
    CHECK(world.count_events("StableRevisionMended") == 1);
  }
}

TEST_CASE("with the stable ReplicaSet deleted a preview gets all pods, whatever has the traffic") {
  SimulatedWorld world =
      running(2, blue_green(by_hand + R"(,"previewReplicaCount":1,"scaleDownDelaySeconds":600)"));
  world.set_image("v2");
  world.run(20_s);
  world.set_image("v3");
  world.run(20_s);
  REQUIRE(world.sizes() == "v1:2/2 v2:1/1 v3:1/1");
  const std::string superseded = hash_of(world.replica_set("v2"));
  world.edit_service(
      "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":")" + superseded + R"("}}})");
  world.delete_replica_set("v1");
  world.run(60_s);
  CHECK(image_behind(world, "active") == "v3");
  CHECK(world.rollout().status.phase == "Healthy");
}

TEST_CASE(
    "where nothing has the traffic and the stable version never runs, an update mends it (L1)") {
  SimulatedWorld world(2, blue_green());
  world.add_service("active");
  world.add_service("preview");
  world.break_image("v1");
  world.run();
  CHECK(image_behind(world, "active") == "none");
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v2:2/2 | active v2, preview v2 | Healthy");
}

TEST_CASE(
    "with the stable ReplicaSet deleted the new one is stable once it stands, aborted or not") {
  for (const bool aborted : {false, true}) {
    CAPTURE(aborted);
    SimulatedWorld world = running(3, blue_green(by_hand));
    world.set_image("v2");
    while (world.rollout().status.phase == "Healthy") world.reconcile();
    if (aborted) world.command(R"({"abort":true})");
    const std::string stable = world.rollout().status.stable_rs;
    world.delete_replica_set("v1");
    world.settle();
    CHECK(image_behind(world, "active") == "none");
    CHECK(world.rollout().status.stable_rs == stable);
    world.run();
    CHECK(image_behind(world, "active") == "v2");
    CHECK(world.rollout().status.phase == (aborted ? "Degraded" : "Healthy"));
    CHECK((world.rollout().status.stable_rs == stable) == aborted);
  }
}

TEST_CASE("going back before the old version's delay is even written takes no pause either") {
  SimulatedWorld world = running(3, blue_green(by_hand + ",\"scaleDownDelaySeconds\":600"));
  world.set_image("v2");
  world.run();
  world.promote();
  while (image_behind(world, "active") == "v1") world.reconcile();
  REQUIRE(deadline_of(world, "v1") == Deadline(Absent{}));
  world.set_image("v1");
  world.settle();
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v1, preview v1 | Healthy");
  CHECK(deadline_of(world, "v1") == Deadline(Absent{}));
  CHECK(deadline_of(world, "v2") == Deadline(At{world.now + 600_s}));
}

TEST_CASE("going back to a version without pods is an update like any other") {
  SimulatedWorld world = running(3, blue_green(by_hand));
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  world.set_image("v1");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:3/3 | active v2, preview v1 | Paused: BlueGreenPause");
}

TEST_CASE("an aborted preview ends after its delay; a retry takes it back (12.3, D9)") {
  SimulatedWorld world = running(3, blue_green(by_hand));
  world.set_image("v2");
  world.run();
  world.command(R"({"abort":true})");
  world.settle();
  CHECK(world.rollout().status.phase == "Degraded");
  CHECK(deadline_of(world, "v2") == Deadline(At{world.now + 30_s}));
  world.run(20_s);
  CHECK(world.sizes() == "v1:3/3 v2:3/3");

  world.command(R"({"abort":false})");
  world.settle();
  CHECK(deadline_of(world, "v2") == Deadline(Absent{}));
  world.run();
  CHECK(world.rollout().status.message == "BlueGreenPause");

  world.command(R"({"abort":true})");  // Afresh (upstream issue 3774).
  world.settle();
  CHECK(deadline_of(world, "v2") == Deadline(At{world.now + 30_s}));
  world.run(29_s);
  CHECK(world.sizes() == "v1:3/3 v2:3/3");
  world.run();
  CHECK(world.sizes() == "v1:3/3");
  CHECK(image_behind(world, "active") == "v1");
  CHECK(world.settle() == 0);
}

TEST_CASE("abortScaleDownDelaySeconds 0 keeps the preview") {
  SimulatedWorld world = running(3, blue_green(by_hand + ",\"abortScaleDownDelaySeconds\":0"));
  world.set_image("v2");
  world.run();
  world.command(R"({"abort":true})");
  world.run();
  CHECK(world.sizes() == "v1:3/3 v2:3/3");
  CHECK(world.settle() == 0);
}

TEST_CASE("scaleDownDelaySeconds 0 ends the old version at once (upstream issues 1639, 1992)") {
  SimulatedWorld world = running(3, blue_green("\"scaleDownDelaySeconds\":0"));
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v2:3/3 | active v2, preview v2 | Healthy");
}

TEST_CASE("only so many old versions wait (scaleDownDelayRevisionLimit)") {
  SimulatedWorld world =
      running(1, blue_green("\"scaleDownDelaySeconds\":600,\"scaleDownDelayRevisionLimit\":1"));
  for (const char* image : {"v2", "v3"}) {
    world.advance(10_s);
    world.set_image(image);
    world.run(30_s);
  }
  CHECK(world.sizes() == "v2:1/1 v3:1/1");
}

TEST_CASE("an old version that waits follows spec.replicas, a superseded preview does not") {
  SimulatedWorld world = running(2, blue_green("\"scaleDownDelaySeconds\":600"));
  world.set_image("v2");
  world.run(30_s);
  REQUIRE(world.sizes() == "v1:2/2 v2:2/2");
  world.edit(R"({"replicas":4})");
  world.run(30_s);
  CHECK(world.sizes() == "v1:4/4 v2:4/4");

  SimulatedWorld preview = running(4, blue_green(by_hand + ",\"previewReplicaCount\":1"));
  preview.set_image("v2");
  preview.run();
  preview.set_image("v3");
  preview.run(15_s);
  CHECK(preview.sizes() == "v1:4/4 v2:1/1 v3:1/1");
  preview.run();
  CHECK(preview.sizes() == "v1:4/4 v3:1/1");
}

TEST_CASE("a malformed deadline is mended and then kept to (D6, upstream issues 3762, 3836)") {
  for (const std::string_view key :
       {keys::scale_down_deadline, keys::scale_down_deadline_as_documented}) {
    for (const char* text : {"", "rubbish", "2001-01-01T00:00:00Z"}) {
      CAPTURE(key);
      CAPTURE(text);
      SimulatedWorld world = running(2, blue_green("\"scaleDownDelaySeconds\":60"));
      world.set_image("v2");
      world.run(20_s);
      REQUIRE(world.sizes() == "v1:2/2 v2:2/2");
      // As a person, or Argo Rollouts 1.7.1, may leave it: nothing else arranges its end.
      world.edit_replica_set("v1", R"({"metadata":{"annotations":{"scale-down-deadline":null}}})");
      world.edit_replica_set(
          "v1", R"({"metadata":{"annotations":{")" + std::string(key) + "\":\"" + text + "\"}}}");
      const Instant garbled = world.now;
      world.run(62_s);
      CHECK(world.sizes() == "v2:2/2");
      CHECK(world.now - garbled <= 62_s);
      CHECK_FALSE(deadline_needs_mending(world.replica_set("v1").metadata));
      const bool proper = *text == '2' && key == keys::scale_down_deadline;
      CHECK(world.count_events("ScaleDownDeadlineMended") == (proper ? 0 : 1));
    }
  }
}

TEST_CASE("a deadline, once written, is not moved (D2)") {
  SimulatedWorld world = running(2, blue_green("\"scaleDownDelaySeconds\":60"));
  world.set_image("v2");
  world.run(10_s);
  const Deadline written = deadline_of(world, "v1");
  REQUIRE(std::holds_alternative<At>(written));
  for (int i = 0; i < 5; ++i) {
    world.advance(7_s);
    world.edit("{\"minReadySeconds\":" + std::to_string(i) + "}");
    world.settle();
    CHECK(deadline_of(world, "v1") == written);
  }
}

TEST_CASE("a pause by a person holds the switch but not the pods (7)") {
  SimulatedWorld world = running(2, blue_green());
  world.edit(R"({"paused":true})");
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v1:2/2 v2:2/2 | active v1, preview v1 | Paused: manually paused");
  world.edit(R"({"paused":false})");
  world.run(1_s);
  CHECK(image_behind(world, "active") == "v2");
}

TEST_CASE("a promotion holds although a pod is lost before the switch (15.4, P6)") {
  SimulatedWorld world = running(2, blue_green(by_hand));
  world.set_image("v2");
  world.run();
  REQUIRE(world.rollout().status.phase == "Paused");
  world.break_image("v2");
  world.advance(1_s);
  world.promote();
  world.run(60_s);
  CHECK(image_behind(world, "active") == "v1");
  world.mend_image("v2");
  world.advance(1_s);
  world.run(10_s);
  CHECK(image_behind(world, "active") == "v2");
}

TEST_CASE("an active Service that lost its way goes back to the stable version") {
  for (const char* patch : {R"({"spec":{"selector":{"rollouts-pod-template-hash":null}}})",
                            R"({"spec":{"selector":{"rollouts-pod-template-hash":"nothing"}}})"}) {
    CAPTURE(patch);
    SimulatedWorld world = running(2, blue_green(by_hand));
    world.set_image("v2");
    world.run();
    world.edit_service("active", patch);
    world.run();
    CHECK(stands_at(world) == "v1:2/2 v2:2/2 | active v1, preview v2 | Paused: BlueGreenPause");
  }
}

TEST_CASE("a Service that is missing stops everything and says so; found, it goes on") {
  SimulatedWorld world(2, blue_green());
  world.add_service("preview");
  world.run();
  CHECK(world.replica_sets().empty());
  const api::RolloutStatus status = world.rollout().status;
  CHECK(status.phase == "Degraded");
  CHECK(status.message ==
        "InvalidSpec: The Rollout \"web\" is invalid: spec.strategy.blueGreen.activeService: "
        "Invalid value: \"active\": service \"active\" not found");
  world.add_service("active");
  world.run();
  CHECK(world.rollout().status.phase == "Healthy");
  CHECK(find_condition(world.rollout().status, condition_types::invalid_spec) == nullptr);
}

}  // namespace
}  // namespace slipway::rollout
