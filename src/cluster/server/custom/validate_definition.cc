#include "base/text.h"
#include "cluster/server/custom/definition.h"
#include "cluster/server/custom/schema.h"
#include "cluster/server/metadata.h"

namespace slipway::cluster {
namespace {

void validate_names(const Json& names, FieldErrors& errors) {
  for (const std::string_view key : {"plural", "singular", "kind", "listKind"}) {
    const std::string_view text = names[key].string_or_empty();
    const std::string field = "spec.names." + std::string(key);
    if (text.empty()) {
      errors.push_back(required_field(field));
    } else if (const std::string why = name_complaint(NameRule::dns1035_label, to_lower(text));
               !why.empty()) {
      errors.push_back(invalid_field(field, names[key], why));
    }
  }
}

void validate_version(const Json& version, const std::string& field, FieldErrors& errors) {
  const Json& name = version["name"];
  if (const std::string why = name_complaint(NameRule::dns1035_label, name.string_or_empty());
      !why.empty()) {
    errors.push_back(invalid_field(field + ".name", name, why));
  }
  const Json& json = version["schema"]["openAPIV3Schema"];
  const std::string schema_field = field + ".schema.openAPIV3Schema";
  if (!json.is_object()) {
    errors.push_back(required_field(schema_field, "schemas are required"));
    return;
  }
  const Schema schema = read_schema(json, schema_field, errors);
  if (schema.type.empty()) {
    errors.push_back(required_field(schema_field + ".type", "must not be empty at the root"));
  } else if (schema.type != "object") {
    errors.push_back(
        invalid_field(schema_field + ".type", json["type"], "must be object at the root"));
  }
  const Json& scale = version["subresources"]["scale"];
  if (!scale.is_object()) return;
  for (const std::string_view key : {"specReplicasPath", "statusReplicasPath"}) {
    if (scale[key].string_or_empty().empty()) {
      errors.push_back(required_field(field + ".subresources.scale." + std::string(key)));
    }
  }
}

void validate_versions(const Json& versions, FieldErrors& errors) {
  std::size_t stored = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    validate_version(versions.at(i), "spec.versions[" + std::to_string(i) + "]", errors);
    if (versions.at(i)["storage"].bool_or(false)) ++stored;
  }
  if (stored != 1) {
    errors.push_back(invalid_field("spec.versions", versions,
                                   "must have exactly one version marked as storage version"));
  }
}

}  // namespace

void validate_definition(const Json& definition, FieldErrors& errors) {
  const Json& spec = definition["spec"];
  const std::string plural(spec["names"]["plural"].string_or_empty());
  const std::string group(spec["group"].string_or_empty());
  const Json& name = definition["metadata"]["name"];
  if (name.string_or_empty() != plural + "." + group) {
    errors.push_back(
        invalid_field("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
  }
  if (group.empty()) {
    errors.push_back(required_field("spec.group"));
  } else if (group.find('.') == std::string::npos) {
    errors.push_back(
        invalid_field("spec.group", spec["group"], "should be a domain with at least one dot"));
  }
  const std::string_view scope = spec["scope"].string_or_empty();
  if (scope.empty()) {
    errors.push_back(required_field("spec.scope"));
  } else if (scope != "Namespaced" && scope != "Cluster") {
    errors.push_back(unsupported_field("spec.scope", spec["scope"], {"Cluster", "Namespaced"}));
  }
  validate_names(spec["names"], errors);
  validate_versions(spec["versions"], errors);
}

}  // namespace slipway::cluster
