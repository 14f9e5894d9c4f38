#include <doctest/doctest.h>

#include "base/text.h"
#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/services.h"
#include "rollout/simulated_world.h"

namespace slipway::rollout {
namespace {

const std::string four_steps =
    R"({"canary":{"steps":[{"setWeight":25},{"pause":{}},{"setWeight":50},{"pause":{"duration":"10s"}}]}})";

std::string stands_at(const SimulatedWorld& world) {
  const api::RolloutStatus status = world.rollout().status;
  const std::string index =
      status.current_step_index ? std::to_string(*status.current_step_index) : "-";
  return world.sizes() + " | " + index + " " + status.phase +
         (status.message.empty() ? "" : ": " + status.message);
}

std::string progressing(const SimulatedWorld& world) {
  const api::RolloutStatus status = world.rollout().status;
  const auto* condition = find_condition(status, condition_types::progressing);
  return condition ? condition->status + " " + condition->reason : "none";
}

SimulatedWorld running(int replicas, const std::string& strategy) {
  SimulatedWorld world(replicas, strategy);
  world.run();
  REQUIRE(world.rollout().status.phase == "Healthy");
  world.trace.clear();
  world.events.clear();
  world.log.clear();
  world.writes = 0;
  world.status_writes = 0;
  return world;
}

TEST_CASE("pods on their way out promote nothing: they serve, and are asked for no more") {
  SimulatedWorld world = running(1, four_steps);
  world.set_image("v2");
  world.run();
  REQUIRE(world.sizes() == "v1:1/1 v2:1/1");
  // An abort has asked for no pods; the last one is still there when a person promotes in full.
  world.edit_replica_set("v2", R"({"spec":{"replicas":0}})");
  world.command(R"({"promoteFull":true})");
  const std::string stable = world.rollout().status.stable_rs;
  world.reconcile();
  CHECK(world.rollout().status.stable_rs == stable);
  world.run();
  CHECK(world.rollout().status.stable_rs == world.rollout().status.current_pod_hash);
}

TEST_CASE("an update through four steps is six statuses, however late each plan comes") {
  for (const Duration pace : {1_s, 7_s, 15_s, 40_s}) {
    CAPTURE(pace.seconds());
    SimulatedWorld world = running(
        2,
        R"({"canary":{"steps":[{"setWeight":20},{"setWeight":40},{"setWeight":60},{"setWeight":80}]}})");
    world.set_image("v2");
    for (int plans = 0; plans < 60; ++plans) {
      world.advance(pace);
      world.reconcile();
    }
    CHECK(world.sizes() == "v2:2/2");
    CHECK(world.rollout().status.phase == "Healthy");
    CHECK(world.status_writes == 6);
  }
}

TEST_CASE("the first deployment is stable at once and skips the steps (8.4)") {
  SimulatedWorld world(4, four_steps);
  world.settle();
  CHECK(stands_at(world) == "v1:4/0 | 4 Progressing: more replicas need to be updated");
  CHECK(world.rollout().status.stable_rs == world.rollout().status.current_pod_hash);
  world.run();
  CHECK(stands_at(world) == "v1:4/4 | 4 Healthy");
  CHECK(progressing(world) == "True NewReplicaSetAvailable");
  CHECK(world.count_events("RolloutCompleted") == 1);
  CHECK(*world.rollout().metadata.annotation(keys::revision) == "1");
}

TEST_CASE(
    "a canary goes through its steps, waits for people and for time (34.1 without a router)") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:1/1 | 1 Paused: CanaryPauseStep");
  CHECK(progressing(world) == "Unknown RolloutPaused");
  CHECK(is_true(world.rollout().status, condition_types::paused));
  world.advance(10_h);
  CHECK(world.settle() == 0);  // P3: nobody promoted.

