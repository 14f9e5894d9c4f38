#include "api/core_schema.h"

#include "api/go_encoding.h"
#include "api/test_data.h"

namespace slipway::api {
namespace {

std::string described(const CoreField& field) {
  constexpr const char* names[] = {"string",
                                   "bool",
                                   "int32",
                                   "int64",
                                   "string (canonical quantity)",
                                   "number or string",
                                   "RFC3339 string or null",
                                   "RFC3339 string or null",
                                   "base64 string",
                                   "",
                                   "raw JSON"};
  std::string text = field.type != nullptr ? std::string(field.type->name)
                                           : names[static_cast<std::size_t>(field.value)];
  if (field.shape == CoreShape::list) text = "array of " + text;
  if (field.shape == CoreShape::map) text = "object (keys sorted) of " + text;
  return text;
}

/// Whether Go ever leaves the field out, in the words of the inventory.
bool says_omitted(std::string_view when) {
  return !when.starts_with("never");
}

TEST_CASE("the table has the fields that the hashes cover, in Go's order") {
  std::size_t rows = 0;
  for (const auto& row : read_table("compat/json-hash-order.tsv")) {
    CAPTURE(row.at("struct"));
    CAPTURE(row.at("json_key"));
    const CoreType* type = find_core_type(row.at("struct"));
    REQUIRE(type != nullptr);
    const std::size_t position = std::stoul(row.at("position"));
    REQUIRE(position < type->fields.size());
    const CoreField& field = type->fields[position];
    CHECK(field.key == row.at("json_key"));
    // Never set in templates, so the inventory doesn't look into it.
    if (field.key != "managedFields") CHECK(described(field) == row.at("value_type"));
    CHECK(field.omit_empty == says_omitted(row.at("when_omitted")));
    if (row.at("when_omitted") == "omitted when nil") CHECK(field.pointer);
    ++rows;
  }
  CHECK(rows == 577);
}

TEST_CASE("every type is whole") {
  CHECK(core_types().size() > 200);
  for (const CoreType& type : core_types()) {
    CAPTURE(type.name);
    CHECK(find_core_type(type.name) == &type);
    CHECK(!type.fields.empty());
    CHECK(type.fields.size() <= Slots::most_fields);
    CHECK(!type.package.empty());
    for (const CoreField& field : type.fields) {
      CAPTURE(field.key);
      CHECK(type.find(field.key) == &field);
      CHECK((field.value == CoreValue::object) == (field.type != nullptr));
      if (field.merge) CHECK(field.shape == CoreShape::list);
      // A merging list of structs needs a key that its items have.
      if (field.merge && field.type != nullptr) CHECK(field.type->find(field.merge_key) != nullptr);
      for (const std::string_view key : field.map_keys) CHECK(field.type->find(key) != nullptr);
    }
  }
  CHECK(find_core_type("NoSuchType") == nullptr);
  CHECK(find_core_type("Pod")->find("odd") == nullptr);
  CHECK(find_core_type("SliceEndpointPort")->go_name == "EndpointPort");
}

TEST_CASE("lists merge by the keys that strategic merge patches use") {
  struct Row {
    const char* type;
    const char* field;
    const char* key;
  };
  const Row rows[] = {
      {"PodSpec",          "containers",      "name"         },
      {"PodSpec",          "volumes",         "name"         },
      {"Container",        "env",             "name"         },
      {"Container",        "ports",           "containerPort"},
      {"Container",        "volumeMounts",    "mountPath"    },
      {"PodStatus",        "conditions",      "type"         },
      {"ReplicaSetStatus", "conditions",      "type"         },
      {"ServiceSpec",      "ports",           "port"         },
      {"ObjectMeta",       "ownerReferences", "uid"          },
      {"ObjectMeta",       "finalizers",      ""             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    CAPTURE(row.field);
    const CoreField* field = find_core_type(row.type)->find(row.field);
    REQUIRE(field != nullptr);
    CHECK(field->merge);
    CHECK(field->merge_key == row.key);
  }
  CHECK_FALSE(find_core_type("PodSpec")->find("tolerations")->merge);
}

/// The schema at a path of the inventory ("spec.volumes", "spec.containers[].resources").
const Json* at(const Json& schema, std::string_view path) {
  const Json* found = &schema;
  for (std::string_view key : split(path, '.')) {
    const bool items = key.ends_with("[]");
    if (items) key.remove_suffix(2);
    found = found->find_pointer("/properties/" + std::string(key) + (items ? "/items" : ""));
    if (found == nullptr) return nullptr;
  }
  return found;
}

TEST_CASE("the schema of a pod template has Argo Rollouts' overrides") {
  const Json schema = core_schema_json("PodTemplateSpec");
  std::size_t rows = 0;
  for (const auto& row : read_table("compat/crd-meta.tsv")) {
    if (row.at("kind") != "Rollout" || row.at("item") != "schema-override") continue;
    const std::string_view path = std::string_view(row.at("name")).substr(14);  // spec.template.
    CAPTURE(row.at("name"));
    const Json* found = at(schema, path);
    REQUIRE(found != nullptr);
    if (path == "metadata") {
      CHECK((*found)["properties"].size() == 2);
      CHECK((*found)["properties"].find("labels") != nullptr);
      CHECK((*found)["properties"].find("annotations") != nullptr);
    } else {
      CHECK(*found == json(R"({"x-kubernetes-preserve-unknown-fields":true})"));
    }
    ++rows;
  }
  CHECK(rows == 8);
}

TEST_CASE("a schema tells types, formats, defaults, required fields and how lists are keyed") {
  const Json schema = core_schema_json("PodTemplateSpec");
  CHECK(schema["properties"]["spec"]["required"] == json(R"(["containers"])"));
  const Json* ports = at(schema, "spec.containers[].ports");
  REQUIRE(ports != nullptr);
  CHECK((*ports)["x-kubernetes-list-map-keys"] == json(R"(["containerPort","protocol"])"));
  CHECK((*ports)["items"]["properties"]["protocol"] ==
        json(R"({"type":"string","default":"TCP"})"));
  CHECK((*ports)["items"]["properties"]["hostPort"] ==
        json(R"({"type":"integer","format":"int32"})"));
  CHECK((*ports)["items"]["required"] == json(R"(["containerPort"])"));
  const Json* probe = at(schema, "spec.containers[].livenessProbe.httpGet.port");
  REQUIRE(probe != nullptr);
  CHECK(*probe == json(R"({"anyOf":[{"type":"integer"},{"type":"string"}],
                           "x-kubernetes-int-or-string":true})"));
  CHECK(at(core_schema_json("JobSpec"), "template.spec.volumes") != nullptr);
  CHECK(core_schema_json("NoSuchType").is_null());
}

TEST_CASE("published schemas refer to each other and name the merge keys") {
  const Json schemas = core_openapi_schemas();
  const Json& pod_spec = schemas["io.k8s.api.core.v1.PodSpec"];
  CHECK(pod_spec["properties"]["containers"]["items"]["$ref"] ==
        Json("#/components/schemas/io.k8s.api.core.v1.Container"));
  CHECK(pod_spec["properties"]["containers"]["x-kubernetes-patch-merge-key"] == Json("name"));
  CHECK(pod_spec["properties"]["volumes"]["x-kubernetes-patch-strategy"] ==
        Json("merge,retainKeys"));
  const std::string text = to_text(schemas);
  for (std::size_t at = text.find("\"$ref\":\""); at != text.npos;
       at = text.find("\"$ref\":\"", at + 1)) {
    const std::size_t begin = text.find("schemas/", at) + 8;
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    CAPTURE(name);
    CHECK(schemas.find(name) != nullptr);
  }
}

}  // namespace
}  // namespace slipway::api
