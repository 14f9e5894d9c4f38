#include "kubernetes/write.h"

#include <doctest/doctest.h>

#include "base/json_patch.h"
#include "base/random.h"
#include "kubernetes/scripted_transport_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

Json json(std::string_view text) {
  return parse_json(text).value();
}

api::Object object_of(std::string_view text) {
  return api::Object::of(api::kinds::replica_set, json(text));
}

const api::Object web = object_of(R"({
  "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "resourceVersion": "7",
               "annotations": {"scale-down-deadline": "2026-01-01T00:00:00Z", "a/b": "x"}},
  "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "c", "image": "i:1"}]}}},
  "status": {"replicas": 3, "conditions": [{"type": "Ready"}]}})");
const api::Object bare = object_of(
    R"({"metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "resourceVersion": "7"}})");

Json operations_of(const Write& write) {
  return json(write.request().body);
}

TEST_CASE("the request tests the uid, then what is expected, then changes") {
  const auto write = [](const api::Object& seen) { return Write(seen, "why"); };
  struct Row {
    const char* name;
    Write write;
    const char* want;
  };
  const Row rows[] = {
      {"an existing value is replaced", write(web).set("/spec/replicas", 0),
       R"([{"op":"replace","path":"/spec/replicas","value":0}])"},
      {"expected and replaced",
       write(web).expect_as_seen("/spec/replicas").set("/spec/replicas", 0),
       R"([{"op":"test","path":"/spec/replicas","value":3},
           {"op":"replace","path":"/spec/replicas","value":0}])"},
      {"a test is made once",
       write(web)
           .expect_as_seen("/spec/replicas")
           .expect_as_seen("/spec/replicas")
           .expect_as_seen("/metadata/uid"),
       R"([{"op":"test","path":"/spec/replicas","value":3}])"},
      {"a removal tests what it removes", write(web).remove("/metadata/annotations/a~1b"),
       R"([{"op":"test","path":"/metadata/annotations/a~1b","value":"x"},
           {"op":"remove","path":"/metadata/annotations/a~1b"}])"},
      {"nothing to remove", write(web).remove("/metadata/annotations/c"), "[]"},
      {"absence beside others", write(web).expect_as_seen("/metadata/annotations/c"),
       R"([{"op":"test","path":"/metadata/annotations/c","value":null}])"},
      {"absence of the whole map", write(bare).expect_as_seen("/metadata/annotations/c"),
       R"([{"op":"test","path":"/metadata/annotations","value":null}])"},
      {"absence from far above", write(bare).expect_as_seen("/spec/template/metadata/labels/x"),
       R"([{"op":"test","path":"/spec","value":null}])"},
      {"an addition tests absence", write(web).set("/metadata/annotations/c", "1"),
       R"([{"op":"test","path":"/metadata/annotations/c","value":null},
           {"op":"add","path":"/metadata/annotations/c","value":"1"}])"},
      {"two additions make their map once",
       write(bare).set("/metadata/annotations/c", "1").set("/metadata/annotations/d", "2"),
       R"([{"op":"test","path":"/metadata/annotations","value":null},
           {"op":"add","path":"/metadata/annotations","value":{}},
           {"op":"add","path":"/metadata/annotations/c","value":"1"},
           {"op":"add","path":"/metadata/annotations/d","value":"2"}])"},
      {"parents of parents", write(bare).set("/spec/a/b", 1),
       R"([{"op":"test","path":"/spec","value":null},
           {"op":"add","path":"/spec","value":{}},
           {"op":"add","path":"/spec/a","value":{}},
           {"op":"add","path":"/spec/a/b","value":1}])"},
      {"an item of a list", write(web).set("/spec/template/spec/containers/0/image", "i:2"),
       R"([{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"i:2"}])"},
      {"an item that is not there holds the whole list",
       write(web).expect_as_seen("/status/conditions/1/type"),
       R"([{"op":"test","path":"/status/conditions","value":[{"type":"Ready"}]}])"},
      {"the later of two wins", write(web).set("/spec/replicas", 1).set("/spec/replicas", 2),
       R"([{"op":"replace","path":"/spec/replicas","value":1},
           {"op":"replace","path":"/spec/replicas","value":2}])"},
      {"there and back is nothing", write(web).set("/spec/replicas", 1).set("/spec/replicas", 3),
       "[]"},
      {"already as wanted", write(web).set("/spec/replicas", 3), "[]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Json want = json(R"([{"op":"test","path":"/metadata/uid","value":"u1"}])");
    const Json rest = json(row.want);
    for (const Json& one : rest.as_array()) want.push_back(one);
    CHECK(operations_of(row.write) == want);
  }
}

