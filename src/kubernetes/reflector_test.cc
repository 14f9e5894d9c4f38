#include "kubernetes/reflector.h"

#include <doctest/doctest.h>

#include "kubernetes/scripted_transport_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

Json version(const std::string& text) {
  return Json::object({
      {"metadata", Json::object({{"name", "x"}, {"resourceVersion", text}})}
  });
}

Response page(const std::string& at, const std::vector<std::string>& names,
              const std::string& next = "") {
  Json items = Json::array();
  for (const std::string& name : names) {
    items.push_back(Json::object({
        {"metadata", Json::object({{"name", name}, {"managedFields", Json::array({1})}})}
    }));
  }
  Json list = Json::object({
      {"kind",  "ConfigMapList" },
      {"items", std::move(items)}
  });
  list.member("metadata").set("resourceVersion", at);
  if (!next.empty()) list.member("metadata").set("continue", next);
  return json_response(200, list);
}

/// Notes what it is told.
struct Sink final : ReflectorSink {
  void store_went_back() override { said += "back "; }
  void replace_begin() override { said += "[ "; }
  void replace_item(const Json& object) override { note("", object); }
  void replace_end(const std::string& at) override { said += "]" + at + " "; }
  void upsert(const Json& object) override { note("+", object); }
  void remove(const Json& object) override { note("-", object); }
  void note(const char* sign, const Json& object) {
    CHECK(object["metadata"].find("managedFields") == nullptr);
    said += sign + std::string(object["metadata"]["name"].string_or_empty()) +
            std::string(object["metadata"]["resourceVersion"].string_or_empty()) + " ";
  }
  std::string said;
};

struct Fixture {
  explicit Fixture(Interest interest = {.kind = api::kinds::config_map, .namespace_ = "shop"})
      : reflector(loop, transport, std::move(interest), sink, 1) {
    reflector.start();
    loop.run_ready();
  }
  void answer(Result<Response> response) {
    REQUIRE(!transport.waiting.empty());
    transport.answer(std::move(response));
    loop.run_ready();
  }
  /// A list has come, and the watch is open.
  void begin() {
    answer(page("10", {"a"}));
    watch().open();
    loop.run_ready();
    sink.said.clear();
  }
  ScriptedTransport::Watch& watch() { return *transport.watches.back(); }
  std::string last() const { return transport.requests.back().target; }
  /// Seconds until the next request.
  double next_request() {
    const Instant now = loop.now();
    const std::size_t before = transport.requests.size();
    REQUIRE(loop.run_until([&] { return transport.requests.size() > before; }, 10_min));
    return (loop.now() - now).seconds();
  }

  QuietLog quiet;
  VirtualEventLoop loop;
  ScriptedTransport transport{loop};
  Sink sink;
  Reflector reflector;
};

const std::string path = "/api/v1/namespaces/shop/configmaps?";

TEST_CASE("a list comes page by page, then a watch from its version") {
  Fixture f;
  CHECK(f.last() == path + "limit=250");
  f.answer(page("10", {"a", "b"}, "next=1"));
  CHECK(f.last() == path + "limit=250&continue=next%3D1");
  CHECK_FALSE(f.reflector.synced());
  f.answer(page("10", {"c"}));
  CHECK(f.reflector.synced());
  CHECK(f.sink.said == "[ a b c ]10 ");
  CHECK(f.last().starts_with(path + "watch=true&allowWatchBookmarks=true&resourceVersion=10"
                                    "&timeoutSeconds="));
  const int timeout = std::stoi(f.last().substr(f.last().rfind('=') + 1));
  CHECK(timeout >= 300);
  CHECK(timeout < 600);
}

TEST_CASE("selectors go with each request") {
  Fixture f({.kind = api::kinds::config_map,
             .label_selector = "app in (a,b)",
             .field_selector = "metadata.name=x"});
  const std::string selectors =
      "&labelSelector=app%20in%20%28a%2Cb%29&fieldSelector=metadata.name%3Dx";
  CHECK(f.last() == "/api/v1/configmaps?limit=250" + selectors);
  f.answer(page("10", {}));
  CHECK(f.last().ends_with(selectors));
}

TEST_CASE("pages of different versions are watched from the oldest") {
  Fixture f;
  f.answer(page("10", {"a"}, "n"));
  f.answer(page("12", {"b"}));
  CHECK(f.sink.said == "[ a b ]10 ");
  CHECK(f.last().find("resourceVersion=10&") != std::string::npos);
}

