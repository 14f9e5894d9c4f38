#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rollout/named_objects.h"

/// Istio's VirtualServices that a Rollout names: each must have the routes that are to be weighed,
/// and these the two destinations.
namespace slipway::rollout {
namespace {

/// The two destinations between which a route is to divide, as they are told apart.
struct Destinations {
  const api::IstioDestinationRule* rule;  ///< By subset; null: by host.
  std::string canary_service;
  std::string stable_service;
};

Destinations destinations_of(const api::CanaryStrategy& canary) {
  const api::IstioTrafficRouting& istio = *canary.traffic_routing->istio;
  return {
      .rule = istio.destination_rule.get(),
      .canary_service = canary.ping_pong ? canary.ping_pong->pong_service : canary.canary_service,
      .stable_service = canary.ping_pong ? canary.ping_pong->ping_service : canary.stable_service};
}

/// What is wrong with the destinations of one route; empty for nothing.
std::string wrong_destinations(const Json& route, const Destinations& wanted) {
  const auto has = [&](auto&& matches) {
    return any_item(route["route"], [&](const Json& each) { return matches(each["destination"]); });
  };
  const auto has_subset = [&](const std::string& subset) {
    return has([&](const Json& at) { return at["subset"].string_or_empty() == subset; });
  };
  const auto has_host = [&](const std::string& service) {
    return has([&](const Json& at) {
      const std::string_view host = at["host"].string_or_empty();
      return host.substr(0, host.find('.')) == service;
    });
  };
  if (wanted.rule != nullptr) {
    const std::string& canary = wanted.rule->canary_subset_name;
    const std::string& stable = wanted.rule->stable_subset_name;
    if (!has_subset(canary)) {
      return fmt::format("Canary DestinationRule subset '{}' not found in route", canary);
    }
    if (!has_subset(stable)) {
      return fmt::format("Stable DestinationRule subset '{}' not found in route", stable);
    }
    return {};
  }
  if (!has_host(wanted.canary_service)) {
    return fmt::format("Canary Service '{}' not found in route", wanted.canary_service);
  }
  if (!has_host(wanted.stable_service)) {
    return fmt::format("Stable Service '{}' not found in route", wanted.stable_service);
  }
  return {};
}

using Routes = std::vector<const Json*>;

std::string first_wrong(const Routes& routes, const Destinations& wanted) {
  for (const Json* route : routes) {
    if (std::string wrong = wrong_destinations(*route, wanted); !wrong.empty()) return wrong;
  }
  return {};
}

std::string must_be_one(std::string_view protocol, std::string_view field) {
  return fmt::format(
      "spec.{}[] should be set in VirtualService and it must have exactly one route when omitting "
      "spec.strategy.canary.trafficRouting.istio.virtualService.{}",
      protocol, field);
}

std::string wrong_http(const api::Rollout& rollout, const api::IstioVirtualService& named,
                       const Json::Array& http, const Destinations& wanted) {
  const auto& managed = rollout.spec.strategy.canary->traffic_routing->managed_routes;
  const auto is_managed = [&](std::string_view name) {
    return std::ranges::any_of(managed, [&](const auto& route) { return route.name == name; });
  };
  Routes routes;
  if (named.routes.empty()) {
    for (const Json& route : http) {
      if (!is_managed(route["name"].string_or_empty())) routes.push_back(&route);
    }
    if (routes.size() != 1) return must_be_one("http", "routes");
  }
  for (const std::string& name : named.routes) {
    const auto found = std::ranges::find_if(
        http, [&](const Json& route) { return route["name"].string_or_empty() == name; });
    if (found == http.end()) {
      return fmt::format("HTTP Route '{}' is not found in the defined Virtual Service.", name);
    }
    routes.push_back(&*found);
  }
  return first_wrong(routes, wanted);
}

bool is_port(const Json& match, std::int64_t port) {
  return port == 0 || match["port"].integer_or(0) == port;
}

bool matches_tls(const Json& route, const api::TLSRoute& named) {
  return any_item(route["match"], [&](const Json& match) {
    const auto has = [&](const std::string& host) {
      return any_item(match["sniHosts"],
                      [&](const Json& each) { return each.string_or_empty() == host; });
    };
    return is_port(match, named.port) && std::ranges::all_of(named.sni_hosts, has);
  });
}

bool matches_tcp(const Json& route, const api::TCPRoute& named) {
  return any_item(route["match"], [&](const Json& match) { return is_port(match, named.port); });
}

/// The same for TLS and TCP, whose routes have no names.
template <class Named>
std::string wrong_nameless(const std::vector<Named>& named, const Json::Array& all,
                           bool (*matches)(const Json&, const Named&), std::string_view protocol,
                           std::string_view field, const Destinations& wanted) {
  Routes routes;
  for (const Json& route : all) {
    const bool is_meant = named.empty() || std::ranges::any_of(named, [&](const Named& each) {
                            return matches(route, each);
                          });
    if (is_meant) routes.push_back(&route);
  }
  if (named.empty() && routes.size() != 1) return must_be_one(protocol, field);
  if (routes.empty()) {
    return fmt::format("No matching {} routes found in the defined Virtual Service.",
                       protocol == "tls" ? "TLS" : "TCP");
  }
  return first_wrong(routes, wanted);
}

class VirtualServiceCheck {
 public:
  VirtualServiceCheck(const api::Rollout& rollout, const FindObject& find, std::string field,
                      Problems& problems)
      : rollout_(rollout),
        find_(find),
        field_("spec.strategy.canary.trafficRouting.istio." + std::move(field)),
        wanted_(destinations_of(*rollout.spec.strategy.canary)),
        problems_(problems) {}

