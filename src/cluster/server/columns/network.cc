#include "base/text.h"
#include "cluster/server/columns/columns.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view ports_more_info =
    "https://kubernetes.io/docs/concepts/services-networking/service/"
    "#virtual-ips-and-service-proxies";

const Json& name_of(const Json& object) {
  return object["metadata"]["name"];
}

std::string number_text(const Json& value) {
  return std::to_string(value.integer_or(0));
}

/// "80/TCP,443:30443/TCP"
std::string service_ports(const Json& spec) {
  std::vector<std::string> texts;
  const Json& ports = spec["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Json& port = ports.at(i);
    std::string text = number_text(port["port"]);
    if (port["nodePort"].integer_or(0) != 0) text += ":" + number_text(port["nodePort"]);
    texts.push_back(text + "/" + std::string(port["protocol"].string_or_empty()));
  }
  return texts.empty() ? "<none>" : join(texts, ",");
}

/// The addresses that a load balancer reports.
std::vector<std::string> balancer_addresses(const Json& status) {
  std::vector<std::string> texts;
  const Json& ingress = status["loadBalancer"]["ingress"];
  for (std::size_t i = 0; i < ingress.size(); ++i) {
    const std::string_view ip = ingress.at(i)["ip"].string_or_empty();
    texts.emplace_back(ip.empty() ? ingress.at(i)["hostname"].string_or_empty() : ip);
  }
  return texts;
}

std::string service_external_address(const Json& service) {
  const Json& spec = service["spec"];
  const std::string_view type = spec["type"].string_or_empty();
  if (type == "ExternalName") return std::string(spec["externalName"].string_or_empty());
  std::vector<std::string> texts;
  if (type == "LoadBalancer") texts = balancer_addresses(service["status"]);
  for (std::size_t i = 0; i < spec["externalIPs"].size(); ++i) {
    texts.emplace_back(spec["externalIPs"].at(i).string_or_empty());
  }
  if (!texts.empty()) return join(texts, ",");
  return type == "LoadBalancer" ? "<pending>" : "<none>";
}

}  // namespace

