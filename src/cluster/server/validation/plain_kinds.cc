#include <algorithm>

#include "cluster/server/validation/validation.h"

namespace slipway::cluster {
namespace {

constexpr std::size_t data_size_max = 1024 * 1024;

/// ConfigMap and Secret keys: file names.
bool is_data_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && key != "." && key != ".." && !key.starts_with("..") &&
         std::ranges::all_of(key, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

void validate_config_map(const Json& config_map, FieldErrors& errors) {
  std::size_t size = 0;
  for (const std::string_view list : {"data", "binaryData"}) {
    const Json& data = config_map[list];
    if (!data.is_object()) continue;
    for (const auto& [key, value] : data.as_object()) {
      size += value.string_or_empty().size();
      if (list == "data" && config_map["binaryData"].find(key) != nullptr) {
        errors.push_back(invalid_field("data[" + key + "]", Json(std::string_view(key)),
                                       "duplicate of key present in binaryData"));
      }
      if (is_data_key(key)) continue;
      errors.push_back(invalid_field(
          std::string(list) + "[" + key + "]", Json(std::string_view(key)),
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
          "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
          "'[-._a-zA-Z0-9]+')"));
    }
  }
  if (size > data_size_max) {
    errors.push_back(too_long_field("", static_cast<std::int64_t>(data_size_max)));
  }
}

void validate_config_map_update(const Json& config_map, const Json& old, FieldErrors& errors) {
  if (!old["immutable"].bool_or(false)) return;
  if (!config_map["immutable"].bool_or(false)) {
    errors.push_back(forbidden_field("immutable", "field is immutable when `immutable` is set"));
  }
  for (const std::string_view key : {"data", "binaryData"}) {
    if (config_map[key] != old[key]) {
      errors.push_back(
          forbidden_field(std::string(key), "field is immutable when `immutable` is set"));
    }
  }
}

void validate_secret_update(const Json& secret, const Json& old, FieldErrors& errors) {
  validate_unchanged(secret, old, "/type", errors);
  validate_config_map_update(secret, old, errors);
}

void validate_namespace_status(const Json& object, FieldErrors& errors) {
  const Json& phase = object["status"]["phase"];
  const bool is_ending = !object["metadata"]["deletionTimestamp"].is_null();
  const std::string_view wanted = is_ending ? "Terminating" : "Active";
  if (phase.string_or_empty() == wanted) return;
  errors.push_back(invalid_field("status.Phase", phase,
                                 "may only be '" + std::string(wanted) +
                                     "' if `deletionTimestamp` is " +
                                     (is_ending ? "not empty" : "empty")));
}

void validate_event(const Json& event, FieldErrors& errors) {
  const std::string_view namespace_ = event["metadata"]["namespace"].string_or_empty();
  const Json& about = event["involvedObject"]["namespace"];
  const std::string_view text = about.string_or_empty();
  // Events about cluster-scoped objects live in the default namespace.
  if (text.empty() ? namespace_ != "default" && namespace_ != "kube-system" : text != namespace_) {
    errors.push_back(
        invalid_field("involvedObject.namespace", Json(text), "does not match event.namespace"));
  }
}

void validate_lease(const Json& lease, FieldErrors& errors) {
  const Json& spec = lease["spec"];
  const Json& seconds = spec["leaseDurationSeconds"];
  if (seconds.is_integer() && seconds.as_integer() <= 0) {
    errors.push_back(invalid_field("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  }
  validate_not_negative(spec, "leaseTransitions", "spec", errors);
}

}  // namespace slipway::cluster