TEST_CASE("a member that is null counts as none") {
  const api::Object seen =
      object_of(R"({"metadata": {"name": "a", "uid": "u1", "annotations": null}, "spec": {}})");
  const Write write = Write(seen, "why").set("/metadata/annotations/c", "1");
  const auto changed = apply_json_patch(seen.content, operations_of(write));
  REQUIRE(changed.has_value());
  CHECK((*changed)["metadata"]["annotations"]["c"] == Json("1"));
}

TEST_CASE("a request says on which version it was decided, where one was seen") {
  CHECK(Write(web, "why").set("/spec/replicas", 0).request().basis == "7");
  CHECK(Write::delete_object(web, "why").request().basis == "7");
  CHECK(Write::create(api::kinds::replica_set, web.content, "why").request().basis.empty());
}

TEST_CASE("a write says where it goes") {
  struct Row {
    Write write;
    Method method;
    const char* target;
    std::string_view content_type;
  };
  const Row rows[] = {
      {Write(web, "").set("/spec/replicas", 0), Method::patch,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1", media::json_patch},
      {Write(web, "").set("/spec/replicas", 0).through("scale"), Method::patch,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1/scale", media::json_patch},
      {Write::create(api::kinds::replica_set, web.content, ""), Method::post,
       "/apis/apps/v1/namespaces/shop/replicasets", media::json},
      {Write::create(api::kinds::replica_set, web.content, "").through("binding"), Method::post,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1/binding", media::json},
      {Write::delete_object(web, ""), Method::delete_,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1", media::json},
      {Write::status(web, Json::object(), ""), Method::patch,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1/status", media::merge_patch},
      {Write::status(web, Json::object(), "", false), Method::patch,
       "/apis/apps/v1/namespaces/shop/replicasets/web-1", media::merge_patch},
  };
  for (const Row& row : rows) {
    const Request request = row.write.request();
    CAPTURE(row.target);
    CHECK(request.method == row.method);
    CHECK(request.target == row.target);
    CHECK(request.content_type == row.content_type);
  }
}

TEST_CASE("a deletion names the uid and the version that were seen") {
  const Json body = json(Write::delete_object(web, "why", "Orphan", 0).request().body);
  CHECK(body["preconditions"] == json(R"({"uid":"u1","resourceVersion":"7"})"));
  CHECK(body["propagationPolicy"] == Json("Orphan"));
  CHECK(body["gracePeriodSeconds"] == Json(0));
}

TEST_CASE("a status write sends what differs, under the version seen") {
  struct Row {
    const char* name;
    const char* status;
    const char* want;  ///< Empty: nothing is sent.
  };
  const Row rows[] = {
      {"the same",                 R"({"conditions":[{"type":"Ready"}],"replicas":3})",          ""                    },
      {"a null is nothing",        R"({"conditions":[{"type":"Ready"}],"replicas":3,"x":null})", ""                    },
      {"a null inside is nothing",
       R"({"conditions":[{"type":"Ready"}],"replicas":3,"x":{"y":null}})",                       R"({"x":{}})"         },
      {"one member",               R"({"conditions":[{"type":"Ready"}],"replicas":4})",          R"({"replicas":4})"   },
      {"one less",                 R"({"conditions":[{"type":"Ready"}]})",                       R"({"replicas":null})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Write write = Write::status(web, json(row.status), "why");
    const bool nothing = std::string_view(row.want).empty();
    CHECK(write.changes_nothing() == nothing);
    if (nothing) continue;
    const Json body = json(write.request().body);
    CHECK(body["metadata"] == json(R"({"uid":"u1","resourceVersion":"7"})"));
    CHECK(body["status"] == json(row.want));
  }
}

TEST_CASE("the text of a write is for people") {
  CHECK(Write(web, "delay is over").set("/spec/replicas", 0).text() ==
        "patch ReplicaSet shop/web-1: delay is over {/spec/replicas: 3 -> 0}");
  const std::string long_text =
      Write(web, "x").set("/metadata/annotations/a~1b", std::string(58, 'a') + "éé").text();
  CHECK(long_text.ends_with("a...}"));
}

// --- Properties, on random objects.

Json random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return Json(static_cast<int>(random.below(3)));
    case 1:
      return Json(random.below(2) == 0);
    case 2:
      return Json(std::string(random.below(2), 'x'));
    case 3:
      return Json::array({Json(static_cast<int>(random.below(3)))});
    default: {
      Json object = Json::object();
      for (std::uint64_t i = random.below(4); i > 0; --i) {
        constexpr std::string_view keys[] = {"a", "b", "c/d", "~", ""};
        object.set(keys[random.below(std::size(keys))], random_value(random, depth - 1));
      }
      return object;
    }
  }
}

std::string random_path(Random& random) {
  constexpr std::string_view tokens[] = {"/a", "/b", "/c~1d", "/~0", "/"};
  std::string path = "/spec";
  for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
    path += tokens[random.below(std::size(tokens))];
  }
  return path;
}

api::Object random_object(Random& random) {
  Json object = json(R"({"metadata": {"name": "n", "uid": "u1", "resourceVersion": "1"}})");
  if (random.below(4) != 0) {
    Json spec = Json::object();
    for (const char* key : {"a", "b", "c/d", "~", ""}) {
      if (random.below(2) == 0) spec.set(key, random_value(random, 3));
    }
    object.set("spec", spec);
  }
  return api::Object::of(api::kinds::replica_set, object);
}

/// Whether `path` can be set: all that is on the way is an object, or is missing.
bool settable(const Json& object, std::string_view path) {
  for (auto at = path.rfind('/'); at != 0; at = path.rfind('/', at - 1)) {
    const Json* parent = object.find_pointer(path.substr(0, at));
    if (parent != nullptr) return parent->is_object();
  }
  return true;
}

TEST_CASE("applied to the object seen, a write gives what was wanted") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const api::Object seen = random_object(random);
    Write write(seen, "why");
    Json now = seen.content;
    for (std::uint64_t i = 1 + random.below(4); i > 0; --i) {
      const std::string path = random_path(random);
      CAPTURE(path);
      std::optional<Json> wanted;
      if (random.below(3) != 0) {
        if (!settable(now, path)) continue;
        wanted = random_value(random, 2);
        write.set(path, *wanted);
      } else {
        write.remove(path);
      }
      const auto applied = apply_json_patch(seen.content, operations_of(write));
      REQUIRE(applied.has_value());
      now = *applied;
      const Json* found = now.find_pointer(path);
      CHECK((found == nullptr) == !wanted.has_value());
      if (found != nullptr && wanted) CHECK(*found == *wanted);
    }
    CHECK(write.changes_nothing() == (now == seen.content));
  }
}

TEST_CASE("a world that differs where a write expects something refuses it") {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const api::Object seen = random_object(random);
    const std::string path = random_path(random);
    CAPTURE(path);
    Write write(seen, "why");
    write.expect_as_seen(path);
    if (!settable(seen.content, "/spec/other/x")) continue;
    write.set("/spec/other/x", 1);

    const api::Object other = random_object(random);
    const Json* before = seen.content.find_pointer(path);
    const Json* after = other.content.find_pointer(path);
    const bool same = before == nullptr ? after == nullptr : after != nullptr && *before == *after;
    const auto applied = apply_json_patch(other.content, operations_of(write));
    if (!same) {
      REQUIRE_FALSE(applied.has_value());
      CHECK(applied.error().code == ErrorCode::refused);
      ++refused;
    }
    // The object itself, and one whose other parts have moved, are fine.
    Json moved = seen.content;
    moved.set("status", Json::object({
                            {"replicas", 5}
    }));
    CHECK(apply_json_patch(moved, operations_of(write)).has_value());
    // A namesake is another object.
    moved.member("metadata").set("uid", "u2");
    CHECK_FALSE(apply_json_patch(moved, operations_of(write)).has_value());
  }
  CHECK(refused > 500);
}

