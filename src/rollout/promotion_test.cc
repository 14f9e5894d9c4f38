#include "rollout/promotion.h"

#include <doctest/doctest.h>

#include "rollout/keys.h"

/// When the new version becomes the stable one, and when going back is fast. Source: behaviour.md
/// 16.1, 16.3.
namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z

PromotionFacts canary(const std::function<void(PromotionFacts&)>& edit = {}) {
  PromotionFacts facts;
  facts.has_stable = facts.enough_available = facts.steps_done = true;
  facts.step_count = 4;
  if (edit) edit(facts);
  return facts;
}

PromotionFacts blue_green(const std::function<void(PromotionFacts&)>& edit = {}) {
  PromotionFacts facts;
  facts.canary = false;
  facts.has_stable = facts.enough_available = facts.active_is_new = true;
  if (edit) edit(facts);
  return facts;
}

TEST_CASE("a version is promoted for the first reason that holds (16.1)") {
  using Facts = PromotionFacts;
  struct Row {
    const char* name;
    Facts facts;
    const char* want;  ///< Empty: not yet.
  };
  const auto nothing = [](Facts& f) { f.has_stable = f.enough_available = f.steps_done = false; };
  const auto few = [](Facts& f) { f.enough_available = false; };
  const auto aborted = [](Facts& f) { f.aborted = true; };
  const auto in_full = [](Facts& f) {
    f.promote_full = true;
    f.steps_done = false;
  };
  const auto back = [](Facts& f) {
    f.fast_rollback = "Rollback within window";
    f.steps_done = false;
  };
  const Row rows[] = {
      {"canary: nothing to go back to",           canary(nothing),                                       "Initial deploy"              },
      {"canary: all steps done",                  canary(),                                              "Completed all 4 canary steps"},
      {"canary: a step is left",                  canary([](Facts& f) { f.steps_done = false; }),        ""                            },
      {"canary: pods are missing",                canary(few),                                           ""                            },
      {"canary: aborted",                         canary(aborted),                                       ""                            },
      {"canary: in full",                         canary(in_full),                                       "Full promotion requested"    },
      {"canary: in full, pods missing",           canary([](Facts& f) {
         f.promote_full = true;
         f.enough_available = false;
       }),
       ""                                                                                                                              },
      {"canary: going back",                      canary(back),                                          "Rollback within window"      },
      {"canary: in full comes first",             canary([&](Facts& f) {
         back(f);
         f.promote_full = true;
       }),
       "Full promotion requested"                                                                                                      },
      {"blue-green: nothing to go back",          blue_green([](Facts& f) { f.has_stable = false; }),
       "Initial deploy"                                                                                                                },
      {"blue-green: switched",                    blue_green(),                                          "Completed blue-green update" },
      {"blue-green: not yet switched",            blue_green([](Facts& f) { f.active_is_new = false; }), ""                            },
      {"blue-green: pods are missing",            blue_green(few),                                       ""                            },
      {"blue-green: aborted",                     blue_green(aborted),                                   ""                            },
      {"blue-green: in full",                     blue_green(in_full),                                   "Full promotion requested"    },
      {"blue-green: in full, before the switch",  blue_green([](Facts& f) {
         f.promote_full = true;
         f.active_is_new = false;
       }),
       ""                                                                                                                              },
      {"blue-green: going back",                  blue_green(back),                                      "Rollback within window"      },
      {"blue-green: going back outruns an abort", blue_green([&](Facts& f) {
         back(f);
         f.aborted = true;
       }),
       "Rollback within window"                                                                                                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(find_promotion(row.facts).value_or("") == row.want);
  }
}

/// A ReplicaSet made so many seconds after the first.
struct Made {
  int at;
  int revision;
  const char* deadline = nullptr;
  bool of_experiment = false;
};

api::ReplicaSet replica_set(const Made& made) {
  api::ReplicaSet one;
  one.metadata.name = "web-" + std::to_string(made.revision);
  one.metadata.creation_timestamp = t0 + Duration::from_seconds(made.at);
  one.metadata.annotations.emplace(keys::revision, std::to_string(made.revision));
  if (made.deadline) one.metadata.annotations.emplace(keys::scale_down_deadline, made.deadline);
  if (made.of_experiment) one.metadata.annotations.emplace(keys::experiment_name, "e");
  return one;
}

/// ReplicaSets, oldest first; which is the new one, which the stable one.
struct History {
  std::vector<Made> made;
  std::size_t new_;
  std::size_t stable;
};

std::optional<std::string> fast_rollback(const History& history, bool is_canary,
                                         std::optional<std::int32_t> window) {
  std::vector<api::ReplicaSet> all;
  for (const Made& made : history.made) all.push_back(replica_set(made));
  Roles roles;
  for (const api::ReplicaSet& one : all) roles.owned.push_back(&one);
  roles.new_ = &all.at(history.new_);
  roles.stable = &all.at(history.stable);
  api::Rollout rollout;
  if (is_canary) {
    rollout.spec.strategy.canary.emplace();
  } else {
    rollout.spec.strategy.blue_green.emplace();
  }
  if (window) rollout.spec.rollback_window = api::RollbackWindowSpec{*window};
  CHECK(is_within_rollback_window(rollout, roles) ==
        (find_fast_rollback(rollout, roles, t0) == "Rollback within window"));
  return find_fast_rollback(rollout, roles, t0);
}

TEST_CASE(
    "going back is fast within the window, to the stable version, or to one that waits (16.3)") {
  const char* ahead = "2026-01-01T00:00:10Z";
  const char* passed = "2025-12-31T23:59:50Z";
  const std::vector<Made> four = {
      {0,  1},
      {10, 2},
      {20, 3},
      {30, 4}
  };
  const std::vector<Made> with_experiment = {
      {0, 1},
      {10, 2, nullptr, true},
      {20, 3}
  };
  struct Row {
    const char* name;
    History history;
    bool is_canary;
    std::optional<std::int32_t> window;
    const char* want;  ///< Empty: an update like any other.
  };
  const Row rows[] = {
      {"the one before, window 1",               {four, 2, 3},                      true,  1,  "Rollback within window"},
      {"two before, window 1",                   {four, 1, 3},                      true,  1,  ""                      },
      {"two before, window 2",                   {four, 1, 3},                      true,  2,  "Rollback within window"},
      {"three before, window 2",                 {four, 0, 3},                      true,  2,  ""                      },
      {"three before, window 3",                 {four, 0, 3},                      true,  3,  "Rollback within window"},
      {"blue-green has one too",                 {four, 2, 3},                      false, 1,  "Rollback within window"},
      {"no window",                              {four, 2, 3},                      true,  {}, ""                      },
      {"a window of none",                       {four, 2, 3},                      true,  0,  ""                      },
      {"forward is not back",                    {four, 3, 2},                      true,  9,  ""                      },
      {"an experiment's does not count",
       {with_experiment, 0, 2},
       true,                                                                               1,
       "Rollback within window"                                                                                        },
      {"the stable version itself",              {four, 3, 3},                      true,  {}, "Fast rollback"         },
      {"blue-green: it waits for its end",
       {{{0, 1, ahead}, {10, 2}}, 0, 1},
       false,                                                                              {},
       "Fast rollback"                                                                                                 },
      {"blue-green: its end is past",            {{{0, 1, passed}, {10, 2}}, 0, 1}, false, {}, ""                      },
      {"blue-green: its end is rubbish",         {{{0, 1, ""}, {10, 2}}, 0, 1},     false, {}, ""                      },
      {"canary: a waiting one is no reason",     {{{0, 1, ahead}, {10, 2}}, 0, 1},  true,  {}, ""                      },
      {"made in one second: the revision tells",
       {{{0, 1}, {0, 2}}, 0, 1},
       true,                                                                               1,
       "Rollback within window"                                                                                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(fast_rollback(row.history, row.is_canary, row.window).value_or("") == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
