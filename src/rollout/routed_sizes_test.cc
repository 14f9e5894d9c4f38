#include "rollout/routed_sizes.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

/// Sizes where a router splits the traffic. Source: behaviour.md 11.
namespace slipway::rollout {
namespace {

api::Rollout routed(int replicas, const std::string& members) {
  const std::string text = fmt::format(
      R"({{"spec":{{"replicas":{},"strategy":{{"canary":{{"trafficRouting":{{"nginx":
         {{"stableIngress":"i"}}}},{}}}}}}}}})",
      replicas, members);
  const auto value = parse_json(text);
  REQUIRE_MESSAGE(value, text);
  auto rollout = api::decode<api::Rollout>(*value);
  REQUIRE(rollout);
  return *rollout;
}

constexpr const char* steps = R"("steps":[{"setWeight":20},{"setWeight":40},{"setWeight":60},
                                          {"setWeight":80}])";
constexpr const char* dynamic_steps =
    R"("dynamicStableScale":true,"steps":[{"setWeight":20},{"setWeight":40},{"setWeight":60},
                                          {"setWeight":80}])";

TEST_CASE("without dynamicStableScale the stable version keeps all its pods (11.1)") {
  struct Row {
    const char* name;
    int replicas;
    const char* more;
    RoutedFacts facts;
    Split want;
  };
  const Row rows[] = {
      {"the first step",           10, "",                                                                            {.index = 0},                        {2, 10}},
      {"rounded up",               4,  "",                                                                            {.index = 2},                        {3, 4} },
      {"one pod of one",           1,  "",                                                                            {.index = 0},                        {1, 1} },
      {"past the last step",       4,  "",                                                                            {.index = 4},                        {4, 4} },
      {"no pods wanted",           0,  "",                                                                            {.index = 2},                        {0, 0} },
      {"promoted in full",         4,  "",                                                                            {.index = 0, .whole = true},         {4, 4} },
      {"aborted",                  4,  "",                                                                            {.index = 0, .aborted = true},       {0, 4} },
      {"another maximum",
       4,                              R"("trafficRouting":{"nginx":{"stableIngress":"i"},"maxTrafficWeight":400},)",
       {.index = 3},
       {1, 4}                                                                                                                                                     },
      {"a minimum of pods",        10, R"("minPodsPerReplicaSet":3,)",                                                {.index = 0},                        {3, 10}},
      {"no more than all",         2,  R"("minPodsPerReplicaSet":3,)",                                                {.index = 0},                        {2, 2} },
      {"the minimum of none",
       10,                             R"("minPodsPerReplicaSet":3,)",
       {.index = 0, .aborted = true},
       {0, 10}                                                                                                                                                    },
      {"what was told is no size", 10, "",                                                                            {.index = 0, .told = Split{80, 20}}, {2, 10}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const api::Rollout rollout = routed(row.replicas, std::string(row.more).append(steps));
    CHECK(routed_split(rollout, row.facts) == row.want);
  }
}

TEST_CASE("with dynamicStableScale each side has what its traffic needs (11.1)") {
  struct Row {
    const char* name;
    const char* more;
    RoutedFacts facts;
    Split want;
  };
  const Row rows[] = {
      {"nothing told yet",                          "", {.index = 2},                                                                               {6, 4} },
      {"stable waits for its traffic",              "", {.index = 2, .told = Split{40, 60}},                                                        {6, 6} },
      {"its traffic has gone",                      "", {.index = 2, .told = Split{60, 40}},                                                        {6, 4} },
      {"past the last step",                        "", {.index = 4, .told = Split{80, 20}},                                                        {10, 2}},
      {"promoted, nothing is left",
       "",                                              {.index = 4, .whole = true, .told = Split{100, 0}},
       {10, 0}                                                                                                                                             },
      {"a minimum of pods for both",
       R"("minPodsPerReplicaSet":3,)",                  {.index = 3, .told = Split{80, 20}},
       {8, 3}                                                                                                                                              },
      {"the minimum of none",
       R"("minPodsPerReplicaSet":3,)",                  {.index = 4, .told = Split{100, 0}},
       {10, 0}                                                                                                                                             },
      {"aborted: the canary waits for its traffic",
       "",                                              {.index = 0, .aborted = true, .canary = {8, 8}, .stable = {2, 2}, .told = Split{80, 20}},
       {8, 4}                                                                                                                                              },
      {"aborted: its traffic has gone to 60",
       "",                                              {.index = 0, .aborted = true, .canary = {8, 8}, .stable = {4, 4}, .told = Split{60, 40}},
       {6, 4}                                                                                                                                              },
      {"aborted: stable is whole",
       "",                                              {.index = 0, .aborted = true, .canary = {1, 1}, .stable = {10, 10}, .told = Split{0, 100}},
       {0, 10}                                                                                                                                             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const api::Rollout rollout = routed(10, std::string(row.more).append(dynamic_steps));
    CHECK(routed_split(rollout, row.facts) == row.want);
  }
}

TEST_CASE("setCanaryScale sizes the canary, until it is told to follow the weight (11.2)") {
  const std::string scaled = R"("steps":[{"setCanaryScale":{"replicas":3}},{"setWeight":10},
      {"setCanaryScale":{"weight":50}},{"setWeight":20},
      {"setCanaryScale":{"matchTrafficWeight":true}},{"setWeight":30}])";
  struct Row {
    const char* name;
    const char* more;
    RoutedFacts facts;
    Split want;
  };
  const char* kept = R"("abortScaleDownDelaySeconds":0,)";
  const char* dynamic = R"("dynamicStableScale":true,)";
  const Row rows[] = {
      {"a count",                         "",                             {.index = 0},                  {3, 10} },
      {"a count outlasts a weight",       "",                             {.index = 1},                  {3, 10} },
      {"a share",                         "",                             {.index = 2},                  {5, 10} },
      {"a share outlasts a weight",       "",                             {.index = 3},                  {5, 10} },
      {"as the weight",                   "",                             {.index = 4},                  {2, 10} },
      {"as the next weight",              "",                             {.index = 5},                  {3, 10} },
      {"past the last step",              "",                             {.index = 6},                  {10, 10}},
      {"promoted in full",                "",                             {.index = 0, .whole = true},   {10, 10}},
      {"no minimum for a count",          R"("minPodsPerReplicaSet":5,)", {.index = 0},                  {3, 10} },
      {"aborted",                         "",                             {.index = 0, .aborted = true}, {0, 10} },
      {"aborted, and kept",               kept,                           {.index = 0, .aborted = true}, {3, 10} },
      {"dynamic: a count takes no share", dynamic,                        {.index = 0},                  {3, 10} },
      {"dynamic: a share does",           dynamic,                        {.index = 2},                  {5, 5}  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const api::Rollout rollout = routed(10, row.more + scaled);
    CHECK(routed_split(rollout, row.facts) == row.want);
  }
  api::Rollout plain = routed(10, scaled);
  plain.spec.strategy.canary->traffic_routing.reset();
  CHECK(canary_scale_at(plain, 0, false) == nullptr);
}

TEST_CASE("an aborted canary gives up pods as the stable version gets them (11.3)") {
  struct Row {
    const char* name;
    const char* more;
    Size canary;
    Size stable;
    std::int32_t want;
  };
  const char* explicit_delay = R"("abortScaleDownDelaySeconds":30,)";
  const char* no_delay = R"("abortScaleDownDelaySeconds":0,)";
  const Row rows[] = {
      {"at 80",                           "",             {8, 8}, {2, 2},   60},
      {"at 60",                           "",             {6, 6}, {4, 4},   40},
      {"at 40",                           "",             {4, 4}, {6, 6},   20},
      {"at 20",                           "",             {2, 2}, {8, 8},   0 },
      {"stable is whole",                 "",             {0, 0}, {10, 10}, 0 },
      {"more pods than are missing",      "",             {8, 8}, {4, 4},   60},
      {"fewer pods than are missing",     "",             {8, 3}, {2, 2},   60},
      {"a delay ends them: only missing", explicit_delay, {8, 8}, {4, 4},   40},
      {"a delay of 0 is none",            no_delay,       {8, 8}, {4, 4},   60},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const api::Rollout rollout = routed(10, std::string(row.more).append(dynamic_steps));
    CHECK(weight_on_the_way_back(rollout, row.canary, row.stable) == row.want);
  }
}

TEST_CASE(
    "an abort goes all the way back, and at no time there are fewer pods than traffic (11.3)") {
  // Whoever routes moves the traffic once the stable version has the pods for it.
  for (const int replicas : {1, 2, 3, 10, 17}) {
    CAPTURE(replicas);
    const api::Rollout rollout = routed(replicas, dynamic_steps);
    const auto pods = [&](std::int32_t weight) { return (weight * replicas + 99) / 100; };
    RoutedFacts facts{
        .index = 0,
        .aborted = true,
        .canary = {pods(80), pods(80)},
        .stable = {pods(20), pods(20)},
        .told = Split{80,       20      }
    };
    int rounds = 0;
    while (!(Split{facts.canary.spec, facts.stable.spec} == Split{0, replicas})) {
      REQUIRE(++rounds < 20);
      const Split next = routed_split(rollout, facts);
      CHECK(next.canary >= pods(facts.told->canary));
      CHECK(next.stable >= facts.stable.spec);
      facts.canary = {next.canary, next.canary};
      facts.stable = {next.stable, next.stable};
      const std::int32_t weight = weight_on_the_way_back(rollout, facts.canary, facts.stable);
      if (facts.stable.available >= pods(100 - weight)) facts.told = Split{weight, 100 - weight};
    }
  }
}

}  // namespace
}  // namespace slipway::rollout