Columns service_columns() {
  return {
      {name_column(),
       {.name = "Type",
        .description =
            "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are "
            "ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a "
            "cluster-internal IP address for load-balancing to endpoints. Endpoints are "
            "determined by the selector or if that is not specified, by manual construction of an "
            "Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is "
            "allocated and the endpoints are published as a set of endpoints rather than a "
            "virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which "
            "routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort "
            "and creates an external load-balancer (if supported in the current cloud) which "
            "routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service "
            "to the specified externalName. Several other fields do not apply to ExternalName "
            "services. More info: https://kubernetes.io/docs/concepts/services-networking/service/"
            "#publishing-services-service-types"},
       {.name = "Cluster-IP",
        .description =
            "clusterIP is the IP address of the service and is usually assigned randomly. If an "
            "address is specified manually, is in-range (as per system configuration), and is not "
            "in use, it will be allocated to the service; otherwise creation of the service will "
            "fail. This field may not be changed through updates unless the type field is also "
            "being changed to ExternalName (which requires this field to be blank) or the type "
            "field is being changed from ExternalName (in which case this field may optionally be "
            "specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a "
            "valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual "
            "IP), which is useful when direct endpoint connections are preferred and proxying is "
            "not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this "
            "field is specified when creating a Service of type ExternalName, creation will fail. "
            "This field will be wiped when updating a Service to type ExternalName. More info: "
            "https://kubernetes.io/docs/concepts/services-networking/service/"
            "#virtual-ips-and-service-proxies"},
       {.name = "External-IP",
        .description =
            "externalIPs is a list of IP addresses for which nodes in the cluster will also accept "
            "traffic for this service.  These IPs are not managed by Kubernetes.  The user is "
            "responsible for ensuring that traffic arrives at a node with this IP.  A common "
            "example is external load-balancers that are not part of the Kubernetes system."},
       {.name = "Port(s)",
        .description = "The list of ports that are exposed by this service. More info: " +
                       std::string(ports_more_info)},
       age_column(),
       {.name = "Selector",
        .description =
            "Route service traffic to pods with label keys and values matching this selector. If "
            "empty or not present, the service is assumed to have an external process managing "
            "its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, "
            "NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: "
            "https://kubernetes.io/docs/concepts/services-networking/service/",
        .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& spec = object["spec"];
        return std::vector<Json>{name_of(object),
                                 spec["type"],
                                 text_or_none(spec["clusterIP"].string_or_empty()),
                                 service_external_address(object),
                                 service_ports(spec),
                                 age_cell(object, now),
                                 map_cell(spec["selector"])};
       }
  };
}

Columns endpoints_columns() {
  return {
      {name_column(),
       {.name = "Endpoints", .description = "Addresses that are ready."},
       age_column()},
      [](const Json& object, Instant now) {
        std::vector<std::string> texts;
        const Json& subsets = object["subsets"];
        for (std::size_t i = 0; i < subsets.size(); ++i) {
          const Json& ports = subsets.at(i)["ports"];
          const Json& addresses = subsets.at(i)["addresses"];
          for (std::size_t k = 0; k < std::max<std::size_t>(1, ports.size()); ++k) {
            for (std::size_t a = 0; a < addresses.size(); ++a) {
              std::string text(addresses.at(a)["ip"].string_or_empty());
              if (!ports.empty()) text += ":" + number_text(ports.at(k)["port"]);
              texts.push_back(std::move(text));
            }
          }
        }
        return std::vector<Json>{name_of(object), list_cell(texts, 3), age_cell(object, now)};
       }
  };
}

Columns endpoint_slice_columns() {
  return {
      {name_column(),
       {.name = "AddressType", .description = "What the addresses are."},
       {.name = "Ports", .description = "The ports of each endpoint."},
       {.name = "Endpoints", .description = "The endpoints' addresses."},
       age_column()},
      [](const Json& object, Instant now) {
        std::vector<std::string> ports;
        for (std::size_t i = 0; i < object["ports"].size(); ++i) {
          const Json& port = object["ports"].at(i)["port"];
          ports.push_back(port.is_integer() ? number_text(port) : "*");
        }
        std::vector<std::string> addresses;
        for (std::size_t i = 0; i < object["endpoints"].size(); ++i) {
          addresses.emplace_back(object["endpoints"].at(i)["addresses"].at(0).string_or_empty());
        }
        return std::vector<Json>{
            name_of(object), object["addressType"],
            ports.empty() ? std::string("<unset>") : list_cell(ports, 3),
            addresses.empty() ? std::string("<unset>") : list_cell(addresses, 3),
            age_cell(object, now)};
       }
  };
}

Columns ingress_columns() {
  return {
      {name_column(),
       {.name = "Class", .description = "Which controller serves it."},
       {.name = "Hosts", .description = "Hosts this ingress is for."},
       {.name = "Address", .description = "Where it is reached."},
       {.name = "Ports", .description = "Ports it serves."},
       age_column()},
      [](const Json& object, Instant now) {
        const Json& spec = object["spec"];
        std::vector<std::string> hosts;
        for (std::size_t i = 0; i < spec["rules"].size(); ++i) {
          const std::string_view host = spec["rules"].at(i)["host"].string_or_empty();
          if (!host.empty()) hosts.emplace_back(host);
        }
        return std::vector<Json>{name_of(object),
                                 text_or_none(spec["ingressClassName"].string_or_empty()),
                                 hosts.empty() ? std::string("*") : list_cell(hosts, 3),
                                 join(balancer_addresses(object["status"]), ","),
                                 spec["tls"].empty() ? "80" : "80, 443",
                                 age_cell(object, now)};
       }
  };
}

}  // namespace slipway::cluster
