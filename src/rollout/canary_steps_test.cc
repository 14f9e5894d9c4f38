#include "rollout/canary_steps.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

api::Rollout with_steps(const std::string& steps) {
  const auto json = parse_json(
      R"({"metadata":{"name":"web"},"spec":{"strategy":{"canary":{"steps":)" + steps + "}}}}");
  REQUIRE(json);
  auto rollout = api::decode<api::Rollout>(*json);
  REQUIRE(rollout);
  return *std::move(rollout);
}

TEST_CASE("the weight is that of the last setWeight passed (9.4)") {
  const api::Rollout rollout =
      with_steps(R"([{"pause":{}},{"setWeight":20},{"pause":{}},{"setWeight":60}])");
  struct Row {
    std::optional<std::int32_t> index;
    std::int32_t want;
  };
  const Row rows[] = {
      {{}, 0  },
      {0,  0  },
      {1,  20 },
      {2,  20 },
      {3,  60 },
      {4,  100},
      {9,  100},
      {-3, 0  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.index.value_or(-1));
    CHECK(weight_at(rollout, row.index) == row.want);
  }
  CHECK(weight_at(with_steps("[]"), {}) == 100);
}

TEST_CASE("without steps there is no index") {
  const api::Rollout none = with_steps("[]");
  CHECK_FALSE(first_step(none));
  CHECK_FALSE(past_last_step(none));
  CHECK(current_step(none, {}) == nullptr);
  const api::Rollout one = with_steps(R"([{"setWeight":1}])");
  CHECK(first_step(one) == 0);
  CHECK(past_last_step(one) == 1);
  api::RolloutStatus status;
  CHECK(current_step(one, status) != nullptr);
  status.current_step_index = 1;
  CHECK(current_step(one, status) == nullptr);
}

TEST_CASE("steps read as people wrote them") {
  const api::Rollout rollout = with_steps(
      R"([{"setWeight":20},{"pause":{}},{"pause":{"duration":10}},{"pause":{"duration":"1h"}},
          {"setCanaryScale":{"weight":5}},{"experiment":{"templates":[]}},{}])");
  const char* want[] = {
      "setWeight: 20", "pause",  "pause: 10", "pause: 1h", "setCanaryScale{weight: 5}",
      "experiment",    "invalid"};
  const auto& steps = rollout.spec.strategy.canary->steps;
  REQUIRE(steps.size() == std::size(want));
  for (std::size_t i = 0; i < steps.size(); ++i) CHECK(step_text(steps[i]) == want[i]);
}

TEST_CASE("how many pods are enough for a step (9.2)") {
  using Threshold = std::optional<api::ReplicaProgressThreshold>;
  const Threshold half = api::ReplicaProgressThreshold{"Percent", 50};
  const Threshold two = api::ReplicaProgressThreshold{"Pods", 2};
  struct Row {
    const char* name;
    Threshold threshold;
    std::int32_t wanted;
    Size canary;
    bool want;
  };
  const Row rows[] = {
      {"all of them",                  {},                                        4, {4, 4}, true },
      {"one is missing",               {},                                        4, {4, 3}, false},
      {"one too many",                 {},                                        4, {5, 5}, false},
      {"none wanted, none there",      {},                                        0, {0, 0}, true },
      {"half is enough",               half,                                      4, {4, 2}, true },
      {"less than half",               half,                                      4, {4, 1}, false},
      {"half of none",                 half,                                      0, {3, 0}, true },
      {"so many pods",                 two,                                       9, {9, 2}, true },
      {"fewer pods",                   two,                                       9, {9, 1}, false},
      {"more pods than are wanted",    two,                                       1, {1, 1}, true },
      {"not even those wanted",        two,                                       1, {1, 0}, false},
      {"a negative threshold is none", api::ReplicaProgressThreshold{"Pods", -1}, 4, {4, 3}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(canary_is_ready(row.threshold, row.wanted, row.canary) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
