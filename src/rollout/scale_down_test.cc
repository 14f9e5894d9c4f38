#include "rollout/scale_down.h"

#include <doctest/doctest.h>

#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

using enum ScaleDown::Do;

constexpr Instant t0{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z

api::ObjectMeta annotated(const char* bare, const char* documented) {
  api::ObjectMeta metadata;
  if (bare) metadata.annotations.emplace(keys::scale_down_deadline, bare);
  if (documented) metadata.annotations.emplace(keys::scale_down_deadline_as_documented, documented);
  return metadata;
}

TEST_CASE("one parser reads every deadline") {
  const Deadline at_t0 = At{t0};
  const char* good = "2026-01-01T00:00:00Z";
  struct Row {
    const char* name;
    const char* bare;
    const char* documented;
    Deadline want;
    bool mend;
  };
  const Row rows[] = {
      {"none",                            nullptr,                     nullptr, Absent{},              false},
      {"a time",                          good,                        nullptr, at_t0,                 false},
      {"with an offset",                  "2026-01-01T01:00:00+01:00", nullptr, at_t0,                 false},
      {"empty text (issue 3762)",         "",                          nullptr, Malformed{""},         true },
      {"rubbish",                         "tomorrow",                  nullptr, Malformed{"tomorrow"}, true },
      {"as documented",                   nullptr,                     good,    at_t0,                 true },
      {"as documented, empty",            nullptr,                     "",      Malformed{""},         true },
      {"both, the bare one good",         good,                        "x",     at_t0,                 true },
      {"both, the documented one good",   "",                          good,    at_t0,                 true },
      {"both bad: the bare one is named", "y",                         "x",     Malformed{"y"},        true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const api::ObjectMeta metadata = annotated(row.bare, row.documented);
    CHECK(parse_deadline(metadata) == row.want);
    CHECK(deadline_needs_mending(metadata) == row.mend);
  }
}

TEST_CASE("an old ReplicaSet always ends") {
  struct Row {
    const char* name;
    Deadline deadline;
    Duration delay;
    Instant now;
    ScaleDown want;
  };
  const Row rows[] = {
      {"never arranged",          Absent{},       30_s, t0,          {arrange, 30_s}     },
      {"arranged, part way",      At{t0 + 30_s},  30_s, t0 + 10_s,   {wait, 20_s}        },
      {"on the dot",              At{t0 + 30_s},  30_s, t0 + 30_s,   {scale_to_zero, {}} },
      {"overdue after an outage", At{t0 + 30_s},  30_s, t0 + 9_h,    {scale_to_zero, {}} },
      {"empty text (issue 3762)", Malformed{""},  30_s, t0,          {repair, 30_s}      },
      {"no delay",                Absent{},       0_s,  t0,          {scale_to_zero, {}} },
      {"no delay, malformed",     Malformed{"?"}, 0_s,  t0,          {scale_to_zero, {}} },
      {"no delay, but arranged",  At{t0 + 30_s},  0_s,  t0,          {wait, 30_s}        },
      {"between two seconds",     Absent{},       30_s, t0 + 300_ms, {arrange, 30'700_ms}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(decide_scale_down(row.deadline, row.delay, row.now) == row.want);
  }
}

TEST_CASE("a deadline is whole seconds, never early, at most a second late (6.2, D1)") {
  for (const Duration offset : {0_s, 1_ms, 500_ms, 999_ms}) {
    const Instant now = t0 + offset;
    const Instant deadline = deadline_after(now, 30_s);
    CHECK(deadline.nanoseconds % 1'000'000'000 == 0);
    CHECK(deadline >= now + 30_s);
    CHECK(deadline <= now + 31_s);
  }
}

TEST_CASE("a deadline that has passed is not live (D7)") {
  CHECK(is_live(At{t0 + 1_s}, t0));
  CHECK_FALSE(is_live(At{t0}, t0));
  CHECK_FALSE(is_live(Malformed{""}, t0));
  CHECK_FALSE(is_live(Absent{}, t0));
}

TEST_CASE("only so many old ReplicaSets wait, the newest (12.2)") {
  const Deadline past = At{t0 - 1_s};
  const Deadline soon = At{t0 + 5_s};
  const ScaleDown go{scale_to_zero, {}};
  const ScaleDown set{arrange, 30_s};
  const ScaleDown keep{wait, 5_s};
  struct Row {
    const char* name;
    std::vector<Deadline> newest_first;
    std::int32_t limit;
    std::vector<ScaleDown> want;
  };
  const Row rows[] = {
      {"no limit",                    {Absent{}, soon, Absent{}}, 2147483647, {set, keep, set}},
      {"one",                         {Absent{}, soon, Absent{}}, 1,          {set, go, go}   },
      {"two",                         {soon, Absent{}, Absent{}}, 2,          {keep, set, go} },
      {"none",                        {Absent{}, soon},           0,          {go, go}        },
      {"a passed one takes no place", {past, Absent{}, soon},     1,          {go, set, go}   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(decide_scale_downs(row.newest_first, 30_s, row.limit, t0) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
