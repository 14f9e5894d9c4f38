#include <doctest/doctest.h>

#include "api/meta.h"

namespace slipway::api {
namespace {

TEST_CASE("a selector's text matches labels as Kubernetes says") {
  const StringMap web = {
      {"app",   "web"  },
      {"tier",  "front"},
      {"empty", ""     }
  };
  struct Row {
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"",                            true },
      {"  ",                          true },
      {"app=web",                     true },
      {"app==web",                    true },
      {" app = web , tier = front ",  true },
      {"app=api",                     false},
      {"app!=api",                    true },
      {"app!=web",                    false},
      {"missing!=x",                  true },
      {"app",                         true },
      {"missing",                     false},
      {"!missing",                    true },
      {"!app",                        false},
      {"app in (web,api)",            true },
      {"app in(web)",                 true },
      {"app in (api, job)",           false},
      {"missing in (a)",              false},
      {"app notin (api)",             true },
      {"app notin (api,web)",         false},
      {"missing notin (a)",           true },
      {"empty=",                      true },
      {"empty in ()",                 true },
      {"app=",                        false},
      {"app=web,app=web",             true },
      {"app=web,app=api",             false},
      {"app=web,tier in (back),!old", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto selector = parse_selector(row.text);
    REQUIRE(selector);
    CHECK(matches(*selector, web) == row.matches);
  }
}

TEST_CASE("a bad selector's error shows the text and what was expected") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"app=web,",     "found the end, expected a label key"                                   },
      {",app",         R"(found "," at character 1, expected a label key)"                     },
      {"app in web",   R"(found "w" at character 8, expected '(')"                             },
      {"app in (web",  "found the end, expected ',' or ')'"                                    },
      {"app of (web)", R"(found "o" at character 5, expected '=', '==', '!=', 'in' or 'notin')"},
      {"app web",      R"(found "w" at character 5, expected '=', '==', '!=', 'in' or 'notin')"},
      {"app=web x",    R"(found "x" at character 9, expected ',' or the end)"                  },
      {"app!web",      R"(found "w" at character 5, expected '!=')"                            },
      {"app=-x",       R"(found "-x", expected a label value of at most 63 characters)"        },
      {"a/b/c",        R"(found "a/b/c", expected a label key such as app or example.com/app)" },
      {"/a",           R"(found "/a", expected a label key such as app or example.com/app)"    },
      {"-a=1",         R"(found "-a", expected a label key such as app or example.com/app)"    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto selector = parse_selector(row.text);
    REQUIRE(!selector);
    CHECK(selector.error().code == ErrorCode::invalid);
    CHECK(selector.error().message == row.message);
    CHECK(selector.error().where.find(row.text) != std::string::npos);
  }
}

TEST_CASE("selectors are written as Kubernetes writes them, keys sorted, and read back equal") {
  const LabelSelector selector = {
      .match_labels = {{"tier", "front"}, {"app", "web"}},
      .match_expressions = {{.key = "zone", .op = "In", .values = {"b", "a"}},
                       {.key = "beta", .op = "NotIn", .values = {"x"}},
                       {.key = "live", .op = "Exists"},
                       {.key = "old", .op = "DoesNotExist"}}
  };
  const std::string text = format_selector(selector);
  CHECK(text == "app=web,beta notin (x),live,!old,tier=front,zone in (a,b)");
  const auto read = parse_selector(text);
  REQUIRE(read);
  CHECK(format_selector(*read) == text);
  CHECK(format_selector({}).empty());
}

TEST_CASE("an unknown operator matches nothing") {
  CHECK(!matches(
      {
          .match_expressions = {{.key = "a", .op = "Gt", .values = {"1"}}}
  },
      {{"a", "2"}}));
}

}  // namespace
}  // namespace slipway::api
