#include <algorithm>

#include "api/core_schema.h"
#include "api/field_table.h"
#include "base/ensure.h"

namespace slipway::api {
namespace {

Json object_schema(const TypeTable& table);

Json keep_anything() {
  return Json::object({
      {"type",                                 "object"},
      {"x-kubernetes-preserve-unknown-fields", true    }
  });
}

Json value_schema(const ValueType& type) {
  switch (type.shape) {
    case Shape::boolean:
      return Json::object({
          {"type", "boolean"}
      });
    case Shape::int32:
      return Json::object({
          {"format", "int32"  },
          {"type",   "integer"}
      });
    case Shape::int64:
      return Json::object({
          {"format", "int64"  },
          {"type",   "integer"}
      });
    case Shape::string:
      return Json::object({
          {"type", "string"}
      });
    case Shape::instant:
      return Json::object({
          {"format", "date-time"},
          {"type",   "string"   }
      });
    case Shape::int_or_string:
      return Json::object({
          {"anyOf",
           Json::array({Json::object({{"type", "integer"}}), Json::object({{"type", "string"}})})},
          {"x-kubernetes-int-or-string", true                                                    }
      });
    case Shape::json:
      return keep_anything();
    case Shape::pod_template:
      return core_schema_json("PodTemplateSpec");
    case Shape::object:
      return object_schema(type.table());
    case Shape::optional:
      return value_schema(*type.inner);
    case Shape::list:
      return Json::object({
          {"items", value_schema(*type.inner)},
          {"type",  "array"                  }
      });
    case Shape::map:
      // What is behind a plugin's name is the plugin's own affair, not even its type is known.
      if (type.inner->shape == Shape::json) return keep_anything();
      return Json::object({
          {"additionalProperties", value_schema(*type.inner)},
          {"type",                 "object"                 }
      });
  }
  return {};
}

Json field_schema(const Field& field) {
  Json schema =
      field.facets.core_type ? core_schema_json(field.facets.core_type) : value_schema(*field.type);
  if (field.facets.schema) {
    const Result<Json> more = parse_json(std::string("{") + field.facets.schema + "}");
    ASSERT(more.has_value());
    for (const auto& [key, value] : more->as_object()) schema.set(key, value);
  }
  return schema;
}

Json object_schema(const TypeTable& table) {
  Json properties = Json::object();
  Json required = Json::array();
  if (table.kind) {
    properties.set("apiVersion", Json::object({
                                     {"type", "string"}
    }));
    properties.set("kind", Json::object({
                               {"type", "string"}
    }));
  }
  for (const Field& field : table.fields) {
    // The API server checks metadata itself and allows no schema for it.
    const bool is_metadata = table.kind && field.key == "metadata";
    properties.set(field.key, is_metadata ? Json::object({
                                                {"type", "object"}
    })
                                          : field_schema(field));
    if (field.facets.required) required.push_back(field.key);
  }
  Json schema = Json::object({
      {"type", "object"}
  });
  if (!properties.empty()) schema.set("properties", std::move(properties));
  if (!required.empty()) schema.set("required", std::move(required));
  return schema;
}

/// In the order in which people look for them, and as Argo Rollouts' files have them.
void sort_keys(Json& schema) {
  if (schema.is_array()) {
    for (Json& item : schema.as_array()) sort_keys(item);
  } else if (schema.is_object()) {
    auto& members = schema.as_object();
    std::ranges::sort(members, {}, &Json::Member::first);
    for (auto& [key, member] : members) {
      sort_keys(member);
      if (key != "required" || !member.is_array()) continue;
      std::ranges::sort(member.as_array(), {}, &Json::string_or_empty);
    }
  }
}

}  // namespace

Json schema_from(const TypeTable& table) {
  Json schema = object_schema(table);
  sort_keys(schema);
  return schema;
}

}  // namespace slipway::api
