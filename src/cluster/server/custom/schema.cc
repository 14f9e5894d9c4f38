#include "cluster/server/custom/schema.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"

namespace slipway::cluster {
namespace {

/// Reads one schema and those within it.
class SchemaReader {
 public:
  SchemaReader(FieldErrors& errors, std::vector<std::string>* ignored_rules)
      : errors_(errors), ignored_rules_(ignored_rules) {}

  Schema read(const Json& json, const std::string& field) {
    Schema schema;
    schema.type = json["type"].string_or_empty();
    schema.format = json["format"].string_or_empty();
    schema.nullable = json["nullable"].bool_or(false);
    schema.int_or_string = json["x-kubernetes-int-or-string"].bool_or(false);
    schema.preserve_unknown = json["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    schema.embedded_resource = json["x-kubernetes-embedded-resource"].bool_or(false);
    if (const Json* value = json.find("default")) {
      schema.default_value = *value;
      schema.has_default = true;
    }
    schema.list_type = json["x-kubernetes-list-type"].string_or_empty();
    schema.list_map_keys = texts(json["x-kubernetes-list-map-keys"]);
    check_type(schema, field);
    read_bounds(json, field, schema);
    read_children(json, field, schema);
    read_combinations(json, field, schema);
    read_rules(json, schema);
    schema.has_rules = !json["x-kubernetes-validations"].empty() || has_rules_below(schema);
    return schema;
  }

 private:
  static std::vector<std::string> texts(const Json& list) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < list.size(); ++i) texts.emplace_back(list.at(i).string_or_empty());
    return texts;
  }
  static bool has_rules_below(const Schema& schema) {
    return (schema.additional && schema.additional->has_rules) ||
           (schema.items && schema.items->has_rules) ||
           std::ranges::any_of(schema.properties,
                               [](const auto& property) { return property.second.has_rules; });
  }
  static std::optional<double> number(const Json& value) {
    return value.is_number() ? std::optional(value.as_double()) : std::nullopt;
  }
  static std::optional<std::int64_t> count(const Json& value) {
    return value.is_integer() ? std::optional(value.as_integer()) : std::nullopt;
  }

  void check_type(const Schema& schema, const std::string& field) {
    for (const std::string_view known :
         {"", "object", "array", "string", "integer", "number", "boolean"}) {
      if (schema.type == known) return;
    }
    errors_.push_back(
        unsupported_field(field + ".type", Json(std::string_view(schema.type)),
                          {"array", "boolean", "integer", "number", "object", "string"}));
  }

  void read_bounds(const Json& json, const std::string& field, Schema& schema) {
    if (json["enum"].is_array()) schema.enumeration = json["enum"];
    schema.minimum = number(json["minimum"]);
    schema.maximum = number(json["maximum"]);
    schema.multiple_of = number(json["multipleOf"]);
    schema.exclusive_minimum = json["exclusiveMinimum"].bool_or(false);
    schema.exclusive_maximum = json["exclusiveMaximum"].bool_or(false);
    schema.length_min = count(json["minLength"]);
    schema.length_max = count(json["maxLength"]);
    schema.items_min = count(json["minItems"]);
    schema.items_max = count(json["maxItems"]);
    schema.properties_min = count(json["minProperties"]);
    schema.properties_max = count(json["maxProperties"]);
    schema.unique_items = json["uniqueItems"].bool_or(false);
    schema.pattern_text = json["pattern"].string_or_empty();
    if (schema.pattern_text.empty()) return;
    auto pattern = std::make_shared<re2::RE2>(schema.pattern_text, re2::RE2::Quiet);
    if (pattern->ok()) {
      schema.pattern = std::move(pattern);
    } else {
      errors_.push_back(
          invalid_field(field + ".pattern", Json(std::string_view(schema.pattern_text)),
                        "must be a valid regular expression, but isn't: " + pattern->error()));
    }
  }

  void read_children(const Json& json, const std::string& field, Schema& schema) {
    schema.required = texts(json["required"]);
    if (json["properties"].is_object()) {
      for (const auto& [name, property] : json["properties"].as_object()) {
        schema.properties.emplace(name, read(property, field + ".properties[" + name + "]"));
        if (property.find("default") != nullptr) schema.defaulted.push_back(name);
      }
    }
    const Json& additional = json["additionalProperties"];
    if (additional.is_object()) {
      schema.additional =
          std::make_unique<Schema>(read(additional, field + ".additionalProperties"));
    }
    schema.any_additional = additional.bool_or(false);
    if (json["items"].is_object()) {
      schema.items = std::make_unique<Schema>(read(json["items"], field + ".items"));
    }
  }

  void read_combinations(const Json& json, const std::string& field, Schema& schema) {
    const auto read_list = [&](std::string_view key, std::vector<Schema>& into) {
      const Json& list = json[key];
      for (std::size_t i = 0; i < list.size(); ++i) {
        into.push_back(
            read(list.at(i), field + "." + std::string(key) + "[" + std::to_string(i) + "]"));
      }
    };
    read_list("allOf", schema.all_of);
    read_list("anyOf", schema.any_of);
    read_list("oneOf", schema.one_of);
    if (json["not"].is_object()) {
      schema.not_ = std::make_unique<Schema>(read(json["not"], field + ".not"));
    }
  }

