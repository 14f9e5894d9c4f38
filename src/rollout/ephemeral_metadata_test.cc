#include "rollout/ephemeral_metadata.h"

#include <doctest/doctest.h>

#include <set>

#include "rollout/keys.h"
#include "rollout/simulated_world.h"

/// behaviour.md 23.
namespace slipway::rollout {
namespace {

constexpr const char* canary_of_both = R"({"canary":{
    "stableMetadata":{"labels":{"role":"stable"}},
    "canaryMetadata":{"labels":{"role":"canary"},"annotations":{"note":"new"}},
    "steps":[{"setWeight":50},{"pause":{}}]}})";

Json json(const std::string& text) {
  return parse_json(text).value();
}

std::string role_in_template(const SimulatedWorld& world, const std::string& image) {
  const Json content = world.replica_set(image).spec.template_.content();
  return std::string(content["metadata"]["labels"]["role"].string_or_empty());
}

std::string noted(const SimulatedWorld& world, const std::string& image) {
  const api::ReplicaSet replica_set = world.replica_set(image);
  const std::string* text = replica_set.metadata.annotation(keys::ephemeral_metadata);
  return text ? *text : "none";
}

bool behind(const SimulatedWorld& world) {
  for (const api::ReplicaSet& one : world.replica_sets()) {
    if (pods_are_behind(one)) return true;
  }
  return false;
}

TEST_CASE("metadata is changed key by key, and what a key covered comes back (23)") {
  struct Row {
    const char* name;
    api::PodTemplateMetadata before, wanted;
    const char* is;
    const char* own;
    const char* want;
  };
  const Row rows[] = {
      {"nothing to do",     {},      {}, R"({"labels":{"a":"1"}})", "{}",                      R"({"labels":{"a":"1"}})"},
      {"put on",
       {},
       {{{"r", "c"}}, {{"n", "x"}}},
       R"({"labels":{"a":"1"}})",                                   "{}",
       R"({"labels":{"a":"1","r":"c"},"annotations":{"n":"x"}})"                                                        },
      {"another value",
       {{{"r", "c"}}, {}},
       {{{"r", "s"}}, {}},
       R"({"labels":{"r":"c"}})",                                   "{}",
       R"({"labels":{"r":"s"}})"                                                                                        },
      {"taken off",
       {{{"r", "c"}}, {{"n", "x"}}},
       {},
       R"({"labels":{"a":"1","r":"c"},"annotations":{"n":"x"}})",   "{}",
       R"({"labels":{"a":"1"}})"                                                                                        },
      {"covered its own",
       {{{"a", "2"}}, {}},
       {},
       R"({"labels":{"a":"2"}})",                                   R"({"labels":{"a":"1"}})",
       R"({"labels":{"a":"1"}})"                                                                                        },
      {"others' keys stay",
       {},
       {{{"r", "c"}}, {}},
       R"({"labels":{"x":"y"}})",                                   "{}",
       R"({"labels":{"x":"y","r":"c"}})"                                                                                },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Json metadata = json(row.is);
    change_metadata(metadata, row.before, row.wanted, json(row.own));
    CHECK(metadata == json(row.want));
    const Json once = metadata;
    change_metadata(metadata, row.wanted, row.wanted, json(row.own));
    CHECK(metadata == once);
  }
}

TEST_CASE("the part is read off the stored status (23)") {
  struct Row {
    const char *stable, *hash, *new_hash;
    Part want;
  };
  const Row rows[] = {
      {"",  "n", "n", Part::stable},
      {"n", "n", "n", Part::stable},
      {"s", "n", "n", Part::newest},
      {"s", "s", "n", Part::stable},
      {"s", "o", "n", Part::old   },
      {"",  "o", "n", Part::old   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.stable);
    CAPTURE(row.hash);
    api::Rollout rollout;
    rollout.status.stable_rs = row.stable;
    CHECK(part_of(rollout, row.hash, row.new_hash) == row.want);
  }
}

TEST_CASE("pods carry the labels of the part they play, through a canary update (23)") {
  SimulatedWorld world(4, canary_of_both);
  world.run();
  CHECK(world.pod_labels("v1", "role") == "stable stable stable stable");
  CHECK(noted(world, "v1") == R"({"labels":{"role":"stable"}})");

  world.set_image("v2");
  world.run();
  REQUIRE(world.sizes() == "v1:2/2 v2:2/2");
  CHECK(world.pod_labels("v1", "role") == "stable stable");
  CHECK(world.pod_labels("v2", "role") == "canary canary");
  CHECK(noted(world, "v2") == R"({"labels":{"role":"canary"},"annotations":{"note":"new"}})");

  world.promote();
  world.run();
  REQUIRE(world.sizes() == "v2:4/4");
  CHECK(world.pod_labels("v2", "role") == "stable stable stable stable");
  CHECK(world.pod_labels("v2", "note") == "- - - -");
  CHECK(noted(world, "v1") == "none");
  CHECK(role_in_template(world, "v1").empty());
  CHECK_FALSE(behind(world));
  CHECK(world.rollout().status.phase == "Healthy");
  CHECK(world.settle() == 0);
}

