#include "rollout/anti_affinity.h"

#include <doctest/doctest.h>

#include "api/pod_template.h"
#include "rollout/simulated_world.h"

/// behaviour.md 24.
namespace slipway::rollout {
namespace {

constexpr const char* preferring = R"({"canary":{"antiAffinity":
    {"preferredDuringSchedulingIgnoredDuringExecution":{"weight":7}},
    "steps":[{"setWeight":50},{"pause":{}}]}})";
constexpr const char* requiring = R"({"blueGreen":{"activeService":"live","antiAffinity":
    {"requiredDuringSchedulingIgnoredDuringExecution":{}}}})";

Json affinity(const SimulatedWorld& world, const std::string& image) {
  return world.replica_set(image).spec.template_.content()["spec"]["affinity"];
}

std::string term(const std::string& hash) {
  return R"({"labelSelector":{"matchExpressions":[{"key":"rollouts-pod-template-hash",)"
         R"("operator":"In","values":[")" +
         hash + R"("]}]},"namespaces":["shop"],"topologyKey":"kubernetes.io/hostname"})";
}

Json json(const std::string& text) {
  return parse_json(text).value();
}

TEST_CASE(
    "a new version prefers nodes without the stable one; the first has nothing to avoid (24)") {
  SimulatedWorld world(2, preferring);
  world.run();
  CHECK(affinity(world, "v1").is_null());
  const std::string stable = world.rollout().status.stable_rs;
  world.set_image("v2");
  world.run();
  CHECK(affinity(world, "v2") ==
        json(R"({"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":7,
                 "podAffinityTerm":)" +
             term(stable) + "}]}}"));
}

TEST_CASE("required terms join those of the template (24)") {
  SimulatedWorld world(2, requiring);
  world.add_service("live");
  world.edit(R"({"template":{"spec":{"affinity":{"podAntiAffinity":
      {"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone"}]}}}}})");
  world.run();
  const std::string stable = world.rollout().status.stable_rs;
  world.edit(R"({"template":{"metadata":{"annotations":{"v":"2"}}}})");
  world.settle();
  REQUIRE(world.replica_sets().size() == 2);
  const std::string newest = world.rollout().status.current_pod_hash;
  for (const api::ReplicaSet& one : world.replica_sets()) {
    if (*one.metadata.label(api::pod_template_hash_label) != newest) continue;
    CHECK(one.spec.template_.content()["spec"]["affinity"] ==
          json(R"({"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":
                   [{"topologyKey":"zone"},)" +
               term(stable) + "]}}"));
  }
}

TEST_CASE("an injected term is no part of the template: it starts no update, and stays (2.3, 24)") {
  SimulatedWorld world(2, preferring);
  world.run();
  world.set_image("v2");
  world.run();
  world.promote();
  world.run();
  CHECK(world.sizes() == "v2:2/2");
  CHECK(world.replica_sets().size() == 2);
  CHECK_FALSE(affinity(world, "v2").is_null());  // Pods that run already are not asked to move.
  CHECK(world.settle() == 0);
  const std::string stable = world.rollout().status.stable_rs;
  world.set_image("v3");
  world.run();
  CHECK(affinity(world, "v3") ==
        json(R"({"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":7,
                 "podAffinityTerm":)" +
             term(stable) + "}]}}"));
}

TEST_CASE("a version that comes back avoids the stable one of today (24)") {
  SimulatedWorld world(2, preferring);
  world.run();
  for (const char* image : {"v2", "v3"}) {
    world.set_image(image);
    world.run();
    world.promote();
    world.run();
  }
  REQUIRE(world.sizes() == "v3:2/2");
  const std::string stable = world.rollout().status.stable_rs;
  world.set_image("v2");
  world.run();
  CHECK(world.replica_sets().size() == 3);
  CHECK(to_text(affinity(world, "v2")).find(stable) != std::string::npos);
}

TEST_CASE("an anti-affinity of the template's own means something") {
  const api::PodTemplate plain(json(R"({"spec":{"containers":[{"name":"a"}]}})"));
  struct Row {
    const char* name;
    std::string affinity;
    bool same;
  };
  const std::string injected =
      R"({"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[)" + term("abc") +
      "]}}";
  const Row rows[] = {
      {"none",                                           "null",                                             true },
      {"injected",                                       injected,                                           true },
      {"zone spread",
       R"({"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone"}]}})",
       false                                                                                                      },
      {"by hash label, but of any value",
       R"({"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"h",
           "labelSelector":{"matchExpressions":[{"key":"rollouts-pod-template-hash","operator":"Exists"}]}}]}})",         false},
      {"no selector at all: Argo Rollouts panics on it",
       R"({"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1}]}})",          false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Json content = plain.content();
    content.member("spec").set("affinity", json(row.affinity));
    CHECK((api::PodTemplate(content) == plain) == row.same);
  }
}

}  // namespace
}  // namespace slipway::rollout
