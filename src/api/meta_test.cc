#include "api/meta.h"

#include <doctest/doctest.h>

namespace slipway::api {
namespace {

TEST_CASE("a present but empty annotation is a value, an absent one is not") {
  ObjectMeta meta;
  meta.annotations["scale-down-deadline"] = "";
  REQUIRE(meta.annotation("scale-down-deadline") != nullptr);
  CHECK(meta.annotation("scale-down-deadline")->empty());
  CHECK(meta.annotation("other") == nullptr);
  meta.labels["app"] = "web";
  REQUIRE(meta.label("app") != nullptr);
  CHECK(*meta.label("app") == "web");
}

TEST_CASE("the controller is the owner that says so") {
  ObjectMeta meta;
  CHECK(meta.controller() == nullptr);
  meta.owner_references = {
      {.name = "a"},
      {.name = "b", .controller = false}
  };
  CHECK(meta.controller() == nullptr);
  meta.owner_references.push_back({.name = "c", .controller = true});
  REQUIRE(meta.controller() != nullptr);
  CHECK(meta.controller()->name == "c");
}

TEST_CASE("resource versions of any length compare as numbers") {
  struct Row {
    const char* a;
    const char* b;
    bool newer;
  };
  const Row rows[] = {
      {"2",                     "1",                    true },
      {"1",                     "2",                    false},
      {"1",                     "1",                    false},
      {"10",                    "9",                    true },
      {"9",                     "10",                   false},
      {"1",                     "",                     true },
      {"",                      "1",                    false},
      {"",                      "",                     false},
      {"100000000000000000001", "99999999999999999999", true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(newer_version(row.a, row.b) == row.newer);
  }
}

TEST_CASE("an object's identity is read from its metadata") {
  const Json content = Json::object({
      {"metadata", Json::object({{"name", "web-5d4"},
                                 {"namespace", "shop"},
                                 {"uid", "u-1"},
                                 {"resourceVersion", "7"}})}
  });
  const Object object = Object::of(kinds::replica_set, content);
  CHECK(object.ref.text() == "ReplicaSet shop/web-5d4");
  CHECK(object.ref.uid == "u-1");
  CHECK(object.ref.resource_version == "7");
  CHECK(object.content == content);
  CHECK(Object::of(kinds::pod, Json()).ref.key == ObjectKey{});
}

}  // namespace
}  // namespace slipway::api