TEST_CASE("injected metadata starts no update: the same template is the same revision (2.3)") {
  SimulatedWorld world(2, canary_of_both);
  world.run();
  world.set_image("v2");
  world.run();
  world.set_image("v1");
  world.run();
  CHECK(world.replica_sets().size() == 2);
  CHECK(world.sizes() == "v1:2/2");
  CHECK(world.pod_labels("v1", "role") == "stable stable");
}

TEST_CASE("blue-green: preview pods become active ones without a restart (23)") {
  SimulatedWorld world(2, R"({"blueGreen":{"activeService":"live","autoPromotionEnabled":false,
      "activeMetadata":{"labels":{"role":"active"}},
      "previewMetadata":{"labels":{"role":"preview"}}}})");
  world.add_service("live");
  world.run();
  CHECK(world.pod_labels("v1", "role") == "active active");
  world.set_image("v2");
  world.run();
  CHECK(world.pod_labels("v2", "role") == "preview preview");
  world.promote();
  world.run(5_s);
  CHECK(world.pod_labels("v2", "role") == "active active");
  CHECK(world.pod_labels("v1", "role") == "- -");  // Waits for its end, and plays no part.
  world.run();
  CHECK(world.sizes() == "v2:2/2");
}

TEST_CASE(
    "a restart in mid-promotion: a plan writes no object twice, and evicts beside no scale-down") {
  for (const Duration asked_after : {0_s, 1_s, 2_s, 4_s, 5_s, 6_s, 10_s, 20_s}) {
    CAPTURE(asked_after.nanoseconds);
    SimulatedWorld world(4, canary_of_both);
    world.run();
    world.set_image("v2");
    world.run();
    world.advance(60_s);
    world.promote();
    std::set<std::string> written;
    bool shrinks = false;
    world.on_write = [&](const SimulatedWorld::Change& change) {
      CAPTURE(change.write.text());
      CHECK(written.insert(change.write.target().text()).second);
      shrinks |= change.after["spec"]["replicas"].integer_or(0) <
                 change.before["spec"]["replicas"].integer_or(0);
      CHECK_FALSE((shrinks && change.write.why() == "restart"));
    };
    for (Duration passed; passed < 120_s; passed = passed + 1_s) {
      if (passed == asked_after) {
        world.edit("{\"restartAt\":\"" + format_rfc3339(world.now) + "\"}");
      }
      world.reconcile();
      written.clear();
      shrinks = false;
      world.advance(1_s);
    }
    world.on_write = nullptr;
    world.run();
    CHECK(world.rollout().status.restarted_at == world.rollout().spec.restart_at);
    CHECK(world.pod_labels("v2", "role") == "stable stable stable stable");
  }
}

TEST_CASE("a restart evicts no pod in the plan that changes the pod's labels") {
  SimulatedWorld world(3, R"({"canary":{"stableMetadata":{"labels":{"role":"stable"}}}})");
  world.run();
  world.advance(60_s);
  world.edit(
      R"({"strategy":{"canary":{"stableMetadata":{"labels":{"role":"best"}}}},"restartAt":")" +
      format_rfc3339(world.now) + "\"}");
  std::set<std::string> written;
  world.on_write = [&](const SimulatedWorld::Change& change) {
    CAPTURE(change.write.text());
    CHECK(written.insert(change.write.target().text()).second);
  };
  for (int plans = 0; plans < 10; ++plans) {
    world.reconcile();
    written.clear();
  }
  world.on_write = nullptr;
  world.run();
  CHECK(world.rollout().status.restarted_at == world.rollout().spec.restart_at);
  CHECK(world.pod_labels("v1", "role") == "best best best");
}

TEST_CASE("a controller that dies after any write leaves no pod behind (23)") {
  for (std::size_t k = 0; k < 6; ++k) {
    CAPTURE(k);
    SimulatedWorld world(3, canary_of_both);
    world.run();
    world.set_image("v2");
    world.run();
    world.promote();
    for (int i = 0; i < 40; ++i) {
      world.reconcile(k % 3);
      world.advance(6_s);
      world.reconcile(1);
    }
    world.run();
    CHECK(world.pod_labels("v2", "role") == "stable stable stable");
    CHECK_FALSE(behind(world));
  }
}

TEST_CASE(
    "a changed value reaches running pods; taking both fields away leaves all as it is (23)") {
  SimulatedWorld world(2, R"({"canary":{"stableMetadata":{"labels":{"role":"stable"}}}})");
  world.run();
  world.edit(R"({"strategy":{"canary":{"stableMetadata":{"labels":{"role":null,"tier":"a"}}}}})");
  world.run();
  CHECK(world.pod_labels("v1", "role") == "- -");
  CHECK(world.pod_labels("v1", "tier") == "a a");
  world.edit(R"({"strategy":{"canary":{"stableMetadata":null}}})");
  world.run();
  CHECK(world.pod_labels("v1", "tier") == "a a");
  CHECK(world.replica_sets().size() == 1);
}

TEST_CASE("rubbish in the annotation is put right") {
  SimulatedWorld world(1, canary_of_both);
  world.run();
  world.edit_replica_set(
      "v1", R"({"metadata":{"annotations":{"rollout.argoproj.io/ephemeral-metadata":"{oops"}}})");
  world.run();
  CHECK(noted(world, "v1") == R"({"labels":{"role":"stable"}})");
  CHECK(world.replica_sets().size() == 1);
  CHECK(world.settle() == 0);
}

}  // namespace
}  // namespace slipway::rollout
