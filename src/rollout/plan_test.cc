#include "rollout/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/new_replica_set.h"
#include "rollout/simulated_world.h"

namespace slipway::rollout {
namespace {

Json body_of(const kubernetes::Write& write) {
  const auto body = parse_json(write.request().body);
  REQUIRE(body);
  return *body;
}

/// A settled canary of two pods, and then a change of what is observed of it.
Observed settled() {
  SimulatedWorld world(2, R"({"canary":{}})");
  world.run();
  return world.observe();
}

template <class Change>
void change_rollout(Observed& seen, Change change) {
  api::Rollout rollout = *seen.rollout;
  change(rollout);
  seen.rollout = std::make_shared<const api::Rollout>(std::move(rollout));
}

template <class Change>
void change_replica_set(Observed& seen, Change change) {
  api::ReplicaSet replica_set = *seen.replica_sets.at(0);
  change(replica_set);
  seen.replica_sets[0] = std::make_shared<const api::ReplicaSet>(std::move(replica_set));
}

TEST_CASE("a settled Rollout plans nothing, and says nothing (W11)") {
  const Plan made = plan(settled());
  CHECK(made.writes_nothing());
  CHECK(made.events.empty());
  CHECK(!made.look_again);
  CHECK(made.reasons.empty());
}

TEST_CASE("a hash label that somebody took away comes back, wherever the ReplicaSet was met") {
  const Observed whole = settled();
  Observed seen = whole;
  change_replica_set(seen, [](api::ReplicaSet& replica_set) {
    replica_set.metadata.labels.erase(std::string(api::pod_template_hash_label));
  });
  const auto labels_again = [&](const Observed& observed) {
    const Plan made = plan(observed);
    REQUIRE(made.writes.size() == 1);
    CHECK_FALSE(made.status);
    const std::string text = made.writes[0].text();
    CHECK_MESSAGE(text.find("/metadata/labels/rollouts-pod-template-hash") != std::string::npos,
                  text);
  };
  labels_again(seen);
  // The watch, which asks for the label, shows none: it is met by the name that is taken.
  Observed met = seen;
  met.occupant = seen.replica_sets.at(0);
  met.replica_sets.clear();
  labels_again(met);
  // However little the spec can be acted on meanwhile.
  api::Rollout invalid = *seen.rollout;
  invalid.spec.replicas = -1;
  seen.rollout = std::make_shared<const api::Rollout>(std::move(invalid));
  labels_again(seen);
}

TEST_CASE("a Rollout that is being deleted is left to the garbage collector (I4)") {
  SimulatedWorld world(2, R"({"canary":{}})");
  Observed seen = world.observe();
  REQUIRE_FALSE(plan(seen).writes_nothing());
  change_rollout(seen,
                 [&](api::Rollout& rollout) { rollout.metadata.deletion_timestamp = seen.now; });
  CHECK(plan(seen).writes_nothing());
}

/// As it is once the Rollout says which version its revision is of.
/// Without a hash: as Argo Rollouts gives it.
void give_revision(Observed& seen, const std::string& revision, const std::string& hash) {
  change_rollout(seen, [&](api::Rollout& rollout) {
    rollout.metadata.annotations[std::string(keys::revision)] = revision;
    if (hash.empty()) {
      rollout.metadata.annotations.erase(std::string(keys::revision_for));
    } else {
      rollout.metadata.annotations[std::string(keys::revision_for)] = hash;
    }
  });
}

TEST_CASE("a revision is given by the Rollout before a ReplicaSet has it, and once (I6)") {
  SimulatedWorld world(2, R"({"canary":{}})");
  world.run();
  world.set_image("v2");
  Observed seen = world.observe();
  const std::string hash = hashes_of(*seen.rollout).pod_template;
  const Plan gives = plan(seen);
  REQUIRE(gives.writes.size() == 1);
  CHECK(gives.writes[0].target().kind == api::Rollout::kind);
  CHECK_FALSE(gives.status);
  struct Row {
    const char* name;
    const char* revision;
    std::string given_to;
    const char* created_with;  ///< Null: it must be given first.
    const char* gives;
  };
  const Row rows[] = {
      {"given to this version",                         "2", hash,    "2",     nullptr},
      {"given to one whose ReplicaSet is not seen yet", "2", "other", nullptr, "3"    },
      {"of a version before",                           "1", "other", nullptr, "2"    },
      {"by Argo Rollouts, which does not say to whom",  "1", "",      nullptr, "2"    },
      {"by it, to one that is not seen yet",            "2", "",      nullptr, "3"    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Observed other = seen;
    give_revision(other, row.revision, row.given_to);
    const Plan made = plan(other);
    REQUIRE_FALSE(made.writes.empty());
    CHECK(made.writes[0].is_create() == (row.created_with != nullptr));
    if (row.created_with != nullptr) {
      CHECK(made.writes[0].body()["metadata"]["annotations"][keys::revision] ==
            Json(row.created_with));
    } else {
      CHECK(made.writes[0].why() == "revision " + std::string(row.gives));
    }
  }
}

TEST_CASE("who decides on a Rollout that has moved on is refused, and reads it first (C4, C8)") {
  SimulatedWorld world(4, R"({"canary":{}})");
  world.run();
  const Observed behind = world.observe();
  world.edit(R"({"replicas":2})");
  world.run();
  // The ReplicaSets are known as they are; the Rollout is the one from before.
  Observed mixed = world.observe();
  mixed.rollout = behind.rollout;
  mixed.stored_status = behind.stored_status;
  const Plan catches_up = plan(mixed);
  CHECK(catches_up.read_rollout_live);
  CHECK(catches_up.writes_nothing());
  // A store that went back: what is live is so, whatever the claim says, and the claim is mended.
  mixed.rollout_is_live = true;
  const Plan mends = plan(mixed);
  CHECK_FALSE(mends.read_rollout_live);
  REQUIRE(mends.writes.size() == 1);
  CHECK(mends.writes[0].text().find("slipway.dev~1claim") != std::string::npos);
}

TEST_CASE("what is arranged comes about though the spec is invalid (D5)") {
  SimulatedWorld world(2,
                       R"({"blueGreen":{"activeService":"active","autoPromotionEnabled":true}})");
  world.add_service("active");
  world.run();
  world.set_image("v2");
  world.run(15_s);
  REQUIRE(world.replica_set("v1").spec.replicas == 2);
  REQUIRE(world.replica_set("v1").metadata.annotation(keys::scale_down_deadline));
  world.edit(R"({"replicas":-1})");
  world.run();
  CHECK(world.replica_set("v1").spec.replicas == 0);
  CHECK(world.replica_set("v2").spec.replicas == 2);
  CHECK(world.rollout().status.phase == "Degraded");
}

TEST_CASE("an unreadable deadline is mended though the spec is invalid before any status (D6)") {
  SimulatedWorld world(2, R"({"blueGreen":{"activeService":"active"}})");
  world.add_service("active");
  world.reconcile();
  world.reconcile(1);
  REQUIRE(world.rollout().status.current_pod_hash.empty());
  world.edit_replica_set("v1", R"({"metadata":{"annotations":{"scale-down-deadline":"-1"}}})");
  world.edit(R"({"replicas":-1})");
  world.run();
  CHECK(world.rollout().status.phase == "Degraded");
  CHECK(world.replica_set("v1").metadata.annotation(keys::scale_down_deadline) == nullptr);
  CHECK(world.replica_set("v1").spec.replicas == 2);
}

TEST_CASE("pods that others ask for of an old version end though a Service is missing (D5)") {
  const std::string sizes = R"("maxSurge":1,"maxUnavailable":1)";
  struct Row {
    const char* name;
    const char* spec;
    int left;
  };
  const Row rows[] = {
      {"enough others serve",    R"({"paused":false})",              0},
      {"two of them are needed", R"({"paused":false,"replicas":5})", 2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SimulatedWorld world(2, R"({"canary":{)" + sizes + "}}");
    world.run();
    world.set_image("v2");
    world.run();
    world.edit(R"({"paused":true,"strategy":{"canary":{)" + sizes +
               R"(,"stableService":"missing","canaryService":"missing-too"}}})");
    world.edit_replica_set("v1", R"({"spec":{"replicas":7}})");
    world.run();
    REQUIRE(world.rollout().status.phase == "Degraded");
    // A person who pauses holds every size.
    REQUIRE(world.replica_set("v1").status.available_replicas == 7);
    world.edit(row.spec);
    world.run();
    CHECK(world.replica_set("v1").spec.replicas == row.left);
    CHECK(world.replica_set("v2").spec.replicas == 2);
  }
}

TEST_CASE("the ReplicaSet of a new template has all that makes it ours (4.2)") {
  SimulatedWorld world(3, R"({"canary":{"steps":[{"setWeight":34}]}})");
  Observed seen = world.observe();
  change_rollout(seen, [](api::Rollout& rollout) {
    rollout.metadata.annotations["team"] = "shop";
    rollout.spec.min_ready_seconds = 7;
  });
  give_revision(seen, "1", hashes_of(*seen.rollout).pod_template);
  const Plan made = plan(seen);
  REQUIRE(!made.writes.empty());
  REQUIRE(made.writes[0].is_create());
  const Json& made_of = made.writes[0].body();
  const std::string hash = hashes_of(*seen.rollout).pod_template;
  const std::string_view label = api::pod_template_hash_label;
  CHECK(made_of["metadata"]["name"] == Json("web-" + hash));
  CHECK(made_of["metadata"]["labels"][label] == Json(hash));
  CHECK(made_of["metadata"]["labels"]["app"] == Json("web"));
  CHECK(made_of["metadata"]["annotations"][keys::revision] == Json("1"));
  CHECK(made_of["metadata"]["annotations"][keys::desired_replicas] == Json("3"));
  CHECK(made_of["metadata"]["annotations"]["team"] == Json("shop"));
  const Json& owner = made_of["metadata"]["ownerReferences"].at(0);
  CHECK(owner["uid"] == Json("uid-rollout"));
  CHECK(owner["controller"] == Json(true));
  CHECK(owner["blockOwnerDeletion"] == Json(true));
  CHECK(made_of["spec"]["replicas"] == Json(3));
  CHECK(made_of["spec"]["minReadySeconds"] == Json(7));
  CHECK(made_of["spec"]["selector"]["matchLabels"][label] == Json(hash));
  CHECK(made_of["spec"]["template"]["metadata"]["labels"][label] == Json(hash));
  REQUIRE(made.events.size() >= 2);
  CHECK(made.events[0].note.reason == "NewReplicaSetCreated");
  CHECK(made.events[0].after == 1);
  CHECK(made.events[1].note.message ==
        "Scaled up ReplicaSet web-" + hash + " (revision 1) from 0 to 3");
}

TEST_CASE("hashes that are handed in are used, and none are computed") {
  SimulatedWorld world(1, R"({"canary":{}})");
  Observed seen = world.observe();
  seen.hashes = Hashes{"remembered", "steps"};
  give_revision(seen, "1", "remembered");
  const Plan made = plan(seen);
  REQUIRE(!made.writes.empty());
  CHECK(made.writes[0].target().key.name == "web-remembered");
  REQUIRE(made.status);
  CHECK(made.status->text().find(R"(currentStepHash: absent -> "steps")") != std::string::npos);
}

TEST_CASE("an orphan is adopted only after the Rollout was read live (I3)") {
  Observed seen = settled();
  change_replica_set(
      seen, [](api::ReplicaSet& replica_set) { replica_set.metadata.owner_references.clear(); });
  const Plan asks = plan(seen);
  CHECK(asks.read_rollout_live);
  CHECK(asks.writes_nothing());
  seen.rollout_is_live = true;
  const Plan adopts = plan(seen);
  REQUIRE(adopts.writes.size() == 1);
  CHECK(!adopts.status);
  const std::string patch = adopts.writes[0].request().body;
  CHECK(patch.find("\"uid-rollout\"") != std::string::npos);
}

TEST_CASE("nothing is scaled to zero before the Services were read live (C7)") {
  SimulatedWorld world(1, R"({"blueGreen":{"activeService":"active","scaleDownDelaySeconds":30}})");
  world.add_service("active");
  world.run();
  world.set_image("v2");
  world.run(10_s);
  REQUIRE(world.replica_set("v1").metadata.annotation(keys::scale_down_deadline));
  world.advance(30_s);
  Observed seen = world.observe();
  seen.services_are_live = false;
  const Plan asks = plan(seen);
  CHECK(asks.read_services_live);
  CHECK(asks.writes_nothing());
  seen.services_are_live = true;
  CHECK(plan(seen).writes.size() == 1);
}

TEST_CASE("a ReplicaSet that the selector matches no more is let go, other owners stay") {
  Observed seen = settled();
  change_replica_set(seen, [](api::ReplicaSet& replica_set) {
    replica_set.metadata.labels["app"] = "other";
    replica_set.metadata.owner_references.push_back({"v1", "ConfigMap", "x", "uid-x", {}, {}});
  });
  const Plan made = plan(seen);
  REQUIRE(made.writes.size() == 1);
  const Json body = body_of(made.writes[0]);
  const Json& change = body.at(body.size() - 1);
  CHECK(change["path"] == Json("/metadata/ownerReferences"));
  REQUIRE(change["value"].size() == 1);
  CHECK(change["value"].at(0)["uid"] == Json("uid-x"));
}

std::shared_ptr<const api::ReplicaSet> occupant(const Observed& seen, const std::string& owner) {
  const std::string hash = hashes_of(*seen.rollout).pod_template;
  const Json made = make_replica_set(*seen.rollout, {hash, 1, 0});
  auto replica_set = api::decode<api::ReplicaSet>(made);
  REQUIRE(replica_set);
  replica_set->metadata.uid = "uid-occupant";
  replica_set->metadata.owner_references[0].uid = owner;
  return std::make_shared<const api::ReplicaSet>(*replica_set);
}

TEST_CASE("a name that is taken: ours is taken up, another's makes the next hash (4.2, I5)") {
  SimulatedWorld world(2, R"({"canary":{}})");
  Observed seen = world.observe();
  give_revision(seen, "1", hashes_of(*seen.rollout).pod_template);

  seen.occupant = occupant(seen, "uid-rollout");
  const Plan ours = plan(seen);
  REQUIRE(!ours.writes.empty());
  CHECK_FALSE(ours.writes[0].is_create());
  CHECK(ours.writes[0].target().uid == "uid-occupant");

  seen.occupant = occupant(seen, "uid-other");
  const Plan foreign = plan(seen);
  CHECK(foreign.writes.empty());
  REQUIRE(foreign.status);
  CHECK(foreign.status->text().find("collisionCount: absent -> 1") != std::string::npos);

  api::ReplicaSet going = *occupant(seen, "uid-rollout");
  going.metadata.deletion_timestamp = seen.now;
  seen.occupant = std::make_shared<const api::ReplicaSet>(going);
  const Plan waits = plan(seen);
  CHECK(waits.writes_nothing());
  CHECK(waits.look_again);
}

TEST_CASE("a collision ends in a ReplicaSet of another name") {
  SimulatedWorld world(2, R"({"canary":{}})");
  const Observed seen = world.observe();
  world.put("ReplicaSet", api::encode(*occupant(seen, "uid-other")));
  world.run();
  CHECK(world.rollout().status.collision_count == 1);
  CHECK(world.rollout().status.phase == "Healthy");
  CHECK(world.rollout().status.current_pod_hash != hashes_of(*seen.rollout).pod_template);
}

TEST_CASE("a create that is turned down is told, and not tried in the same plan") {
  SimulatedWorld world(2, R"({"canary":{}})");
  Observed seen = world.observe();
  seen.create_error = Error{ErrorCode::forbidden, "ReplicaSet", "exceeded quota", ""};
  const Plan made = plan(seen);
  CHECK(made.writes.empty());
  REQUIRE(made.status);
  CHECK(made.status->request().body.find("exceeded quota") != std::string::npos);
  REQUIRE(!made.events.empty());
  CHECK(made.events[0].note.reason == "ReplicaSetCreateError");
  CHECK(made.events[0].note.type == kubernetes::EventType::warning);
}

TEST_CASE("what Slipway can't do yet is told while something waits for it, and then taken back") {
  Observed seen = settled();
  const auto with_analysis = [](api::Rollout& rollout) {
    rollout.spec.strategy.canary->analysis.emplace();
  };
  change_rollout(seen, with_analysis);
  CHECK(plan(seen).writes_nothing());  // At rest: not even told.

  SimulatedWorld world(2, R"({"canary":{"analysis":{"templates":[]}}})");
  world.settle();
  const api::RolloutStatus status = world.rollout().status;
  CHECK(world.replica_sets().empty());
  CHECK(is_true(status, condition_types::not_supported));
  CHECK(status.phase == "Degraded");
  CHECK(status.message.find("spec.strategy.canary.analysis") != std::string::npos);
  world.edit(R"({"strategy":{"canary":{"analysis":null}}})");
  world.run();
  CHECK(world.rollout().status.phase == "Healthy");
  CHECK_FALSE(find_condition(world.rollout().status, condition_types::not_supported));
}

TEST_CASE("a template that is missing is told of a Rollout that is left alone, and taken back") {
  Observed seen = settled();
  change_rollout(seen, [](api::Rollout& rollout) {
    rollout.spec.strategy.canary->analysis.emplace();
    rollout.spec.strategy.canary->analysis->templates = {{.template_name = "rate"}};
  });
  const Plan told = plan(seen);
  CHECK(told.writes.empty());
  REQUIRE(told.status);
  CHECK(told.text().find("AnalysisTemplate 'rate' not found") != std::string::npos);
  const std::string before = seen.rollout->status.phase;

  change_rollout(seen, [&](api::Rollout& rollout) {
    rollout.status.conditions.push_back({.type = std::string(condition_types::invalid_spec),
                                         .status = "True",
                                         .reason = std::string(condition_reasons::invalid_spec),
                                         .message = "another"});
    rollout.status.phase = "Degraded";
  });
  seen.stored_status = nullptr;
  const auto rate = parse_json(R"({"spec":{"metrics":[{"name":"one","provider":{"web":
      {"url":"http://one"}}}]}})");
  REQUIRE(rate);
  seen.named_objects[{"argoproj.io", "AnalysisTemplate", seen.rollout->metadata.namespace_,
                      "rate"}] = std::make_shared<const Json>(*rate);
  const Plan mended = plan(seen);
  REQUIRE(mended.status);
  CHECK(mended.status->text().find("/status/phase") != std::string::npos);
  CHECK(mended.status->request().body.find("\"value\":\"" + before + "\"") != std::string::npos);
  CHECK(mended.status->request().body.find("NotSupported") == std::string::npos);
}

