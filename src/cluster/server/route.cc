#include "cluster/server/route.h"

#include <algorithm>

#include "base/text.h"
#include "base/yaml.h"
#include "cluster/server/body.h"
#include "cluster/server/discovery.h"
#include "cluster/server/openapi.h"
#include "cluster/server/operations.h"
#include "cluster/server/subresources.h"

namespace slipway::cluster {
namespace {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

Response text_response(int code, std::string text) {
  Response response;
  response.status = code;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

Response page_not_found() {
  return text_response(404, "404 page not found\n");
}

Response not_acceptable() {
  return to_response({406, "NotAcceptable",
                      "406: Not Acceptable\n\nAvailable representations: application/json, "
                      "application/yaml, application/vnd.kubernetes.protobuf",
                      Json::object()});
}

/// "34" of "v1.34.0".
std::string minor_of(const std::string& version) {
  const auto parts = split(version, '.');
  return parts.size() > 1 ? std::string(parts[1]) : "0";
}

Response version_response(const Server& server) {
  const std::string& version = server.options.version;
  const std::string minor = minor_of(version);
  const auto number = parse_integer(minor);
  return json_response(200, to_text(Json::object({
                                {"major",                 "1"                                   },
                                {"minor",                 std::string_view(minor)               },
                                {"emulationMajor",        "1"                                   },
                                {"emulationMinor",        std::string_view(minor)               },
                                {"minCompatibilityMajor", "1"                                   },
                                {"minCompatibilityMinor", std::to_string(number.value_or(1) - 1)},
                                {"gitVersion",            version + "+slipway"                  },
                                {"gitCommit",             ""                                    },
                                {"gitTreeState",          ""                                    },
                                {"buildDate",             "1970-01-01T00:00:00Z"                },
                                {"goVersion",             "none"                                },
                                {"compiler",              "g++"                                 },
                                {"platform",              "linux/amd64"                         }
  })));
}

/// Access reviews: the one user may do everything.
Response serve_access_review(const Request& request) {
  // Whatever it asks, in whatever form: the answer is the same.
  const Result<Json> review = parse_json(request.body);
  Json answer = Json::object({
      {"kind",       "SelfSubjectAccessReview"},
      {"apiVersion", "authorization.k8s.io/v1"}
  });
  answer.set("metadata", Json::object());
  answer.set("spec", review ? (*review)["spec"] : Json::object());
  answer.set("status", Json::object({
                           {"allowed", true}
  }));
  return json_response(201, to_text(answer));
}

/// Paths that lead to no resource of the registry.
std::optional<Response> serve_other(Server& server, const RequestPath& path,
                                    const Request& request) {
  const std::vector<std::string>& parts = path.parts;
  if (parts.empty()) {
    return json_response(200, R"({"paths":["/api","/apis","/healthz","/livez","/openapi/v2",)"
                              R"("/openapi/v3","/readyz","/version"]})");
  }
  const std::string& first = parts[0];
  if (parts.size() == 1 && first == "version") return version_response(server);
  if (first == "healthz" || first == "readyz" || first == "livez") {
    return text_response(200, "ok");
  }
  if (first == "openapi") return serve_openapi(server, path, request.accept);
  if (path.group == "authorization.k8s.io" && path.resource == "selfsubjectaccessreviews") {
    if (request.method != Method::post) return to_response(method_not_allowed());
    return serve_access_review(request);
  }
  std::optional<Response> discovery = serve_discovery(server, path, request.accept);
  if (discovery && request.method != Method::get) return to_response(method_not_allowed());
  return discovery;
}

/// What Kubernetes has and this server has not, for want of containers and of service accounts.
bool is_left_out(std::string_view plural, std::string_view subresource) {
  constexpr std::pair<std::string_view, std::string_view> left_out[] = {
      {"pods",            "attach"             },
      {"pods",            "ephemeralcontainers"},
      {"pods",            "exec"               },
      {"pods",            "log"                },
      {"pods",            "portforward"        },
      {"pods",            "proxy"              },
      {"pods",            "resize"             },
      {"services",        "proxy"              },
      {"nodes",           "proxy"              },
      {"serviceaccounts", "token"              },
  };
  return std::ranges::find(left_out, std::pair(plural, subresource)) != std::end(left_out);
}

Response no_such_subresource(Server& server, const Call& call) {
  const Resource& resource = *call.resource;
  const bool left_out =
      resource.group.empty() && is_left_out(resource.plural, call.path.subresource);
  if (!resource.custom && !left_out) return to_response(no_such_resource());
  if (resource.custom || !server.store.table(resource.table).find(call.key())) {
    return to_response(not_found(resource.group_resource(), call.path.name));
  }
  const std::string_view why = resource.plural == "serviceaccounts"
                                   ? "its service accounts have no tokens"
                                   : "nothing runs on its nodes";
  return to_response({501, "",
                      "this cluster does not serve " + resource.plural + "/" +
                          call.path.subresource + ": " + std::string(why),
                      Json::object()});
}

Response serve_subresource(Server& server, Call& call) {
  const std::string& name = call.path.subresource;
  const Method method = call.request.method;
  if (call.resource->find_subresource(name) == nullptr) return no_such_subresource(server, call);
  const bool changes = method == Method::put || method == Method::patch;
  if (name == "scale" && (changes || method == Method::get)) return serve_scale(server, call);
  if (name == "binding" && method == Method::post) return bind_pod(server, call);
  if (name == "eviction" && method == Method::post) return evict_pod(server, call);
  if (name == "finalize" && method == Method::put) return update_object(server, call);
  if (name == "status") {
    if (method == Method::get) return get_object(server, call);
    if (method == Method::put) return update_object(server, call);
    if (method == Method::patch) return patch_object(server, call);
  }
  return to_response(method_not_allowed());
}

Response serve_collection(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  // Objects of a namespaced kind come into being in a namespace.
  const bool in_place = !resource.namespaced || !call.path.namespace_.empty();
  switch (call.request.method) {
    case Method::get:
      return list_objects(server, call);
    case Method::post:
      if (in_place && resource.allows("create")) return create_object(server, call);
      break;
    case Method::delete_:
      if (in_place && resource.allows("deletecollection")) return delete_collection(server, call);
      break;
    default:
      break;
  }
  return to_response(method_not_allowed());
}

Response serve_resource(Server& server, Call& call) {
  if (call.path.name.empty()) return serve_collection(server, call);
  if (!call.path.subresource.empty()) return serve_subresource(server, call);
  switch (call.request.method) {
    case Method::get:
      return get_object(server, call);
    case Method::put:
      return update_object(server, call);
    case Method::patch:
      return patch_object(server, call);
    case Method::delete_:
      return delete_object(server, call);
    default:
      return to_response(method_not_allowed());
  }
}

/// JSON turned into YAML for clients that take nothing else.
void convert_to_yaml(Response& response) {
  if (response.content_type != kubernetes::media::json) return;
  const Result<Json> json = parse_json(response.body);
  if (!json) return;
  response.body = to_yaml(*json);
  response.content_type = "application/yaml";
}

}  // namespace

namespace {

/// Whether definitions made this version; what it doesn't have is nobody's then.
bool is_custom(const Registry::Version& version) {
  return std::ranges::any_of(version.resources, &Resource::custom);
}

}  // namespace

std::expected<Call, Response> read_call(Server& server, const Request& request) {
  const auto [path_text, query_text] = split_target(request.target);
  Call call{request, parse_request_path(path_text), Query(query_text), {}, nullptr};
  const RequestPath& path = call.path;
  if (!path.names_resource() || server.registry.find_group(path.group) == nullptr) {
    return std::unexpected(page_not_found());
  }
  call.resource = server.registry.find(path.group, path.version, path.resource);
  const Registry::Version* version = server.registry.find_version(path.group, path.version);
  if (!call.resource && version != nullptr && is_custom(*version)) {
    return std::unexpected(page_not_found());
  }
  if (!call.resource || (!call.resource->namespaced && !path.namespace_.empty()) ||
      (call.resource->namespaced && path.namespace_.empty() && !path.name.empty())) {
    return std::unexpected(to_response(no_such_resource()));
  }
  std::optional<Representation> form = negotiate(request.accept);
  if (!form) return std::unexpected(not_acceptable());
  call.form = std::move(*form);
  return call;
}

Response answer(Server& server, const Request& request) {
  std::expected<Call, Response> call = read_call(server, request);
  if (!call) {
    const RequestPath path = parse_request_path(split_target(request.target).first);
    std::optional<Response> other = serve_other(server, path, request);
    return other ? std::move(*other) : std::move(call.error());
  }
  Response response = serve_resource(server, *call);
  if (call->form.yaml) convert_to_yaml(response);
  return response;
}

bool asks_for_watch(const Request& request) {
  if (request.method != Method::get) return false;
  const auto [path_text, query_text] = split_target(request.target);
  if (query_text.find("watch") == std::string_view::npos) return false;
  const RequestPath path = parse_request_path(path_text);
  return path.names_resource() && path.name.empty() && Query(query_text).is_true("watch");
}

}  // namespace slipway::cluster