// --- Writer.

struct Fixture {
  VirtualEventLoop loop;
  ScriptedTransport transport{loop};
  std::vector<std::string> said;
  std::optional<Writer::Outcome> outcome;
  std::unique_ptr<Writer> writer =
      std::make_unique<Writer>(transport, [this](const Write& write, const Json& object) {
        said.push_back(write.why() + " " + to_text(object));
      });

  void execute(std::vector<Write> writes, std::function<bool()> goes_on = {}) {
    writer->execute(
        std::move(writes), [this](Writer::Outcome o) { outcome = std::move(o); },
        std::move(goes_on));
    loop.run_ready();
  }
  void answer(Result<Response> response) {
    transport.answer(std::move(response));
    loop.run_ready();
  }
};

Write scale(std::string why) {
  return Write(web, std::move(why)).set("/spec/replicas", 0);
}

TEST_CASE("writes go out one after the other, each answer seen before the next") {
  Fixture f;
  f.execute({scale("one"), Write(web, "nothing"), Write::delete_object(web, "two")});
  CHECK(f.transport.requests.size() == 1);
  f.answer(json_response(200, json(R"({"n":1})")));
  CHECK(f.said == std::vector<std::string>{R"(one {"n":1})"});
  CHECK(f.transport.requests.size() == 2);
  f.answer(json_response(200, json(R"({"kind":"Status"})")));
  CHECK(f.said.back() == "two null");
  REQUIRE(f.outcome.has_value());
  CHECK(f.outcome->applied == 3);
  CHECK_FALSE(f.outcome->error.has_value());
}

