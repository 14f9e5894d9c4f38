#include "cluster/server/openapi.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view reference_prefix = "#/components/schemas/";

/// "api/v1", "apis/apps/v1": how the index names a version's document.
std::string document_name(std::string_view group, std::string_view version) {
  std::string name = group.empty() ? "api/" : "apis/" + std::string(group) + "/";
  return name.append(version);
}

/// "com.example.exchange.v1.Widget": the group's labels backwards, as Kubernetes names schemas.
std::string schema_name(const Resource& resource) {
  if (resource.type != nullptr) {
    return std::string(resource.type->package) + "." + std::string(resource.type->go_name);
  }
  std::vector<std::string> labels;
  for (const std::string_view label : split(resource.group, '.')) {
    if (!label.empty()) labels.emplace_back(label);
  }
  std::ranges::reverse(labels);
  labels.push_back(resource.version);
  labels.push_back(resource.kind);
  return join(labels, ".");
}

Json kind_json(const Resource& resource) {
  return Json::object({
      {"group",   Json(std::string_view(resource.group))  },
      {"version", Json(std::string_view(resource.version))},
      {"kind",    Json(std::string_view(resource.kind))   }
  });
}

Json reference_to(std::string_view schema) {
  return Json::object({
      {"$ref", std::string(reference_prefix) + std::string(schema)}
  });
}

/// One operation, with what kubectl looks for: its kind, its action, and whether the server
/// validates fields itself.
Json operation(const Resource& resource, std::string_view action, bool writes) {
  Json operation = Json::object();
  if (writes) {
    Json parameters = Json::array();
    for (const std::string_view name : {"dryRun", "fieldManager", "fieldValidation"}) {
      parameters.push_back(Json::object({
          {"name",   Json(name)                        },
          {"in",     "query"                           },
          {"schema", Json::object({{"type", "string"}})}
      }));
    }
    operation.set("parameters", std::move(parameters));
  }
  const Json content = Json::object({
      {"application/json", Json::object({{"schema", reference_to(schema_name(resource))}})}
  });
  operation.set("responses",
                Json::object({
                    {"200", Json::object({{"description", "OK"}, {"content", content}})}
  }));
  operation.set("x-kubernetes-action", Json(action));
  operation.set("x-kubernetes-group-version-kind", kind_json(resource));
  return operation;
}

Json path_parameters(bool namespaced, bool named) {
  Json parameters = Json::array();
  const auto add = [&](std::string_view name) {
    parameters.push_back(Json::object({
        {"name",     Json(name)                        },
        {"in",       "path"                            },
        {"required", true                              },
        {"schema",   Json::object({{"type", "string"}})}
    }));
  };
  if (named) add("name");
  if (namespaced) add("namespace");
  return parameters;
}

void add_paths(const Resource& resource, Json& paths) {
  const std::string base = "/" + document_name(resource.group, resource.version) +
                           (resource.namespaced ? "/namespaces/{namespace}/" : "/") +
                           resource.plural;
  paths.set(base, Json::object({
                      {"get", operation(resource, "list", false)},
                      {"post", operation(resource, "post", true)},
                      {"parameters", path_parameters(resource.namespaced, false)}
  }));
  paths.set(base + "/{name}", Json::object({
                                  {"get", operation(resource, "get", false)},
                                  {"put", operation(resource, "put", true)},
                                  {"patch", operation(resource, "patch", true)},
                                  {"delete", operation(resource, "delete", false)},
                                  {"parameters", path_parameters(resource.namespaced, true)}
  }));
}

/// Copies the schema of that name and all that it refers to.
void add_schema(std::string_view name, const Json& all, Json& schemas) {
  if (schemas.find(name) != nullptr) return;
  const Json* schema = all.find(name);
  if (schema == nullptr) return;
  schemas.set(name, *schema);
  std::vector<const Json*> open{schema};
  while (!open.empty()) {
    const Json& at = *open.back();
    open.pop_back();
    if (at.is_array()) {
      for (const Json& item : at.as_array()) open.push_back(&item);
    } else if (at.is_object()) {
      for (const auto& [key, value] : at.as_object()) {
        if (key == "$ref" && value.string_or_empty().starts_with(reference_prefix)) {
          add_schema(value.string_or_empty().substr(reference_prefix.size()), all, schemas);
        } else {
          open.push_back(&value);
        }
      }
    }
  }
}

