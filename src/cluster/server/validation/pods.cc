#include <algorithm>
#include <set>

#include "api/quantity.h"
#include "cluster/server/metadata.h"
#include "cluster/server/validation/validation.h"

namespace slipway::cluster {
namespace {

std::string item(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

void validate_name_in_list(const Json& name, const std::string& field, std::set<std::string>& seen,
                           FieldErrors& errors) {
  const std::string text(name.string_or_empty());
  if (text.empty()) {
    errors.push_back(required_field(field));
  } else if (const std::string why = name_complaint(NameRule::label, text); !why.empty()) {
    errors.push_back(invalid_field(field, name, why));
  } else if (!seen.insert(text).second) {
    errors.push_back(duplicate_field(field, name));
  }
}

void validate_one_of(const Json& value, const std::string& field,
                     const std::vector<std::string_view>& supported, FieldErrors& errors) {
  if (value.is_null() || std::ranges::find(supported, value.string_or_empty()) != supported.end())
    return;
  errors.push_back(unsupported_field(field, value, supported));
}

void validate_container_ports(const Json& ports, const std::string& field, FieldErrors& errors) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Json& port = ports.at(i)["containerPort"];
    const std::string at = item(field, i);
    const Json& name = ports.at(i)["name"];
    if (!name.string_or_empty().empty() && !names.emplace(name.as_string()).second) {
      errors.push_back(duplicate_field(at + ".name", name));
    }
    if (port.integer_or(0) == 0) {
      errors.push_back(required_field(at + ".containerPort"));
    } else if (port.integer_or(0) < 1 || port.integer_or(0) > 65535) {
      errors.push_back(
          invalid_field(at + ".containerPort", port, "must be between 1 and 65535, inclusive"));
    }
    validate_one_of(ports.at(i)["protocol"], at + ".protocol", {"SCTP", "TCP", "UDP"}, errors);
  }
}

/// What is asked for lies within what is allowed.
void validate_resources(const Json& resources, const std::string& field, FieldErrors& errors) {
  const Json& requests = resources["requests"];
  if (!requests.is_object()) return;
  for (const auto& [name, amount] : requests.as_object()) {
    const Json& limit = resources["limits"][name];
    if (limit.is_null()) continue;
    const Result<api::Quantity> asked = api::Quantity::parse(amount.string_or_empty());
    const Result<api::Quantity> allowed = api::Quantity::parse(limit.string_or_empty());
    if (!asked || !allowed || *asked <= *allowed) continue;
    errors.push_back(invalid_field(field + ".requests", amount,
                                   "must be less than or equal to " + name + " limit of " +
                                       std::string(limit.string_or_empty())));
  }
}

void validate_environment(const Json& environment, const std::string& field, FieldErrors& errors) {
  for (std::size_t i = 0; i < environment.size(); ++i) {
    const Json& variable = environment.at(i);
    if (variable["name"].string_or_empty().empty()) {
      errors.push_back(required_field(item(field, i) + ".name"));
    }
    if (!variable["valueFrom"].is_null() && !variable["value"].string_or_empty().empty()) {
      errors.push_back(invalid_field(item(field, i) + ".valueFrom", Json(""),
                                     "may not be specified when `value` is not empty"));
    }
  }
}

void validate_mounts(const Json& mounts, const std::set<std::string>& volumes,
                     const std::string& field, FieldErrors& errors) {
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const Json& mount = mounts.at(i);
    const std::string name(mount["name"].string_or_empty());
    if (name.empty()) {
      errors.push_back(required_field(item(field, i) + ".name"));
    } else if (!volumes.contains(name)) {
      errors.push_back(
          {"FieldValueNotFound", item(field, i) + ".name", "Not found: \"" + name + "\""});
    }
    if (mount["mountPath"].string_or_empty().empty()) {
      errors.push_back(required_field(item(field, i) + ".mountPath"));
    }
  }
}

void validate_containers(const Json& containers, const std::set<std::string>& volumes,
                         const std::string& field, std::set<std::string>& names,
                         FieldErrors& errors) {
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Json& container = containers.at(i);
    const std::string at = item(field, i);
    validate_name_in_list(container["name"], at + ".name", names, errors);
    if (container["image"].string_or_empty().empty()) {
      errors.push_back(required_field(at + ".image"));
    }
    validate_one_of(container["imagePullPolicy"], at + ".imagePullPolicy",
                    {"Always", "IfNotPresent", "Never"}, errors);
    validate_container_ports(container["ports"], at + ".ports", errors);
    validate_resources(container["resources"], at + ".resources", errors);
    validate_environment(container["env"], at + ".env", errors);
    validate_mounts(container["volumeMounts"], volumes, at + ".volumeMounts", errors);
  }
}

}  // namespace

void validate_pod_spec(const Json& spec, const std::string& field, FieldErrors& errors) {
  std::set<std::string> volumes;
  for (std::size_t i = 0; i < spec["volumes"].size(); ++i) {
    validate_name_in_list(spec["volumes"].at(i)["name"], item(field + ".volumes", i) + ".name",
                          volumes, errors);
  }
  std::set<std::string> names;
  if (spec["containers"].empty()) errors.push_back(required_field(field + ".containers"));
  validate_containers(spec["containers"], volumes, field + ".containers", names, errors);
  validate_containers(spec["initContainers"], volumes, field + ".initContainers", names, errors);
  validate_one_of(spec["restartPolicy"], field + ".restartPolicy", {"Always", "OnFailure", "Never"},
                  errors);
  validate_one_of(spec["dnsPolicy"], field + ".dnsPolicy",
                  {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}, errors);
  validate_not_negative(spec, "terminationGracePeriodSeconds", field, errors);
}

void validate_pod_template(const Json& pod_template, const std::string& field,
                           FieldErrors& errors) {
  validate_labels(pod_template["metadata"]["labels"], field + ".labels", errors);
  validate_pod_spec(pod_template["spec"], field + ".spec", errors);
}

void validate_lone_pod_template(const Json& object, FieldErrors& errors) {
  validate_pod_template(object["template"], "template", errors);
}

void validate_pod(const Json& pod, FieldErrors& errors) {
  validate_pod_spec(pod["spec"], "spec", errors);
}

namespace {

/// The spec with everything blanked that a pod's update may change.
Json fixed_part(const Json& spec) {
  Json fixed = spec;
  for (const std::string_view list : {"containers", "initContainers"}) {
    Json* containers = fixed.find(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (Json& container : containers->as_array()) {
      container.erase("image");
      container.erase("imagePullPolicy");
    }
  }
  for (const std::string_view key : {"activeDeadlineSeconds", "tolerations",
                                     "terminationGracePeriodSeconds", "schedulingGates"}) {
    fixed.erase(key);
  }
  return fixed;
}

}  // namespace

void validate_pod_update(const Json& pod, const Json& old, FieldErrors& errors) {
  if (pod["spec"] == old["spec"]) return;
  bool same_containers = true;
  for (const std::string_view list : {"containers", "initContainers"}) {
    if (pod["spec"][list].size() == old["spec"][list].size()) continue;
    same_containers = false;
    errors.push_back(forbidden_field("spec." + std::string(list),
                                     "pod updates may not add or remove containers"));
  }
  if (!same_containers) return;
  if (fixed_part(pod["spec"]) == fixed_part(old["spec"])) return;
  errors.push_back(forbidden_field(
      "spec",
      "pod updates may not change fields other than "
      "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
      "`spec.tolerations` (only additions to existing tolerations),"
      "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
      "negative)"));
}

}  // namespace slipway::cluster
