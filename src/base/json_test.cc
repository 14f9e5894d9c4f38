#include "base/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/json_for_test.h"

using namespace slipway;

TEST_CASE("a copy shares what it holds until one of the two is changed") {
  struct Row {
    const char* name;
    std::function<void(Json&)> change;
    const char* want;
  };
  const Row rows[] = {
      {"nothing",     [](Json&) {},                                                  R"({"a":[1,{"b":"c"}],"d":{"e":2}})"      },
      {"set",         [](Json& json) { json.set("f", 3); },                          R"({"a":[1,{"b":"c"}],"d":{"e":2},"f":3})"},
      {"set inside",  [](Json& json) { json.member("d").set("e", 4); },
       R"({"a":[1,{"b":"c"}],"d":{"e":4}})"                                                                                    },
      {"find",        [](Json& json) { *json.find("d") = 5; },                       R"({"a":[1,{"b":"c"}],"d":5})"            },
      {"push_back",   [](Json& json) { json.find("a")->push_back(6); },
       R"({"a":[1,{"b":"c"},6],"d":{"e":2}})"                                                                                  },
      {"in an array", [](Json& json) { json.find("a")->as_array()[1].set("b", 7); },
       R"({"a":[1,{"b":7}],"d":{"e":2}})"                                                                                      },
      {"erase",       [](Json& json) { json.erase("a"); },                           R"({"d":{"e":2}})"                        },
      {"erase none",  [](Json& json) { json.erase("x"); },                           R"({"a":[1,{"b":"c"}],"d":{"e":2}})"      },
      {"as_object",   [](Json& json) { json.as_object().clear(); },                  "{}"                                      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json original = parse_json(rows[0].want).value();
    Json copy = original;
    const Json witness = copy;
    CHECK(copy.shares_with(original));
    row.change(copy);
    CHECK(to_text(copy) == row.want);
    CHECK(to_text(original) == rows[0].want);
    CHECK(to_text(witness) == rows[0].want);
    CHECK((copy == original) == (to_text(copy) == to_text(original)));
    CHECK(copy["nothing"].is_null());
  }
}

TEST_CASE("what an edit leaves alone is shared still") {
  Json copy = parse_json(R"({"a":{"b":["c"]},"d":{"e":2}})").value();
  const Json original = copy;
  copy.member("d").set("e", 3);
  CHECK(copy["a"].shares_with(original["a"]));
  CHECK(!copy["d"].shares_with(original["d"]));
  CHECK(!Json(1).shares_with(Json(1)));
}

TEST_CASE("a value is 16 bytes, copies deeply and moves to null") {
  static_assert(sizeof(Json) == 16);
  Json original = Json::object({
      {"a", Json::array({1, "two"})}
  });
  Json copy = original;
  copy.member("a").push_back(3);
  CHECK(to_text(original) == R"({"a":[1,"two"]})");
  CHECK(to_text(copy) == R"({"a":[1,"two",3]})");
  const Json moved = std::move(copy);
  CHECK(copy.is_null());
  CHECK(to_text(moved) == R"({"a":[1,"two",3]})");
  const Json& itself = original;
  original = itself;
  CHECK(original.size() == 1);
  original = original["a"];
  CHECK(to_text(original) == R"([1,"two"])");
}

TEST_CASE("equality looks at values, not at the order of members or the kind of number") {
  struct Row {
    const char* a;
    const char* b;
    bool equal;
  };
  const Row rows[] = {
      {"1",                    "1.0",                    true },
      {"1",                    "1.5",                    false},
      {"9007199254740993",     "9007199254740992",       false},
      {"9007199254740992",     "9007199254740992.0",     true },
      {"9223372036854775807",  "9223372036854775808.0",  true },
      {"-9223372036854775808", "-9223372036854775808.0", true },
      {"0",                    "-0.0",                   true },
      {"0",                    "false",                  false},
      {"null",                 "false",                  false},
      {"\"1\"",                "1",                      false},
      {R"({"a":1,"b":2})",     R"({"b":2,"a":1})",       true },
      {R"({"a":1,"b":2})",     R"({"b":2,"c":1})",       false},
      {R"({"a":1,"b":2})",     R"({"b":1,"a":2})",       false},
      {R"({"a":1})",           R"({"a":1,"b":null})",    false},
      {"[1,2]",                "[2,1]",                  false},
      {"[]",                   "{}",                     false},
      {R"([{"a":[{}]}])",      R"([{"a":[{}]}])",        true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    const Json a = *parse_json(row.a);
    const Json b = *parse_json(row.b);
    CHECK((a == b) == row.equal);
    CHECK((b == a) == row.equal);
    CHECK(a == a);
  }
}

TEST_CASE("members are set, made, found and erased in place") {
  Json object;
  object.set("b", 1);
  object.set("a", 2);
  object.set("b", 3);
  object.member("c").set("d", "e");
  CHECK(to_text(object) == R"({"b":3,"a":2,"c":{"d":"e"}})");
  CHECK(object["c"]["d"].string_or_empty() == "e");
  CHECK(object["x"]["y"].is_null());
  CHECK(object.find("x") == nullptr);
  CHECK(object.erase("b"));
  CHECK_FALSE(object.erase("b"));
  CHECK(to_text(object) == R"({"a":2,"c":{"d":"e"}})");
  Json list;
  list.push_back(1);
  CHECK(list.at(0) == 1);
  CHECK(list.at(1).is_null());
  CHECK(Json(1).find("a") == nullptr);
  CHECK_FALSE(Json(1).erase("a"));
  CHECK(Json(1).size() == 0);
}

TEST_CASE("the reading forms fall back where the type is another") {
  CHECK(Json(true).bool_or(false));
  CHECK(Json("x").bool_or(true));
  CHECK(Json(7).integer_or(1) == 7);
  CHECK(Json(7.0).integer_or(1) == 1);
  CHECK(Json(7).as_double() == 7.0);
  CHECK(Json("x").string_or_empty() == "x");
  CHECK(Json(1).string_or_empty().empty());
}

TEST_CASE("pointers find what RFC 6901's examples say") {
  const Json document = *parse_json(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  struct Row {
    const char* pointer;
    const char* want;
  };
  const Row rows[] = {
      {"/foo",   R"(["bar","baz"])"},
      {"/foo/0", R"("bar")"        },
      {"/",      "0"               },
      {"/a~1b",  "1"               },
      {"/c%d",   "2"               },
      {"/e^f",   "3"               },
      {"/g|h",   "4"               },
      {"/i\\j",  "5"               },
      {"/k\"l",  "6"               },
      {"/ ",     "7"               },
      {"/m~0n",  "8"               },
  };
  for (const Row& row : rows) {
    CAPTURE(row.pointer);
    const Json* found = document.find_pointer(row.pointer);
    REQUIRE(found != nullptr);
    CHECK(to_text(*found) == row.want);
  }
  CHECK(document.find_pointer("") == &document);
  for (const char* missing : {"foo", "/foo/2", "/foo/-", "/foo/01", "/foo/+0", "/foo/0/x", "/bar",
                              "/foo/", "/foo/99999999999999999999", "//"}) {
    CAPTURE(missing);
    CHECK(document.find_pointer(missing) == nullptr);
  }
}

TEST_CASE("pointer tokens escape and unescape") {
  for (const char* token : {"", "a", "a/b", "m~n", "~1", "~01", "//~~"}) {
    CHECK(unescape_pointer(escape_pointer(token)) == token);
  }
  CHECK(escape_pointer("a/b~c") == "a~1b~0c");
  CHECK(unescape_pointer("~01") == "~1");
  CHECK(unescape_pointer("~2~") == "~2~");
}

TEST_CASE("numbers are written as Go's encoding/json writes them") {
  struct Row {
    Json value;
    const char* want;
  };
  const Row rows[] = {
      {0,                                       "0"                      },
      {-7,                                      "-7"                     },
      {9223372036854775807LL,                   "9223372036854775807"    },
      {std::numeric_limits<long long>::min(),   "-9223372036854775808"   },
      {1.0,                                     "1"                      },
      {-0.0,                                    "-0"                     },
      {0.1,                                     "0.1"                    },
      {1.5,                                     "1.5"                    },
      {100.0,                                   "100"                    },
      {0.000001,                                "0.000001"               },
      {0.0000001,                               "1e-7"                   },
      {1.5e-7,                                  "1.5e-7"                 },
      {1e-10,                                   "1e-10"                  },
      {1e-100,                                  "1e-100"                 },
      {18446744073709551616.0,                  "18446744073709552000"   },
      {-9223372036854775808.0,                  "-9223372036854776000"   },
      {9007199254740992.0,                      "9007199254740992"       },
      {9007199254740993e2,                      "900719925474099300"     },
      {123456789012345680000.0,                 "123456789012345680000"  },
      {std::numeric_limits<double>::infinity(), "null"                   },
      {std::nan(""),                            "null"                   },
      {1e20,                                    "100000000000000000000"  },
      {1e21,                                    "1e+21"                  },
      {-1.25e22,                                "-1.25e+22"              },
      {1e100,                                   "1e+100"                 },
      {123456789012345680.0,                    "123456789012345680"     },
      {std::numeric_limits<double>::max(),      "1.7976931348623157e+308"},
      {5e-324,                                  "5e-324"                 },
  };
  for (const Row& row : rows) CHECK(to_text(row.value) == row.want);
}

TEST_CASE("strings are escaped no more than they must be") {
  CHECK(to_text(Json("é€😀 /'<>&")) == "\"é€😀 /'<>&\"");
  CHECK(to_text(Json("\"\\\b\f\n\r\t")) == R"("\"\\\b\f\n\r\t")");
  CHECK(to_text(Json(std::string("\0\x1f\x7f", 3))) == "\"\\u0000\\u001f\x7f\"");
  std::string go;
  append_go_string("a<b>&\"\n\x01\u2028\u2029é", go);
  CHECK(go == R"("a\u003cb\u003e\u0026\"\n\u0001\u2028\u2029é")");
}

TEST_CASE("pretty text indents by two and keeps empty containers short") {
  const Json value = *parse_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})");
  CHECK(
      to_pretty_text(value) ==
      "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
  CHECK(to_pretty_text(Json(1)) == "1");
}

TEST_CASE("what is written reads back equal") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Json value = random_json_for_test(random, 4);
    const auto compact = parse_json(to_text(value));
    REQUIRE_MESSAGE(compact.has_value(), compact.error().text());
    CHECK(*compact == value);
    // Once read, the text is stable: only "-0" loses its sign, as in Kubernetes' own reader.
    CHECK(to_text(*parse_json(to_text(*compact))) == to_text(*compact));
    CHECK(*parse_json(to_pretty_text(value)) == value);
  }
}

TEST_CASE("objects of many members compare quickly in any order") {
  Json forward, backward;
  Json::Object members;
  for (int i = 0; i < 50'000; ++i) members.emplace_back("key" + std::to_string(i), i);
  forward = Json(members);
  backward = Json(Json::Object(members.rbegin(), members.rend()));
  CHECK(forward == backward);
  backward.as_object().front().second = -1;
  CHECK_FALSE(forward == backward);
}
