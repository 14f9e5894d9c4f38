#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/server/status.h"

namespace re2 {
class RE2;
}

namespace slipway::cluster {

/// A structural schema: the OpenAPI v3 schema of one version of a CustomResourceDefinition, read
/// once. Source: apiextensions-apiserver, `schema.Structural` and its validation by kube-openapi.
struct Schema {
  std::string type;  ///< "object", "array", "string", ...; empty: any.
  std::string format;
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;
  bool embedded_resource = false;

  std::map<std::string, Schema, std::less<>> properties;
  std::unique_ptr<Schema> additional;  ///< `additionalProperties` as a schema.
  bool any_additional = false;         ///< `additionalProperties: true`.
  std::unique_ptr<Schema> items;
  std::vector<std::string> required;
  std::vector<std::string> defaulted;  ///< The properties that have a default.
  Json default_value;
  bool has_default = false;

  Json enumeration;  ///< An array, or null.
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::optional<std::int64_t> length_min, length_max;
  std::optional<std::int64_t> items_min, items_max;
  std::optional<std::int64_t> properties_min, properties_max;
  bool unique_items = false;
  std::string pattern_text;
  std::shared_ptr<const re2::RE2> pattern;

  std::vector<Schema> all_of, any_of, one_of;
  std::unique_ptr<Schema> not_;

  std::string list_type;  ///< "atomic", "set", "map" or empty.
  std::vector<std::string> list_map_keys;
  /// A CEL rule that forbids changes (`self == oldSelf`), the only rule that is understood.
  bool immutable = false;
  std::string immutable_message;
  bool has_rules = false;  ///< CEL rules of any kind, here or below.
};

/// Reads a schema. `ignored_rules` gets the CEL rules that nobody will check.
/// *Errors*: into `errors`, under `field`: patterns that don't compile, unknown types.
Schema read_schema(const Json& json, const std::string& field, FieldErrors& errors,
                   std::vector<std::string>* ignored_rules = nullptr);

/// Drops what the schema doesn't know, and names it in `unknown`.
void prune(const Schema& schema, Json& object, std::vector<std::string>* unknown);

/// Fills in defaults, and drops nulls where no null may be.
void apply_defaults(const Schema& schema, Json& value);

/// Checks a whole object, its `metadata` apart.
void validate_against(const Schema& schema, const Json& object, FieldErrors& errors);

/// What makes a schema structural: each field has a type, and each default fits.
/// *Errors*: into `errors`, under `field`.
void validate_structure(const Schema& schema, const std::string& field, FieldErrors& errors);

/// Checks what the schema says of changes.
void validate_change(const Schema& schema, const Json& object, const Json& old,
                     const std::string& path, FieldErrors& errors);

}  // namespace slipway::cluster
