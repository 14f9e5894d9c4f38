#include "controller/doctor.h"

#include <doctest/doctest.h>

#include "base/json_patch.h"
#include "base/yaml.h"

using namespace slipway;
using namespace slipway::controller;

namespace {

const Instant now = parse_rfc3339("2026-01-01T12:00:00Z").value();

api::Rollout rollout(const char* status) {
  Json object = parse_yaml_document(
                    "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web, "
                    "namespace: shop, uid: r}, spec: {strategy: {canary: {}}}}")
                    .value();
  object.set("status", parse_yaml_document(status).value());
  return api::decode<api::Rollout>(object).value();
}

Json replica_set_json(const char* hash, int replicas, std::optional<std::string> deadline,
                      const char* owner = "r") {
  Json object = parse_yaml_document(
                    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-x, namespace: "
                    "shop, uid: x, resourceVersion: '7', creationTimestamp: "
                    "'2026-01-01T10:00:00Z', annotations: {other: kept}}, spec: {selector: {}}}")
                    .value();
  Json& metadata = object.member("metadata");
  metadata.set("labels", Json::object({
                             {"rollouts-pod-template-hash", hash}
  }));
  metadata.set("ownerReferences", Json::array({
                                      Json::object({{"apiVersion", "argoproj.io/v1alpha1"},
                                                    {"kind", "Rollout"},
                                                    {"name", "web"},
                                                    {"uid", owner},
                                                    {"controller", true}}
                                      )
  }));
  if (deadline) metadata.member("annotations").set("scale-down-deadline", *deadline);
  object.member("spec").set("replicas", replicas);
  return object;
}

constexpr const char* healthy = "{phase: Healthy, currentPodHash: new, stableRS: new}";
constexpr const char* updating = "{phase: Progressing, currentPodHash: new, stableRS: stable}";

}  // namespace

TEST_CASE("the doctor finds what nothing would ever end, and leaves alone what is in use") {
  using Kind = Finding::Kind;
  struct Row {
    const char* name;
    const char* status;
    const char* hash;
    int replicas;
    std::optional<std::string> deadline;
    std::optional<Kind> want;
    bool ends;  ///< The fix scales to 0.
  };
  const Row rows[] = {
      {"the founding bug's empty deadline", healthy,  "old",    2, "",                     Kind::zombie,             true },
      {"rubbish in the deadline",           healthy,  "old",    2, "tomorrow",             Kind::zombie,             true },
      {"a deadline long passed",            healthy,  "old",    2, "2026-01-01T11:00:00Z", Kind::overdue,            true },
      {"a deadline that has just passed",   healthy,  "old",    2, "2026-01-01T11:59:30Z", {},                       false},
      {"a deadline to come",                healthy,  "old",    2, "2026-01-01T12:10:00Z", {},                       false},
      {"old and forgotten",                 healthy,  "old",    2, {},                     Kind::zombie,             true },
      {"old in the middle of an update",    updating, "old",    2, {},                     {},                       false},
      {"current, with an empty deadline",   healthy,  "new",    2, "",                     Kind::malformed_deadline, false},
      {"stable, with a passed deadline",    updating, "stable", 2, "2026-01-01T11:00:00Z", {},                       false},
      {"ended, with a deadline left",       healthy,  "old",    0, "2026-01-01T11:00:00Z",
       Kind::stray_deadline,                                                                                         false},
      {"ended",                             healthy,  "old",    0, {},                     {},                       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json object = replica_set_json(row.hash, row.replicas, row.deadline);
    Patient patient{now, {rollout(row.status)}, {}};
    patient.replica_sets.push_back(api::decode<api::ReplicaSet>(object).value());
    const std::vector<Finding> findings = diagnose(patient);
    REQUIRE(findings.size() == (row.want ? 1u : 0u));
    if (!row.want) continue;
    const Finding& finding = findings.front();
    CHECK(finding.kind == *row.want);
    CHECK(!finding.explanation.empty());
    REQUIRE(finding.fix);
    const auto mended = apply_json_patch(object, parse_json(finding.fix->request().body).value());
    REQUIRE(mended);
    CHECK((*mended)["metadata"]["annotations"].find("scale-down-deadline") == nullptr);
    CHECK((*mended)["metadata"]["annotations"]["other"] == Json("kept"));
    CHECK((*mended)["spec"]["replicas"].as_integer() == (row.ends ? 0 : row.replicas));
  }
}

TEST_CASE("a mended cluster has no findings") {
  const Json object = replica_set_json("old", 2, "");
  Patient patient{now, {rollout(healthy)}, {}};
  patient.replica_sets.push_back(api::decode<api::ReplicaSet>(object).value());
  const auto fix = diagnose(patient).at(0).fix;
  const Json mended = apply_json_patch(object, parse_json(fix->request().body).value()).value();
  patient.replica_sets[0] = api::decode<api::ReplicaSet>(mended).value();
  CHECK(diagnose(patient).empty());
}

TEST_CASE("a fix is refused where the ReplicaSet has changed since") {
  const Json object = replica_set_json("old", 2, "");
  Patient patient{now, {rollout(healthy)}, {}};
  patient.replica_sets.push_back(api::decode<api::ReplicaSet>(object).value());
  const Json patch = parse_json(diagnose(patient).at(0).fix->request().body).value();
  CHECK(!apply_json_patch(replica_set_json("old", 3, ""), patch));
  CHECK(!apply_json_patch(replica_set_json("old", 2, "2026-01-01T12:10:00Z"), patch));
}

TEST_CASE("pods of a Rollout that is gone are told and left to a person") {
  Patient patient{now, {rollout(healthy)}, {}};
  patient.replica_sets.push_back(
      api::decode<api::ReplicaSet>(replica_set_json("old", 2, {}, "gone")).value());
  const auto findings = diagnose(patient);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == Finding::Kind::orphan);
  CHECK(!findings[0].fix);
}
