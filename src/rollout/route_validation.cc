#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "rollout/named_objects.h"

/// Ingresses, Ambassador's Mappings and App Mesh's VirtualRouters that a Rollout names.
namespace slipway::rollout {
namespace {

constexpr const char* routing = "spec.strategy.canary.trafficRouting.";

bool forwards_to(const Json& ingress, const std::string& service) {
  const auto names_it = [&](const Json& path) {
    const Json& backend = path["backend"];
    return backend["service"]["name"].string_or_empty() == service ||
           backend["serviceName"].string_or_empty() == service;  // extensions/v1beta1
  };
  return any_item(ingress["spec"]["rules"],
                  [&](const Json& rule) { return any_item(rule["http"]["paths"], names_it); });
}

void check_ingress(const api::Rollout& rollout, const FindObject& find, const std::string& field,
                   const std::string& name, const std::string& service, Problems& problems) {
  if (name.empty()) return;
  const Json* ingress = nullptr;
  // Clusters before 1.22 have them in the older group.
  for (const char* group : {"networking.k8s.io", "extensions"}) {
    ingress = find({group, "Ingress", rollout.metadata.namespace_, name});
    if (ingress != nullptr) break;
  }
  const std::string path = routing + field;
  if (ingress == nullptr) {
    problems.invalid(path, quote(name),
                     fmt::format("ingress.networking.k8s.io {} not found", quote(name)),
                     "create the Ingress; the Rollout then goes on by itself");
  } else if (!forwards_to(*ingress, service)) {
    problems.invalid(
        path, quote(name),
        fmt::format("ingress `{}` has no rules using service {} backend", name, service),
        "give the Ingress a path whose backend is this Service");
  }
}

/// The first of the ways to route that App Mesh knows which this route has; empty for none.
std::string_view route_type(const Json& route) {
  static constexpr std::array types = {"httpRoute", "tcpRoute", "http2Route", "grpcRoute"};
  for (const char* type : types) {
    if (route[type].is_object()) return type;
  }
  return {};
}

/// The first problem is the one that is told, since the next ones follow from it.
void check_virtual_router(const std::string& name, const Json& router, Problems& problems) {
  const auto invalid = [&](std::string where, const std::string& text, std::string hint) {
    problems.invalid(std::move(where), quote(name), text, std::move(hint));
  };
  const Json& routes = router["spec"]["routes"];
  if (!routes.is_array() || routes.as_array().empty()) {
    return invalid("spec.routes",
                   fmt::format("No routes defined for AppMesh virtual-router {}", name),
                   "give the VirtualRouter a route to both VirtualNodes");
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Json& route = routes.as_array()[i];
    const std::string at = fmt::format("spec.routes[{}]", i);
    if (!route.is_object()) {
      return invalid(
          at,
          fmt::format("Invalid route was found for AppMesh virtual-router {} at index {}", name, i),
          "make it an object");
    }
    const std::string_view route_name = route["name"].string_or_empty();
    const std::string_view type = route_type(route);
    if (type.empty()) {
      return invalid(
          at,
          fmt::format("Error getting route details for AppMesh virtual-router {} and route {}. "
                      "Error: none of httpRoute, tcpRoute, http2Route, grpcRoute is set",
                      name, route_name),
          "set one of them");
    }
    const Json& targets = route[type]["action"]["weightedTargets"];
    const std::string targets_at = fmt::format("{}.{}.action.weightedTargets", at, type);
    if (!targets.is_array()) {
      return invalid(
          targets_at,
          fmt::format("Invalid route action found for AppMesh virtual-router {} and route {}", name,
                      route_name),
          "list the canary's and the stable VirtualNode");
    }
    if (targets.size() != 2) {
      return invalid(targets_at,
                     fmt::format("Invalid number of weightedTargets ({}) for AppMesh "
                                 "virtual-router {} and route {}, expected 2",
                                 targets.size(), name, route_name),
                     "list the canary's and the stable VirtualNode, and no other");
    }
  }
}

}  // namespace

void check_ingresses(const api::Rollout& rollout, const FindObject& find, Problems& problems) {
  const api::CanaryStrategy& canary = *rollout.spec.strategy.canary;
  if (const auto& alb = canary.traffic_routing->alb) {
    const std::string& service =
        alb->root_service.empty() ? canary.stable_service : alb->root_service;
    check_ingress(rollout, find, "alb.ingress", alb->ingress, service, problems);
    for (const std::string& name : alb->ingresses) {
      check_ingress(rollout, find, "alb.ingresses", name, service, problems);
    }
  } else if (const auto& nginx = canary.traffic_routing->nginx) {
    check_ingress(rollout, find, "nginx.stableIngress", nginx->stable_ingress,
                  canary.stable_service, problems);
    for (const std::string& name : nginx->stable_ingresses) {
      check_ingress(rollout, find, "nginx.stableIngresses", name, canary.stable_service, problems);
    }
  }
}

void check_mappings(const api::Rollout& rollout, const FindObject& find, Problems& problems) {
  const auto& ambassador = rollout.spec.strategy.canary->traffic_routing->ambassador;
  if (!ambassador) return;
  for (const std::string& name : ambassador->mappings) {
    const Json* mapping = find({"getambassador.io", "Mapping", rollout.metadata.namespace_, name});
    if (mapping == nullptr) {
      problems.invalid(std::string(routing) + "ambassador.mappings", quote(name),
                       fmt::format("mappings.getambassador.io {} not found", quote(name)),
                       "create the Mapping; the Rollout then goes on by itself");
    } else if ((*mapping)["spec"]["weight"].integer_or(0) != 0) {
      problems.invalid("spec.weight", quote(name),
                       fmt::format("Ambassador mapping {} can not define weight", quote(name)),
                       "take the weight away: the canary's Mapping gets it");
    }
  }
}

void check_app_mesh(const api::Rollout& rollout, const FindObject& find, Problems& problems) {
  constexpr const char* group = "appmesh.k8s.aws";
  const auto& app_mesh = rollout.spec.strategy.canary->traffic_routing->app_mesh;
  if (!app_mesh || !app_mesh->virtual_service) return;
  const NamedObject service =
      routed_object(rollout, group, "VirtualService", app_mesh->virtual_service->name);
  const auto missing = [&](const char* plural, const NamedObject& object) {
    problems.invalid(std::string(routing) + "appmesh.virtualService",
                     quote(object.name + "." + object.namespace_),
                     fmt::format("{}.{} {} not found", plural, group, quote(object.name)),
                     "create it; the Rollout then goes on by itself");
  };
  const Json* found = find(service);
  if (found == nullptr) return missing("virtualservices", service);
  const Json& provider = (*found)["spec"]["provider"];
  const Json& ref = provider["virtualRouter"]["virtualRouterRef"];
  if (!ref.is_object()) {
    const std::string kind = provider["virtualNode"].is_object() ? "VirtualNode" : "";
    return problems.invalid("kind", quote(kind),
                            "Expected object kind to be VirtualRouter but is " + kind,
                            "let a VirtualRouter provide the VirtualService");
  }
  const std::string_view near = ref["namespace"].string_or_empty();
  const NamedObject named = {.group = group,
                             .kind = "VirtualRouter",
                             .namespace_ = near.empty() ? service.namespace_ : std::string(near),
                             .name = std::string(ref["name"].string_or_empty())};
  const Json* router = find(named);
  if (router == nullptr) return missing("virtualrouters", named);
  check_virtual_router(named.name, *router, problems);
}

}  // namespace slipway::rollout
