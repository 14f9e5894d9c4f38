#include <algorithm>

#include "api/core_schema.h"

namespace slipway::api {
namespace {

constexpr const char* quantity_pattern =
    R"(^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|)"
    R"(([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$)";

/// How structs that a struct holds are written.
enum class Nested {
  spelled_out,  ///< As CustomResourceDefinitions need it.
  referred_to,  ///< As an API server publishes its own types.
};

Json struct_schema(const CoreType& type, Nested nested);

Json typed(const char* type, const char* format = nullptr) {
  Json schema = Json::object();
  schema.set("type", type);
  if (format != nullptr) schema.set("format", format);
  return schema;
}

Json integer_or_string() {
  Json schema = Json::object();
  schema.set("anyOf", Json::array({typed("integer"), typed("string")}));
  schema.set("x-kubernetes-int-or-string", true);
  return schema;
}

Json quantity_schema() {
  Json schema = integer_or_string();
  schema.set("pattern", quantity_pattern);
  return schema;
}

Json keep_unknown_fields() {
  Json schema = Json::object();
  schema.set("x-kubernetes-preserve-unknown-fields", true);
  return schema;
}

Json any_schema() {
  Json schema = keep_unknown_fields();
  schema.set("type", "object");
  return schema;
}

Json map_of(Json values) {
  Json schema = typed("object");
  schema.set("additionalProperties", std::move(values));
  return schema;
}

std::string reference_name(const CoreType& type) {
  return std::string(type.package) + "." + std::string(type.go_name);
}

Json nested_schema(const CoreType& type, Nested nested) {
  if (nested == Nested::spelled_out) {
    // The metadata of an embedded object is opaque in a CustomResourceDefinition.
    return type.name == "ObjectMeta" ? typed("object") : struct_schema(type, nested);
  }
  Json reference = Json::object();
  reference.set("$ref", "#/components/schemas/" + reference_name(type));
  return reference;
}

Json value_schema(const CoreField& field, Nested nested) {
  switch (field.value) {
    case CoreValue::string:
      return typed("string");
    case CoreValue::boolean:
      return typed("boolean");
    case CoreValue::int32:
      return typed("integer", "int32");
    case CoreValue::int64:
      return typed("integer", "int64");
    case CoreValue::quantity:
      return quantity_schema();
    case CoreValue::int_or_string:
      return integer_or_string();
    case CoreValue::time:
    case CoreValue::micro_time:
      return typed("string", "date-time");
    case CoreValue::bytes:
      return typed("string", "byte");
    case CoreValue::object:
      return nested_schema(*field.type, nested);
    case CoreValue::any:
      return any_schema();
  }
  return Json();
}

/// What Argo Rollouts' generator writes in place of the field's own schema; null for most fields.
Json overridden(const CoreType& type, const CoreField& field) {
  if (type.name == "PodTemplateSpec" && field.key == "metadata") {
    Json metadata = typed("object");
    Json& properties = metadata.member("properties");
    properties.set("annotations", map_of(typed("string")));
    properties.set("labels", map_of(typed("string")));
    return metadata;
  }
  if (type.name == "PodSpec" && field.key == "volumes") return keep_unknown_fields();
  if ((type.name == "Container" || type.name == "EphemeralContainer") && field.key == "resources") {
    Json resources = struct_schema(*field.type, Nested::spelled_out);
    Json& properties = resources.member("properties");
    properties.set("limits", keep_unknown_fields());
    properties.set("requests", keep_unknown_fields());
    return resources;
  }
  return Json();
}

Json list_schema(const CoreField& field, Json items) {
  Json schema = typed("array");
  schema.set("items", std::move(items));
  if (!field.map_keys.empty()) {
    Json::Array keys(field.map_keys.begin(), field.map_keys.end());
    schema.set("x-kubernetes-list-map-keys", Json(std::move(keys)));
    schema.set("x-kubernetes-list-type", "map");
  } else if (field.set) {
    schema.set("x-kubernetes-list-type", "set");
  } else if (field.atomic) {
    schema.set("x-kubernetes-list-type", "atomic");
  }
  return schema;
}

Json field_schema(const CoreField& field, Nested nested) {
  Json schema = value_schema(field, nested);
  if (!field.published_default.is_null()) schema.set("default", field.published_default);
  if (field.shape == CoreShape::list) schema = list_schema(field, std::move(schema));
  if (field.shape == CoreShape::map) schema = map_of(std::move(schema));
  if (field.shape != CoreShape::list && field.atomic) {
    schema.set("x-kubernetes-map-type", "atomic");
  }
  if (nested == Nested::referred_to && field.merge) {
    if (!field.merge_key.empty()) schema.set("x-kubernetes-patch-merge-key", field.merge_key);
    schema.set("x-kubernetes-patch-strategy", field.retain_keys ? "merge,retainKeys" : "merge");
  }
  return schema;
}

Json struct_schema(const CoreType& type, Nested nested) {
  std::vector<const CoreField*> fields;
  for (const CoreField& field : type.fields) fields.push_back(&field);
  std::ranges::sort(fields, {}, &CoreField::key);

  Json properties = Json::object();
  Json required = Json::array();
  for (const CoreField* field : fields) {
    Json schema = nested == Nested::spelled_out ? overridden(type, *field) : Json();
    if (schema.is_null()) schema = field_schema(*field, nested);
    properties.set(field->key, std::move(schema));
    if (field->required) required.push_back(field->key);
  }
  Json schema = typed("object");
  if (!properties.empty()) schema.set("properties", std::move(properties));
  if (!required.empty()) schema.set("required", std::move(required));
  if (type.atomic) schema.set("x-kubernetes-map-type", "atomic");
  return schema;
}

}  // namespace

Json core_schema_json(std::string_view type_name) {
  const CoreType* type = find_core_type(type_name);
  return type == nullptr ? Json() : struct_schema(*type, Nested::spelled_out);
}

Json core_openapi_schemas() {
  Json schemas = Json::object();
  for (const CoreType& type : core_types()) {
    if (type.package == "io.argoproj.v1alpha1") continue;  // Served by their own definitions.
    schemas.set(reference_name(type), struct_schema(type, Nested::referred_to));
  }
  return schemas;
}

}  // namespace slipway::api
