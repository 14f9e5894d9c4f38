#include "cluster/server/openapi.h"

namespace slipway::cluster {
namespace {

/// Clients ask for the first, which is no proper media type; the answer bears the second.
constexpr std::string_view asked_protobuf_type =
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr std::string_view protobuf_type =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// One length-delimited protobuf field.
std::string field(unsigned number, const std::string& bytes) {
  std::string text(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) text += static_cast<char>(size | 0x80);
  text += static_cast<char>(size);
  return text + bytes;
}

/// A PATCH with a `dryRun` in its query and the kind in an extension: what `kubectl diff` looks
/// for. Source: the field numbers of gnostic's OpenAPIv2.proto.
std::string patch_operation(const Resource& resource) {
  const std::string query = field(2, "query") + field(4, "dryRun");   // in, name
  const std::string parameter = field(1, field(2, field(3, query)));  // parameter, non-body, query
  const std::string kind = "group: \"" + resource.group + "\"\nversion: " + resource.version +
                           "\nkind: " + resource.kind + "\n";
  const std::string extension =
      field(1, "x-kubernetes-group-version-kind") + field(2, field(2, kind));  // name, yaml value
  return field(8, parameter) + field(13, extension);
}

std::string document(const Server& server) {
  std::string paths;
  for (const Registry::Group& group : server.registry.groups()) {
    for (const Registry::Version& version : group.versions) {
      for (const ResourcePtr& resource : version.resources) {
        const std::string path = (resource->group.empty() ? "/api/" : "/apis/") +
                                 resource->api_version() + "/" + resource->plural + "/{name}";
        const std::string item = field(8, patch_operation(*resource));  // patch
        paths += field(2, field(1, path) + field(2, item));
      }
    }
  }
  const std::string info = field(1, "Kubernetes") + field(2, server.options.version);
  return field(1, "2.0") + field(2, info) + field(8, paths);
}

}  // namespace

kubernetes::Response serve_openapi_v2(const Server& server, std::string_view accept) {
  if (accept.find(asked_protobuf_type) == std::string_view::npos &&
      accept.find(protobuf_type) == std::string_view::npos) {
    const Json info = Json::object({
        {"title",   "Kubernetes"                            },
        {"version", std::string_view(server.options.version)}
    });
    return json_response(200, to_text(Json::object({
                                  {"swagger", "2.0"         },
                                  {"info",    info          },
                                  {"paths",   Json::object()}
    })));
  }
  kubernetes::Response response;
  response.status = 200;
  response.content_type = protobuf_type;
  response.body = document(server);
  return response;
}

}  // namespace slipway::cluster
