#include "cluster/controllers/garbage_collector.h"

#include <doctest/doctest.h>

#include "cluster/testing.h"

namespace slipway::cluster {

namespace {

constexpr const char* web = R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: 'web:1'}]}
)";
const api::ObjectKey web_key{"default", "web"};

void bring_up(TestCluster& cluster) {
  cluster.apply(web);
  REQUIRE(cluster.run_until([&] {
    const auto found = cluster.get(api::kinds::replica_set, web_key);
    return found && (*found)["status"]["readyReplicas"] == Json(2);
  }));
}

std::string config_map(const std::string& name, const std::string& owner_kind,
                       const std::string& owner_version, const std::string& owner,
                       const std::string& uid) {
  return fmt::format(
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n  ownerReferences: [{{apiVersion: "
      "{}, kind: {}, name: {}, uid: {}}}]\n",
      name, owner_version, owner_kind, owner, uid);
}

}  // namespace

TEST_CASE("deleted in the background, an owner goes first and its pods follow") {
  TestCluster cluster;
  bring_up(cluster);
  cluster.delete_object(api::kinds::replica_set, web_key, "Background");
  CHECK_FALSE(cluster.get(api::kinds::replica_set, web_key));
  CHECK(cluster.run_until([&] { return cluster.list(api::kinds::pod).empty(); }));
}

TEST_CASE("deleted in the foreground, an owner stays until its pods are gone") {
  TestCluster cluster;
  bring_up(cluster);
  cluster.delete_object(api::kinds::replica_set, web_key, "Foreground");
  bool in_order = true;
  REQUIRE(cluster.run_until([&] {
    const bool there = cluster.get(api::kinds::replica_set, web_key).has_value();
    in_order = in_order && (there || cluster.list(api::kinds::pod).empty());
    return !there;
  }));
  CHECK(in_order);
}

TEST_CASE("deleted alone, an owner leaves its pods, and a new one takes them on") {
  TestCluster cluster;
  bring_up(cluster);
  cluster.delete_object(api::kinds::replica_set, web_key, "Orphan");
  REQUIRE(cluster.run_until([&] { return !cluster.get(api::kinds::replica_set, web_key); }));
  const auto left = cluster.list(api::kinds::pod);
  REQUIRE(left.size() == 2);
  for (const Json& pod : left) CHECK(pod["metadata"]["ownerReferences"].empty());

  bring_up(cluster);
  const auto taken = cluster.list(api::kinds::pod);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0]["metadata"]["uid"] == left[0]["metadata"]["uid"]);
}

TEST_CASE("objects whose owner never was are garbage, whatever its kind") {
  TestCluster cluster;
  bring_up(cluster);
  const Json owner = *cluster.get(api::kinds::replica_set, web_key);
  const std::string uid(owner["metadata"]["uid"].string_or_empty());
  cluster.apply(config_map("kept", "ReplicaSet", "apps/v1", "web", uid));
  cluster.apply(config_map("namesake", "ReplicaSet", "apps/v1", "web", "no-such-uid"));
  cluster.apply(config_map("lost", "Rollout", "argoproj.io/v1alpha1", "web", "no-such-uid"));
  cluster.apply(config_map("unknown", "Gizmo", "example.com/v1", "web", "no-such-uid"));
  cluster.run_for(30_s);
  std::vector<std::string> names;
  for (const Json& object : cluster.list(api::kinds::config_map, "default")) {
    names.emplace_back(object["metadata"]["name"].string_or_empty());
  }
  // Of a kind that the server does not have, nothing can be said.
  CHECK(std::count(names.begin(), names.end(), "kept") == 1);
  CHECK(std::count(names.begin(), names.end(), "unknown") == 1);
  CHECK(std::count(names.begin(), names.end(), "namesake") == 0);
  CHECK(std::count(names.begin(), names.end(), "lost") == 0);
  CHECK(cluster.writes_during(1_h) == 0);
}

TEST_CASE("custom resources own and are owned, from the moment their kind exists") {
  TestCluster cluster;
  cluster.apply(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gizmos, singular: gizmo, kind: Gizmo}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
)");
  cluster.run_for(5_s);
  const auto post = [&](const std::string& name, const std::string& owners) {
    const auto response =
        cluster.request(kubernetes::Method::post, "/apis/example.com/v1/namespaces/default/gizmos",
                        R"({"apiVersion":"example.com/v1","kind":"Gizmo","metadata":{"name":")" +
                            name + R"(")" + owners + "}}");
    REQUIRE(response.status == 201);
    return std::string(parse_json(response.body).value()["metadata"]["uid"].string_or_empty());
  };
  const std::string uid = post("owner", "");
  post(
      "owned",
      R"(,"ownerReferences":[{"apiVersion":"example.com/v1","kind":"Gizmo","name":"owner","uid":")" +
          uid + R"("}])");
  cluster.run_for(5_s);
  const auto status_of = [&](const std::string& name) {
    return cluster
        .request(kubernetes::Method::get, "/apis/example.com/v1/namespaces/default/gizmos/" + name)
        .status;
  };
  CHECK(status_of("owned") == 200);
  cluster.request(kubernetes::Method::delete_,
                  "/apis/example.com/v1/namespaces/default/gizmos/owner");
  CHECK(cluster.run_until([&] { return status_of("owned") == 404; }));
}

TEST_CASE("a namespace takes all that is in it along") {
  TestCluster cluster;
  cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  cluster.apply(R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: 'web:1'}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
)");
  cluster.run_for(10_s);
  REQUIRE(cluster.list(api::kinds::pod, "shop").size() == 2);
  cluster.delete_object(api::kinds::namespace_, {"", "shop"});
  REQUIRE(cluster.get(api::kinds::namespace_, {"", "shop"}));
  REQUIRE(
      cluster.run_until([&] { return !cluster.get(api::kinds::namespace_, {"", "shop"}); }, 120_s));
  for (const api::Kind& kind : {api::kinds::pod, api::kinds::replica_set, api::kinds::config_map,
                                api::kinds::service, api::kinds::endpoints}) {
    CHECK(cluster.list(kind, "shop").empty());
  }
  cluster.run_for(10_s);
  CHECK(cluster.writes_during(1_h) == 0);
}

}  // namespace slipway::cluster