TEST_CASE("a watch that broke resumes where it was, bookmarks count") {
  Fixture f;
  f.begin();
  f.watch().event("ADDED", version("11"));
  f.watch().event("DELETED", version("13"));
  f.watch().event("MODIFIED", version("12"));  // Sent again: no step back.
  f.watch().event("BOOKMARK", version("20"));
  f.watch().event("NEW_TYPE", version("20"));
  f.watch().end();
  CHECK(f.next_request() < 0.2);
  CHECK(f.sink.said == "+x11 -x13 +x12 ");
  CHECK(f.last().find("resourceVersion=20&") != std::string::npos);
  CHECK(f.reflector.trouble().empty());
}

TEST_CASE("what a stream ends with decides how to go on") {
  struct Row {
    const char* name;
    std::function<void(ScriptedTransport::Watch&)> end;
    bool lists;  ///< Begins afresh, instead of watching on.
  };
  const Row rows[] = {
      {"end of file", [](auto& watch) { watch.end(); },                   false                                                       },
      {"reset",       [](auto& watch) { watch.end(no_answer()); },        false                                                       },
      {"a 410 event",
       [](auto& watch) {
         watch.event("ERROR", Json::object({
                                  {         "code",         410}}));
       },                                                                         true                                                                                                                                     },
      {"a 410 answer",              [](auto& watch) { watch.end(status_response(410, "Expired")); },true},
      {"another error",
       [](auto& watch) {
         watch.event("ERROR", Json::object({
                                  {"code", 500}}));
       },                                                                         true                                                                                                                                                                                                                          },
      {"half a line", [](auto& watch) { watch.line(R"({"type":"ADD)"); },                                                         true                                        },
      {"an event without an object", [](auto& watch) { watch.event("ADDED", Json()); }, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.begin();
    f.loop.run_for(10_s);  // A healthy stream.
    row.end(f.watch());
    CHECK(f.next_request() <= 1.0);
    CHECK((f.last().find("watch=") == std::string::npos) == row.lists);
    CHECK(f.sink.said.empty());
    CHECK_FALSE(f.transport.watches.front()->alive());
  }
}

TEST_CASE("a silent stream is opened anew after 90 s") {
  Fixture f;
  f.begin();
  f.loop.run_for(60_s);
  f.watch().event("BOOKMARK", version("11"));
  f.loop.run_for(89_s);
  CHECK(f.transport.watches.size() == 1);
  f.loop.run_for(2_s);
  CHECK(f.transport.watches.size() == 2);
  CHECK_FALSE(f.transport.watches.front()->alive());
  CHECK(f.last().find("resourceVersion=11&") != std::string::npos);
}

TEST_CASE("streams that end as soon as they open are not opened in a hurry") {
  Fixture f;
  f.answer(page("10", {}));
  const Instant start = f.loop.now();
  for (int i = 0; i < 8; ++i) {
    if (!f.transport.waiting.empty()) {
      f.answer(page("10", {}));
    } else {
      f.watch().open();
      f.watch().end();
    }
    f.next_request();
  }
  CHECK((f.loop.now() - start).seconds() > 20);
}

TEST_CASE("410 after 410 backs off") {
  Fixture f;
  const Instant start = f.loop.now();
  for (int i = 0; i < 8; ++i) {
    f.answer(page("10", {}));
    f.watch().open();
    f.watch().event("ERROR", Json::object({
                                 {"code", 410}
    }));
    f.next_request();
  }
  CHECK((f.loop.now() - start).seconds() > 40);
}

TEST_CASE("failed lists are tried again, slower each time") {
  Fixture f;
  double longest = 0;
  for (int i = 0; i < 10; ++i) {
    f.answer(i % 2 == 0 ? Result<Response>(no_answer())
                        : Result<Response>(status_response(503, "ServiceUnavailable")));
    CHECK(f.reflector.trouble().starts_with("configmaps: "));
    const double wait = f.next_request();
    CHECK(wait <= 30);
    longest = std::max(longest, wait);
  }
  CHECK(longest >= 15);
  f.answer(page("10", {}));
  CHECK(f.reflector.trouble().empty());
  CHECK(f.sink.said == "[ ]10 ");
}

TEST_CASE("the server's Retry-After is waited for") {
  Fixture f;
  Response throttled = status_response(429, "TooManyRequests");
  throttled.retry_after = 45_s;
  f.answer(throttled);
  CHECK(f.next_request() == 45);
}

TEST_CASE("while servers restart, a watch is tried again before all is listed again") {
  Fixture f;
  f.begin();
  f.loop.run_for(10_s);
  f.watch().end(no_answer());
  for (int i = 0; i < 2; ++i) {
    f.next_request();
    CHECK(f.last().find("watch=") != std::string::npos);
    f.watch().end(status_response(503, "ServiceUnavailable"));
    f.loop.run_ready();
    CHECK_FALSE(f.reflector.trouble().empty());
  }
  f.next_request();
  f.watch().open();
  f.loop.run_ready();
  CHECK(f.reflector.trouble().empty());
  CHECK(f.sink.said.empty());
}

TEST_CASE("an answer that is no whole list removes nothing") {
  const std::string whole = page("20", {"a", "b"}).body;
  struct Row {
    const char* name;
    std::string body;
  };
  std::vector<Row> rows = {
      {"no text",                ""                                                        },
      {"an empty object",        "{}"                                                      },
      {"null",                   "null"                                                    },
      {"another kind",           R"({"kind":"Status","metadata":{"resourceVersion":"20"}})"},
      {"no version",             R"({"kind":"ConfigMapList","metadata":{},"items":[]})"    },
      {"an item without a name",
       R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"20"},"items":[{}]})"      },
      {"items that are none",
       R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"20"},"items":{}})"        },
  };
  for (std::size_t i = 1; i < whole.size(); ++i) rows.push_back({"cut", whole.substr(0, i)});
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.body);
    Fixture f;
    f.answer(Response{.status = 200, .content_type = {}, .body = row.body, .warnings = {}});
    CHECK(f.sink.said.find(']') == std::string::npos);
    CHECK_FALSE(f.reflector.synced());
  }
}