TEST_CASE("an invalid spec is told once, holds everything, and is taken back when mended") {
  SimulatedWorld world(2, R"({"canary":{}})");
  world.run();
  world.edit(R"({"minReadySeconds":-1})");
  world.set_image("v2");
  world.settle();
  CHECK_FALSE(world.has_replica_set("v2"));
  CHECK(world.rollout().status.phase == "Degraded");
  CHECK(world.rollout().status.observed_generation ==
        std::to_string(world.rollout().metadata.generation));
  world.advance(99_h);
  CHECK(world.settle() == 0);
  world.edit(R"({"minReadySeconds":-2})");
  world.settle();
  CHECK(world.rollout().status.message.find("-2") != std::string::npos);
  world.edit(R"({"minReadySeconds":null})");
  world.run();
  CHECK(world.sizes() == "v2:2/2");
}

TEST_CASE("status fields that we don't know stay as they are") {
  SimulatedWorld world(2, R"({"canary":{}})");
  world.command(R"({"ofAnother":{"controller":1}})");
  world.run();
  const Json status = api::encode(world.rollout().status);
  CHECK(status["ofAnother"]["controller"] == Json(1));
}

TEST_CASE("odd values in what people and others write do no harm (R1)") {
  const char* spoiled[] = {
      R"({"currentStepIndex":-5})",
      R"({"currentStepIndex":2000000000})",
      R"({"pauseConditions":[{"reason":"CanaryPauseStep"}]})",
      R"({"pauseConditions":[{"reason":"?","startTime":"2999-01-01T00:00:00Z"}]})",
      R"({"observedGeneration":"many","currentPodHash":"?","stableRS":"?","currentStepHash":"?"})",
      R"({"conditions":[{"type":"Progressing","status":"?","reason":"?"},{"type":"Progressing"}]})",
      R"({"abort":true,"promoteFull":true,"controllerPause":true})",
      R"({"collisionCount":-1,"replicas":-7,"phase":"?"})",
  };
  for (const char* status : spoiled) {
    CAPTURE(status);
    SimulatedWorld world(2, R"({"canary":{"steps":[{"setWeight":50},{"pause":{"duration":1}}]}})");
    world.run();
    world.command(status);
    world.run();
    world.command(R"({"pauseConditions":null,"abort":false})");
    world.set_image("v2");
    world.run();
    world.promote();
    world.run();
    CHECK(world.sizes() == "v2:2/2");
    CHECK(world.rollout().status.phase == "Healthy");
  }
}

TEST_CASE("a plan reads as what it does and why") {
  SimulatedWorld world(2, R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})");
  world.run();
  world.set_image("v2");
  world.run();
  const Plan waiting = plan(world.observe());
  REQUIRE(waiting.reasons.size() == 1);
  CHECK(waiting.reasons[0].text == "waits at step 2/2 (pause) until a person promotes");
  CHECK(waiting.reasons[0].freed_by == "kubectl argo rollouts promote web -n shop");
  world.set_image("v3");
  CHECK(world.reconcile().text().find("patch Rollout shop/web: revision 3") != std::string::npos);
  const std::string text = plan(world.observe()).text();
  CHECK(text.find("create ReplicaSet shop/web-") != std::string::npos);
  CHECK(text.find("event after 1: Normal NewReplicaSetCreated") != std::string::npos);
  CHECK(text.find("patch status of Rollout shop/web") != std::string::npos);
}

}  // namespace
}  // namespace slipway::rollout
