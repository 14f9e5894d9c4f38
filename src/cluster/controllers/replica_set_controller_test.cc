#include "cluster/controllers/replica_set_controller.h"

#include <doctest/doctest.h>

#include "cluster/testing.h"

namespace slipway::cluster {

namespace {

constexpr const char* web = R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 3
  minReadySeconds: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: 'web:1'}]}
)";
const api::ObjectKey web_key{"default", "web"};

std::int64_t status(TestCluster& cluster, std::string_view field) {
  const auto found = cluster.get(api::kinds::replica_set, web_key);
  return found ? (*found)["status"][field].integer_or(0) : -1;
}

std::size_t live_pods(TestCluster& cluster) {
  std::size_t live = 0;
  for (const Json& pod : cluster.list(api::kinds::pod)) {
    live += pod["metadata"]["deletionTimestamp"].is_null() ? 1 : 0;
  }
  return live;
}

/// A server that refuses to create pods, as a quota makes it.
class FullCluster final : public kubernetes::Transport {
 public:
  explicit FullCluster(kubernetes::Transport& inner) : inner_(inner) {}
  void send(kubernetes::Request request, Done done) override {
    if (!is_refused(request)) return inner_.send(std::move(request), std::move(done));
    // Another request in its place, so that the refusal comes from the loop as all answers do.
    inner_.send({.target = "/version"}, [done = std::move(done)](const auto&) { done(refusal()); });
  }
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override {
    return inner_.open(std::move(request), std::move(events));
  }
  std::string server() const override { return inner_.server(); }

  bool has_room = false;

 private:
  bool is_refused(const kubernetes::Request& request) const {
    return !has_room && request.method == kubernetes::Method::post &&
           request.target.ends_with("/pods");
  }
  static kubernetes::Response refusal() {
    return {.status = 403,
            .content_type = "application/json",
            .body = R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,)"
                    R"("message":"no room for pods"})"};
  }

  kubernetes::Transport& inner_;
};

std::vector<std::string> event_reasons(TestCluster& cluster, std::string_view about) {
  std::vector<std::string> reasons;
  for (const Json& event : cluster.list(api::kinds::event)) {
    if (event["involvedObject"]["kind"].string_or_empty() != about) continue;
    reasons.emplace_back(event["reason"].string_or_empty());
  }
  return reasons;
}

}  // namespace

TEST_CASE("a ReplicaSet gets its pods, and its status follows them") {
  TestCluster cluster;
  cluster.apply(web);
  REQUIRE(cluster.run_until([&] { return status(cluster, "readyReplicas") == 3; }, 10_s));
  CHECK(status(cluster, "replicas") == 3);
  CHECK(status(cluster, "fullyLabeledReplicas") == 3);
  CHECK(status(cluster, "observedGeneration") == 1);
  CHECK(status(cluster, "availableReplicas") == 0);
  REQUIRE(cluster.run_until([&] { return status(cluster, "availableReplicas") == 3; }, 10_s));
  const auto reasons = event_reasons(cluster, "ReplicaSet");
  CHECK(std::count(reasons.begin(), reasons.end(), "SuccessfulCreate") == 3);

  cluster.run_for(10_s);
  CHECK(cluster.writes_during(1_h) == 0);
}

TEST_CASE("scaling never takes or gives more than was asked") {
  TestCluster cluster;
  cluster.apply(web);
  REQUIRE(cluster.run_until([&] { return status(cluster, "availableReplicas") == 3; }));
  for (const int replicas : {7, 2, 0, 4}) {
    CAPTURE(replicas);
    cluster.merge(api::kinds::replica_set, web_key,
                  fmt::format("spec: {{replicas: {}}}", replicas));
    const std::size_t before = live_pods(cluster);
    const std::size_t low = std::min(before, static_cast<std::size_t>(replicas));
    const std::size_t high = std::max(before, static_cast<std::size_t>(replicas));
    REQUIRE(cluster.run_until([&] {
      CHECK(live_pods(cluster) >= low);
      CHECK(live_pods(cluster) <= high);
      return status(cluster, "replicas") == replicas &&
             status(cluster, "availableReplicas") == replicas;
    }));
    CHECK(status(cluster, "observedGeneration") ==
          (*cluster.get(api::kinds::replica_set, web_key))["metadata"]["generation"].integer_or(0));
  }
}

TEST_CASE("a pod that goes is replaced, one that leaves the selector is let go") {
  TestCluster cluster;
  cluster.apply(web);
  REQUIRE(cluster.run_until([&] { return status(cluster, "availableReplicas") == 3; }));
  const auto pods = cluster.list(api::kinds::pod);
  const auto name = [&](std::size_t i) {
    return std::string(pods[i]["metadata"]["name"].string_or_empty());
  };
  cluster.delete_object(api::kinds::pod, {"default", name(0)});
  cluster.merge(api::kinds::pod, {"default", name(1)}, "metadata: {labels: {app: other}}");
  REQUIRE(cluster.run_until([&] { return cluster.list(api::kinds::pod).size() == 4; }));
  REQUIRE(cluster.run_until([&] { return status(cluster, "availableReplicas") == 3; }));
  const auto released = cluster.get(api::kinds::pod, {"default", name(1)});
  REQUIRE(released);
  CHECK((*released)["metadata"]["ownerReferences"].empty());

  // Back again: it is one too many, and is taken on before one goes.
  cluster.merge(api::kinds::pod, {"default", name(1)}, "metadata: {labels: {app: web}}");
  REQUIRE(cluster.run_until([&] { return cluster.list(api::kinds::pod).size() == 3; }));
  cluster.run_for(10_s);
  for (const Json& pod : cluster.list(api::kinds::pod)) {
    CHECK(pod["metadata"]["ownerReferences"].at(0)["name"] == Json("web"));
  }
}

TEST_CASE("two controllers at once still make as many pods as wanted") {
  // A second replica of the controllers, as a stale leader would be.
  TestCluster cluster;
  PodCache pods(cluster.loop(), cluster.transport(), 77);
  ReplicaSetController twin(cluster.loop(), cluster.transport(), pods, 78);
  pods.start();
  twin.start();
  cluster.apply(web);
  REQUIRE(cluster.run_until([&] { return status(cluster, "availableReplicas") == 3; }));
  cluster.run_for(60_s);
  CHECK(live_pods(cluster) == 3);
  CHECK(cluster.writes_during(1_h) == 0);
}

TEST_CASE("what the server refuses shows as ReplicaFailure until it is mended") {
  TestCluster cluster({.run_controllers = false});
  FullCluster transport(cluster.transport());
  PodCache pods(cluster.loop(), transport, 77);
  ReplicaSetController controller(cluster.loop(), transport, pods, 78);
  pods.start();
  controller.start();
  cluster.apply(web);
  const auto failure = [&] {
    const auto found = cluster.get(api::kinds::replica_set, web_key);
    const Json& condition = (*found)["status"]["conditions"].at(0);
    return fmt::format("{} {} {}", condition["type"].string_or_empty(),
                       condition["reason"].string_or_empty(),
                       condition["message"].string_or_empty());
  };
  CHECK(cluster.run_until(
      [&] { return failure() == "ReplicaFailure FailedCreate no room for pods"; }));
  CHECK(status(cluster, "replicas") == 0);
  transport.has_room = true;
  REQUIRE(cluster.run_until([&] { return status(cluster, "readyReplicas") == 3; }, 180_s));
  CHECK(failure() == "  ");
}

}  // namespace slipway::cluster
