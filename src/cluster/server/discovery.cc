#include "cluster/server/discovery.h"

#include <openssl/evp.h>

#include "base/text.h"

namespace slipway::cluster {
namespace {

Json words(const std::vector<std::string>& list) {
  Json json = Json::array();
  for (const std::string& word : list) json.push_back(Json(std::string_view(word)));
  return json;
}

Json words(const std::vector<std::string_view>& list) {
  Json json = Json::array();
  for (const std::string_view word : list) json.push_back(Json(word));
  return json;
}

/// metav1.APIResource of a kind.
Json resource_json(const Resource& resource) {
  Json json = Json::object({
      {"name",         Json(std::string_view(resource.plural))  },
      {"singularName", Json(std::string_view(resource.singular))},
      {"namespaced",   Json(resource.namespaced)                },
      {"kind",         Json(std::string_view(resource.kind))    },
      {"verbs",        words(resource.verbs)                    }
  });
  if (!resource.short_names.empty()) json.set("shortNames", words(resource.short_names));
  if (!resource.categories.empty()) json.set("categories", words(resource.categories));
  if (resource.allows("list")) {
    json.set("storageVersionHash",
             storage_version_hash(resource.group, resource.version, resource.kind));
  }
  return json;
}

Json subresource_json(const Resource& resource, const SubresourceInfo& subresource) {
  Json json = Json::object({
      {"name",         resource.plural + "/" + subresource.name},
      {"singularName", ""                                      },
      {"namespaced",   Json(resource.namespaced)               }
  });
  if (!subresource.group.empty()) json.set("group", std::string_view(subresource.group));
  if (!subresource.version.empty()) json.set("version", std::string_view(subresource.version));
  json.set("kind", std::string_view(subresource.kind));
  json.set("verbs", words(subresource.verbs));
  return json;
}

std::string group_version(const std::string& group, const std::string& version) {
  return group.empty() ? version : group + "/" + version;
}

/// metav1.APIResourceList of one version.
Json resource_list(const std::string& group, const Registry::Version& version) {
  Json resources = Json::array();
  for (const ResourcePtr& resource : version.resources) {
    resources.push_back(resource_json(*resource));
    for (const SubresourceInfo& subresource : resource->subresources) {
      resources.push_back(subresource_json(*resource, subresource));
    }
  }
  Json list = Json::object({
      {"kind", "APIResourceList"}
  });
  // The core group's list says no version of itself, for clients older than this field.
  if (!group.empty()) list.set("apiVersion", "v1");
  list.set("groupVersion", group_version(group, version.name));
  list.set("resources", std::move(resources));
  return list;
}

/// metav1.APIGroup.
Json group_json(const Registry::Group& group, bool alone) {
  Json versions = Json::array();
  for (const Registry::Version& version : group.versions) {
    versions.push_back(Json::object({
        {"groupVersion", group_version(group.name, version.name)},
        {"version", Json(std::string_view(version.name))}
    }));
  }
  Json json = Json::object();
  if (alone) {
    json.set("kind", "APIGroup");
    json.set("apiVersion", "v1");
  }
  json.set("name", std::string_view(group.name));
  json.set("versions", versions);
  json.set("preferredVersion", versions.at(0));
  return json;
}

Json response_kind(const Resource& resource, const SubresourceInfo* subresource) {
  const bool own = subresource == nullptr || subresource->group.empty();
  // The core group's kinds come without their version here.
  const std::string_view version = !own                     ? subresource->version
                                   : resource.group.empty() ? std::string_view()
                                                            : std::string_view(resource.version);
  return Json::object({
      {"group",   Json(std::string_view(own ? resource.group : subresource->group))      },
      {"version", Json(version)                                                          },
      {"kind",    Json(std::string_view(subresource ? subresource->kind : resource.kind))}
  });
}

/// apidiscovery.k8s.io APIResourceDiscovery.
Json aggregated_resource(const Resource& resource) {
  Json json = Json::object({
      {"resource", Json(std::string_view(resource.plural))},
      {"responseKind", response_kind(resource, nullptr)},
      {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
      {"singularResource", Json(std::string_view(resource.singular))},
      {"verbs", words(resource.verbs)}
  });
  if (!resource.short_names.empty()) json.set("shortNames", words(resource.short_names));
  if (!resource.categories.empty()) json.set("categories", words(resource.categories));
  if (resource.subresources.empty()) return json;
  Json subresources = Json::array();
  for (const SubresourceInfo& subresource : resource.subresources) {
    subresources.push_back(Json::object({
        {"subresource", Json(std::string_view(subresource.name))},
        {"responseKind", response_kind(resource, &subresource)},
        {"verbs", words(subresource.verbs)}
    }));
  }
  json.set("subresources", std::move(subresources));
  return json;
}

/// apidiscovery.k8s.io APIGroupDiscoveryList: all that /api or /apis knows, in one answer.
std::string aggregated_text(const Registry& registry, bool core, std::string_view version) {
  Json items = Json::array();
  for (const Registry::Group& group : registry.groups()) {
    if (group.name.empty() != core) continue;
    Json versions = Json::array();
    for (const Registry::Version& served : group.versions) {
      Json resources = Json::array();
      for (const ResourcePtr& resource : served.resources) {
        resources.push_back(aggregated_resource(*resource));
      }
      versions.push_back(Json::object({
          {"version",   Json(std::string_view(served.name))},
          {"resources", std::move(resources)               },
          {"freshness", "Current"                          }
      }));
    }
    Json metadata = Json::object();
    if (!core) metadata.set("name", std::string_view(group.name));
    items.push_back(Json::object({
        {"metadata", std::move(metadata)},
        {"versions", std::move(versions)}
    }));
  }
  return to_text(Json::object({
      {"kind",       "APIGroupDiscoveryList"                      },
      {"apiVersion", "apidiscovery.k8s.io/" + std::string(version)},
      {"metadata",   Json::object()                               },
      {"items",      std::move(items)                             }
  }));
}

/// "v2" or "v2beta1" where the first form that `accept` names and this server has is the aggregated
/// one; else empty.
std::string_view aggregated_version(std::string_view accept) {
  for (const std::string_view text : split(accept, ',')) {
    const MediaRange range(text);
    if (range.type() != "application/json") continue;
    if (range.parameter("as").empty()) return {};
    const std::string_view version = range.parameter("v");
    if (range.parameter("g") == "apidiscovery.k8s.io" &&
        range.parameter("as") == "APIGroupDiscoveryList" &&
        (version == "v2" || version == "v2beta1")) {
      return version;
    }
  }
  return {};
}

std::string api_versions_text(const std::string& address) {
  return to_text(Json::object({
      {"kind",                       "APIVersions"                           },
      {"versions",                   Json::array({"v1"})                     },
      {"serverAddressByClientCIDRs", Json::array({Json::object({
                                         {"clientCIDR", "0.0.0.0/0"},
                                         {"serverAddress", std::string_view(address)},
                                     })})}
  }));
}

std::string group_list_text(const Registry& registry) {
  Json groups = Json::array();
  for (const Registry::Group& group : registry.groups()) {
    if (!group.name.empty()) groups.push_back(group_json(group, false));
  }
  return to_text(Json::object({
      {"kind",       "APIGroupList"   },
      {"apiVersion", "v1"             },
      {"groups",     std::move(groups)}
  }));
}

}  // namespace

std::string storage_version_hash(std::string_view group, std::string_view version,
                                 std::string_view kind) {
  std::string text;
  text.append(group).append("/").append(version).append("/").append(kind);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return base64_encode({reinterpret_cast<const char*>(digest), 8});
}

std::optional<kubernetes::Response> serve_discovery(Server& server, const RequestPath& path,
                                                    std::string_view accept) {
  const std::vector<std::string>& parts = path.parts;
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  const bool core = parts[0] == "api";
  if (!core && parts[0] != "apis") return std::nullopt;
  if (parts.size() == 1) {
    const std::string_view version = aggregated_version(accept);
    if (version.empty()) {
      return json_response(
          200, core ? api_versions_text(server.options.address) : group_list_text(server.registry));
    }
    kubernetes::Response response =
        json_response(200, aggregated_text(server.registry, core, version));
    response.content_type = "application/json;g=apidiscovery.k8s.io;v=" + std::string(version) +
                            ";as=APIGroupDiscoveryList";
    return response;
  }
  const std::string group_name = core ? "" : parts[1];
  const Registry::Group* group = server.registry.find_group(group_name);
  if (group == nullptr) return std::nullopt;
  if (!core && parts.size() == 2) return json_response(200, to_text(group_json(*group, true)));
  const std::string& version_name = core ? parts[1] : parts[2];
  const Registry::Version* version = server.registry.find_version(group_name, version_name);
  if (parts.size() != (core ? 2u : 3u)) return std::nullopt;
  if (version == nullptr) return to_response(no_such_resource());
  return json_response(200, to_text(resource_list(group_name, *version)));
}

}  // namespace slipway::cluster
