#include "kubernetes/transport.h"

#include <doctest/doctest.h>

#include "kubernetes/scripted_transport_for_test.h"

namespace slipway::kubernetes {
namespace {

Request request_of(Method method, std::string target, std::string_view content_type = media::json) {
  Request request;
  request.method = method;
  request.target = std::move(target);
  request.content_type = content_type;
  return request;
}

TEST_CASE("places are told in kubectl's words") {
  struct Row {
    Method method;
    const char* target;
    const char* want;
  };
  using enum Method;
  const Row rows[] = {
      {get,     "/api/v1/pods?limit=5",                                    "list pods"                        },
      {get,     "/api/v1/pods?watch=true",                                 "watch pods"                       },
      {get,     "/api/v1/namespaces/shop/pods",                            "list pods in shop"                },
      {get,     "/api/v1/namespaces/shop/pods/web",                        "get pods shop/web"                },
      {get,     "/api/v1/namespaces",                                      "list namespaces"                  },
      {get,     "/api/v1/namespaces/shop",                                 "get namespaces shop"              },
      {put,     "/api/v1/namespaces/shop/finalize",                        "update namespaces shop (finalize)"},
      {get,     "/api/v1/nodes/n1",                                        "get nodes n1"                     },
      {post,    "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts",
       "create rollouts.argoproj.io in shop"                                                                  },
      {patch,   "/apis/apps/v1/namespaces/shop/replicasets/web-1",
       "patch replicasets.apps shop/web-1"                                                                    },
      {patch,   "/apis/apps/v1/namespaces/shop/replicasets/web-1/scale",
       "patch replicasets.apps shop/web-1 (scale)"                                                            },
      {delete_, "/apis/apps/v1/namespaces/shop/replicasets/web-1",
       "delete replicasets.apps shop/web-1"                                                                   },
      {get,     "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
       "list customresourcedefinitions.apiextensions.k8s.io"                                                  },
      {get,     "/version",                                                "GET /version"                     },
      {get,     "/apis/apps",                                              "GET /apis/apps"                   },
      {get,     "/",                                                       "GET /"                            },
      {get,     "",                                                        "GET "                             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CHECK(place_of(request_of(row.method, row.target), "https://s") ==
          std::string(row.want) + " at https://s");
  }
}

const char* const rejected = "the server rejected our request due to an error in our request";

Response with_causes(int code, const std::string& message, const std::string& field) {
  Json cause;
  cause.set("field", field);
  Json status;
  status.set("reason", "Invalid");
  status.set("message", message);
  status.member("details").set("causes", Json::Array{cause});
  return json_response(code, status);
}

TEST_CASE("each refusal has the code by which callers decide") {
  using enum ErrorCode;
  const Request json_patch =
      request_of(Method::patch, "/api/v1/namespaces/n/pods/p", media::json_patch);
  const Request merge_patch =
      request_of(Method::patch, "/api/v1/namespaces/n/pods/p", media::merge_patch);
  const Request get = request_of(Method::get, "/api/v1/namespaces/n/pods/p");
  const Response html{.status = 502, .content_type = "text/html", .body = "<html>", .warnings = {}};
  struct Row {
    const char* name;
    Response response;
    Request request;
    ErrorCode want;
  };
  const Row rows[] = {
      {"not found", status_response(404, "NotFound"), get, not_found},
      {"exists already", status_response(409, "AlreadyExists"), get, already_exists},
      {"conflict", status_response(409, "Conflict"), get, refused},
      {"conflict without reason", status_response(409, ""), get, refused},
      {"expired", status_response(410, "Expired"), get, expired},
      {"failed test", status_response(422, "Invalid", rejected), json_patch, refused},
      {"the same, not JSON patch", status_response(422, "Invalid", rejected), merge_patch, invalid},
      {"other words", status_response(422, "Invalid", "no"), json_patch, invalid},
      {"with causes", with_causes(422, rejected, "spec"), json_patch, invalid},
      {"foreign uid", with_causes(422, "x", "metadata.uid"), merge_patch, refused},
      {"foreign uid, no patch", with_causes(422, "x", "metadata.uid"), get, invalid},
      {"bad request", status_response(400, "BadRequest"), get, invalid},
      {"unknown media type", status_response(415, "UnsupportedMediaType"), get, invalid},
      {"unauthorized", status_response(401, "Unauthorized"), get, forbidden},
      {"forbidden", status_response(403, "Forbidden"), get, forbidden},
      {"request timeout", status_response(408, ""), get, unavailable},
      {"too many requests", status_response(429, "TooManyRequests"), get, unavailable},
      {"internal error", status_response(500, "InternalError"), get, unavailable},
      {"a proxy's page", html, get, unavailable},
      {"server timeout", status_response(504, "Timeout"), get, unavailable},
      {"a redirect", status_response(301, ""), get, invalid},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Error error = error_of(row.response, row.request, "https://s");
    CHECK(error.code == row.want);
    CHECK(error.where.ends_with("pods n/p at https://s"));
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
  }
}

TEST_CASE("messages are the server's own, within bounds") {
  const Request get = request_of(Method::get, "/apis/argoproj.io/v1alpha1/rollouts");
  const auto text_of = [&](const Response& response) {
    return error_of(response, get, "s").text();
  };
  CHECK(text_of(status_response(403, "Forbidden", "user x cannot list")) ==
        "list rollouts.argoproj.io at s: user x cannot list (grant the right with a Role or "
        "ClusterRole, or use another context)");
  // Where the kind itself is unknown, the answer is plain text.
  const Response unknown{
      .status = 404, .content_type = "text/plain", .body = "404 page not found\n", .warnings = {}};
  CHECK(text_of(unknown) ==
        "list rollouts.argoproj.io at s: the server answered 404: 404 page not found (is the "
        "CustomResourceDefinition of this kind installed, and is this version served?)");
  CHECK(error_of(status_response(422, "Invalid", std::string(100'000, 'x')), get, "s")
            .message.size() < 1100);
  Response busy = status_response(429, "TooManyRequests", "slow down");
  busy.retry_after = 3_s;
  CHECK(text_of(busy).ends_with("slow down (try again in 3 s)"));
}

TEST_CASE("a body is read only where all is well") {
  const Request get = request_of(Method::get, "/api/v1/namespaces/n/pods/p");
  const Response whole = json_response(200, Json::object({
                                                {"kind", "Pod"}
  }));
  CHECK(body_of(whole, get, "s").value()["kind"].string_or_empty() == "Pod");
  CHECK(body_of(status_response(404, "NotFound"), get, "s").error().code == ErrorCode::not_found);
  // A proxy has cut it off.
  Response half = whole;
  half.body.pop_back();
  const Result<Json> body = body_of(half, get, "s");
  REQUIRE_FALSE(body);
  CHECK(body.error().code == ErrorCode::unavailable);
  CHECK(body.error().where == "get pods n/p at s");
}

}  // namespace
}  // namespace slipway::kubernetes
