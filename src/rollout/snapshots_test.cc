#include <doctest/doctest.h>

#include <filesystem>

#include "base/file_for_test.h"
#include "rollout/keys.h"
#include "rollout/named_objects.h"
#include "rollout/plan.h"
#include "rollout/replica_set_roles.h"

/// What is planned for clusters as Argo Rollouts left them. tests/scenarios lives them on.
namespace slipway::rollout {
namespace {

namespace fs = std::filesystem;

const fs::path snapshots = "tests/data/snapshots";

template <class T>
std::shared_ptr<const T> pointer_to(const Json& item) {
  auto object = api::decode<T>(item);
  REQUIRE(object);
  return std::make_shared<const T>(*std::move(object));
}

/// A moment after all that was written down, and before anything that was put off.
Instant moment_of(const api::Rollout& rollout) {
  Instant latest = rollout.metadata.creation_timestamp.value_or(Instant{});
  for (const auto& condition : rollout.status.conditions) {
    latest = std::max(latest, condition.last_update_time.value_or(latest));
  }
  return latest + 5_s;
}

Observed load(const fs::path& path) {
  const auto list = parse_json(read_file_for_test(path));
  REQUIRE(list);
  Observed seen;
  for (const Json& item : (*list)["items"].as_array()) {
    const std::string_view kind = item["kind"].string_or_empty();
    if (kind == "Rollout") seen.rollout = pointer_to<api::Rollout>(item);
    if (kind == "ReplicaSet") seen.replica_sets.push_back(pointer_to<api::ReplicaSet>(item));
    if (kind == "Deployment") {
      seen.workload =
          std::make_shared<const Workload>(decode_workload(api::kinds::deployment, item).value());
    }
    if (kind == "Service") {
      auto service = pointer_to<api::Service>(item);
      seen.services[service->metadata.name] = service;
    }
  }
  REQUIRE(seen.rollout);
  resolve_workload(seen);
  seen.named_objects = gather_named_objects(
      *seen.rollout, [&](const NamedObject& named) -> std::shared_ptr<const Json> {
        for (const Json& item : (*list)["items"].as_array()) {
          if (item["kind"] == Json(named.kind) && item["metadata"]["name"] == Json(named.name)) {
            return std::make_shared<const Json>(item);
          }
        }
        return nullptr;
      });
  seen.now = moment_of(*seen.rollout);
  return seen;
}

const std::vector<std::string> versions = {"1.7.1", "1.9.1", "1.10"};

TEST_CASE("taking over is silent (I10): a cluster that waits sees no write") {
  const char* quiet[] = {"canary-healthy",   "canary-paused",     "canary-weight-step",
                         "canary-aborted",   "bluegreen-delay",   "bluegreen-settled",
                         "bluegreen-paused", "bluegreen-aborted", "workloadref"};
  for (const std::string& version : versions) {
    for (const char* name : quiet) {
      CAPTURE(version);
      CAPTURE(name);
      Observed seen = load(snapshots / version / (std::string(name) + ".json"));
      const Plan with_own_hashes = plan(seen);
      CHECK_MESSAGE(with_own_hashes.writes_nothing(), with_own_hashes.text());
      // Hashes of another version of the types must not matter either.
      Hashes other = hashes_of(*seen.rollout);
      other.pod_template = "another";
      seen.hashes = other;
      CHECK(plan(seen).writes_nothing());
    }
  }
}

TEST_CASE("the zombie that an empty deadline left gets its deadline, and then ends") {
  for (const std::string& version : versions) {
    CAPTURE(version);
    Observed seen = load(snapshots / version / "bluegreen-empty-deadline.json");
    const Plan mends = plan(seen);
    REQUIRE(mends.writes.size() == 1);
    CHECK(!mends.status);
    CHECK(mends.look_again == 600_s);
    REQUIRE(mends.events.size() == 1);
    CHECK(mends.events[0].note.reason == "ScaleDownDeadlineMended");
    const std::string body = mends.writes[0].request().body;
    CHECK(body.find(format_rfc3339(seen.now + 600_s)) != std::string::npos);
    CHECK(body.find("/spec/replicas\",\"value\":0") == std::string::npos);
  }
}

TEST_CASE("what is not built yet is left whole, and says so") {
  for (const std::string& version : versions) {
    for (const char* name : {"analysis-running", "experiment-running", "istio-weighted"}) {
      CAPTURE(version);
      CAPTURE(name);
      const Observed seen = load(snapshots / version / (std::string(name) + ".json"));
      const Plan made = plan(seen);
      CHECK(made.writes.empty());
      REQUIRE(made.status);
      CHECK(made.status->request().body.find("NotSupported") != std::string::npos);
      CHECK(made.status->text().find("/status/phase") == std::string::npos);
      CHECK(!made.reasons.empty());
    }
  }
}

TEST_CASE("a new image on a cluster that was taken over begins an update of that image alone") {
  for (const std::string& version : versions) {
    CAPTURE(version);
    Observed seen = load(snapshots / version / "canary-healthy.json");
    api::Rollout changed = *seen.rollout;
    Json content = changed.spec.template_.content();
    content.member("spec")
        .member("containers")
        .as_array()[0]
        .set("image", "registry.example/web:9");
    changed.spec.template_ = api::PodTemplate(content);
    ++changed.metadata.generation;
    seen.rollout = std::make_shared<const api::Rollout>(changed);
    const Plan gives = plan(seen);
    REQUIRE(gives.writes.size() == 1);
    CHECK(gives.writes[0].why() == "revision 4");
    changed.metadata.annotations[std::string(keys::revision)] = "4";
    changed.metadata.annotations[std::string(keys::revision_for)] = hashes_of(changed).pod_template;
    seen.rollout = std::make_shared<const api::Rollout>(changed);
    const Plan made = plan(seen);
    REQUIRE(made.writes.size() == 2);
    CHECK(made.writes[0].is_create());
    CHECK(made.writes[0].body()["spec"]["replicas"] == Json(1));
    CHECK(made.writes[0].body()["metadata"]["annotations"][keys::revision] == Json("4"));
    CHECK(made.writes[1].target().key.name == "web-" + seen.rollout->status.stable_rs);
    CHECK(made.status);
  }
}

}  // namespace
}  // namespace slipway::rollout
