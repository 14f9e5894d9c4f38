#include <doctest/doctest.h>

#include "api/experiment.h"
#include "api/rollout.h"
#include "api/workload.h"

namespace slipway::api {
namespace {

Json json(std::string_view text) {
  auto value = parse_json(text);
  REQUIRE(value);
  return *std::move(value);
}

TEST_CASE("a value of the wrong type is refused with its path, what it is and what it should be") {
  struct Row {
    const char* text;
    const char* where;
    const char* message;
  };
  const char* const int32 = "an integer from -2147483648 to 2147483647";
  const std::string too_big = std::string("found number 2147483648, expected ") + int32;
  const std::string too_small = std::string("found number -2147483649, expected ") + int32;
  const std::string huge = std::string("found number 1e+99, expected ") + int32;
  const Row rows[] = {
      {R"([])",                                                                   "",                              "found a list, expected an object"         },
      {R"({"spec":[]})",                                                          "spec",                          "found a list, expected an object"         },
      {R"({"spec":{"replicas":"3"}})",                                            "spec.replicas",                 R"(found string "3", expected an integer)" },
      {R"({"spec":{"replicas":2147483648}})",                                     "spec.replicas",                 too_big.c_str()                            },
      {R"({"spec":{"replicas":-2147483649}})",                                    "spec.replicas",                 too_small.c_str()                          },
      {R"({"spec":{"replicas":1e99}})",                                           "spec.replicas",                 huge.c_str()                               },
      {R"({"spec":{"replicas":1.5}})",                                            "spec.replicas",                 "found number 1.5, expected an integer"    },
      {R"({"spec":{"paused":"yes"}})",                                            "spec.paused",                   R"(found string "yes", expected a boolean)"},
      {R"({"spec":{"template":[]}})",                                             "spec.template",                 "found a list, expected an object"         },
      {R"({"spec":{"restartAt":"now"}})",                                         "spec.restartAt",
       R"(found string "now", expected an RFC 3339 time such as "2026-01-01T00:00:00Z")"                                                                      },
      {R"({"spec":{"strategy":{"canary":{"steps":[{},{},{"setWeight":"x"}]}}}})",
       "spec.strategy.canary.steps[2].setWeight",                                                                  R"(found string "x", expected an integer)" },
      {R"({"spec":{"strategy":{"canary":{"maxSurge":true}}}})",                   "spec.strategy.canary.maxSurge",
       "found boolean true, expected an integer or a string"                                                                                                  },
      {R"({"spec":{"strategy":{"canary":{"steps":{}}}}})",                        "spec.strategy.canary.steps",
       "found an object, expected a list"                                                                                                                     },
      {R"({"metadata":{"labels":{"app":1}}})",                                    "metadata.labels[app]",
       "found number 1, expected a string"                                                                                                                    },
      {R"({"metadata":{"annotations":"x"}})",                                     "metadata.annotations",
       R"(found string "x", expected an object)"                                                                                                              },
      {R"({"metadata":{"generation":1e20}})",                                     "metadata.generation",
       "found number 100000000000000000000, expected an integer of at most 64 bits"                                                                           },
      {R"({"kind":"Pod"})",                                                       "kind",                          R"(found string "Pod", expected "Rollout")"},
      {R"({"apiVersion":"argoproj.io/v2"})",                                      "apiVersion",
       R"(found string "argoproj.io/v2", expected "argoproj.io/v1alpha1")"                                                                                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto rollout = decode<Rollout>(json(row.text));
    REQUIRE(!rollout);
    CHECK(rollout.error().code == ErrorCode::invalid);
    CHECK(rollout.error().where == row.where);
    CHECK(rollout.error().message == row.message);
    CHECK(rollout.error().hint.find("kubectl explain rollouts") != std::string::npos);
  }
}

TEST_CASE("the hint of an error is a command without list indices") {
  const auto rollout =
      decode<Rollout>(json(R"({"spec":{"strategy":{"canary":{"steps":[{"setWeight":""}]}}}})"));
  REQUIRE(!rollout);
  CHECK(rollout.error().hint ==
        "correct this field; see `kubectl explain rollouts.spec.strategy.canary.steps.setWeight`");
}

TEST_CASE("numbers at the ends of their range and integral doubles are read") {
  struct Row {
    const char* text;
    std::int32_t want;
  };
  const Row rows[] = {
      {"2147483647",    2147483647     },
      {"-2147483648",   -2147483647 - 1},
      {"3.0",           3              },
      {"1e3",           1000           },
      {"-2147483648.0", -2147483647 - 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto rollout =
        decode<Rollout>(json(std::string(R"({"spec":{"replicas":)") + row.text + "}}"));
    REQUIRE(rollout);
    CHECK(rollout->spec.replicas == row.want);
  }
}

TEST_CASE("null and missing are the same, also for apiVersion and kind") {
  const auto rollout = decode<Rollout>(json(
      R"({"kind":null,"metadata":{"creationTimestamp":null,"labels":{"a":null}},"status":null,
          "spec":{"replicas":null,"strategy":{"canary":{"steps":[null]}}}})"));
  REQUIRE(rollout);
  CHECK(!rollout->spec.replicas);
  CHECK(!rollout->metadata.creation_timestamp);
  CHECK(rollout->metadata.labels == StringMap{
                                        {"a", ""}
  });
  CHECK(rollout->spec.strategy.canary->steps == std::vector<CanaryStep>(1));
}

TEST_CASE("an empty optional struct is not an absent one") {
  const auto rollout =
      decode<Rollout>(json(R"({"spec":{"strategy":{"canary":{"steps":[{"pause":{}}]}}}})"));
  REQUIRE(rollout);
  const CanaryStep& step = rollout->spec.strategy.canary->steps.at(0);
  CHECK(step.pause.has_value());
  CHECK(!step.pause->duration);
  CHECK(!step.analysis.has_value());
  CHECK(encode(step) == json(R"({"pause":{}})"));
}

TEST_CASE("tolerant decoding keeps what can be read and reports the rest (1.3)") {
  std::vector<Error> problems;
  const Rollout rollout = decode_tolerant<Rollout>(
      json(R"({"kind":"Pod","metadata":{"name":"web","labels":{"a":1,"b":"x"}},
               "spec":{"replicas":"many","revisionHistoryLimit":3,"selector":7,"strategy":{"canary":
               {"steps":[{"setWeight":10},{"setWeight":"x","pause":{}},5]}}},"status":[]})"),
      &problems);
  CHECK(rollout.metadata.name == "web");
  CHECK(rollout.metadata.labels == StringMap{
                                       {"b", "x"}
  });
  CHECK(!rollout.spec.replicas);
  CHECK(!rollout.spec.selector);
  CHECK(rollout.spec.revision_history_limit == 3);
  const auto& steps = rollout.spec.strategy.canary->steps;
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].set_weight == 10);
  CHECK(!steps[1].set_weight);
  CHECK(steps[1].pause.has_value());
  std::vector<std::string> places;
  for (const Error& problem : problems) places.push_back(problem.where);
  CHECK(places == std::vector<std::string>{"kind", "metadata.labels[a]", "spec.replicas",
                                           "spec.selector",
                                           "spec.strategy.canary.steps[1].setWeight",
                                           "spec.strategy.canary.steps[2]", "status"});
}

TEST_CASE("tolerant decoding survives what is no object at all") {
  std::vector<Error> problems;
  CHECK(decode_tolerant<Rollout>(Json("poison"), &problems) == Rollout{});
  CHECK(problems.size() == 1);
}

TEST_CASE(
    "unknown members survive where the type keeps them, count in equality, and are reported") {
  const Json text = json(
      R"({"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a","managedFields":[1]},
          "spec":{"replicas":0,"selector":{},"later":true},"status":{"replicas":0,"x":{"y":1}},
          "extra":"e"})");
  std::vector<std::string> unknown;
  const auto replica_set = decode<ReplicaSet>(text, {.unknown_fields = &unknown});
  REQUIRE(replica_set);
  CHECK(encode(*replica_set) == text);
  CHECK(unknown ==
        std::vector<std::string>{"metadata.managedFields", "spec.later", "status.x", "extra"});
  CHECK(replica_set->spec.unknown_fields.find("later")->as_bool());

  ReplicaSet other = *replica_set;
  CHECK(other == *replica_set);
  other.spec.unknown_fields = {};
  CHECK(other != *replica_set);

  const auto lean = decode<ReplicaSet>(text, {.keep_unknown_fields = false});
  REQUIRE(lean);
  CHECK(lean->unknown_fields.empty());
  CHECK(lean->metadata.unknown_fields.empty());
}

TEST_CASE("required members are written when empty, others are left out") {
  CHECK(encode(Rollout{}) ==
        json(R"({"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{}})"));
  Rollout rollout;
  rollout.status.phase = "Healthy";
  CHECK(encode(rollout.status) == json(R"({"phase":"Healthy","canary":{},"blueGreen":{}})"));
  rollout.status.conditions = {{.type = "Paused"}};
  CHECK(encode(rollout)["status"]["conditions"] ==
        json(R"([{"type":"Paused","status":"","reason":"","message":"","lastUpdateTime":null,
                  "lastTransitionTime":null}])"));
}

}  // namespace
}  // namespace slipway::api
