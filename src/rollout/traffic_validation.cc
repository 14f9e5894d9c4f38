#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rollout/problems.h"

/// What is wrong with a canary's traffic routing by itself, before any object it names is read.
namespace slipway::rollout {
namespace {

constexpr std::string_view name_both = "name a canaryService and a stableService";

void check_ping_pong(const api::CanaryStrategy& canary, Problems& problems) {
  const api::PingPongSpec& ping_pong = *canary.ping_pong;
  const api::RolloutTrafficRouting* routing = canary.traffic_routing.get();
  if (routing && !routing->alb && !routing->istio && routing->plugins.empty()) {
    problems.invalid(
        "spec.strategy.trafficRouting.alb", "null",
        "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only",
        "use one of these routers, or stableService and canaryService");
  }
  constexpr std::string_view both =
      "Ping service and Pong service must to be set to use Ping-Pong feature";
  if (ping_pong.ping_service.empty()) {
    problems.invalid("spec.strategy.pingPong.pingService", quote(""), both, "name two Services");
  }
  if (ping_pong.pong_service.empty()) {
    problems.invalid("spec.strategy.pingPong.pongService", quote(""), both, "name two Services");
  }
  if (ping_pong.ping_service == ping_pong.pong_service && !ping_pong.ping_service.empty()) {
    problems.invalid("spec.strategy.pingPong.pingService", quote(ping_pong.ping_service),
                     "This rollout uses the same service for the ping and pong services, but two "
                     "different services are required.",
                     "name two Services");
  }
  if (routing && routing->alb && routing->alb->root_service.empty()) {
    problems.invalid("spec.strategy.trafficRouting.alb.rootService", quote(""),
                     "Root service field is required for the configuration with ALB and ping-pong "
                     "feature enabled",
                     "name the Service that the Ingress forwards to");
  }
}

bool needs_services(const api::CanaryStrategy& canary, const api::RolloutTrafficRouting& routing) {
  const bool ping_pong = canary.ping_pong.has_value();
  return (routing.alb && !ping_pong) ||
         (routing.istio && !routing.istio->destination_rule && !ping_pong) || routing.smi ||
         routing.apisix || routing.ambassador || routing.nginx || routing.app_mesh ||
         routing.traefik;
}

/// One of two fields that say the same, neither none nor both.
void check_one_of(const std::string& router, std::string_view one, std::string_view many,
                  bool has_one, bool has_many, Problems& problems) {
  if (has_one != has_many) return;
  problems.internal("spec.strategy.canary.trafficRouting." + router,
                    fmt::format("Either {} or {} must be configured. {} are configured.", one, many,
                                has_one ? "Both" : "Neither"),
                    "keep one of the two");
}

void check_routers(const api::RolloutTrafficRouting& routing, Problems& problems) {
  const std::string at = "spec.strategy.canary.trafficRouting.";
  if (routing.nginx) {
    check_one_of("nginx", "StableIngress", "StableIngresses",
                 !routing.nginx->stable_ingress.empty(), !routing.nginx->stable_ingresses.empty(),
                 problems);
  }
  if (routing.alb) {
    check_one_of("alb", "Ingress", "Ingresses", !routing.alb->ingress.empty(),
                 !routing.alb->ingresses.empty(), problems);
  }
  if (routing.istio &&
      routing.istio->virtual_service.has_value() != routing.istio->virtual_services.empty()) {
    problems.internal(at + "istio", "either VirtualService or VirtualServices must be configured",
                      "keep one of the two");
  }
  if (routing.ambassador && routing.ambassador->mappings.empty()) {
    problems.invalid(at + "ambassador.mappings", "[]", "must provide at least one mapping",
                     "name the Mapping of the stable version");
  }
  if (routing.app_mesh && !routing.app_mesh->virtual_service) {
    problems.invalid(at + "appmesh.virtualService", "null", "must provide virtual-service",
                     "name the virtual service");
  }
}

void check_match(const api::StringMatch* match, const std::string& at, Problems& problems) {
  const int set =
      match ? !match->exact.empty() + !match->prefix.empty() + !match->regex.empty() : 0;
  if (set == 0) {
    problems.invalid(at, "null",
                     "StringMatch value missed, match value must have one of the following: exact, "
                     "regex, prefix",
                     "set exact, prefix or regex");
  } else if (set > 1) {
    problems.invalid(at, to_text(api::encode(*match)),
                     "StringMatch match value must have exactly one of the following: exact, "
                     "regex, prefix",
                     "keep one of them");
  }
}

void check_header_match(const api::RolloutTrafficRouting& routing,
                        const api::HeaderRoutingMatch& match, const std::string& at,
                        Problems& problems) {
  const api::StringMatch* value = match.header_value.get();
  if (!routing.alb) return check_match(value, at, problems);
  if (value && !value->exact.empty() && value->prefix.empty() && value->regex.empty()) return;
  problems.invalid(at, quote(match.header_name),
                   "SetHeaderRoute match value invalid. ALB supports 'exact' value only",
                   "set exact alone");
}

void check_managed(const api::RolloutTrafficRouting& routing, const std::string& at,
                   const std::string& name, Problems& problems) {
  if (routing.managed_routes.empty()) {
    problems.required(
        "spec.strategy.trafficRouting.managedRoutes",
        "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'",
        "list the routes that steps set");
  } else if (std::ranges::find(routing.managed_routes, name, &api::ManagedRoute::name) ==
             routing.managed_routes.end()) {
    problems.invalid(at, quote(name),
                     "Steps define a route that does not exist in "
                     "spec.strategy.canary.trafficRouting.managedRoutes",
                     "list the route there");
  }
}

void check_header_route(const api::CanaryStrategy& canary, const api::SetHeaderRoute& route,
                        const std::string& at, Problems& problems) {
  const api::RolloutTrafficRouting* routing = canary.traffic_routing.get();
  if (!routing ||
      (!routing->istio && !routing->alb && !routing->apisix && routing->plugins.empty())) {
    problems.invalid(at, quote(route.name),
                     "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix",
                     "configure one of these routers");
    return;
  }
  for (std::size_t i = 0; i < route.match.size(); ++i) {
    check_header_match(*routing, route.match[i], fmt::format("{}.match[{}]", at, i), problems);
  }
  check_managed(*routing, at, route.name, problems);
}

void check_mirror_route(const api::CanaryStrategy& canary, const api::SetMirrorRoute& route,
                        const std::string& at, Problems& problems) {
  const api::RolloutTrafficRouting* routing = canary.traffic_routing.get();
  if (!routing || (!routing->istio && routing->plugins.empty())) {
    problems.invalid(at, quote(route.name),
                     "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins",
                     "configure one of these routers");
    return;
  }
  for (std::size_t i = 0; i < route.match.size(); ++i) {
    const std::string where = fmt::format("{}.match[{}]", at, i);
    for (const api::StringMatch* match : {route.match[i].method.get(), route.match[i].path.get()}) {
      if (match) check_match(match, where, problems);
    }
  }
  check_managed(*routing, at, route.name, problems);
}

void check_experiment(const api::CanaryStrategy& canary,
                      const api::RolloutExperimentStep& experiment, const std::string& at,
                      Problems& problems) {
  const api::RolloutTrafficRouting* routing = canary.traffic_routing.get();
  for (std::size_t i = 0; i < experiment.templates.size(); ++i) {
    if (!experiment.templates[i].weight) continue;
    const std::string where = fmt::format("{}.templates[{}].weight", at, i);
    if (!routing) {
      problems.invalid(where, *experiment.templates[i].weight,
                       "Experiment template weight cannot be set unless TrafficRouting is enabled",
                       "take it away, or configure a router");
    } else if (!routing->smi && !routing->alb && !routing->istio && routing->plugins.empty()) {
      problems.invalid(where, *experiment.templates[i].weight,
                       "Experiment template weight is only available for TrafficRouting with SMI, "
                       "ALB, Istio and Plugins at this time",
                       "take it away, or use one of these routers");
    }
  }
}

}  // namespace

void check_traffic(const api::CanaryStrategy& canary, Problems& problems) {
  if (canary.ping_pong) check_ping_pong(canary, problems);
  const api::RolloutTrafficRouting* routing = canary.traffic_routing.get();
  if (!routing) {
    if (canary.scale_down_delay_seconds) {
      problems.invalid("spec.strategy.scaleDownDelaySeconds", *canary.scale_down_delay_seconds,
                       "Canary scaleDownDelaySeconds can only be used with traffic routing",
                       "take it away, or configure a router");
    }
    if (canary.dynamic_stable_scale) {
      problems.invalid("spec.strategy.dynamicStableScale", "true",
                       "Canary dynamicStableScale can only be used with traffic routing",
                       "take it away, or configure a router");
    }
    return;
  }
  if (needs_services(canary, *routing)) {
    constexpr std::string_view text =
        "Canary service and Stable service must to be set to use Traffic Routing";
    if (canary.stable_service.empty()) {
      problems.invalid("spec.strategy.stableService", quote(""), text, std::string(name_both));
    }
    if (canary.canary_service.empty()) {
      problems.invalid("spec.strategy.canaryService", quote(""), text, std::string(name_both));
    }
  }
  if (canary.dynamic_stable_scale && canary.scale_down_delay_seconds) {
    problems.invalid("spec.strategy.dynamicStableScale", "true",
                     "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds",
                     "take one of them away");
  }
  if (routing->max_traffic_weight && !routing->nginx && routing->plugins.empty()) {
    problems.invalid(
        "spec.strategy.trafficRouting.maxTrafficWeight", *routing->max_traffic_weight,
        "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
        "take it away");
  }
  check_routers(*routing, problems);
}

void check_traffic_step(const api::CanaryStrategy& canary, const api::CanaryStep& step,
                        const std::string& at, Problems& problems) {
  if (step.set_canary_scale && !canary.traffic_routing) {
    problems.required("spec.strategy.trafficRouting",
                      "SetCanaryScale requires TrafficRouting to be set",
                      "use setWeight, or configure a router");
  }
  if (step.set_header_route) {
    check_header_route(canary, *step.set_header_route, at + ".setHeaderRoute", problems);
  }
  if (step.set_mirror_route) {
    check_mirror_route(canary, *step.set_mirror_route, at + ".setMirrorRoute", problems);
  }
  if (step.experiment) check_experiment(canary, *step.experiment, at + ".experiment", problems);
}

}  // namespace slipway::rollout
