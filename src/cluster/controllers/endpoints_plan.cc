#include "cluster/controllers/endpoints_plan.h"

#include "base/hash.h"

namespace slipway::cluster {

namespace {

constexpr std::size_t slice_limit = 100;

/// A Service's port as one set of pods serves it.
struct ServedPort {
  std::string name;
  std::int64_t number = 0;
  std::string protocol;
  std::string app_protocol;
  auto operator<=>(const ServedPort&) const = default;
};
using ServedPorts = std::vector<ServedPort>;

std::string text_of(const Json& value) {
  return std::string(value.string_or_empty());
}

/// The number of the container port of that name; nothing where the pod has none.
std::optional<std::int64_t> named_port(const CachedPod& pod, std::string_view name,
                                       std::string_view protocol) {
  const Json& containers = pod.content["spec"]["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Json& ports = containers.at(i)["ports"];
    for (std::size_t j = 0; j < ports.size(); ++j) {
      const std::string_view of = ports.at(j)["protocol"].string_or_empty();
      if (ports.at(j)["name"].string_or_empty() == name && (of.empty() ? "TCP" : of) == protocol) {
        return ports.at(j)["containerPort"].integer_or(0);
      }
    }
  }
  return std::nullopt;
}

/// Ports whose name this pod does not have are left out, as the real controllers do.
ServedPorts ports_on(const CachedService& service, const CachedPod& pod) {
  ServedPorts served;
  const Json& ports = service.content["spec"]["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Json& port = ports.at(i);
    const std::string protocol =
        port["protocol"].is_string() ? text_of(port["protocol"]) : std::string("TCP");
    const Json& target = port["targetPort"];
    std::optional<std::int64_t> number = target.integer_or(port["port"].integer_or(0));
    if (target.is_string()) number = named_port(pod, target.as_string(), protocol);
    if (!number) continue;
    served.push_back({text_of(port["name"]), *number, protocol, text_of(port["appProtocol"])});
  }
  return served;
}

Json port_json(const ServedPort& port, bool with_empty_name) {
  Json json = Json::object();
  if (with_empty_name || !port.name.empty()) json.set("name", port.name);
  json.set("port", port.number);
  json.set("protocol", port.protocol);
  if (!port.app_protocol.empty()) json.set("appProtocol", port.app_protocol);
  return json;
}

Json ports_json(const ServedPorts& ports, bool with_empty_name) {
  Json json = Json::array();
  for (const ServedPort& port : ports) json.push_back(port_json(port, with_empty_name));
  return json;
}

Json target_reference(const api::Pod& pod) {
  return Json::object({
      {"kind",      "Pod"                  },
      {"namespace", pod.metadata.namespace_},
      {"name",      pod.metadata.name      },
      {"uid",       pod.metadata.uid       },
  });
}

bool publishes_not_ready(const CachedService& service) {
  return service.content["spec"]["publishNotReadyAddresses"].bool_or(false);
}

bool is_headless(const CachedService& service) {
  return service.content["spec"]["clusterIP"].string_or_empty() == "None";
}

/// Whether the pod has an address that someone may want to know.
bool has_address(const api::Pod& pod) {
  return !pod.status.pod_ip.empty() && !is_finished(pod);
}

/// The Service's labels and those that say who wrote the object.
Json labels_of(const CachedService& service, std::initializer_list<Json::Member> ours) {
  Json labels = Json::object();
  for (const auto& [key, value] : service.metadata.labels) labels.set(key, value);
  for (const auto& [key, value] : ours) labels.set(key, value);
  if (is_headless(service)) labels.set("service.kubernetes.io/headless", "");
  return labels;
}

Json endpoint_of(const CachedService& service, const CachedPod& pod) {
  const bool terminating = pod.metadata.deletion_timestamp.has_value();
  const bool serving = is_ready(pod) || publishes_not_ready(service);
  Json endpoint = Json::object({
      {"addresses",  Json::array({pod.status.pod_ip})},
      {"conditions", Json::object({
                         {"ready", publishes_not_ready(service) || (serving && !terminating)},
                         {"serving", serving},
                         {"terminating", terminating},
                     })          },
      {"targetRef",  target_reference(pod)           },
  });
  if (!pod.spec.node_name.empty()) endpoint.set("nodeName", pod.spec.node_name);
  return endpoint;
}

/// The same for the same Service and place, and no other: a second attempt meets the first.
std::string slice_name(const CachedService& service, std::size_t index) {
  Fnv32a hash;
  hash.add(fmt::format("{}/{}", service.metadata.uid, index));
  constexpr std::size_t base_limit = 52;
  return service.metadata.name.substr(0, base_limit) + "-" + safe_encode(hash.value());
}

Json slice_of(const CachedService& service, std::size_t index, const ServedPorts& ports,
              Json endpoints) {
  return Json::object({
      {"apiVersion", "discovery.k8s.io/v1"},
      {"kind", "EndpointSlice"},
      {"metadata",
       Json::object({
           {"name", slice_name(service, index)},
           {"generateName", service.metadata.name + "-"},
           {"namespace", service.metadata.namespace_},
           {"labels", labels_of(service, {{"kubernetes.io/service-name", service.metadata.name},
                                          {"endpointslice.kubernetes.io/managed-by",
                                           "endpointslice-controller.k8s.io"}})},
           {"ownerReferences", Json::array({Json::object({
                                   {"apiVersion", "v1"},
                                   {"kind", "Service"},
                                   {"name", service.metadata.name},
                                   {"uid", service.metadata.uid},
                                   {"controller", true},
                                   {"blockOwnerDeletion", true},
                               })})},
       })},
      {"addressType", "IPv4"},
      {"endpoints", std::move(endpoints)},
      {"ports", ports_json(ports, true)},
  });
}

}  // namespace

bool selects_pods(const CachedService& service) {
  return !service.content["spec"]["selector"].empty() &&
         service.content["spec"]["type"].string_or_empty() != "ExternalName";
}

bool selects(const CachedService& service, const api::Pod& pod) {
  if (!selects_pods(service)) return false;
  for (const auto& [key, value] : service.content["spec"]["selector"].as_object()) {
    const std::string* label = pod.metadata.label(key);
    if (label == nullptr || *label != value.string_or_empty()) return false;
  }
  return true;
}

Json desired_endpoints(const CachedService& service, const std::vector<PodPointer>& pods) {
  struct Subset {
    Json ready = Json::array();
    Json not_ready = Json::array();
  };
  std::map<ServedPorts, Subset> by_ports;
  for (const PodPointer& pod : pods) {
    if (!selects(service, *pod) || !has_address(*pod)) continue;
    if (pod->metadata.deletion_timestamp && !publishes_not_ready(service)) continue;
    Json address = Json::object({
        {"ip",        pod->status.pod_ip    },
        {"targetRef", target_reference(*pod)},
    });
    if (!pod->spec.node_name.empty()) address.set("nodeName", pod->spec.node_name);
    Subset& subset = by_ports[ports_on(service, *pod)];
    const bool ready = is_ready(*pod) || publishes_not_ready(service);
    (ready ? subset.ready : subset.not_ready).push_back(std::move(address));
  }
  Json subsets = Json::array();
  for (auto& [ports, found] : by_ports) {
    Json subset = Json::object();
    if (!found.ready.empty()) subset.set("addresses", std::move(found.ready));
    if (!found.not_ready.empty()) subset.set("notReadyAddresses", std::move(found.not_ready));
    if (!ports.empty()) subset.set("ports", ports_json(ports, false));
    subsets.push_back(std::move(subset));
  }
  Json endpoints = Json::object({
      {"apiVersion", "v1"              },
      {"kind",       "Endpoints"       },
      {"metadata",   Json::object({
                       {"name", service.metadata.name},
                       {"namespace", service.metadata.namespace_},
                       {"labels", labels_of(service, {{"endpoints.kubernetes.io/managed-by",
                                                       "endpoint-controller"}})},
                   })},
  });
  if (!subsets.empty()) endpoints.set("subsets", std::move(subsets));
  return endpoints;
}

std::vector<Json> desired_slices(const CachedService& service,
                                 const std::vector<PodPointer>& pods) {
  std::map<ServedPorts, Json> by_ports;
  for (const PodPointer& pod : pods) {
    if (!selects(service, *pod) || !has_address(*pod)) continue;
    by_ports[ports_on(service, *pod)].push_back(endpoint_of(service, *pod));
  }
  std::vector<Json> slices;
  for (auto& [ports, endpoints] : by_ports) {
    Json::Array& all = endpoints.as_array();
    for (std::size_t at = 0; at < all.size(); at += slice_limit) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(at);
      const auto last =
          all.begin() + static_cast<std::ptrdiff_t>(std::min(at + slice_limit, all.size()));
      slices.push_back(slice_of(service, slices.size(), ports, Json(Json::Array(first, last))));
    }
  }
  if (slices.empty()) slices.push_back(slice_of(service, 0, {}, Json::array()));
  return slices;
}

}  // namespace slipway::cluster
