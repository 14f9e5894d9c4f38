#include "rollout/replica_set_change.h"

#include <doctest/doctest.h>

#include "base/json_patch.h"
#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

api::ReplicaSet old_one() {
  api::ReplicaSet replica_set;
  replica_set.metadata.name = "web-a";
  replica_set.metadata.namespace_ = "shop";
  replica_set.metadata.uid = "uid-a";
  replica_set.metadata.owner_references = {
      {.api_version = "argoproj.io/v1alpha1",
       .kind = "Rollout",
       .name = "web",
       .uid = "uid-web",
       .controller = true}
  };
  replica_set.metadata.annotations = {
      {std::string(keys::revision),            "1"                   },
      {std::string(keys::scale_down_deadline), "2026-01-01T00:00:00Z"}
  };
  replica_set.spec.replicas = 3;
  replica_set.status.replicas = 3;
  replica_set.status.available_replicas = 3;
  return replica_set;
}

/// Applies the write to the ReplicaSet as the server has it, which `change` altered meanwhile.
Result<Json> applied(const kubernetes::Write& write, const api::ReplicaSet& on_server) {
  const auto patch = parse_json(write.request().body);
  REQUIRE(patch);
  return apply_json_patch(api::encode(on_server), *patch);
}

kubernetes::Write scale_to_zero(const api::ReplicaSet& replica_set) {
  ReplicaSetChange change;
  change.of = &replica_set;
  change.replicas = 0;
  change.deadline = ReplicaSetChange::Remove{};
  change.because("old revision");
  auto write = make_write(change);
  REQUIRE(write);
  return *std::move(write);
}

TEST_CASE("count and deadline go in one write (6.1)") {
  const api::ReplicaSet old = old_one();
  const auto after = applied(scale_to_zero(old), old);
  REQUIRE(after);
  CHECK((*after)["spec"]["replicas"] == Json(0));
  CHECK((*after)["metadata"]["annotations"].find(keys::scale_down_deadline) == nullptr);
}

TEST_CASE("a scale-down lands on nothing that was taken back into service meanwhile (31)") {
  struct Row {
    const char* name;
    void (*meanwhile)(api::ReplicaSet&);
    bool lands;
  };
  using Set = api::ReplicaSet&;
  const Row rows[] = {
      {"nothing happened",     [](Set) {},                                                               true },
      {"a pod turned ready",   [](Set s) { s.status.ready_replicas = 2; },                               true },
      {"someone labelled it",  [](Set s) { s.metadata.labels["x"] = "y"; },                              true },
      {"it was scaled",        [](Set s) { s.spec.replicas = 5; },                                       false},
      {"its deadline moved",
       [](Set s) { s.metadata.annotations[std::string(keys::scale_down_deadline)] = ""; },               false},
      {"its deadline is gone",
       [](Set s) { s.metadata.annotations.erase(std::string(keys::scale_down_deadline)); },              false},
      {"it is new again",      [](Set s) { s.metadata.annotations[std::string(keys::revision)] = "3"; },
       false                                                                                                  },
      {"it was claimed",       [](Set s) { s.metadata.annotations[std::string(keys::claim)] = "x"; },
       false                                                                                                  },
      {"it was let go",        [](Set s) { s.metadata.owner_references.clear(); },                       false},
      {"it is a namesake",     [](Set s) { s.metadata.uid = "uid-b"; },                                  false},
  };
  const api::ReplicaSet old = old_one();
  for (const Row& row : rows) {
    CAPTURE(row.name);
    api::ReplicaSet on_server = old;
    row.meanwhile(on_server);
    CHECK(applied(scale_to_zero(old), on_server).has_value() == row.lands);
  }
}

TEST_CASE("a decision that rests on serving pods is held to them") {
  const api::ReplicaSet old = old_one();
  ReplicaSetChange change;
  change.of = &old;
  change.replicas = 1;
  change.rests_on_availability = true;
  const auto write = make_write(change);
  REQUIRE(write);
  CHECK(applied(*write, old));
  api::ReplicaSet fewer = old;
  fewer.status.available_replicas = 2;
  CHECK_FALSE(applied(*write, fewer));
}

TEST_CASE(
    "a promotion is held to the pods that serve, as far as it is written with a change of size") {
  const api::ReplicaSet old = old_one();
  ReplicaSetChange change;
  change.of = &old;
  change.promoted = true;
  CHECK_FALSE(make_write(change));
  change.replicas = 5;
  const auto write = make_write(change);
  REQUIRE(write);
  CHECK(applied(*write, old));
  api::ReplicaSet fewer = old;
  fewer.status.available_replicas = 2;
  CHECK_FALSE(applied(*write, fewer));
}

TEST_CASE("what is as wanted is not written") {
  const api::ReplicaSet old = old_one();
  ReplicaSetChange change;
  change.of = &old;
  CHECK(change.nothing());
  CHECK_FALSE(make_write(change));
  change.replicas = 3;
  change.annotations[std::string(keys::revision)] = "1";
  change.deadline = *parse_rfc3339("2026-01-01T00:00:00Z");
  CHECK_FALSE(make_write(change));
}

TEST_CASE("a deadline in the documents' spelling moves to its key") {
  api::ReplicaSet old = old_one();
  old.metadata.annotations.erase(std::string(keys::scale_down_deadline));
  old.metadata.annotations[std::string(keys::scale_down_deadline_as_documented)] =
      "2026-01-01T00:00:00Z";
  ReplicaSetChange change;
  change.of = &old;
  change.deadline = *parse_rfc3339("2026-01-01T00:00:00Z");
  const auto after = applied(*make_write(change), old);
  REQUIRE(after);
  const Json& annotations = (*after)["metadata"]["annotations"];
  CHECK(annotations[keys::scale_down_deadline] == Json("2026-01-01T00:00:00Z"));
  CHECK(annotations.find(keys::scale_down_deadline_as_documented) == nullptr);
}

TEST_CASE("a ReplicaSet without any annotation can be written to") {
  api::ReplicaSet bare = old_one();
  bare.metadata.annotations.clear();
  ReplicaSetChange change;
  change.of = &bare;
  change.deadline = *parse_rfc3339("2026-01-01T00:00:00Z");
  change.annotations[std::string(keys::desired_replicas)] = "3";
  const auto after = applied(*make_write(change), bare);
  REQUIRE(after);
  CHECK((*after)["metadata"]["annotations"].size() == 2);
}

}  // namespace
}  // namespace slipway::rollout
