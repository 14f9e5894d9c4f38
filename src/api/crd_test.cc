#include "api/crd.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "base/file_for_test.h"
#include "base/text.h"

namespace slipway::api {
namespace {

namespace fs = std::filesystem;

/// The table's rows without its heading.
std::set<std::string> read_rows(const char* path) {
  const std::string text = read_file_for_test(path);
  REQUIRE(!text.empty());
  std::set<std::string> rows;
  bool heading = true;
  for (const std::string_view line : split(text, '\n')) {
    if (!heading && !line.empty()) rows.emplace(line);
    heading = false;
  }
  return rows;
}

/// A value as the table prints it: Python's notation.
std::string python(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "True" : "False";
  if (!value.is_array()) return to_text(value);
  std::vector<std::string> items;
  for (const Json& item : value.as_array()) items.push_back("'" + item.as_string() + "'");
  return "[" + join(items, ", ") + "]";
}

/// Flattens a CRD's schema into the rows of crd-fields.tsv.
class Flattener {
 public:
  Flattener(std::string kind, std::set<std::string>& rows) : kind_(std::move(kind)), rows_(rows) {}

  void walk(const std::string& path, const Json& schema) {
    if (const Json* items = schema.find("items")) {
      if (has_parts(*items)) walk(path + "[]", *items);
    } else if (schema["additionalProperties"].is_object()) {
      const Json& values = schema["additionalProperties"];
      if (has_parts(values)) walk(path + "{}", values);
    } else if (schema["properties"].is_object()) {
      for (const auto& [key, property] : schema["properties"].as_object()) {
        emit((path.empty() ? "" : path + ".") + key, property, requires_key(schema, key));
      }
    }
  }

 private:
  static bool has_parts(const Json& schema) {
    return schema.find("properties") || schema.find("items") ||
           schema["additionalProperties"].is_object();
  }

  static bool requires_key(const Json& schema, std::string_view key) {
    if (!schema["required"].is_array()) return false;
    for (const Json& required : schema["required"].as_array()) {
      if (required.as_string() == key) return true;
    }
    return false;
  }

  static std::string core_type(const std::string& path, const Json& schema) {
    if (path.ends_with("spec.template") || path.ends_with("templates[].template")) {
      return "PodTemplateSpec";
    }
    if (path.ends_with("provider.job.spec")) return "batch/v1 JobSpec";
    const Json& properties = schema["properties"];
    if (properties.size() == 2 && properties.find("matchExpressions") &&
        properties.find("matchLabels")) {
      return "metav1.LabelSelector";
    }
    return "";
  }

  static std::string type_of(const Json& schema) {
    if (schema["x-kubernetes-int-or-string"].bool_or(false)) return "int-or-string";
    if (schema["additionalProperties"].is_object()) return "map";
    return std::string(schema["type"].string_or_empty());
  }

  static std::string constraints(const Json& schema) {
    std::vector<std::string> found;
    for (const char* key : {"enum", "minimum", "maximum", "minLength", "maxLength", "minItems",
                            "maxItems", "pattern", "default", "nullable"}) {
      if (const Json* value = schema.find(key)) {
        found.push_back(fmt::format("{}={}", key, python(*value)));
      }
    }
    constexpr std::string_view prefix = "x-kubernetes-";
    for (const auto& [key, value] : schema.as_object()) {
      if (!key.starts_with(prefix) || key == "x-kubernetes-int-or-string") continue;
      if (key == "x-kubernetes-validations") {
        for (const Json& rule : value.as_array()) {
          found.push_back(fmt::format("CEL rule `{}` message `{}`", python(rule["rule"]),
                                      python(rule["message"])));
        }
      } else {
        found.push_back(key.substr(prefix.size()) + "=" + python(value));
      }
    }
    return join(found, "; ");
  }

  void emit(const std::string& path, const Json& schema, bool required) {
    const std::string core = core_type(path, schema);
    std::string type = core.empty() ? type_of(schema) : core;
    if (type == "array") type = "array<" + type_of(schema["items"]) + ">";
    if (type == "map") type = "map<string," + type_of(schema["additionalProperties"]) + ">";
    rows_.insert(fmt::format("{}\t{}\t{}\t{}\t{}\t{}", kind_, path, type,
                             schema["format"].string_or_empty(), required ? "yes" : "no",
                             constraints(schema)));
    if (core.empty()) walk(path, schema);
  }

