#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/box.h"
#include "api/meta.h"

namespace slipway::api {

/// TLS routes of an Istio VirtualService that the rollout splits. With both members, both match.
struct TLSRoute {
  std::int64_t port = 0;  ///< 0: any port.
  std::vector<std::string> sni_hosts;

  static constexpr void fields(auto&& visit) {
    visit("port", &TLSRoute::port);
    visit("sniHosts", &TLSRoute::sni_hosts);
  }
  bool operator==(const TLSRoute&) const = default;
};

/// TCP routes of an Istio VirtualService that the rollout splits.
struct TCPRoute {
  std::int64_t port = 0;  ///< 0: any port.

  static constexpr void fields(auto&& visit) { visit("port", &TCPRoute::port); }
  bool operator==(const TCPRoute&) const = default;
};

/// An Istio VirtualService by name ("name" or "name.namespace") and which of its routes to split.
struct IstioVirtualService {
  std::string name;
  std::vector<std::string> routes;  ///< Names of HTTP routes; may be left out if there is one.
  std::vector<TLSRoute> tls_routes;
  std::vector<TCPRoute> tcp_routes;

  static constexpr void fields(auto&& visit) {
    visit("name", &IstioVirtualService::name, Facets{.required = true});
    visit("routes", &IstioVirtualService::routes);
    visit("tlsRoutes", &IstioVirtualService::tls_routes);
    visit("tcpRoutes", &IstioVirtualService::tcp_routes);
  }
  bool operator==(const IstioVirtualService&) const = default;
};

/// An Istio DestinationRule whose subsets get the pod template hashes.
struct IstioDestinationRule {
  std::string name;
  std::string canary_subset_name;
  std::string stable_subset_name;
  std::vector<std::string> additional_subset_names;

  static constexpr void fields(auto&& visit) {
    visit("name", &IstioDestinationRule::name, Facets{.required = true});
    visit("canarySubsetName", &IstioDestinationRule::canary_subset_name, Facets{.required = true});
    visit("stableSubsetName", &IstioDestinationRule::stable_subset_name, Facets{.required = true});
    visit("additionalSubsetNames", &IstioDestinationRule::additional_subset_names);
  }
  bool operator==(const IstioDestinationRule&) const = default;
};

/// Istio: one VirtualService or several, not both.
struct IstioTrafficRouting {
  Box<IstioVirtualService> virtual_service;
  Box<IstioDestinationRule> destination_rule;
  std::vector<IstioVirtualService> virtual_services;

  static constexpr void fields(auto&& visit) {
    visit("virtualService", &IstioTrafficRouting::virtual_service);
    visit("destinationRule", &IstioTrafficRouting::destination_rule);
    visit("virtualServices", &IstioTrafficRouting::virtual_services);
  }
  bool operator==(const IstioTrafficRouting&) const = default;
};

/// ingress-nginx: one stable Ingress or several, not both.
struct NginxTrafficRouting {
  std::string annotation_prefix;  ///< Default "nginx.ingress.kubernetes.io".
  std::string stable_ingress;
  StringMap additional_ingress_annotations;  ///< For the canary Ingress, under the prefix.
  std::vector<std::string> stable_ingresses;
  StringMap canary_ingress_annotations;  ///< For the canary Ingress, as they are.

  static constexpr void fields(auto&& visit) {
    visit("annotationPrefix", &NginxTrafficRouting::annotation_prefix);
    visit("stableIngress", &NginxTrafficRouting::stable_ingress);
    visit("additionalIngressAnnotations", &NginxTrafficRouting::additional_ingress_annotations);
    visit("stableIngresses", &NginxTrafficRouting::stable_ingresses);
    visit("canaryIngressAnnotations", &NginxTrafficRouting::canary_ingress_annotations);
  }
  bool operator==(const NginxTrafficRouting&) const = default;
};

/// Whether the load balancer keeps a client at one target group, and for how long.
struct StickinessConfig {
  bool enabled = false;
  std::int64_t duration_seconds = 0;  ///< 1 to 604800.

  static constexpr void fields(auto&& visit) {
    visit("enabled", &StickinessConfig::enabled, Facets{.required = true});
    visit("durationSeconds", &StickinessConfig::duration_seconds, Facets{.required = true});
  }
  bool operator==(const StickinessConfig&) const = default;
};

/// AWS load balancer controller: one Ingress or several, not both.
struct ALBTrafficRouting {
  std::string ingress;
  std::int32_t service_port = 0;
  std::string root_service;       ///< Default: the stable service.
  std::string annotation_prefix;  ///< Default "alb.ingress.kubernetes.io".
  std::optional<StickinessConfig> stickiness_config;
  std::vector<std::string> ingresses;

  static constexpr void fields(auto&& visit) {
    visit("ingress", &ALBTrafficRouting::ingress);
    visit("servicePort", &ALBTrafficRouting::service_port, Facets{.required = true});
    visit("rootService", &ALBTrafficRouting::root_service);
    visit("annotationPrefix", &ALBTrafficRouting::annotation_prefix);
    visit("stickinessConfig", &ALBTrafficRouting::stickiness_config);
    visit("ingresses", &ALBTrafficRouting::ingresses);
  }
  bool operator==(const ALBTrafficRouting&) const = default;
};

/// Service Mesh Interface: a TrafficSplit that the controller makes.
struct SMITrafficRouting {
  std::string root_service;        ///< Default: the stable service.
  std::string traffic_split_name;  ///< Default: the Rollout's name.