  world.promote();
  world.run(9_s);
  CHECK(stands_at(world) == "v1:2/2 v2:2/2 | 3 Paused: CanaryPauseStep");
  world.run();
  CHECK(stands_at(world) == "v2:4/4 | 4 Healthy");
  CHECK_FALSE(is_true(world.rollout().status, condition_types::paused));
  CHECK(world.replica_set("v1").metadata.annotation(keys::scale_down_deadline) == nullptr);
  CHECK(*world.rollout().metadata.annotation(keys::revision) == "2");
  CHECK(world.trace == std::vector<std::string>{
                           "v1:3/4 v2:1/0",  // One plan moves both: the canary grows first.
                           "v1:2/3 v2:2/1", "v1:1/2 v2:3/2", "v1:1/2 v2:4/2", "v1:0/1 v2:4/4"});
}

TEST_CASE("each step costs one status write, whatever the pods do meanwhile") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  // Reset, step 1 and pause, 2, 3 and pause, 4, promoted, old pods gone.
  CHECK(world.status_writes <= 8);
}

TEST_CASE("events tell an update once each, in order (8.1, 8.2)") {
  SimulatedWorld world = running(2, R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})");
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  std::vector<std::string> told;
  for (const auto& event : world.events) {
    if (event.reason != "ScalingReplicaSet") told.push_back(event.reason + ": " + event.message);
  }
  const std::string hash = world.rollout().status.stable_rs;
  CHECK(told == std::vector<std::string>{
                    "RolloutUpdated: Rollout updated to revision 2",
                    "NewReplicaSetCreated: Created ReplicaSet web-" + hash + " (revision 2)",
                    "RolloutNotCompleted: Rollout not completed, started update to revision 2 (" +
                        hash + ")",
                    "RolloutStepCompleted: Rollout step 1/2 completed (setWeight: 50)",
                    "RolloutPaused: Rollout is paused (CanaryPauseStep)",
                    "RolloutStepCompleted: Rollout step 2/2 completed (pause)",
                    "RolloutCompleted: Rollout completed update to revision 2 (" + hash +
                        "): Completed all 2 canary steps"});
}

TEST_CASE("without steps a canary is a rolling update within its bounds") {
  SimulatedWorld world = running(10, R"({"canary":{"maxSurge":1,"maxUnavailable":0}})");
  int most = 0;
  int fewest = 100;
  world.on_write = [&](const SimulatedWorld::Change& change) {
    most = std::max(most, change.world.rollout().status.replicas);
    fewest = std::min(fewest, change.pods_after);
  };
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v2:10/10 | - Healthy");
  CHECK(most <= 11);
  CHECK(fewest >= 10);
}

TEST_CASE("an abort goes back to stable and stays; a retry starts at the first step") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  world.promote();
  world.run(9_s);
  REQUIRE(world.sizes() == "v1:2/2 v2:2/2");
  world.command(R"({"abort":true})");
  world.run();
  CHECK(stands_at(world) ==
        "v1:4/4 | 0 Degraded: RolloutAborted: Rollout aborted update to revision 2");
  CHECK(progressing(world) == "False RolloutAborted");
  CHECK(world.rollout().status.pause_conditions.empty());
  CHECK(world.rollout().status.aborted_at);
  CHECK(world.count_events("RolloutAborted") == 1);
  CHECK(world.settle() == 0);

  world.command(R"({"abort":false})");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:1/1 | 1 Paused: CanaryPauseStep");
  CHECK_FALSE(world.rollout().status.aborted_at);
}

TEST_CASE("a full promotion skips steps and pauses (16.2)") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  world.command(R"({"promoteFull":true})");
  world.run();
  CHECK(stands_at(world) == "v2:4/4 | 4 Healthy");
  CHECK_FALSE(world.rollout().status.promote_full);
  CHECK(world.count_events("RolloutStepCompleted") == 1);
  CHECK(world.events.back().reason == "RolloutCompleted");
  CHECK(world.events.back().message.ends_with("Full promotion requested"));
}

TEST_CASE("going back to the stable version mid-way needs no steps") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  world.set_image("v1");
  world.run();
  CHECK(stands_at(world) == "v1:4/4 | 4 Healthy");
  CHECK(*world.rollout().metadata.annotation(keys::revision) == "3");
  const api::ReplicaSet back = world.replica_set("v1");
  CHECK(*back.metadata.annotation(keys::revision) == "3");
  CHECK(*back.metadata.annotation(keys::revision_history) == "1");
  CHECK(world.count_events("SkipSteps") == 1);
}