  std::string kind_;
  std::set<std::string>& rows_;
};

const Json& root_schema(const CustomResource& resource) {
  return resource.definition["spec"]["versions"].at(0)["schema"]["openAPIV3Schema"];
}

/// Fails once for each row that only one of the two has.
void check_same_rows(const std::set<std::string>& ours, const std::set<std::string>& theirs) {
  for (const std::string& row : theirs) {
    CHECK_MESSAGE(ours.contains(row), "missing: " << row);
  }
  for (const std::string& row : ours) {
    CHECK_MESSAGE(theirs.contains(row), "not in the table: " << row);
  }
}

TEST_CASE("our CRDs have exactly the fields, types and bounds of Argo Rollouts' own") {
  std::set<std::string> rows;
  for (const CustomResource& resource : custom_resources()) {
    Flattener(std::string(resource.kind.kind), rows).walk("", root_schema(resource));
  }
  check_same_rows(rows, read_rows("tests/data/compat/crd-fields.tsv"));
}

/// Notes where a core type's schema deviates from Kubernetes' own.
void add_overrides(const std::string& kind, const std::string& path, const Json& schema, int depth,
                   std::set<std::string>& rows) {
  const auto add = [&](const std::string& value) {
    rows.insert(fmt::format("{}\tschema-override\t{}\t{}", kind, path, value));
  };
  if (schema["x-kubernetes-preserve-unknown-fields"].bool_or(false)) {
    add("x-kubernetes-preserve-unknown-fields=true");
  }
  constexpr int deepest_metadata = 4;  // Below are those of volume claims, which stay whole.
  if (path.ends_with(".metadata") && depth <= deepest_metadata) {
    std::vector<std::string> keys;
    if (schema["properties"].is_object()) {
      for (const auto& [key, property] : schema["properties"].as_object()) keys.push_back(key);
    }
    add("metadata exposes only: " + join(keys, ","));
  }
  if (schema["properties"].is_object()) {
    for (const auto& [key, property] : schema["properties"].as_object()) {
      add_overrides(kind, path + "." + key, property, depth + 1, rows);
    }
  }
  if (schema["items"].is_object()) {
    add_overrides(kind, path + "[]", schema["items"], depth + 1, rows);
  }
}

void add_meta_rows(const CustomResource& resource, std::set<std::string>& rows) {
  const std::string kind(resource.kind.kind);
  const Json& spec = resource.definition["spec"];
  const auto add = [&](const std::string& item, const std::string& name, const std::string& value) {
    rows.insert(fmt::format("{}\t{}\t{}\t{}", kind, item, name, value));
  };
  const auto text = [](const Json& value) { return std::string(value.string_or_empty()); };
  add("crd-name", text(resource.definition["metadata"]["name"]), "");
  add("group", text(spec["group"]), "");
  add("scope", text(spec["scope"]), "");
  for (const char* name : {"plural", "singular", "kind", "listKind"}) {
    add(fmt::format("name.{}", name), text(spec["names"][name]), "");
  }
  REQUIRE(spec["names"]["shortNames"].size() == 1);
  add("shortNames", text(spec["names"]["shortNames"].at(0)), "");
  add("categories", text(spec["names"]["categories"]), "");
  REQUIRE(spec["versions"].size() == 1);
  const Json& version = spec["versions"].at(0);
  add("version", text(version["name"]),
      fmt::format("served={} storage={}", python(version["served"]), python(version["storage"])));
  for (std::size_t i = 0; i < version["additionalPrinterColumns"].size(); ++i) {
    const Json& column = version["additionalPrinterColumns"].at(i);
    add(fmt::format("printerColumn[{}]", i), text(column["name"]),
        fmt::format("type={} jsonPath={}", text(column["type"]), text(column["jsonPath"])));
  }
  const Json& subresources = version["subresources"];
  if (subresources.empty()) add("subresource", "(none)", "");
  if (subresources.find("status")) add("subresource", "status", "enabled");
  if (const Json* scale = subresources.find("scale")) {
    for (const auto& [key, path] : scale->as_object()) add("subresource.scale", key, text(path));
  }
  const Json& root = root_schema(resource);
  REQUIRE(root["required"].size() == 1);
  add("root-required", text(root["required"].at(0)), "");
}

/// Where the kinds hold pod templates and job specs.
std::vector<std::pair<std::string, const Json*>> core_schemas(const CustomResource& resource) {
  const auto at = [&](const char* pointer) {
    const Json* found = root_schema(resource).find_pointer(pointer);
    REQUIRE(found);
    return found;
  };
  if (resource.kind == kinds::rollout) {
    return {
        {"spec.template", at("/properties/spec/properties/template")}
    };
  }
  if (resource.kind == kinds::experiment) {
    return {
        {"spec.templates[].template",
         at("/properties/spec/properties/templates/items/properties/template")}
    };
  }
  return {
      {"spec.metrics[].provider.job.spec",
       at("/properties/spec/properties/metrics/items/properties/provider/properties/job/"
          "properties/spec")}
  };
}

TEST_CASE("our CRDs have the names, columns, subresources and overrides of Argo Rollouts' own") {
  std::set<std::string> rows;
  for (const CustomResource& resource : custom_resources()) {
    add_meta_rows(resource, rows);
    for (const auto& [path, schema] : core_schemas(resource)) {
      add_overrides(std::string(resource.kind.kind), path, *schema, 0, rows);
    }
  }
  std::set<std::string> theirs = read_rows("tests/data/compat/crd-meta.tsv");
  // Names the tool that made upstream's files, which did not make ours.
  std::erase_if(theirs, [](const auto& row) { return row.find("\tcrd-annotation\t") != row.npos; });
  check_same_rows(rows, theirs);
}

/// Whether the schema is structural, which CustomResourceDefinitions must be: every part has a
/// type, unless it is an integer or a string, or anything at all.
void check_structural(const std::string& path, const Json& schema) {
  CAPTURE(path);
  const bool either = schema["x-kubernetes-int-or-string"].bool_or(false);
  const bool anything = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
  CHECK((schema.find("type") || either || anything));
  CHECK(!(schema.find("type") && either));
  if (schema["type"].string_or_empty() == "array") REQUIRE(schema["items"].is_object());
  if (schema["type"].string_or_empty() == "object" && !anything) {
    CHECK(!(schema.find("properties") && schema.find("additionalProperties")));
  }
  if (schema["properties"].is_object()) {
    for (const auto& [key, property] : schema["properties"].as_object()) {
      check_structural(path + "." + key, property);
    }
  }
  for (const char* key : {"items", "additionalProperties"}) {
    if (schema[key].is_object()) check_structural(path + "[]", schema[key]);
  }
}

TEST_CASE("our CRDs' schemas are structural") {
  for (const CustomResource& resource : custom_resources()) {
    check_structural(std::string(resource.kind.kind), root_schema(resource));
  }
}

TEST_CASE("deploy/crds holds the CRDs that the types generate") {
  const fs::path folder = "deploy/crds";
  if (std::getenv("UPDATE_GOLDEN")) {
    const auto written = write_crd_files(folder);
    REQUIRE_MESSAGE(written.has_value(), written.error().text());
  }
  const std::string installed = read_file_for_test(folder / "kustomization.yaml");
  std::set<std::string> files{"kustomization.yaml"};
  for (const CustomResource& resource : custom_resources()) {
    files.insert(resource.file);
    const bool is_installed =
        installed.find("- " + std::string(resource.file)) != std::string::npos;
    CHECK_MESSAGE(is_installed, resource.file << " is not listed in kustomization.yaml");
    const bool same = read_file_for_test(folder / resource.file) == to_crd_file(resource);
    CHECK_MESSAGE(same, resource.file << " is out of date: run this test with UPDATE_GOLDEN=1");
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    CHECK_MESSAGE(files.contains(entry.path().filename()), entry.path() << " belongs to no kind");
  }
}

}  // namespace
}  // namespace slipway::api