  void check(const api::IstioVirtualService& named) {
    const NamedObject name =
        routed_object(rollout_, "networking.istio.io", "VirtualService", named.name);
    found_ = quote(name.name);
    const Json* object = find_(name);
    if (object == nullptr) {
      return tell(fmt::format("virtualservices.networking.istio.io {} not found", found_),
                  "create the VirtualService; the Rollout then goes on by itself");
    }
    const Json& spec = (*object)["spec"];
    if (spec["http"].is_null() && spec["tls"].is_null() && spec["tcp"].is_null()) {
      return tell("Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService",
                  "give the VirtualService a route to both destinations");
    }
    // Compat: where some routes are named, a protocol of which none is named is not looked at.
    const bool names_any =
        !named.routes.empty() || !named.tls_routes.empty() || !named.tcp_routes.empty();
    if (!names_any || !named.routes.empty()) {
      check_protocol("HTTP", spec["http"], !named.routes.empty(), [&](const Json::Array& routes) {
        return wrong_http(rollout_, named, routes, wanted_);
      });
    }
    if (!names_any || !named.tls_routes.empty()) {
      check_protocol("TLS", spec["tls"], !named.tls_routes.empty(), [&](const Json::Array& routes) {
        return wrong_nameless(named.tls_routes, routes, matches_tls, "tls", "tlsRoutes", wanted_);
      });
    }
    if (!names_any || !named.tcp_routes.empty()) {
      check_protocol("TCP", spec["tcp"], !named.tcp_routes.empty(), [&](const Json::Array& routes) {
        return wrong_nameless(named.tcp_routes, routes, matches_tcp, "tcp", "tcpRoutes", wanted_);
      });
    }
  }

 private:
  void tell(const std::string& text, std::string hint) {
    problems_.invalid(field_, found_, text, std::move(hint));
  }

  void check_protocol(std::string_view protocol, const Json& all, bool is_named,
                      auto&& wrong_with) {
    if (all.is_null() && !is_named) return;
    const Json& routes = all.is_null() ? no_routes_ : all;
    const auto is_object = [](const Json& route) { return route.is_object(); };
    if (!routes.is_array() || !std::ranges::all_of(routes.as_array(), is_object)) {
      return tell(fmt::format("Unable to get {} routes for Istio VirtualService", protocol),
                  "make them a list of objects");
    }
    const std::string wrong = wrong_with(routes.as_array());
    if (wrong.empty()) return;
    tell(fmt::format("Istio VirtualService has invalid {} routes. Error: {}", protocol, wrong),
         "name routes that the VirtualService has, each with both destinations");
  }

  const api::Rollout& rollout_;
  const FindObject& find_;
  std::string field_;
  Destinations wanted_;
  Problems& problems_;
  std::string found_;
  const Json no_routes_ = Json::array();
};

}  // namespace

void check_virtual_services(const api::Rollout& rollout, const FindObject& find,
                            Problems& problems) {
  const auto& istio = rollout.spec.strategy.canary->traffic_routing->istio;
  if (!istio) return;
  if (istio->virtual_service) {
    VirtualServiceCheck(rollout, find, "virtualService.name", problems)
        .check(*istio->virtual_service);
  }
  VirtualServiceCheck many(rollout, find, "virtualServices.name", problems);
  for (const api::IstioVirtualService& each : istio->virtual_services) many.check(each);
}

}  // namespace slipway::rollout
