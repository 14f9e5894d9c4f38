#include "base/json_patch.h"

#include <doctest/doctest.h>

#include "base/json_for_test.h"

using namespace slipway;

namespace {

struct Row {
  const char* name;
  const char* document;
  const char* patch;
  const char* want;  ///< The document afterwards, or "refused", "invalid".
};

std::string outcome_of(const Row& row) {
  const auto patched = apply_json_patch(*parse_json(row.document), *parse_json(row.patch));
  if (patched) return to_text(*patched);
  return patched.error().code == ErrorCode::refused   ? "refused"
         : patched.error().code == ErrorCode::invalid ? "invalid"
                                                      : "another error";
}

void check(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(outcome_of(row) == row.want);
  }
}

}  // namespace

TEST_CASE("patches do what RFC 6902 says") {
  const Row rows[] = {
      {"add a member",              R"({"a":1})",              R"([{"op":"add","path":"/b","value":2}])",        R"({"a":1,"b":2})"      },
      {"add replaces",              R"({"a":1})",              R"([{"op":"add","path":"/a","value":null}])",     R"({"a":null})"         },
      {"add an item",               "[1,3]",                   R"([{"op":"add","path":"/1","value":2}])",        "[1,2,3]"               },
      {"add at the end by index",   "[1]",                     R"([{"op":"add","path":"/1","value":2}])",        "[1,2]"                 },
      {"add at the end by dash",    "[1]",                     R"([{"op":"add","path":"/-","value":[2]}])",      "[1,[2]]"               },
      {"add past the end",          "[1]",                     R"([{"op":"add","path":"/2","value":2}])",        "refused"               },
      {"add with a bad index",      "[1]",                     R"([{"op":"add","path":"/01","value":2}])",       "refused"               },
      {"add under nothing",         "{}",                      R"([{"op":"add","path":"/a/b","value":1}])",      "refused"               },
      {"add under a number",        R"({"a":1})",              R"([{"op":"add","path":"/a/b","value":1}])",      "refused"               },
      {"add the whole",             "[1]",                     R"([{"op":"add","path":"","value":{}}])",         "{}"                    },
      {"remove a member",           R"({"a":1,"b":2})",        R"([{"op":"remove","path":"/a"}])",               R"({"b":2})"            },
      {"remove an item",            "[1,2,3]",                 R"([{"op":"remove","path":"/1"}])",               "[1,3]"                 },
      {"remove nothing",            "{}",                      R"([{"op":"remove","path":"/a"}])",               "refused"               },
      {"remove past the end",       "[]",                      R"([{"op":"remove","path":"/0"}])",               "refused"               },
      {"replace",                   R"({"a":1})",              R"([{"op":"replace","path":"/a","value":"x"}])",  R"({"a":"x"})"          },
      {"replace an item",           "[1,2]",                   R"([{"op":"replace","path":"/1","value":3}])",    "[1,3]"                 },
      {"replace past the end",      "[1]",                     R"([{"op":"replace","path":"/1","value":3}])",    "refused"               },
      {"replace the whole",         "[1]",                     R"([{"op":"replace","path":"","value":2}])",      "2"                     },
      {"move a member",             R"({"a":{"b":1},"c":{}})", R"([{"op":"move","from":"/a/b","path":"/c/d"}])",
       R"({"a":{},"c":{"d":1}})"                                                                                                         },
      {"move an item",              "[1,2,3]",                 R"([{"op":"move","from":"/0","path":"/2"}])",     "[2,3,1]"               },
      {"move nothing",              "{}",                      R"([{"op":"move","from":"/a","path":"/b"}])",     "refused"               },
      {"move into itself",          R"({"a":{}})",             R"([{"op":"move","from":"/a","path":"/a/b"}])",
       "refused"                                                                                                                         },
      {"copy",                      R"({"a":[1]})",            R"([{"op":"copy","from":"/a","path":"/b"}])",
       R"({"a":[1],"b":[1]})"                                                                                                            },
      {"copy into itself",          R"({"a":{}})",             R"([{"op":"copy","from":"/a","path":"/a/b"}])",
       R"({"a":{"b":{}}})"                                                                                                               },
      {"copy nothing",              "{}",                      R"([{"op":"copy","from":"/a","path":"/b"}])",     "refused"               },
      {"test a text",               R"({"a":"b"})",            R"([{"op":"test","path":"/a","value":"b"}])",     R"({"a":"b"})"          },
      {"test an object",            R"({"a":{"x":1,"y":2}})",
       R"([{"op":"test","path":"/a","value":{"y":2,"x":1}}])",                                                   R"({"a":{"x":1,"y":2}})"},
      {"test another number",       R"({"a":1})",              R"([{"op":"test","path":"/a","value":2}])",       "refused"               },
      {"test a number as text",     R"({"a":1})",              R"([{"op":"test","path":"/a","value":"1"}])",
       "refused"                                                                                                                         },
      {"test the whole",            "[1]",                     R"([{"op":"test","path":"","value":[1]}])",       "[1]"                   },
      {"escaped keys",              R"({"a/b":1,"c~d":2})",
       R"([{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}])",                          R"({"c~d":3})"          },
      {"empty key",                 R"({"":1})",               R"([{"op":"replace","path":"/","value":2}])",     R"({"":2})"             },
      {"one after another",         "{}",
       R"([{"op":"add","path":"/a","value":{}},{"op":"add","path":"/a/b","value":1}])",                          R"({"a":{"b":1}})"      },
      {"no operations",             R"({"a":1})",              "[]",                                             R"({"a":1})"            },
      {"members that mean nothing", "{}",                      R"([{"op":"add","path":"/a","value":1,"x":2}])",
       R"({"a":1})"                                                                                                                      },
  };
  check(rows);
}