/// The schema of a kind that is no core type: its definition's, or one that takes anything.
Json own_schema(Server& server, const Resource& resource) {
  Json schema = Json::object({
      {"type", "object"}
  });
  if (resource.custom) {
    const ObjectPtr definition =
        server.store.table("customresourcedefinitions.apiextensions.k8s.io").find(resource.table);
    const Json& versions = definition ? definition->content()["spec"]["versions"] : Json();
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if (versions.at(i)["name"].string_or_empty() == resource.version) {
        schema = versions.at(i)["schema"]["openAPIV3Schema"];
      }
    }
  } else {
    schema.set("x-kubernetes-preserve-unknown-fields", true);
  }
  Json& properties = schema.member("properties");
  properties.set("apiVersion", Json::object({
                                   {"type", "string"}
  }));
  properties.set("kind", Json::object({
                             {"type", "string"}
  }));
  properties.set("metadata", reference_to("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
  return schema;
}

std::string document_text(Server& server, const Registry::Version& version) {
  const Json all = api::core_openapi_schemas();
  Json paths = Json::object();
  Json schemas = Json::object();
  add_schema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", all, schemas);
  for (const ResourcePtr& resource : version.resources) {
    const std::string name = schema_name(*resource);
    add_paths(*resource, paths);
    add_schema(name, all, schemas);
    Json* schema = schemas.find(name);
    if (schema == nullptr) {
      schemas.set(name, own_schema(server, *resource));
      schema = schemas.find(name);
    }
    schema->set("x-kubernetes-group-version-kind", Json::array({kind_json(*resource)}));
  }
  return to_text(Json::object({
      {"openapi",    "3.0.0"                                                                      },
      {"info",       Json::object({{"title", "Kubernetes"},
                             {"version", std::string_view(server.options.version)}})},
      {"paths",      std::move(paths)                                                             },
      {"components", Json::object({{"schemas", std::move(schemas)}})                              }
  }));
}

/// A document, made once for each generation of the registry.
const std::string& cached(Server& server, const std::string& name,
                          const std::function<std::string()>& make) {
  if (server.documents_generation != server.registry.generation()) {
    server.documents.clear();
    server.documents_generation = server.registry.generation();
  }
  const auto found = server.documents.find(name);
  if (found != server.documents.end()) return found->second;
  return server.documents.emplace(name, make()).first->second;
}

/// The index: each version's document under a hash, so that clients keep what has not changed.
std::string index_text(Server& server) {
  Json paths = Json::object();
  for (const Registry::Group& group : server.registry.groups()) {
    for (const Registry::Version& version : group.versions) {
      const std::string name = document_name(group.name, version.name);
      const std::string& text =
          cached(server, name, [&] { return document_text(server, version); });
      const Hash128 hash = hash128(text);
      char digits[33];
      std::snprintf(digits, sizeof digits, "%016llX%016llX",
                    static_cast<unsigned long long>(hash.high),
                    static_cast<unsigned long long>(hash.low));
      paths.set(
          name,
          Json::object({
              {"serverRelativeURL", "/openapi/v3/" + name + "?hash=" + std::string(digits)}
      }));
    }
  }
  return to_text(Json::object({
      {"paths", std::move(paths)}
  }));
}

}  // namespace

std::optional<kubernetes::Response> serve_openapi(Server& server, const RequestPath& path,
                                                  std::string_view accept) {
  const std::vector<std::string>& parts = path.parts;
  if (parts.size() == 2 && parts[1] == "v2") return serve_openapi_v2(server, accept);
  if (parts.size() < 2 || parts[1] != "v3") return std::nullopt;
  if (parts.size() == 2) return json_response(200, index_text(server));
  const bool core = parts[2] == "api" && parts.size() == 4;
  if (!core && !(parts[2] == "apis" && parts.size() == 5)) return std::nullopt;
  const std::string group = core ? "" : parts[3];
  const Registry::Version* version = server.registry.find_version(group, parts.back());
  if (version == nullptr) return std::nullopt;
  return json_response(200, cached(server, document_name(group, version->name),
                                   [&] { return document_text(server, *version); }));
}

}  // namespace slipway::cluster
