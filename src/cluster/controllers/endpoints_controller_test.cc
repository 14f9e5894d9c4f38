#include "cluster/controllers/endpoints_controller.h"

#include <doctest/doctest.h>

#include "cluster/testing.h"

namespace slipway::cluster {

namespace {

constexpr const char* shop = R"(
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: web}, annotations: {slipway.dev/ready-delay: 5s}}
spec: {containers: [{name: c, image: 'web:1'}]}
)";
const api::ObjectKey web_key{"default", "web"};

std::string addresses(TestCluster& cluster) {
  const auto endpoints = cluster.get(api::kinds::endpoints, web_key);
  if (!endpoints) return "none";
  const Json& subset = (*endpoints)["subsets"].at(0);
  return fmt::format("{} ready, {} not", subset["addresses"].size(),
                     subset["notReadyAddresses"].size());
}

std::vector<Json> slices(TestCluster& cluster) {
  return cluster.list(api::kinds::endpoint_slice, "default",
                      "labelSelector=kubernetes.io%2Fservice-name%3Dweb");
}

}  // namespace

TEST_CASE("endpoints follow pods from bound to ready to gone") {
  TestCluster cluster;
  cluster.apply(shop);
  CHECK(cluster.run_until([&] { return addresses(cluster) == "0 ready, 1 not"; }));
  CHECK(cluster.run_until([&] { return addresses(cluster) == "1 ready, 0 not"; }));
  cluster.run_for(1_s);
  REQUIRE(slices(cluster).size() == 1);
  CHECK(slices(cluster)[0]["endpoints"].at(0)["conditions"]["ready"] == Json(true));
  cluster.run_for(10_s);
  CHECK(cluster.writes_during(1_h) == 0);

  cluster.delete_object(api::kinds::pod, {"default", "a"});
  CHECK(cluster.run_until([&] { return addresses(cluster) == "0 ready, 0 not"; }));
  cluster.run_for(10_s);
  REQUIRE(slices(cluster).size() == 1);
  CHECK(slices(cluster)[0]["endpoints"].empty());
  CHECK(cluster.writes_during(1_h) == 0);
}

TEST_CASE("a Service's endpoints go with it, and a changed selector changes them") {
  TestCluster cluster;
  cluster.apply(shop);
  REQUIRE(cluster.run_until([&] { return addresses(cluster) == "1 ready, 0 not"; }));
  cluster.merge(api::kinds::service, web_key, "spec: {selector: {app: other}}");
  CHECK(cluster.run_until([&] { return addresses(cluster) == "0 ready, 0 not"; }));
  cluster.delete_object(api::kinds::service, web_key);
  CHECK(cluster.run_until([&] { return addresses(cluster) == "none" && slices(cluster).empty(); }));
}

}  // namespace slipway::cluster