  void read_rules(const Json& json, Schema& schema) {
    const Json& rules = json["x-kubernetes-validations"];
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const std::string_view rule = trim(rules.at(i)["rule"].string_or_empty());
      if (rule == "self == oldSelf" || rule == "oldSelf == self") {
        schema.immutable = true;
        schema.immutable_message = rules.at(i)["message"].string_or_empty();
      } else if (ignored_rules_ != nullptr) {
        ignored_rules_->emplace_back(rule);
      }
    }
  }

  FieldErrors& errors_;
  std::vector<std::string>* ignored_rules_;
};

/// Fields of every object that schemas leave unsaid.
bool is_object_meta_key(std::string_view key) {
  return key == "kind" || key == "apiVersion" || key == "metadata";
}

void prune_at(const Schema& schema, Json& value, const std::string& path, bool root,
              std::vector<std::string>* unknown) {
  if (value.is_array()) {
    if (!schema.items) return;
    Json::Array& items = value.as_array();
    for (std::size_t i = 0; i < items.size(); ++i) {
      prune_at(*schema.items, items[i], path + "[" + std::to_string(i) + "]", false, unknown);
    }
    return;
  }
  if (!value.is_object()) return;
  const bool has_meta = root || schema.embedded_resource;
  std::erase_if(value.as_object(), [&](Json::Member& member) {
    const std::string& key = member.first;
    if (has_meta && is_object_meta_key(key)) return false;
    const std::string here = path.empty() ? key : path + "." + key;
    const auto property = schema.properties.find(key);
    if (property != schema.properties.end()) {
      prune_at(property->second, member.second, here, false, unknown);
      return false;
    }
    if (schema.additional) {
      prune_at(*schema.additional, member.second, here, false, unknown);
      return false;
    }
    if (schema.preserve_unknown || schema.any_additional) return false;
    if (unknown != nullptr) unknown->push_back(here);
    return true;
  });
}

/// What the schema says of a member: a property, or one of any other name. Null where it says
/// nothing.
const Schema* schema_of(const Schema& schema, std::string_view key) {
  const auto property = schema.properties.find(key);
  return property != schema.properties.end() ? &property->second : schema.additional.get();
}

// Objects are mostly as the schema wants them. To see that is cheap, and what is not changed stays
// shared with the version before.

/// There is nothing to prune.
bool is_known(const Schema& schema, const Json& value, bool root) {
  if (value.is_array()) {
    return !schema.items || std::ranges::all_of(value.as_array(), [&](const Json& item) {
      return is_known(*schema.items, item, false);
    });
  }
  if (!value.is_object()) return true;
  const bool has_meta = root || schema.embedded_resource;
  return std::ranges::all_of(value.as_object(), [&](const Json::Member& member) {
    if (has_meta && is_object_meta_key(member.first)) return true;
    const Schema* below = schema_of(schema, member.first);
    if (below != nullptr) return is_known(*below, member.second, false);
    return schema.preserve_unknown || schema.any_additional;
  });
}

/// No default is missing, and no null is where none may be.
bool is_complete(const Schema& schema, const Json& value) {
  if (value.is_array()) {
    return !schema.items || std::ranges::all_of(value.as_array(), [&](const Json& item) {
      return is_complete(*schema.items, item);
    });
  }
  if (!value.is_object()) return true;
  const bool has_all = std::ranges::all_of(
      schema.defaulted, [&](const std::string& name) { return value.find(name) != nullptr; });
  return has_all && std::ranges::all_of(value.as_object(), [&](const Json::Member& member) {
           const Schema* below = schema_of(schema, member.first);
           if (below == nullptr) return true;
           if (member.second.is_null()) return below->nullable;
           return is_complete(*below, member.second);
         });
}

}  // namespace

Schema read_schema(const Json& json, const std::string& field, FieldErrors& errors,
                   std::vector<std::string>* ignored_rules) {
  return SchemaReader(errors, ignored_rules).read(json, field);
}

void prune(const Schema& schema, Json& object, std::vector<std::string>* unknown) {
  if (!is_known(schema, object, true)) prune_at(schema, object, "", true, unknown);
}

void apply_defaults(const Schema& schema, Json& value) {
  if (is_complete(schema, value)) return;
  if (value.is_array() && schema.items) {
    for (Json& item : value.as_array()) apply_defaults(*schema.items, item);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [name, property] : schema.properties) {
    Json* present = value.find(name);
    if (present != nullptr && present->is_null() && !property.nullable) {
      value.erase(name);
      present = nullptr;
    }
    if (present == nullptr && property.has_default) {
      value.set(name, property.default_value);
      present = value.find(name);
    }
    if (present != nullptr) apply_defaults(property, *present);
  }
  if (!schema.additional) return;
  if (!schema.additional->nullable) {
    std::erase_if(value.as_object(), [&](const Json::Member& member) {
      return member.second.is_null() && !schema.properties.contains(member.first);
    });
  }
  for (auto& [key, item] : value.as_object()) {
    if (!schema.properties.contains(key)) apply_defaults(*schema.additional, item);
  }
}

}  // namespace slipway::cluster
