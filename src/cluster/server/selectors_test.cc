#include "cluster/server/selectors.h"

#include <doctest/doctest.h>

namespace slipway::cluster {

TEST_CASE("label selectors select as apimachinery's do") {
  const Json labels = Json::object({
      {"app",  "web"  },
      {"tier", "front"},
      {"size", "3"    }
  });
  struct Row {
    const char* selector;
    bool matches;
  };
  const Row rows[] = {
      {"",                                true },
      {"app=web",                         true },
      {"app==web",                        true },
      {"app = web",                       true },
      {"app!=web",                        false},
      {"zone!=a",                         true },
      {"app in (web,api)",                true },
      {"app in (api)",                    false},
      {"app notin (api)",                 true },
      {"zone notin (a)",                  true },
      {"app",                             true },
      {"!app",                            false},
      {"!zone",                           true },
      {"app,!zone,tier in (front, back)", true },
      {"size>2",                          true },
      {"size<3",                          false},
      {"app>2",                           false},
      {"app=",                            false},
      {"zone in ()",                      false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    const Served<LabelQuery> query = LabelQuery::parse(row.selector);
    REQUIRE(query.has_value());
    CHECK(query->matches(labels) == row.matches);
  }
  CHECK(LabelQuery::parse("!app")->matches(Json()));
}

TEST_CASE("a label selector that can't be read says why") {
  struct Row {
    const char* selector;
    const char* message;
  };
  const Row rows[] = {
      {"a===b",   "unable to parse requirement: found '=', expected: identifier"                  },
      {"=b",      "found '=', expected: !, identifier, or 'end of string'"                        },
      {"a b",     "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"a in b",  "unable to parse requirement: found 'b', expected: '('"                         },
      {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"                   },
      {"a=b,",    "found '', expected: identifier after ','"                                      },
      {"a=b c",   "found 'c', expected: ',' or 'end of string'"                                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    const Served<LabelQuery> query = LabelQuery::parse(row.selector);
    REQUIRE_FALSE(query.has_value());
    CHECK(query.error().message == row.message);
    CHECK(query.error().code == 400);
  }
}

TEST_CASE("field selectors compare the texts of fields") {
  const Json object = Json::object({
      {"metadata", Json::object({{"name", "web"}})                   },
      {"spec",     Json::object({{"replicas", 3}, {"paused", false}})},
      {"status",   Json::object({{"phase", "Running"}})              }
  });
  const std::vector<std::string> supported = {"status.phase", "spec.replicas", "spec.paused"};
  struct Row {
    const char* selector;
    bool matches;
  };
  const Row rows[] = {
      {"",                                       true },
      {"metadata.name=web",                      true },
      {"metadata.name!=web",                     false},
      {"metadata.namespace=",                    true },
      {"status.phase==Running",                  true },
      {"spec.replicas=3,spec.paused=false",      true },
      {"metadata.name=web,status.phase=Pending", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    const Served<FieldQuery> query = FieldQuery::parse(row.selector, supported);
    REQUIRE(query.has_value());
    CHECK(query->matches(object) == row.matches);
  }
  CHECK(FieldQuery::parse("metadata.name=web,status.phase=x", supported)->name() == "web");
  CHECK(FieldQuery::parse("metadata.name!=web", supported)->name().empty());
  CHECK(FieldQuery::parse("spec.odd=1", supported).error().message ==
        "field label not supported: spec.odd");
  CHECK_FALSE(FieldQuery::parse("nonsense", supported).has_value());
}

}  // namespace slipway::cluster