  static constexpr void fields(auto&& visit) {
    visit("rootService", &SMITrafficRouting::root_service);
    visit("trafficSplitName", &SMITrafficRouting::traffic_split_name);
  }
  bool operator==(const SMITrafficRouting&) const = default;
};

/// Ambassador: names of Mappings that send traffic to the stable service.
struct AmbassadorTrafficRouting {
  std::vector<std::string> mappings;

  static constexpr void fields(auto&& visit) {
    visit("mappings", &AmbassadorTrafficRouting::mappings, Facets{.required = true});
  }
  bool operator==(const AmbassadorTrafficRouting&) const = default;
};

struct AppMeshVirtualService {
  std::string name;
  std::vector<std::string> routes;  ///< May be left out if there is one.

  static constexpr void fields(auto&& visit) {
    visit("name", &AppMeshVirtualService::name, Facets{.required = true});
    visit("routes", &AppMeshVirtualService::routes);
  }
  bool operator==(const AppMeshVirtualService&) const = default;
};

struct AppMeshVirtualNodeReference {
  std::string name;

  static constexpr void fields(auto&& visit) {
    visit("name", &AppMeshVirtualNodeReference::name, Facets{.required = true});
  }
  bool operator==(const AppMeshVirtualNodeReference&) const = default;
};

struct AppMeshVirtualNodeGroup {
  std::optional<AppMeshVirtualNodeReference> canary_virtual_node_ref;
  std::optional<AppMeshVirtualNodeReference> stable_virtual_node_ref;

  static constexpr void fields(auto&& visit) {
    visit("canaryVirtualNodeRef", &AppMeshVirtualNodeGroup::canary_virtual_node_ref,
          Facets{.required = true});
    visit("stableVirtualNodeRef", &AppMeshVirtualNodeGroup::stable_virtual_node_ref,
          Facets{.required = true});
  }
  bool operator==(const AppMeshVirtualNodeGroup&) const = default;
};

/// AWS App Mesh.
struct AppMeshTrafficRouting {
  Box<AppMeshVirtualService> virtual_service;
  Box<AppMeshVirtualNodeGroup> virtual_node_group;

  static constexpr void fields(auto&& visit) {
    visit("virtualService", &AppMeshTrafficRouting::virtual_service);
    visit("virtualNodeGroup", &AppMeshTrafficRouting::virtual_node_group);
  }
  bool operator==(const AppMeshTrafficRouting&) const = default;
};

/// Traefik: a TraefikService of weighted services.
struct TraefikTrafficRouting {
  std::string weighted_traefik_service_name;

  static constexpr void fields(auto&& visit) {
    visit("weightedTraefikServiceName", &TraefikTrafficRouting::weighted_traefik_service_name,
          Facets{.required = true});
  }
  bool operator==(const TraefikTrafficRouting&) const = default;
};

struct ApisixRoute {
  std::string name;
  std::vector<std::string> rules;  ///< Names of HTTP rules; may be left out if there is one.

  static constexpr void fields(auto&& visit) {
    visit("name", &ApisixRoute::name, Facets{.required = true});
    visit("rules", &ApisixRoute::rules);
  }
  bool operator==(const ApisixRoute&) const = default;
};

/// Apache APISIX: an ApisixRoute.
struct ApisixTrafficRouting {
  Box<ApisixRoute> route;

  static constexpr void fields(auto&& visit) { visit("route", &ApisixTrafficRouting::route); }
  bool operator==(const ApisixTrafficRouting&) const = default;
};

/// A route that the steps setHeaderRoute and setMirrorRoute may make; earlier ones win.
struct ManagedRoute {
  std::string name;

  static constexpr void fields(auto&& visit) {
    visit("name", &ManagedRoute::name, Facets{.required = true});
  }
  bool operator==(const ManagedRoute&) const = default;
};

/// `spec.strategy.canary.trafficRouting`: the routers that split traffic. Several may be set.
struct RolloutTrafficRouting {
  Box<IstioTrafficRouting> istio;
  Box<NginxTrafficRouting> nginx;
  Box<ALBTrafficRouting> alb;
  Box<SMITrafficRouting> smi;
  Box<AmbassadorTrafficRouting> ambassador;
  Box<AppMeshTrafficRouting> app_mesh;
  Box<TraefikTrafficRouting> traefik;
  std::vector<ManagedRoute> managed_routes;
  Box<ApisixTrafficRouting> apisix;
  std::map<std::string, Json, std::less<>> plugins;  ///< Configuration by plugin name.
  std::optional<std::int32_t> max_traffic_weight;    ///< What all of the traffic is. Default 100.

  static constexpr void fields(auto&& visit) {
    visit("istio", &RolloutTrafficRouting::istio);
    visit("nginx", &RolloutTrafficRouting::nginx);
    visit("alb", &RolloutTrafficRouting::alb);
    visit("smi", &RolloutTrafficRouting::smi);
    visit("ambassador", &RolloutTrafficRouting::ambassador);
    visit("appMesh", &RolloutTrafficRouting::app_mesh);
    visit("traefik", &RolloutTrafficRouting::traefik);
    visit("managedRoutes", &RolloutTrafficRouting::managed_routes);
    visit("apisix", &RolloutTrafficRouting::apisix);
    visit("plugins", &RolloutTrafficRouting::plugins);
    visit("maxTrafficWeight", &RolloutTrafficRouting::max_traffic_weight);
  }
  bool operator==(const RolloutTrafficRouting&) const = default;
};

}  // namespace slipway::api