TEST_CASE("patches do what a real API server was seen to do") {
  const Row rows[] = {
      {"test null passes on a missing key",           R"({"m":{}})",
       R"([{"op":"test","path":"/m/a","value":null}])",                                                                       R"({"m":{}})"        },
      {"test null passes on null",                    R"({"m":{"a":null}})",
       R"([{"op":"test","path":"/m/a","value":null}])",                                                                       R"({"m":{"a":null}})"},
      {"test null fails on a value",                  R"({"m":{"a":0}})",
       R"([{"op":"test","path":"/m/a","value":null}])",                                                                       "refused"            },
      {"test null fails where the parent is missing", "{}",
       R"([{"op":"test","path":"/m/a","value":null}])",                                                                       "refused"            },
      {"test null fails on a missing item",           R"({"m":[]})",
       R"([{"op":"test","path":"/m/0","value":null}])",                                                                       "refused"            },
      {"test of a missing key for a value",           R"({"m":{}})",
       R"([{"op":"test","path":"/m/a","value":""}])",                                                                         "refused"            },
      {"test without a value",                        R"({"m":{}})",         R"([{"op":"test","path":"/m/a"}])",              "invalid"            },
      {"replace creates a missing key",               R"({"m":{}})",
       R"([{"op":"replace","path":"/m/a","value":1}])",                                                                       R"({"m":{"a":1}})"   },
      {"replace under nothing",                       "{}",                  R"([{"op":"replace","path":"/m/a","value":1}])", "refused"            },
      {"remove of a missing key",                     R"({"m":{}})",         R"([{"op":"remove","path":"/m/a"}])",            "refused"            },
      {"unknown operation",                           "{}",                  R"([{"op":"merge","path":"/a","value":1}])",     "refused"            },
  };
  check(rows);
}

TEST_CASE("what is no patch is invalid") {
  const Row rows[] = {
      {"no list",              "{}",         R"({"op":"add","path":"/a","value":1})", "invalid"},
      {"no object",            "{}",         "[1]",                                   "invalid"},
      {"no op",                "{}",         R"([{"path":"/a","value":1}])",          "invalid"},
      {"no path",              "{}",         R"([{"op":"add","value":1}])",           "invalid"},
      {"path of another type", "{}",         R"([{"op":"add","path":1,"value":1}])",  "invalid"},
      {"no value",             "{}",         R"([{"op":"add","path":"/a"}])",         "invalid"},
      {"no from",              "{}",         R"([{"op":"move","path":"/a"}])",        "invalid"},
      {"path without a slash", R"({"a":1})", R"([{"op":"remove","path":"a"}])",       "refused"},
  };
  check(rows);
}

TEST_CASE("a patch applies wholly or not at all") {
  Json document = *parse_json(R"({"a":1})");
  const auto patched = apply_json_patch(
      document,
      *parse_json(R"([{"op":"replace","path":"/a","value":2},{"op":"remove","path":"/x"}])"));
  CHECK_FALSE(patched.has_value());
  CHECK(patched.error().where == "/x");
  CHECK(document["a"] == 1);
}

