#include "kubernetes/transport.h"

#include <fmt/format.h>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// An answer may quote whole objects; a message is for a line of a log.
constexpr std::size_t message_max = 1000;

/// What kube-apiserver says of a JSON patch whose `test` failed, or that names a missing path.
constexpr std::string_view patch_failed =
    "the server rejected our request due to an error in our request";

/// The parts of a request's path that people know it by.
struct Target {
  std::string resource;    ///< "replicasets.apps"
  std::string namespace_;  ///< Empty: all, or a cluster-scoped kind.
  std::string name;        ///< Empty: the collection.
  std::string subresource;
};

std::optional<Target> parse_target(std::string_view path) {
  std::vector<std::string_view> parts = split(path, '/');  // The first is empty: "/api".
  std::size_t at = 0;
  Target target;
  std::string group;
  if (parts.size() > 3 && parts[1] == "api") {
    at = 3;
  } else if (parts.size() > 4 && parts[1] == "apis") {
    group = "." + url_decode(parts[2], false);
    at = 4;
  } else {
    return std::nullopt;
  }
  const auto next = [&] {
    return at < parts.size() ? url_decode(parts[at++], false) : std::string();
  };
  // "namespaces/shop/pods" is inside of one; "namespaces/shop" and its subresources are it.
  const bool subresource_of_namespace =
      parts.size() == at + 3 && (parts[at + 2] == "status" || parts[at + 2] == "finalize");
  if (parts[at] == "namespaces" && parts.size() > at + 2 && !subresource_of_namespace) {
    ++at;
    target.namespace_ = next();
  }
  target.resource = next() + group;
  target.name = next();
  target.subresource = next();
  return target;
}

std::string_view verb_of(const Request& request, const Target& target) {
  switch (request.method) {
    case Method::get:
      if (!target.name.empty()) return "get";
      return request.target.find("watch=") == std::string::npos ? "list" : "watch";
    case Method::post:
      return "create";
    case Method::put:
      return "update";
    case Method::patch:
      return "patch";
    default:
      return "delete";
  }
}

bool is_failed_patch_test(const Request& request, const Json& status) {
  return request.content_type == media::json_patch &&
         status["message"].string_or_empty() == patch_failed && status["details"]["causes"].empty();
}

/// A merge patch that names the uid it means, and met a namesake.
bool is_foreign_uid(const Request& request, const Json& status) {
  const std::string_view field = status["details"]["causes"].at(0)["field"].string_or_empty();
  return request.method == Method::patch && field == "metadata.uid";
}

ErrorCode code_of(const Response& response, const Request& request, const Json& status) {
  switch (response.status) {
    case 401:
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return status["reason"].string_or_empty() == "AlreadyExists" ? ErrorCode::already_exists
                                                                   : ErrorCode::refused;
    case 410:
      return ErrorCode::expired;
    case 422:
      return is_failed_patch_test(request, status) || is_foreign_uid(request, status)
                 ? ErrorCode::refused
                 : ErrorCode::invalid;
    case 408:
    case 429:
      return ErrorCode::unavailable;
    default:
      return response.status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
  }
}

std::string hint_of(ErrorCode code, const Response& response, const Json& status) {
  switch (code) {
    case ErrorCode::forbidden:
      if (response.status == 401) {
        return "the credentials of the kubeconfig are missing, wrong or expired: log in again";
      }
      return "grant the right with a Role or ClusterRole, or use another context";
    case ErrorCode::refused:
      return "read the object again and decide anew";
    case ErrorCode::already_exists:
      return "choose another name, or delete the object first";
    case ErrorCode::expired:
      return "list again";
    case ErrorCode::unavailable:
      if (response.retry_after) {
        return fmt::format("try again in {} s", response.retry_after->whole_seconds());
      }
      return "wait and try again";
    case ErrorCode::not_found:
      // Of an object the Status names it; else the server has no such resource at all.
      if (status["details"]["name"].string_or_empty().empty()) {
        return "is the CustomResourceDefinition of this kind installed, and is this version "
               "served?";
      }
      return "check the name and the namespace";
    case ErrorCode::invalid:
      if (response.status >= 300 && response.status < 400) {
        return "the server sends us elsewhere: set the kubeconfig's server to the final address";
      }
      return "correct what the message names";
    default:
      return {};
  }
}

std::string message_of(const Response& response, const Json& status) {
  std::string message(status["message"].string_or_empty());
  if (message.empty()) {
    message = fmt::format("the server answered {}", response.status);
    // Proxies and unknown paths answer in plain words.
    const std::string_view text = trim(response.body);
    if (response.content_type.starts_with("text/plain") && !text.empty()) {
      message += fmt::format(": {}", text.substr(0, text.find('\n')));
    }
  }
  if (message.size() > message_max) {
    message.resize(message_max);
    message += "...";
  }
  return message;
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    default:
      return "DELETE";
  }
}

std::string place_of(const Request& request, std::string_view server) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const std::optional<Target> target = parse_target(path);
  if (!target) return fmt::format("{} {} at {}", to_string(request.method), path, server);
  std::string object;
  if (!target->name.empty()) {
    object = target->namespace_.empty() ? target->name : target->namespace_ + "/" + target->name;
    if (!target->subresource.empty()) object += " (" + target->subresource + ")";
  } else if (!target->namespace_.empty()) {
    object = "in " + target->namespace_;
  }
  return fmt::format("{} {}{}{} at {}", verb_of(request, *target), target->resource,
                     object.empty() ? "" : " ", object, server);
}

Error error_of(const Response& response, const Request& request, std::string_view server) {
  const Json status = parse_json(response.body).value_or(Json());
  const ErrorCode code = code_of(response, request, status);
  return {code, place_of(request, server), message_of(response, status),
          hint_of(code, response, status)};
}

Result<Json> body_of(const Response& response, const Request& request, std::string_view server,
                     const JsonParseOptions& options) {
  if (response.status < 200 || response.status >= 300) {
    return Failure(error_of(response, request, server));
  }
  Result<Json> body = parse_json(response.body, options);
  if (body) return body;
  // A write may have been applied all the same. Nobody can tell, so the caller looks again.
  return fail(ErrorCode::unavailable, place_of(request, server),
              "the answer cannot be read: " + body.error().text(),
              "a proxy may have cut it off or put its own in place; try again");
}

}  // namespace slipway::kubernetes
