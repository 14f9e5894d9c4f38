#include <algorithm>
#include <limits>

#include "api/go_text.h"
#include "base/text.h"
#include "cluster/server/builtin_rules.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/custom/definition.h"
#include "cluster/server/custom/schema.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

std::string_view go_type(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  if (value.is_array()) return "[]interface {}";
  if (value.is_object()) return "map[string]interface {}";
  return value.is_null() ? "<nil>" : "float64";
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list.size(); ++i) texts.emplace_back(list.at(i).string_or_empty());
  return texts;
}

/// The count that the scale subresource shows. Source: apiextensions-apiserver, ValidateScaleSpec.
void validate_count(const Json& object, const std::string& path, FieldErrors& errors) {
  constexpr std::int64_t count_max = std::numeric_limits<std::int32_t>::max();
  const auto misshapen = [&](const Json& value, std::string_view wanted) {
    errors.push_back(invalid_field(path, Json(0),
                                   path + " accessor error: " + api::go_text(value) +
                                       " is of the type " + std::string(go_type(value)) +
                                       ", expected " + std::string(wanted)));
  };
  const Json* at = &object;
  for (const std::string_view part : split(path, '.')) {
    if (part.empty()) continue;
    if (!at->is_object()) return misshapen(*at, "map[string]interface{}");
    at = at->find(part);
    if (at == nullptr) return;
  }
  if (!at->is_integer()) return misshapen(*at, "int64");
  if (at->as_integer() < 0) {
    errors.push_back(invalid_field(path, *at, "should be a non-negative integer"));
  } else if (at->as_integer() > count_max) {
    errors.push_back(
        invalid_field(path, *at, "should be less than or equal to " + std::to_string(count_max)));
  }
}

/// The rules that a definition's schema spells.
class CustomRules final : public KindRules {
 public:
  CustomRules(Schema schema, bool has_status, ScalePaths scale)
      : schema_(std::move(schema)), has_status_(has_status), scale_(std::move(scale)) {}

  Result<void> decode(Json& object, std::vector<std::string>* unknown) const override {
    TRY_DONE(decode_metadata(object, unknown));
    prune(schema_, object, unknown);
    if (unknown != nullptr) std::ranges::sort(*unknown);
    apply_defaults(schema_, object);
    return {};
  }

  void prepare_create(Json& object) const override {
    if (has_status_) object.erase("status");
  }

  void prepare_update(Json& object, const Json& old, Subresource way) const override {
    if (way == Subresource::status) {
      keep_all_but_status(object, old);
    } else if (has_status_ && object["status"] != old["status"]) {
      set_or_erase(object, "status", old["status"]);
    }
  }

  bool raises_generation(const Json& object, const Json& old) const override {
    return !same_spec(object, old) || !same_spec(old, object);
  }

  void validate(const Json& object, FieldErrors& errors) const override {
    if (!scale_.replicas.empty()) validate_count(object, scale_.replicas, errors);
    validate_against(schema_, object, errors);
  }

  void validate_update(const Json& object, const Json& old, Subresource,
                       FieldErrors& errors) const override {
    validate_change(schema_, object, old, "", errors);
  }

 private:
  /// Copies what differs only: the bulk of the two is the same.
  static void keep_all_but_status(Json& object, const Json& old) {
    std::erase_if(object.as_object(), [&](const Json::Member& member) {
      return member.first != "status" && old.find(member.first) == nullptr;
    });
    for (const auto& [key, value] : old.as_object()) {
      if (key != "status" && object[key] != value) object.set(key, value);
    }
  }

  static void set_or_erase(Json& object, std::string_view key, const Json& value) {
    if (value.is_null()) {
      object.erase(key);
    } else {
      object.set(key, value);
    }
  }

  /// Whether `b` has all of `a`, metadata and (where it is a subresource) status apart.
  bool same_spec(const Json& a, const Json& b) const {
    for (const auto& [key, value] : a.as_object()) {
      if (key == "metadata" || (has_status_ && key == "status")) continue;
      const Json* other = b.find(key);
      if (other == nullptr || *other != value) return false;
    }
    return true;
  }

  Schema schema_;
  bool has_status_;
  ScalePaths scale_;  ///< Without paths: there is no such subresource.
};

/// A printer column's path: ".spec.steps[0].weight" and the like, `\.` for a dot within a key.
struct ColumnPath {
  std::vector<std::string> keys;  ///< Decimal texts for items of lists.
};

ColumnPath read_column_path(std::string_view text) {
  ColumnPath path;
  std::string key;
  const auto finish = [&] {
    if (!key.empty()) path.keys.push_back(std::exchange(key, {}));
  };
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      key.push_back(text[++i]);
    } else if (c == '\'' || c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '.' || c == '[' || c == ']')) {
      finish();
    } else {
      key.push_back(c);
    }
  }
  finish();
  return path;
}

