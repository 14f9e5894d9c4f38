#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/json.h"

using namespace slipway;

namespace {

struct Read {
  Result<Json> rest;
  std::vector<std::string> items;
};

Read read(std::string_view text, const JsonParseOptions& options = {}) {
  std::vector<std::string> items;
  auto rest = parse_json_list(
      text, "items",
      [&](Json item) -> Result<void> {
        items.push_back(to_text(item));
        return {};
      },
      options);
  return {std::move(rest), std::move(items)};
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a list is handed over item by item, and the rest returned") {
  struct Row {
    const char* text;
    const char* rest;
    Texts items;
  };
  const Row rows[] = {
      {R"({"kind":"List","items":[{"a":1},{"b":[2]}],"metadata":{}})",
       R"({"kind":"List","metadata":{}})",                                                       {R"({"a":1})", R"({"b":[2]})"}              },
      {R"({"items":[]})",                                              "{}",                     {}                                          },
      {R"({ "items" : [ ] , "a":1})",                                  R"({"a":1})",             {}                                          },
      {R"({"items":null,"a":1})",                                      R"({"a":1})",             {}                                          },
      {R"({"a":1})",                                                   R"({"a":1})",             {}                                          },
      {R"({})",                                                        "{}",                     {}                                          },
      {R"({"a":{"items":[1]},"items":[2]})",                           R"({"a":{"items":[1]}})", {"2"}                                       },
      {R"({"items":[1, "a]},\"" ,true,null,[[]]]})",
       "{}",                                                                                     {"1", R"("a]},\"")", "true", "null", "[[]]"}},
      {R"({"it\u0065ms":[1]})",                                        "{}",                     {"1"}                                       },
      {R"({"x":"items","items":[1]})",                                 R"({"x":"items"})",       {"1"}                                       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Read got = read(row.text);
    REQUIRE_MESSAGE(got.rest.has_value(), got.rest.error().text());
    CHECK(to_text(*got.rest) == row.rest);
    CHECK(got.items == row.items);
    CHECK(parse_json_list_head(row.text, "items") == *got.rest);
  }
}

TEST_CASE("the head of a list that does not end is none") {
  for (const char* text : {R"({"items":[1)", R"({"items":[{"a":")", R"({"items":[1])", "{", "[]",
                           R"({"items":[1],"a":)", R"({"items":[1],"items":[2]})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json_list_head(text, "items"));
  }
}

TEST_CASE("a malformed list is refused, with the place in the whole text") {
  struct Row {
    const char* text;
    const char* want;
  };
  const Row rows[] = {
      {R"({"items":[1,2)",                "near byte 13"                     },
      {R"({"items":[1 2]})",              "near byte 12"                     },
      {R"({"items":[1,]})",               "near byte 12"                     },
      {R"({"items":[,1]})",               "near byte 10"                     },
      {R"({"items":[{"a":01}]})",         "near byte 15"                     },
      {R"({"items":[1,2)"
       "\xff]}",                   "a byte is not UTF-8, near byte 13"},
      {R"({"items":[{]]})",               "near byte"                        },
      {R"({"items":[1,2,3,4,5]],"a":1})", "near byte"                        },
      {R"({"items":[1,2,3],"a":"\x"})",   "near byte 25"                     },
      {R"({"items":[1,2,3],"a":1)",       "near byte"                        },
      {R"({"items":[1]} x)",              "near byte"                        },
      {R"({"items":{}})",                 "items: found no array"            },
      {R"({"items":1})",                  "items: found no array"            },
      {R"({"items":[1],"items":[2]})",    "items: found no array"            },
      {R"([1])",                          "found no JSON object"             },
      {"",                                "it is empty"                      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Read got = read(row.text);
    REQUIRE_FALSE(got.rest.has_value());
    CHECK_MESSAGE(got.rest.error().text().find(row.want) != std::string::npos,
                  got.rest.error().text());
    CHECK(got.rest.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("options apply to each item, and an item's failure ends the reading") {
  const Read got = read(R"({"status":0,"items":[{"status":1,"a":2}]})", {.skip = {{"status"}}});
  CHECK(got.items == Texts{R"({"a":2})"});
  CHECK(to_text(*got.rest) == R"({"status":0})");

  int seen = 0;
  const auto stopped = parse_json_list(R"({"items":[1,2,3]})", "items", [&](Json) -> Result<void> {
    if (++seen == 2) return fail(ErrorCode::cancelled, "", "enough");
    return {};
  });
  CHECK(stopped.error().code == ErrorCode::cancelled);
  CHECK(seen == 2);
}

TEST_CASE("an item's handler may read JSON itself") {
  Texts inner;
  const auto rest =
      parse_json_list(R"({"items":["[1]","[2]"]})", "items", [&](Json item) -> Result<void> {
        inner.push_back(to_text(TRY(parse_json(item.as_string()))));
        return {};
      });
  CHECK(rest.has_value());
  CHECK(inner == Texts{"[1]", "[2]"});
}
