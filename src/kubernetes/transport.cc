#include "kubernetes/transport.h"

#include <fmt/format.h>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// "patch /apis/apps/v1/namespaces/shop/replicasets/web at https://...": where an error happened.
std::string place_of(const Request& request, std::string_view server) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  return fmt::format("{} {} at {}", to_string(request.method), path, server);
}

ErrorCode code_of(const Response& response, const Request& request, const Json& status) {
  const std::string_view reason = status["reason"].string_or_empty();
  switch (response.status) {
    case 401:
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return reason == "AlreadyExists" ? ErrorCode::already_exists : ErrorCode::refused;
    case 410:
      return ErrorCode::expired;
    case 422: {
      // A failed `test` says Invalid without causes, in the same words as an unknown operation; a
      // foreign uid in a merge patch says Invalid with one cause.
      const bool without_causes = status["details"]["causes"].empty();
      if (request.content_type == media::json_patch && without_causes) return ErrorCode::refused;
      const std::string_view field = status["details"]["causes"].at(0)["field"].string_or_empty();
      if (request.method == Method::patch && field == "metadata.uid") return ErrorCode::refused;
      return ErrorCode::invalid;
    }
    case 429:
      return ErrorCode::unavailable;
    default:
      return response.status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
  }
}

std::string hint_of(ErrorCode code, int status) {
  switch (code) {
    case ErrorCode::forbidden:
      return status == 401 ? "check the credentials of the kubeconfig; they may have expired"
                           : "grant the right with a Role or ClusterRole";
    case ErrorCode::refused:
      return "read the object again and decide anew";
    case ErrorCode::expired:
      return "list again";
    case ErrorCode::unavailable:
      return "wait and try again";
    case ErrorCode::not_found:
      return "check the name and the namespace";
    case ErrorCode::invalid:
      return "correct what the message names";
    default:
      return {};
  }
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

Error error_of(const Response& response, const Request& request, std::string_view server) {
  const Json status = parse_json(response.body).value_or(Json());
  const ErrorCode code = code_of(response, request, status);
  std::string message(status["message"].string_or_empty());
  if (message.empty()) message = fmt::format("the server answered {}", response.status);
  return {code, place_of(request, server), std::move(message), hint_of(code, response.status)};
}

Result<Json> body_of(const Response& response, const Request& request, std::string_view server) {
  if (response.status < 200 || response.status >= 300) {
    return Failure(error_of(response, request, server));
  }
  Result<Json> body = parse_json(response.body);
  if (body) return body;
  // The write may have been applied: a proxy cut the answer. Nobody can tell, so look again.
  return fail(ErrorCode::unavailable, place_of(request, server),
              "the answer is " + body.error().message, "a proxy may have cut it; try again");
}

}  // namespace slipway::kubernetes
