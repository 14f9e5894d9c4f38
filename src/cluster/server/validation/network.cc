#include <set>

#include "cluster/server/metadata.h"
#include "cluster/server/validation/validation.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view port_range_text = "must be between 1 and 65535, inclusive";

bool is_port(const Json& value) {
  const std::int64_t port = value.integer_or(0);
  return port >= 1 && port <= 65535;
}

void validate_service_port(const Json& port, const std::string& field, FieldErrors& errors) {
  if (!is_port(port["port"])) {
    errors.push_back(
        invalid_field(field + ".port", Json(port["port"].integer_or(0)), port_range_text));
  }
  const std::string_view protocol = port["protocol"].string_or_empty();
  if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
    errors.push_back(
        unsupported_field(field + ".protocol", port["protocol"], {"SCTP", "TCP", "UDP"}));
  }
  const Json& target = port["targetPort"];
  if (target.is_integer() && !is_port(target)) {
    errors.push_back(invalid_field(field + ".targetPort", target, port_range_text));
  }
}

void validate_service_ports(const Json& ports, FieldErrors& errors) {
  std::set<std::string> names;
  std::set<std::string> numbers;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Json& port = ports.at(i);
    const std::string field = "spec.ports[" + std::to_string(i) + "]";
    const std::string name(port["name"].string_or_empty());
    if (name.empty()) {
      if (ports.size() > 1) errors.push_back(required_field(field + ".name"));
    } else if (const std::string why = name_complaint(NameRule::label, name); !why.empty()) {
      errors.push_back(invalid_field(field + ".name", port["name"], why));
    } else if (!names.insert(name).second) {
      errors.push_back(duplicate_field(field + ".name", port["name"]));
    }
    validate_service_port(port, field, errors);
    const std::string number = std::to_string(port["port"].integer_or(0)) + "/" +
                               std::string(port["protocol"].string_or_empty());
    if (!numbers.insert(number).second) {
      errors.push_back(
          duplicate_field(field, Json::object({
                                     {"port",     port["port"]    },
                                     {"protocol", port["protocol"]}
      })));
    }
  }
}

}  // namespace

void validate_service(const Json& service, FieldErrors& errors) {
  const Json& spec = service["spec"];
  const std::string_view type = spec["type"].string_or_empty();
  if (type != "ClusterIP" && type != "NodePort" && type != "LoadBalancer" &&
      type != "ExternalName") {
    errors.push_back(unsupported_field("spec.type", spec["type"],
                                       {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}));
  }
  const Json& affinity = spec["sessionAffinity"];
  if (!affinity.is_null() && affinity.string_or_empty() != "None" &&
      affinity.string_or_empty() != "ClientIP") {
    errors.push_back(unsupported_field("spec.sessionAffinity", affinity, {"ClientIP", "None"}));
  }
  const bool headless = spec["clusterIP"].string_or_empty() == "None";
  if (spec["ports"].empty() && !headless && type != "ExternalName") {
    errors.push_back(required_field("spec.ports"));
  }
  if (type == "ExternalName" && spec["externalName"].string_or_empty().empty()) {
    errors.push_back(required_field("spec.externalName"));
  }
  validate_service_ports(spec["ports"], errors);
  validate_labels(spec["selector"], "spec.selector", errors);
}

std::vector<std::string> service_warnings(const Json& service, const Json*) {
  const Json& spec = service["spec"];
  if (spec["clusterIP"].string_or_empty() != "None" || spec["sessionAffinity"].is_null()) return {};
  return {"spec.SessionAffinity is ignored for headless services"};
}

void validate_service_status(const Json& service, FieldErrors& errors) {
  const bool is_balanced = service["spec"]["type"].string_or_empty() == "LoadBalancer";
  if (is_balanced || service["status"]["loadBalancer"]["ingress"].empty()) return;
  errors.push_back(forbidden_field("status.loadBalancer.ingress",
                                   "may only be used when `spec.type` is 'LoadBalancer'"));
}

void validate_service_update(const Json& service, const Json& old, FieldErrors& errors) {
  const Json& spec = service["spec"];
  const bool external = spec["type"].string_or_empty() == "ExternalName" ||
                        old["spec"]["type"].string_or_empty() == "ExternalName";
  if (!external && spec["clusterIP"] != old["spec"]["clusterIP"]) {
    errors.push_back(
        invalid_field("spec.clusterIPs[0]", spec["clusterIPs"], "may not change once set"));
  }
}

void validate_endpoint_slice(const Json& slice, FieldErrors& errors) {
  const Json& type = slice["addressType"];
  const std::string_view text = type.string_or_empty();
  if (text.empty()) {
    errors.push_back(required_field("addressType"));
  } else if (text != "IPv4" && text != "IPv6" && text != "FQDN") {
    errors.push_back(unsupported_field("addressType", type, {"FQDN", "IPv4", "IPv6"}));
  }
}

namespace {

void validate_backend(const Json& backend, const std::string& field, FieldErrors& errors) {
  const Json& service = backend["service"];
  if (service.is_null()) return;
  if (service["name"].string_or_empty().empty()) {
    errors.push_back(required_field(field + ".service.name"));
  }
  if (service["port"]["name"].is_null() && service["port"]["number"].is_null()) {
    errors.push_back(required_field(field + ".service.port", "port name or number is required"));
  }
}

}  // namespace

void validate_ingress(const Json& ingress, FieldErrors& errors) {
  const Json& spec = ingress["spec"];
  if (spec["rules"].empty() && spec["defaultBackend"].is_null()) {
    errors.push_back(
        invalid_field("spec", Json(""), "either `defaultBackend` or `rules` must be specified"));
  }
  validate_backend(spec["defaultBackend"], "spec.defaultBackend", errors);
  for (std::size_t i = 0; i < spec["rules"].size(); ++i) {
    const Json& paths = spec["rules"].at(i)["http"]["paths"];
    for (std::size_t k = 0; k < paths.size(); ++k) {
      const std::string field =
          "spec.rules[" + std::to_string(i) + "].http.paths[" + std::to_string(k) + "]";
      if (paths.at(k)["pathType"].is_null()) {
        errors.push_back(required_field(field + ".pathType", "pathType must be specified"));
        continue;
      }
      validate_backend(paths.at(k)["backend"], field + ".backend", errors);
    }
  }
}

}  // namespace slipway::cluster
