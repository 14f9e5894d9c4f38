#include <doctest/doctest.h>

#include "world.h"

/// Services that a Rollout managed and none names any more. Source: behaviour.md 33.
namespace slipway::scenarios {
namespace {

std::string rollout_of(const std::string& name, const std::string& labels = "{}") {
  return R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: )" +
         name + ", labels: " + labels + R"(}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {blueGreen: {activeService: active, previewService: preview}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
)";
}

constexpr const char* of_another_instance =
    "{argo-rollouts.argoproj.io/controller-instance-id: another}";

std::string manager_of(World& world, const std::string& service) {
  return std::string(
      world
          .get(api::kinds::service,
               service)["metadata"]["annotations"]["argo-rollouts.argoproj.io/managed-by-rollouts"]
          .string_or_empty());
}

bool is_free(World& world, const std::string& service) {
  return world.get(api::kinds::service, service)["spec"]["selector"] == Json::object({
                                                                            {"app", "web"}
  }) &&
         manager_of(world, service).empty();
}

void install(World& world) {
  world.apply(services({"active", "preview", "other"}, "web"));
  world.apply(rollout_of("web"));
  REQUIRE(world.until_phase("web", "Healthy"));
  REQUIRE(manager_of(world, "active") == "web");
}

void patch(World& world, const api::Kind& kind, const char* name, const char* patch) {
  REQUIRE(world.merge_patch(kind, name, parse_json(patch).value()) == 200);
}

TEST_CASE("a Service is let go once no Rollout names it (33)") {
  struct Row {
    const char* name;
    void (*deed)(World&);
    bool active_is_free;
    bool preview_is_free;
  };
  const Row rows[] = {
      {"nothing",                                                    [](World&) {},                                                 false, false},
      {"the Rollout is deleted",                                     [](World& world) { world.erase(api::kinds::rollout, "web"); },
       true,                                                                                                                               true },
      {"deleted while no controller runs",
       [](World& world) {
         world.stop_controller();
         world.erase(api::kinds::rollout, "web");
         world.run_for(60_s);
         world.restart_controller();
       },                                                                                                                           true,  true },
      {"the Rollout names another",
       [](World& world) {
         patch(world, api::kinds::rollout, "web",
               R"({"spec":{"strategy":{"blueGreen":{"previewService":"other"}}}})");
       },                                                                                                                           false, true },
      {"deleted, the first writes are turned down",
       [](World& world) {
         world.refuse([left = 3](const kubernetes::Request& request) mutable
                          -> std::optional<kubernetes::Response> {
           const bool is_service = request.target.find("/services/") != std::string::npos;
           if (!is_service || left-- <= 0) return std::nullopt;
           return kubernetes::Response{.status = 500, .body = "{}"};
         });
         world.erase(api::kinds::rollout, "web");
       },                                                                                                                           true,  true },
      {"its mark is garbled: it is marked again and keeps its hash",
       [](World& world) {
         patch(
             world, api::kinds::service, "active",
             R"({"metadata":{"annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"gone"}}})");
       },                                                                                                                           false, false},
      {"deleted, and another instance has one of that name",
       [](World& world) {
         world.stop_controller();
         world.erase(api::kinds::rollout, "web");
         world.run_for(60_s);
         world.apply(rollout_of("web", of_another_instance));
         world.restart_controller();
       },                                                                                                                           false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    World world;
    install(world);
    row.deed(world);
    world.run_for(120_s);
    CHECK(is_free(world, "active") == row.active_is_free);
    CHECK(is_free(world, "preview") == row.preview_is_free);
    const std::size_t writes = world.write_count();
    world.run_for(600_s);
    CHECK(world.write_count() == writes);
  }
}

TEST_CASE("a Service that bears no mark keeps its selector, whatever it is (33)") {
  World world;
  install(world);
  patch(world, api::kinds::service, "other",
        R"({"spec":{"selector":{"rollouts-pod-template-hash":"theirs"}}})");
  world.erase(api::kinds::rollout, "web");
  world.run_for(120_s);
  CHECK(world.get(api::kinds::service, "other")["spec"]["selector"]["rollouts-pod-template-hash"] ==
        Json("theirs"));
}

TEST_CASE("a Rollout of another name gets the Services of one that was deleted (33)") {
  World world;
  install(world);
  world.erase(api::kinds::rollout, "web");
  world.apply(rollout_of("shop"));
  REQUIRE(world.until_phase("shop", "Healthy"));
  CHECK(manager_of(world, "active") == "shop");
  CHECK(!is_free(world, "preview"));
}

}  // namespace
}  // namespace slipway::scenarios