const Json* follow(const Json& object, const ColumnPath& path) {
  const Json* at = &object;
  for (const std::string& key : path.keys) {
    if (at->is_array()) {
      const auto index = parse_integer(key);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= at->size()) return nullptr;
      at = &at->at(static_cast<std::size_t>(*index));
    } else {
      at = at->find(key);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

/// A cell of the column's type, null for what is missing or of another type.
Json custom_cell(const Json* value, const std::string& type, Instant now) {
  if (value == nullptr || value->is_null()) return type == "date" ? Json("<unknown>") : Json();
  if (type == "integer") {
    if (value->is_integer()) return *value;
    return value->is_number() ? Json(static_cast<long>(value->as_double())) : Json();
  }
  if (type == "number") return value->is_number() ? *value : Json();
  if (type == "boolean") return value->is_bool() ? *value : Json();
  if (type == "date") {
    return value->is_string() ? Json(age_text(*value, now)) : Json("<unknown>");
  }
  return value->is_string() ? *value : Json(to_text(*value));
}

Columns custom_columns(const Json& version) {
  struct Source {
    ColumnPath path;
    std::string type;
  };
  Columns columns;
  std::vector<Source> sources;
  columns.definitions.push_back(name_column());
  const Json& printed = version["additionalPrinterColumns"];
  for (std::size_t i = 0; i < printed.size(); ++i) {
    const Json& column = printed.at(i);
    const std::string path(column["jsonPath"].string_or_empty());
    std::string description(column["description"].string_or_empty());
    if (description.empty()) {
      description = "Custom resource definition column (in JSONPath format): " + path;
    }
    columns.definitions.push_back({std::string(column["name"].string_or_empty()),
                                   std::string(column["type"].string_or_empty()),
                                   std::string(column["format"].string_or_empty()),
                                   std::move(description),
                                   static_cast<int>(column["priority"].integer_or(0))});
    sources.push_back({read_column_path(path), std::string(column["type"].string_or_empty())});
  }
  if (printed.empty()) {
    columns.definitions.push_back(age_column());
    columns.definitions.back().type = "date";
    sources.push_back({read_column_path(".metadata.creationTimestamp"), "date"});
  }
  columns.cells = [sources = std::move(sources)](const Json& object, Instant now) {
    std::vector<Json> cells{object["metadata"]["name"]};
    for (const Source& source : sources) {
      cells.push_back(custom_cell(follow(object, source.path), source.type, now));
    }
    return cells;
  };
  return columns;
}

/// The schema of a version; one that takes anything where it has none.
Schema schema_of_version(const Json& version) {
  FieldErrors ignored;  // A stored definition has passed validation.
  return read_schema(version["schema"]["openAPIV3Schema"], "", ignored);
}

void add_subresources(const Json& version, Resource& resource) {
  const Json& subresources = version["subresources"];
  if (subresources["status"].is_object()) {
    resource.subresources.push_back({.name = "status", .kind = resource.kind});
  }
  const Json& scale = subresources["scale"];
  if (!scale.is_object()) return;
  resource.subresources.push_back(
      {.name = "scale", .kind = "Scale", .group = "autoscaling", .version = "v1"});
  resource.scale = {std::string(scale["specReplicasPath"].string_or_empty()),
                    std::string(scale["statusReplicasPath"].string_or_empty()),
                    std::string(scale["labelSelectorPath"].string_or_empty())};
}

/// The version in whose form objects are stored.
std::string storage_version(const Json& spec) {
  const Json& versions = spec["versions"];
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions.at(i)["storage"].bool_or(false)) {
      return std::string(versions.at(i)["name"].string_or_empty());
    }
  }
  return {};
}

/// Objects of several versions differ in nothing but their apiVersion (conversion strategy None).
void add_conversion(const std::string& stored_api_version, Resource& resource) {
  resource.from_stored = [api_version = resource.api_version()](const Json& stored) {
    Json object = stored;
    object.set("apiVersion", std::string_view(api_version));
    return object;
  };
  resource.to_stored = [stored_api_version](Json object) {
    object.set("apiVersion", std::string_view(stored_api_version));
    return object;
  };
}

}  // namespace

ResourcePtr make_custom_resource(const Json& definition, const Json& version) {
  if (!version["served"].bool_or(false)) return nullptr;
  const Json& spec = definition["spec"];
  const Json& names = spec["names"];
  auto resource = std::make_shared<Resource>();
  resource->custom = true;
  resource->group = spec["group"].string_or_empty();
  resource->version = version["name"].string_or_empty();
  resource->kind = names["kind"].string_or_empty();
  resource->plural = names["plural"].string_or_empty();
  resource->singular = names["singular"].string_or_empty();
  resource->list_kind = names["listKind"].string_or_empty();
  resource->short_names = texts(names["shortNames"]);
  resource->categories = texts(names["categories"]);
  resource->verbs = {"delete", "deletecollection", "get",    "list",
                     "patch",  "create",           "update", "watch"};
  resource->namespaced = spec["scope"].string_or_empty() != "Cluster";
  resource->counts_generation = true;
  resource->table = resource->group_resource().text();
  resource->storage_path = "/registry/" + resource->group + "/" + resource->plural;
  // Named here, unlike with other kinds: so the real server words its refusals.
  resource->field_labels = {"metadata.name", "metadata.namespace"};
  for (std::size_t i = 0; i < version["selectableFields"].size(); ++i) {
    const std::string_view path = version["selectableFields"].at(i)["jsonPath"].string_or_empty();
    if (path.size() > 1) resource->field_labels.emplace_back(path.substr(1));
  }
  add_subresources(version, *resource);
  const bool has_status = resource->find_subresource("status") != nullptr;
  resource->rules =
      std::make_shared<const CustomRules>(schema_of_version(version), has_status, resource->scale);
  resource->columns = custom_columns(version);
  const std::string stored = storage_version(spec);
  if (stored != resource->version) add_conversion(resource->group + "/" + stored, *resource);
  return resource;
}

}  // namespace slipway::cluster