TEST_CASE("a hostile patch is bounded in copies, depth and operations") {
  Json doubling = Json::array();
  for (int i = 0; i < 40; ++i) {
    doubling.push_back(Json::object({
        {"op",   "copy"},
        {"from", "/a"  },
        {"path", "/a/-"}
    }));
  }
  const auto doubled = apply_json_patch(*parse_json(R"({"a":[1]})"), doubling);
  CHECK(doubled.error().message == "the patch copies too much");

  Json deepening = Json::array();
  std::string path;
  for (int i = 0; i < 300; ++i) {
    path += "/a";
    deepening.push_back(Json::object({
        {"op",    "add"         },
        {"path",  path          },
        {"value", Json::object()}
    }));
  }
  CHECK(apply_json_patch(Json::object(), deepening).error().code == ErrorCode::invalid);

  Json nesting = Json::array();
  for (int i = 0; i < 300; ++i) {
    nesting.push_back(Json::object({
        {"op",   "move"},
        {"from", "/a"  },
        {"path", "/b"  }
    }));
    nesting.push_back(Json::object({
        {"op",    "add"         },
        {"path",  "/a"          },
        {"value", Json::object()}
    }));
    nesting.push_back(Json::object({
        {"op",   "move"},
        {"from", "/b"  },
        {"path", "/a/x"}
    }));
  }
  CHECK(apply_json_patch(*parse_json(R"({"a":{}})"), nesting).error().code == ErrorCode::invalid);

  const Json many = Json(Json::Array(10'001, Json::object()));
  CHECK(apply_json_patch(Json::object(), many).error().code == ErrorCode::invalid);
}

TEST_CASE("merge patches do what RFC 7396's examples say") {
  struct Example {
    const char* document;
    const char* patch;
    const char* want;
  };
  const Example examples[] = {
      {R"({"a":"b"})",         R"({"a":"c"})",                 R"({"a":"c"})"        },
      {R"({"a":"b"})",         R"({"b":"c"})",                 R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})",         R"({"a":null})",                "{}"                  },
      {R"({"a":"b","b":"c"})", R"({"a":null})",                R"({"b":"c"})"        },
      {R"({"a":["b"]})",       R"({"a":"c"})",                 R"({"a":"c"})"        },
      {R"({"a":"c"})",         R"({"a":["b"]})",               R"({"a":["b"]})"      },
      {R"({"a":{"b":"c"}})",   R"({"a":{"b":"d","c":null}})",  R"({"a":{"b":"d"}})"  },
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})",                 R"({"a":[1]})"        },
      {R"(["a","b"])",         R"(["c","d"])",                 R"(["c","d"])"        },
      {R"({"a":"b"})",         R"(["c"])",                     R"(["c"])"            },
      {R"({"a":"foo"})",       "null",                         "null"                },
      {R"({"a":"foo"})",       "\"bar\"",                      "\"bar\""             },
      {R"({"e":null})",        R"({"a":1})",                   R"({"e":null,"a":1})" },
      {"[1,2]",                R"({"a":"b","c":null})",        R"({"a":"b"})"        },
      {"{}",                   R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"  },
  };
  for (const Example& example : examples) {
    CAPTURE(example.patch);
    CHECK(to_text(apply_merge_patch(*parse_json(example.document), *parse_json(example.patch))) ==
          example.want);
  }
}

TEST_CASE("a made merge patch is minimal and turns one value into the other") {
  CHECK(to_text(make_merge_patch(*parse_json(R"({"a":1,"b":{"c":2,"d":3}})"),
                                 *parse_json(R"({"b":{"d":4,"c":2},"e":5})"))) ==
        R"({"b":{"d":4},"e":5,"a":null})");
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Json from = random_json_for_test(random, 3, false);
    Json to = random_json_for_test(random, 3, false);
    // Two unrelated values share nothing; half of the time the target is a change of the source.
    if (seed % 2 == 0) to = apply_merge_patch(from, to);
    const Json patch = make_merge_patch(from, to);
    CHECK(apply_merge_patch(from, patch) == to);
    CHECK(apply_merge_patch(to, patch) == to);
    CHECK(make_merge_patch(to, to) == (to.is_object() ? Json::object() : to));
  }
}