TEST_CASE("an empty list may lack its items") {
  for (const char* items : {"", R"(,"items":null)"}) {
    Fixture f;
    f.answer(Response{.status = 200,
                      .content_type = {},
                      .body = R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"20"})" +
                              std::string(items) + "}",
                      .warnings = {}});
    CHECK(f.reflector.synced());
    CHECK(f.sink.said == "[ ]20 ");
  }
}

TEST_CASE("where pages take too long, all is asked for at once") {
  Fixture f;
  for (int i = 0; i < 2; ++i) {
    f.answer(page("10", {"a"}, "n"));
    f.answer(status_response(410, "Expired"));
    f.next_request();
  }
  CHECK(f.last() == path + "limit=0");
  f.answer(page("11", {"a"}));
  CHECK(f.sink.said == "[ a [ a [ a ]11 ");
}

/// Its watch has shown version 50, and is of no use any more: a list is asked for.
void expire_at_50(Fixture& f) {
  f.begin();
  f.watch().event("BOOKMARK", version("50"));
  f.watch().event("ERROR", Json::object({
                               {"code", 410}
  }));
  f.next_request();
}

TEST_CASE("a list older than what was seen is asked for again, and believed at last") {
  Fixture f;
  expire_at_50(f);
  for (int i = 0; i < 4; ++i) {
    f.answer(page("20", {"a"}));
    CHECK(f.sink.said.empty());
    f.next_request();
  }
  f.answer(page("20", {"a"}));
  CHECK(f.sink.said == "back [ a ]20 ");
  CHECK(f.last().find("resourceVersion=20&") != std::string::npos);
}

TEST_CASE("a list that is not old ends a row of old ones, even where its next page fails") {
  Fixture f;
  expire_at_50(f);
  for (int i = 0; i < 4; ++i) {
    f.answer(page("20", {"a"}));
    f.next_request();
  }
  f.answer(page("50", {"a"}, "n"));
  f.answer(status_response(503, "ServiceUnavailable"));
  f.next_request();
  f.sink.said.clear();
  f.answer(page("20", {"a"}));
  CHECK(f.sink.said.empty());
}

TEST_CASE("after stop nothing more is asked or told") {
  Fixture f;
  f.begin();
  f.watch().event("ADDED", version("11"));
  f.reflector.stop();
  f.loop.run_for(1_h);
  CHECK(f.sink.said.empty());
  CHECK_FALSE(f.watch().alive());
  CHECK(f.transport.requests.size() == 2);
  f.reflector.start();
  CHECK(f.last() == path + "limit=250");
}

TEST_CASE("a Reflector that is gone takes no answers") {
  VirtualEventLoop loop;
  ScriptedTransport transport(loop);
  Sink sink;
  {
    Reflector reflector(loop, transport, {.kind = api::kinds::config_map}, sink, 1);
    reflector.start();
  }
  transport.answer(page("10", {"a"}));
  loop.run_for(1_h);
  CHECK(sink.said.empty());
}

}  // namespace
}  // namespace slipway::kubernetes
