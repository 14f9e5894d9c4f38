#include "api/field_table.h"

namespace slipway::api {
namespace {

Json encode_object(const TypeTable& table, const char* object);
bool is_empty_object(const TypeTable& table, const char* object);

const UnknownFields* unknown_fields(const TypeTable& table, const char* object) {
  if (table.unknown_fields < 0) return nullptr;
  return reinterpret_cast<const UnknownFields*>(object + table.unknown_fields);
}

/// Whether the value is one that Go leaves out under `omitempty`, structs included.
bool is_empty(const ValueType& type, const void* value) {
  switch (type.shape) {
    case Shape::boolean:
      return !*static_cast<const bool*>(value);
    case Shape::int32:
      return *static_cast<const std::int32_t*>(value) == 0;
    case Shape::int64:
      return *static_cast<const std::int64_t*>(value) == 0;
    case Shape::string:
      return static_cast<const std::string*>(value)->empty();
    case Shape::instant:
      return false;
    case Shape::int_or_string:
      return *static_cast<const IntOrString*>(value) == IntOrString{};
    case Shape::json:
      return static_cast<const Json*>(value)->is_null();
    case Shape::pod_template:
      return static_cast<const PodTemplate*>(value)->absent();
    case Shape::object:
      return is_empty_object(type.table(), static_cast<const char*>(value));
    case Shape::optional:
      return type.get(value) == nullptr;
    case Shape::list:
    case Shape::map:
      return type.size(value) == 0;
  }
  return false;
}

bool is_empty_object(const TypeTable& table, const char* object) {
  for (const Field& field : table.fields) {
    if (!is_empty(*field.type, object + field.offset)) return false;
  }
  const UnknownFields* unknown = unknown_fields(table, object);
  return !unknown || unknown->empty();
}

Json encode_value(const ValueType& type, const void* value) {
  switch (type.shape) {
    case Shape::boolean:
      return *static_cast<const bool*>(value);
    case Shape::int32:
      return *static_cast<const std::int32_t*>(value);
    case Shape::int64:
      return static_cast<long>(*static_cast<const std::int64_t*>(value));
    case Shape::string:
      return *static_cast<const std::string*>(value);
    case Shape::instant:
      return format_rfc3339(*static_cast<const Instant*>(value));
    case Shape::int_or_string: {
      const auto& either = *static_cast<const IntOrString*>(value);
      return either.is_string ? Json(either.text) : Json(either.number);
    }
    case Shape::json:
      return *static_cast<const Json*>(value);
    case Shape::pod_template: {
      const auto& pod_template = *static_cast<const PodTemplate*>(value);
      return pod_template.absent() ? Json() : pod_template.content();
    }
    case Shape::object:
      return encode_object(type.table(), static_cast<const char*>(value));
    case Shape::optional: {
      const void* inner = type.get(value);
      return inner ? encode_value(*type.inner, inner) : Json();
    }
    case Shape::list: {
      Json::Array items;
      const std::size_t count = type.size(value);
      items.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        items.push_back(encode_value(*type.inner, type.item(value, i)));
      }
      return items;
    }
    case Shape::map: {
      struct Entries final : MapVisitor {
        const ValueType* inner = nullptr;
        Json::Object members;
        void entry(const std::string& key, const void* entry_value) override {
          members.emplace_back(key, encode_value(*inner, entry_value));
        }
      } entries;
      entries.inner = type.inner;
      type.visit(value, entries);
      return std::move(entries.members);
    }
  }
  return {};
}

Json encode_object(const TypeTable& table, const char* object) {
  Json::Object members;
  members.reserve(table.fields.size());
  if (table.kind) {
    members.emplace_back("apiVersion", table.kind->api_version());
    members.emplace_back("kind", table.kind->kind);
  }
  for (const Field& field : table.fields) {
    const void* value = object + field.offset;
    const bool always = field.facets.required || field.facets.always_written;
    if (!always && is_empty(*field.type, value)) continue;
    members.emplace_back(std::string(field.key), encode_value(*field.type, value));
  }
  const UnknownFields* unknown = unknown_fields(table, object);
  if (unknown && !unknown->empty()) {
    const auto& kept = unknown->members()->as_object();
    members.insert(members.end(), kept.begin(), kept.end());
  }
  return members;
}

}  // namespace

Json encode_from(const TypeTable& table, const void* object) {
  return encode_object(table, static_cast<const char*>(object));
}

}  // namespace slipway::api