TEST_CASE("an undo after promotion is an update with steps, to the highest revision") {
  SimulatedWorld world = running(2, R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})");
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  world.set_image("v1");
  world.run();
  CHECK(stands_at(world) == "v1:1/1 v2:1/1 | 1 Paused: CanaryPauseStep");
  CHECK(*world.replica_set("v1").metadata.annotation(keys::revision) == "3");
}

TEST_CASE(
    "with the stable ReplicaSet deleted the new one gets all pods, and is stable by the steps") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  const std::string stable = world.rollout().status.stable_rs;
  world.delete_replica_set("v1");
  world.settle();
  CHECK(stands_at(world) == "v2:4/1 | 1 Paused: CanaryPauseStep");
  world.run();
  CHECK(stands_at(world) == "v2:4/4 | 1 Paused: CanaryPauseStep");
  CHECK(world.rollout().status.stable_rs == stable);  // P3, P8: nobody promoted.
  world.promote();
  world.run();
  CHECK(stands_at(world) == "v2:4/4 | 4 Healthy");
  CHECK(world.rollout().status.stable_rs == world.rollout().status.current_pod_hash);
}

TEST_CASE("within the rollback window an undo skips the steps") {
  SimulatedWorld world = running(2, R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})");
  world.edit(R"({"rollbackWindow":{"revisions":2}})");
  world.advance(60_s);
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  world.set_image("v1");
  world.run();
  CHECK(stands_at(world) == "v1:2/2 | 2 Healthy");
  CHECK(world.events.back().message.ends_with("Rollback within window"));
}

TEST_CASE("a third version supersedes the second, which ends (34.4)") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  world.set_image("v3");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v3:1/1 | 1 Paused: CanaryPauseStep");
  CHECK(*world.rollout().metadata.annotation(keys::revision) == "3");
  CHECK(world.rollout().status.stable_rs ==
        *world.replica_set("v1").metadata.label(api::pod_template_hash_label));
}

TEST_CASE(
    "a person's pause holds everything, and what was promoted meanwhile is not lost (7, 8.3)") {
  SimulatedWorld world = running(4, four_steps);
  world.edit(R"({"paused":true})");
  world.set_image("v2");
  world.run();
  CHECK(stands_at(world) == "v1:4/4 | 0 Paused: manually paused");
  CHECK(world.has_replica_set("v2"));
  world.edit(R"({"paused":false})");
  world.run();
  REQUIRE(stands_at(world) == "v1:3/3 v2:1/1 | 1 Paused: CanaryPauseStep");

  world.edit(R"({"paused":true})");
  world.run();
  world.promote();
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:1/1 | 1 Paused: manually paused");
  world.edit(R"({"paused":false})");
  world.run(9_s);
  CHECK(stands_at(world) == "v1:2/2 v2:2/2 | 3 Paused: CanaryPauseStep");
}

TEST_CASE("another size alone moves no step (6.3, C9)") {
  SimulatedWorld world = running(4, four_steps);
  world.set_image("v2");
  world.run();
  const int completed = world.count_events("RolloutStepCompleted");
  world.edit(R"({"replicas":8})");
  world.run();
  CHECK(stands_at(world) == "v1:6/6 v2:2/2 | 1 Paused: CanaryPauseStep");
  CHECK(world.count_events("RolloutStepCompleted") == completed);
  world.edit(R"({"replicas":0})");
  world.run();
  CHECK(world.sizes().empty());
  world.edit(R"({"replicas":4})");
  world.run();
  CHECK(world.sizes() == "v1:3/3 v2:1/1");
}

TEST_CASE("an update that makes no progress times out, and may abort itself") {
  SimulatedWorld world = running(4, R"({"canary":{"steps":[{"setWeight":25}]}})");
  world.break_image("v2");
  world.set_image("v2");
  world.run(599_s);
  CHECK(world.rollout().status.phase == "Progressing");
  world.run();
  CHECK(stands_at(world) == "v1:3/3 v2:1/0 | 0 Degraded: ProgressDeadlineExceeded: ReplicaSet \"" +
                                world.replica_set("v2").metadata.name +
                                "\" has timed out progressing.");
  CHECK(world.settle() == 0);

  world.edit(R"({"progressDeadlineAbort":true})");
  world.run();
  CHECK(world.sizes() == "v1:4/4");
  CHECK(world.rollout().status.abort);
  CHECK(world.rollout().status.message.find("timed out progressing") != std::string::npos);
}

