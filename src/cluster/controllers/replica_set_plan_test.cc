#include "cluster/controllers/replica_set_plan.h"

#include <doctest/doctest.h>

#include "base/yaml.h"
#include "cluster/pods_for_test.h"

namespace slipway::cluster {

namespace {

constexpr Instant now{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z

std::shared_ptr<const api::ReplicaSet> replica_set_of(int replicas, int min_ready_seconds = 0) {
  const std::string yaml = R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, uid: rs-1, resourceVersion: '5', generation: 7}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, extra: 'yes'}, annotations: {note: hello}}
    spec: {containers: [{name: c, image: 'web:1'}]}
)";
  Json json = parse_yaml_document(yaml).value();
  json.find("spec")->set("replicas", replicas);
  json.find("spec")->set("minReadySeconds", min_ready_seconds);
  return std::make_shared<api::ReplicaSet>(api::decode<api::ReplicaSet>(json).value());
}

PodPointer pod(const std::string& name, const std::string& labels, const std::string& owner,
               const std::string& more = {}) {
  const std::string owners =
      owner.empty()
          ? ""
          : ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: x, uid: " + owner +
                ", controller: true}]";
  return make_pod_for_test("apiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
                           ", namespace: shop, resourceVersion: '9', uid: uid-" + name +
                           ", labels: {" + labels + "}" + owners + "}\n" + more +
                           "\nspec: {nodeName: node-1, containers: [{name: c}]}\n");
}

std::string ready_at(const char* time) {
  return "status: {phase: Running, conditions: [{type: Ready, status: 'True', "
         "lastTransitionTime: '" +
         std::string(time) + "'}]}";
}

std::vector<std::string> texts(const std::vector<kubernetes::Write>& writes) {
  std::vector<std::string> texts;
  for (const kubernetes::Write& write : writes) {
    texts.push_back((write.is_create()   ? "create"
                     : write.is_delete() ? "delete " + write.target().key.name
                                         : "patch " + write.target().key.name));
  }
  return texts;
}

}  // namespace

TEST_CASE("a ReplicaSet takes, leaves, makes and removes pods") {
  const PodPointer mine = pod("a", "app: web", "rs-1");
  const PodPointer mine_too = pod("b", "app: web", "rs-1");
  const PodPointer stray = pod("c", "app: web", "");
  const PodPointer lost = pod("d", "app: other", "rs-1");
  const PodPointer foreign = pod("e", "app: other", "");
  const PodPointer finished = pod("f", "app: web", "rs-1", "status: {phase: Failed}");
  struct Row {
    const char* name;
    int replicas;
    std::vector<PodPointer> pods;
    std::vector<std::string> want;
  };
  const Row rows[] = {
      {"none yet",                    2, {},               {"create", "create"}},
      {"one missing",                 2, {mine},           {"create"}          },
      {"as many as wanted",           2, {mine, mine_too}, {}                  },
      {"one too many",                1, {mine, mine_too}, {"delete a"}        },
      {"a stray pod is taken on",     2, {mine, stray},    {"patch c"}         },
      {"a lost pod is let go",        1, {mine, lost},     {"patch d"}         },
      {"foreign pods are left alone", 1, {mine, foreign},  {}                  },
      {"a finished pod is replaced",  1, {finished},       {"create"}          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Random names(1);
    const auto writes = plan_pods({replica_set_of(row.replicas), row.pods, row.pods, now}, names);
    CHECK(texts(writes) == row.want);
  }
}

TEST_CASE("a new pod has the template's labels and annotations and one controller") {
  Random names(1);
  const auto writes = plan_pods({replica_set_of(1), {}, {}, now}, names);
  REQUIRE(writes.size() == 1);
  const Json& metadata = writes[0].body()["metadata"];
  CHECK(metadata["name"].string_or_empty().starts_with("web-1-"));
  CHECK(metadata["name"].string_or_empty().size() == std::string_view("web-1-").size() + 5);
  CHECK(metadata["labels"]["extra"] == Json("yes"));
  CHECK(metadata["annotations"]["note"] == Json("hello"));
  CHECK(metadata["ownerReferences"].at(0)["uid"] == Json("rs-1"));
  CHECK(metadata["ownerReferences"].at(0)["controller"] == Json(true));
  CHECK(writes[0].body()["spec"]["containers"].at(0)["image"] == Json("web:1"));
}

TEST_CASE("a ReplicaSet that is being deleted is left alone") {
  auto deleted = std::make_shared<api::ReplicaSet>(*replica_set_of(3));
  deleted->metadata.deletion_timestamp = now;
  Random names(1);
  CHECK(plan_pods({deleted, {}, {}, now}, names).empty());
}

TEST_CASE("the status counts what is there, and looks again when time alone changes it") {
  const PodPointer pending = pod("a", "app: web, extra: 'yes'", "rs-1", "status: {phase: Pending}");
  const PodPointer young = pod("b", "app: web", "rs-1", ready_at("2025-12-31T23:59:58Z"));
  const PodPointer old = pod("c", "app: web", "rs-1", ready_at("2025-12-31T23:00:00Z"));
  const auto plan = plan_status(
      {
          replica_set_of(3, 10), {pending, young, old},
            {},
            now
  },
      {});
  CHECK(plan.status.replicas == 3);
  CHECK(plan.status.fully_labeled_replicas == 1);
  CHECK(plan.status.ready_replicas == 2);
  CHECK(plan.status.available_replicas == 1);
  CHECK(plan.status.observed_generation == 7);
  CHECK(plan.look_again == 8_s);
}

TEST_CASE("a failure to create shows as a condition, and goes when it is over") {
  const PodFailure failure{"FailedCreate", "no room"};
  const auto failing = plan_status({replica_set_of(1), {}, {}, now}, failure);
  REQUIRE(failing.status.conditions.size() == 1);
  CHECK(failing.status.conditions[0].type == "ReplicaFailure");
  CHECK(failing.status.conditions[0].last_transition_time == now);

  auto before = std::make_shared<api::ReplicaSet>(*replica_set_of(1));
  before->status = failing.status;
  const auto later = plan_status({before, {}, {}, now + 60_s}, failure);
  CHECK(later.status.conditions[0].last_transition_time == now);
  CHECK(plan_status({before, {}, {}, now}, {}).status.conditions.empty());
}

}  // namespace slipway::cluster
