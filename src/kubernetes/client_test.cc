#include "kubernetes/client.h"

#include <doctest/doctest.h>

#include "kubernetes/scripted_transport_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

Json pod(const std::string& name) {
  return Json::object({
      {"kind",     "Pod"                         },
      {"metadata", Json::object({{"name", name}})}
  });
}

Response page(Json::Array items, const std::string& next) {
  return json_response(
      200, Json::object({
               {"metadata", Json::object({{"continue", next}})},
               {"items",    std::move(items)                  }
  }));
}

struct Bench {
  std::optional<Result<Json::Array>> list(const std::string& query = "") {
    std::optional<Result<Json::Array>> got;
    Client(transport).list(api::kinds::pod, "shop", query,
                           [&](Result<Json::Array> items) { got = std::move(items); });
    CHECK_FALSE(got);
    loop.run_ready();
    return got;
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> texts;
    for (const Request& request : transport.requests) texts.push_back(request.target);
    return texts;
  }

  VirtualEventLoop loop;
  ScriptedTransport transport{loop};
};

const std::string pods = "/api/v1/namespaces/shop/pods";

TEST_CASE("one object is read, or the refusal told") {
  Bench bench;
  bench.transport.respond = [](const Request& request) -> Result<Response> {
    if (request.target == pods + "/web") return json_response(200, pod("web"));
    return status_response(404, "NotFound", "pods \"none\" not found");
  };
  std::optional<Result<Json>> got;
  const auto take = [&](Result<Json> object) { got = std::move(object); };
  Client(bench.transport).get(api::kinds::pod, {"shop", "web"}, take);
  bench.loop.run_ready();
  REQUIRE(got);
  CHECK(got->value() == pod("web"));
  Client(bench.transport).get(api::kinds::pod, {"shop", "none"}, take);
  bench.loop.run_ready();
  CHECK(got->error().code == ErrorCode::not_found);
  bench.transport.respond = [](const Request&) -> Result<Response> { return no_answer(); };
  Client(bench.transport).get(api::kinds::pod, {"shop", "web"}, take);
  bench.loop.run_ready();
  CHECK(got->error().code == ErrorCode::unavailable);
}

TEST_CASE("a list comes whole, page after page") {
  Bench bench;
  bench.transport.respond = [](const Request& request) -> Result<Response> {
    if (request.target.ends_with("continue=a%2Fb")) return page({pod("3")}, "");
    return page({pod("1"), pod("2")}, "a/b");
  };
  const auto got = bench.list("labelSelector=app%3Dweb");
  REQUIRE(got);
  CHECK(got->value() == Json::Array{pod("1"), pod("2"), pod("3")});
  CHECK(bench.targets() ==
        std::vector<std::string>{pods + "?limit=500&labelSelector=app%3Dweb",
                                 pods + "?limit=500&labelSelector=app%3Dweb&continue=a%2Fb"});
}

TEST_CASE("a list whose next page has expired is asked for afresh, all at once") {
  Bench bench;
  bench.transport.respond = [](const Request& request) -> Result<Response> {
    if (request.target.find("continue=") != std::string::npos) {
      return status_response(410, "Expired", "too old");
    }
    if (request.target.find("limit=") != std::string::npos) return page({pod("old")}, "next");
    return page({pod("1"), pod("2")}, "");
  };
  const auto got = bench.list();
  REQUIRE(got);
  CHECK(got->value() == Json::Array{pod("1"), pod("2")});
  CHECK(bench.targets().back() == pods);
}

TEST_CASE("a list that fails on any page is an error") {
  for (const bool first : {true, false}) {
    CAPTURE(first);
    Bench bench;
    bench.transport.respond = [&](const Request& request) -> Result<Response> {
      const bool later = request.target.find("continue=") != std::string::npos;
      if (later || first) return status_response(403, "Forbidden", "no");
      return page({pod("1")}, "next");
    };
    const auto got = bench.list();
    REQUIRE(got);
    REQUIRE_FALSE(*got);
    CHECK(got->error().code == ErrorCode::forbidden);
  }
}

TEST_CASE("an empty list, also one that Go writes as null, is empty") {
  Bench bench;
  bench.transport.respond = [](const Request&) -> Result<Response> {
    return json_response(200, parse_json(R"({"metadata": {}, "items": null})").value());
  };
  const auto got = bench.list();
  REQUIRE(got);
  CHECK(got->value().empty());
}

}  // namespace
}  // namespace slipway::kubernetes