TEST_CASE("a new size after the deadline passed is progress again") {
  SimulatedWorld world = running(4, R"({"canary":{"steps":[{"setWeight":25}]}})");
  world.break_image("v2");
  world.set_image("v2");
  world.run();
  REQUIRE(world.rollout().status.phase == "Degraded");
  world.mend_image("v2");
  world.advance(10_s);
  world.run();
  CHECK(stands_at(world) == "v2:4/4 | 1 Healthy");
}

TEST_CASE("services follow: stable to stable, canary to the new version once it serves (14)") {
  const std::string strategy =
      R"({"canary":{"stableService":"stable","canaryService":"canary","steps":[{"setWeight":25},{"pause":{}}]}})";
  SimulatedWorld world(4, strategy);
  world.add_service("stable");
  world.add_service("canary");
  world.run();
  const auto selected = [&](const std::string& service) {
    return selected_hash(world.service(service));
  };
  const auto hash = [&](const std::string& image) {
    return *world.replica_set(image).metadata.label(api::pod_template_hash_label);
  };
  CHECK(selected("stable") == hash("v1"));
  CHECK(selected("canary") == hash("v1"));
  CHECK(*world.service("stable").metadata.annotation(keys::managed_by) == "web");

  world.set_image("v2");
  world.settle();
  CHECK(selected("canary") == hash("v1"));
  world.run();
  CHECK(selected("canary") == hash("v2"));
  CHECK(selected("stable") == hash("v1"));

  world.break_image("v3");
  world.set_image("v3");
  world.run();
  CHECK(selected("canary") == hash("v1"));  // Never the version that is on its way out.
  CHECK(world.sizes() == "v1:3/3 v3:1/0");

  world.set_image("v2");
  world.run();
  world.command(R"({"abort":true})");
  world.run();
  CHECK(selected("canary") == hash("v1"));
  world.command(R"({"abort":false})");
  world.run();
  CHECK(selected("canary") == hash("v2"));
  CHECK(world.replica_set("v2").metadata.annotation(keys::claim) != nullptr);
  world.promote();
  world.run();
  CHECK(selected("stable") == hash("v2"));
  CHECK(world.sizes() == "v2:4/4");
}

TEST_CASE("no Service is left on a version whose last pod goes, surge or not (C7)") {
  const std::string services = R"("stableService":"stable","canaryService":"canary")";
  const std::string no_surge = R"("maxSurge":0,"maxUnavailable":1)";
  struct Row {
    const char* name;
    int replicas;
    std::string bounds;
    std::string steps;
  };
  const Row rows[] = {
      {"no room for a pod more", 3, no_surge,          R"([{"setWeight":50},{"pause":{}}])"                 },
      {"one pod, no surge",      1, no_surge,          R"([{"setWeight":50},{"pause":{}}])"                 },
      {"all at a step",          2, R"("maxSurge":1)", R"([{"setWeight":100},{"pause":{}}])"                },
      {"none at a later step",   4, R"("maxSurge":1)",
       R"([{"setWeight":50},{"setWeight":0},{"pause":{}}])"                                                 },
      {"one pod, up and down",   1, no_surge,          R"([{"setWeight":100},{"setWeight":0},{"pause":{}}])"},
  };
  for (const Row& row : rows) {
    for (const char* end : {"promote", "abort", "third"}) {
      CAPTURE(row.name);
      CAPTURE(end);
      SimulatedWorld world(row.replicas, "{\"canary\":{" + services + "," + row.bounds +
                                             ",\"steps\":" + row.steps + "}}");
      world.add_service("stable");
      world.add_service("canary");
      world.run();
      world.on_write = [&](const SimulatedWorld::Change& change) {
        if (change.after["kind"].string_or_empty() != "ReplicaSet" ||
            change.after["spec"]["replicas"].integer_or(1) != 0 ||
            change.before["spec"]["replicas"].integer_or(0) == 0) {
          return;
        }
        const Json& labels = change.after["metadata"]["labels"];
        for (const char* service : {"stable", "canary"}) {
          CHECK(selected_hash(change.world.service(service)) !=
                labels[api::pod_template_hash_label].string_or_empty());
        }
      };
      world.set_image("v2");
      world.run();
      if (end == std::string("promote")) world.promote();
      if (end == std::string("abort")) world.command(R"({"abort":true})");
      if (end == std::string("third")) world.set_image("v3");
      world.run();
      for (const char* service : {"stable", "canary"}) {
        int pods = 0;
        for (const api::ReplicaSet& replica_set : world.replica_sets()) {
          const bool selected = hash_of(replica_set) == selected_hash(world.service(service));
          if (selected) pods = replica_set.status.available_replicas;
        }
        CHECK_MESSAGE(pods > 0,
                      service << ": " << world.sizes() << " after " << row.name << ", " << end);
      }
      CHECK(world.settle() == 0);
    }
  }
}