TEST_CASE("the first failure ends a list of writes") {
  struct Row {
    const char* name;
    Result<Response> answer;
    ErrorCode want;
  };
  Response throttled = status_response(429, "TooManyRequests");
  throttled.retry_after = 3_s;
  const Row rows[] = {
      {"a test failed",
       status_response(422, "Invalid",
       "the server rejected our request due to an error in our request"),
       ErrorCode::refused},
      {"stale", status_response(409, "Conflict"), ErrorCode::refused},
      {"gone", status_response(404, "NotFound"), ErrorCode::not_found},
      {"throttled", throttled, ErrorCode::unavailable},
      {"no answer", no_answer(), ErrorCode::unavailable},
      {"cut", Response{.status = 200, .content_type = {}, .body = R"({"a":)", .warnings = {}},
       ErrorCode::unavailable},
      {"no object", Response{.status = 200, .content_type = {}, .body = "null", .warnings = {}},
       ErrorCode::unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.execute({scale("one"), scale("two"), scale("three")});
    f.answer(json_response(200, json("{}")));
    f.answer(row.answer);
    REQUIRE(f.outcome.has_value());
    CHECK(f.outcome->applied == 1);
    REQUIRE(f.outcome->error.has_value());
    CHECK(f.outcome->error->code == row.want);
    CHECK(f.transport.requests.size() == 2);
    CHECK(f.said.size() == 1);
    if (std::string_view(row.name) == "throttled") CHECK(f.outcome->retry_after == 3_s);
  }
}

TEST_CASE("what makes no sense any more is left out, but for what has gone out already") {
  for (const std::size_t wanted : {0UZ, 1UZ, 2UZ}) {
    CAPTURE(wanted);
    Fixture f;
    f.execute({scale("one"), scale("two"), scale("three")}, [&] { return f.said.size() < wanted; });
    while (!f.outcome) f.answer(json_response(200, json("{}")));
    CHECK(f.outcome->applied == std::max(wanted, 1UZ));
    CHECK_FALSE(f.outcome->error.has_value());
    CHECK(f.transport.requests.size() == std::max(wanted, 1UZ));
  }
}

TEST_CASE("a list of nothing is done at once") {
  Fixture f;
  f.execute({Write(web, "nothing"), Write::status(web, web.content["status"], "same")});
  CHECK(f.transport.requests.empty());
  REQUIRE(f.outcome.has_value());
  CHECK(f.outcome->applied == 2);
}

TEST_CASE("a Writer that is gone takes no answers") {
  Fixture f;
  f.execute({scale("one"), scale("two")});
  f.writer.reset();
  f.answer(json_response(200, json("{}")));
  CHECK(f.said.empty());
  CHECK_FALSE(f.outcome.has_value());
}

}  // namespace
}  // namespace slipway::kubernetes
