#include "base/text.h"
#include "cluster/server/custom/definition.h"
#include "cluster/server/custom/schema.h"
#include "cluster/server/metadata.h"
#include "cluster/server/validation/validation.h"

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

/// `schema_name` is how complaints call the version's schema.
void validate_version(const Json& version, const std::string& field, const std::string& schema_name,
                      FieldErrors& errors) {
  const Json& name = version["name"];
  if (const std::string why = name_complaint(NameRule::dns1035_label, name.string_or_empty());
      !why.empty()) {
    errors.push_back(invalid_field(field + ".name", name, why));
  }
  const Json& json = version["schema"]["openAPIV3Schema"];
  if (!json.is_object()) {
    errors.push_back(required_field(field + ".schema.openAPIV3Schema"));
    return;
  }
  const Schema schema = read_schema(json, schema_name, errors);
  if (schema.type.empty()) {
    errors.push_back(required_field(schema_name + ".type", "must not be empty at the root"));
  } else if (schema.type != "object") {
    errors.push_back(
        invalid_field(schema_name + ".type", json["type"], "must be object at the root"));
  }
  validate_structure(schema, schema_name, errors);
  const Json& scale = version["subresources"]["scale"];
  if (!scale.is_object()) return;
  for (const std::string_view key : {"specReplicasPath", "statusReplicasPath"}) {
    if (scale[key].string_or_empty().empty()) {
      errors.push_back(required_field(field + ".subresources.scale." + std::string(key)));
    }
  }
}

/// What the server itself noted of versions, where it could not tell which one is stored.
FieldError wrong_stored_versions(const Json& versions, std::size_t stored) {
  const std::string field = "status.storedVersions";
  if (stored == 0) return invalid_field(field, Json(), "must have at least one stored version");
  std::vector<Json> names;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions.at(i)["storage"].bool_or(false)) names.push_back(versions.at(i)["name"]);
  }
  return invalid_field(
      field, Json::array({names.front()}),
      "must have the storage version " + std::string(names.back().string_or_empty()));
}

void validate_versions(const Json& versions, FieldErrors& errors) {
  std::size_t stored = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const std::string field = "spec.versions[" + std::to_string(i) + "]";
    // A single version's schema is named as if it were that of all.
    validate_version(versions.at(i), field,
                     versions.size() == 1 ? "spec.validation.openAPIV3Schema"
                                          : field + ".schema.openAPIV3Schema",
                     errors);
    if (versions.at(i)["storage"].bool_or(false)) ++stored;
  }
  if (stored != 1) {
    errors.push_back(invalid_field("spec.versions", versions,
                                   "must have exactly one version marked as storage version"));
    errors.push_back(wrong_stored_versions(versions, stored));
  }
}

}  // namespace

void validate_definition(const Json& definition, FieldErrors& errors) {
  const Json& spec = definition["spec"];
  const std::string plural(spec["names"]["plural"].string_or_empty());
  const std::string group(spec["group"].string_or_empty());
  const Json& name = definition["metadata"]["name"];
  // Of one that is stored, neither the name nor what it follows from can change.
  const bool is_new = definition["metadata"]["resourceVersion"].is_null();
  if (is_new && name.string_or_empty() != plural + "." + group) {
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

void validate_definition_update(const Json& definition, const Json& old, FieldErrors& errors) {
  validate_unchanged(definition, old, "/spec/group", errors);
  if (!old["status"]["acceptedNames"]["kind"].string_or_empty().empty()) {
    for (const std::string_view field : {"/spec/scope", "/spec/names/kind", "/spec/names/plural"}) {
      validate_unchanged(definition, old, field, errors);
    }
  }
}

}  // namespace slipway::cluster