TEST_CASE("a Rollout without replicas has one, and its spec is never written (C10)") {
  SimulatedWorld world(1, R"({"canary":{}})");
  world.edit(R"({"replicas":null})");
  world.run();
  CHECK(world.sizes() == "v1:1/1");
  CHECK_FALSE(world.rollout().spec.replicas);
  CHECK(world.rollout().status.phase == "Healthy");
}

TEST_CASE("old ReplicaSets beyond the history limit are deleted, the oldest first (26.1)") {
  SimulatedWorld world = running(1, R"({"canary":{}})");
  world.edit(R"({"revisionHistoryLimit":2})");
  for (const char* image : {"v2", "v3", "v4", "v5"}) {
    world.advance(60_s);
    world.set_image(image);
    world.run();
  }
  CHECK_FALSE(world.has_replica_set("v1"));
  CHECK_FALSE(world.has_replica_set("v2"));
  CHECK(world.has_replica_set("v3"));
  CHECK(world.has_replica_set("v4"));
}

TEST_CASE("an old ReplicaSet that someone scales up goes again, and rubbish on it is mended") {
  for (const char* deadline : {"", "tomorrow", "2001-01-01T00:00:00Z"}) {
    for (const std::string_view key :
         {keys::scale_down_deadline, keys::scale_down_deadline_as_documented}) {
      CAPTURE(deadline);
      CAPTURE(key);
      SimulatedWorld world = running(2, R"({"canary":{}})");
      world.set_image("v2");
      world.run();
      world.events.clear();
      world.edit_replica_set("v1", R"({"spec":{"replicas":3},"metadata":{"annotations":{")" +
                                       std::string(key) + "\":\"" + deadline + "\"}}}");
      world.run();
      CHECK(world.sizes() == "v2:2/2");
      const api::ReplicaSet old = world.replica_set("v1");
      CHECK(old.metadata.annotation(key) == nullptr);
      const bool proper = *deadline == '2' && key == keys::scale_down_deadline;
      CHECK(world.count_events("ScaleDownDeadlineMended") == (proper ? 0 : 1));
    }
  }
}

TEST_CASE("a restart replaces old pods, a few at a time (25)") {
  SimulatedWorld world = running(4, R"({"canary":{"maxUnavailable":1}})");
  world.advance(60_s);
  world.edit("{\"restartAt\":\"" + format_rfc3339(world.now) + "\"}");
  int fewest = 100;
  world.on_write = [&](const SimulatedWorld::Change& change) {
    fewest = std::min(fewest, change.pods_after);
  };
  world.reconcile();
  CHECK(world.rollout().status.message == "rollout is restarting");
  world.run();
  CHECK(fewest == 3);
  CHECK(world.rollout().status.phase == "Healthy");
  CHECK(world.rollout().status.restarted_at == world.rollout().spec.restart_at);
  CHECK(world.settle() == 0);
}

}  // namespace
}  // namespace slipway::rollout
