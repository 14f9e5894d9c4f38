#include <doctest/doctest.h>

#include <algorithm>

#include <fmt/format.h>

#include "world.h"

/// What wakes a Rollout, and which Rollouts a controller takes for its own. Source: behaviour.md
/// 1.2, 1.3, 28.
namespace slipway::scenarios {
namespace {

constexpr const char* instance_label = "argo-rollouts.argoproj.io/controller-instance-id";

constexpr const char* objects = R"(
apiVersion: v1
kind: Service
metadata: {name: stable}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: unnamed}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  strategy: {canary: {stableService: stable, steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: app, image: "shop:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lender}
spec:
  replicas: 0
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec: {containers: [{name: app, image: "till:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: unnamed}
spec:
  replicas: 0
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: app, image: "other:1"}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: till}
spec:
  replicas: 1
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: lender}
  strategy: {canary: {}}
)";

Json annotation(const std::string& value) {
  return Json::object({
      {"metadata", Json::object({{"annotations", Json::object({{"note", value}})}})}
  });
}

TEST_CASE("a change wakes the Rollouts that it concerns, and no other (1.2)") {
  struct Row {
    const char* name;
    const api::Kind& kind;
    const char* object;  ///< Empty: the first of its kind that the Rollout shop has.
    std::vector<std::string> wakes;
  };
  namespace kinds = api::kinds;
  const Row rows[] = {
      {"the Rollout itself",             kinds::rollout,     "shop",    {"default/shop"}},
      {"a ReplicaSet of it",             kinds::replica_set, "",        {"default/shop"}},
      {"a Service that it names",        kinds::service,     "stable",  {"default/shop"}},
      {"a Service that nobody names",    kinds::service,     "unnamed", {}              },
      {"a pod of it",                    kinds::pod,         "",        {}              },
      {"the Deployment it refers to",    kinds::deployment,  "lender",  {"default/till"}},
      {"a Deployment that nobody means", kinds::deployment,  "unnamed", {}              },
  };
  World world;
  world.apply(objects);
  REQUIRE(world.until_phase("shop", "Healthy"));
  REQUIRE(world.until_phase("till", "Healthy"));
  world.run_for(60_s);
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::string name = row.object;
    for (const Json& each : world.list(row.kind)) {
      const std::string_view own = each["metadata"]["name"].string_or_empty();
      if (name.empty() && own.starts_with("shop-")) name = own;
    }
    const std::size_t before = world.reconciled().size();
    REQUIRE(world.merge_patch(row.kind, name, annotation(row.name)) == 200);
    world.run_for(2_s);
    std::vector<std::string> woken(world.reconciled().begin() + static_cast<long>(before),
                                   world.reconciled().end());
    const auto repeated = std::ranges::unique(woken);
    woken.erase(repeated.begin(), repeated.end());
    CHECK(woken == row.wakes);
  }
}

TEST_CASE("a controller takes up the Rollouts of its instance alone (1.3)") {
  for (const std::string own : {"", "blue"}) {
    CAPTURE(own);
    World world;
    world.restart_controller({.instance_id = own});
    for (const std::string instance : {"", "blue", "green"}) {
      const std::string labels =
          instance.empty() ? "" : fmt::format(", labels: {{{}: {}}}", instance_label, instance);
      world.apply(fmt::format(R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: "of{0}"{1}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: "a{0}"}}}}
  strategy: {{canary: {{}}}}
  template:
    metadata: {{labels: {{app: "a{0}"}}}}
    spec: {{containers: [{{name: app, image: "shop:1"}}]}}
)",
                              instance, labels));
    }
    world.run_for(30_s);
    for (const std::string instance : {"", "blue", "green"}) {
      CAPTURE(instance);
      CHECK((world.phase("of" + instance) == "Healthy") == (instance == own));
    }
  }
}

TEST_CASE("autoscalers read and set the size through the scale subresource (28)") {
  World world;
  world.apply(objects);
  REQUIRE(world.until_phase("shop", "Healthy"));
  const auto scale = [&] {
    const auto answer = world.cluster().request(
        kubernetes::Method::get, api::kinds::rollout.path("default", "shop", "scale"));
    REQUIRE(answer.status == 200);
    return parse_json(answer.body).value();
  };
  CHECK(scale()["spec"]["replicas"] == Json(2));
  CHECK(scale()["status"]["replicas"] == Json(2));
  CHECK(scale()["status"]["selector"] == Json("app=shop"));

  world.set_image("shop", "shop:2");
  REQUIRE(world.until_phase("shop", "Paused"));
  const Json wants_four = parse_json(R"({"spec":{"replicas":4}})").value();
  REQUIRE(world.merge_patch(api::kinds::rollout, "shop", wants_four, "scale") == 200);
  CHECK(world.until([&] { return scale()["status"]["replicas"] == Json(4); }));
  world.run_for(30_s);
  CHECK(world.replica_set_of("shop", "shop:1").spec.replicas == 2);
  CHECK(world.replica_set_of("shop", "shop:2").spec.replicas == 2);
  CHECK(world.rollout("shop").status.current_step_index == 1);
}

}  // namespace
}  // namespace slipway::scenarios
