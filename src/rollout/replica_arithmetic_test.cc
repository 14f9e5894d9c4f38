#include "rollout/replica_arithmetic.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "base/random.h"

namespace slipway::rollout {

std::ostream& operator<<(std::ostream& out, const Split& split) {
  return out << split.canary << ',' << split.stable;
}

namespace {

TEST_CASE("the split is the nearest to the weight (10.2)") {
  struct Row {
    std::int32_t desired, weight, surge;
    Split want;
  };
  const Row rows[] = {
      {10, 20,  0, {2, 8} },
      {10, 20,  3, {2, 8} },
      {10, 5,   1, {1, 10}},
      {10, 5,   0, {1, 9} },
      {5,  40,  0, {2, 3} },
      {5,  40,  2, {2, 3} },
      {4,  1,   1, {1, 4} },
      {4,  99,  1, {4, 1} },
      {3,  50,  1, {2, 2} },
      {3,  50,  0, {2, 1} },
      {1,  50,  1, {1, 1} },
      {1,  50,  0, {1, 0} },
      {5,  90,  0, {4, 1} },
      {2,  75,  0, {1, 1} },
      {5,  90,  1, {5, 1} },
      {0,  50,  1, {0, 0} },
      {10, 0,   3, {0, 10}},
      {10, 100, 3, {10, 0}},
      {1,  0,   1, {0, 1} },
      {1,  100, 1, {1, 0} },
      {1,  1,   1, {1, 1} },
      {1,  0,   0, {0, 1} },
      {-1, 50,  1, {0, 0} },
  };
  for (const Row& row : rows) {
    CAPTURE(row.desired);
    CAPTURE(row.weight);
    CAPTURE(row.surge);
    CHECK(split_for_weight(row.desired, row.weight, 100, row.surge) == row.want);
  }
}

TEST_CASE("the split of any counts and weights stays in range (C11)") {
  constexpr std::int32_t most = 2'147'483'647;
  CHECK(split_for_weight(most, 100'000'000, 100'000'000, 0) == Split{most, 0});
  CHECK(split_for_weight(most, 0, 100'000'000, most) == Split{0, most});
  CHECK(split_for_weight(most, 50, 100, 1).canary > 0);
  CHECK(split_for_weight(10, 500, 100, 1) == Split{10, 0});
  CHECK(split_for_weight(10, -500, 100, 1) == Split{0, 10});
}

/// Both versions with all their pods available.
struct Sizes {
  Split now;

  Split next(const Bounds& bounds, const Split& want) const {
    return step_towards(bounds, want, {now.canary, now.canary}, {now.stable, now.stable}, 0);
  }
};

/// The sizes one after the other as Argo Rollouts moves them: a change of stable ends a reconcile.
std::string one_by_one(const Bounds& bounds, const Split& want, Split start) {
  Sizes sizes{start};
  std::string trace;
  for (int i = 0; i < 20; ++i) {
    const Split next = sizes.next(bounds, want);
    if (next == sizes.now) break;
    if (next.stable != sizes.now.stable) {
      sizes.now.stable = next.stable;
    } else {
      sizes.now.canary = next.canary;
    }
    if (!trace.empty()) trace += " ";
    trace += std::to_string(sizes.now.canary) + "," + std::to_string(sizes.now.stable);
  }
  return trace;
}

TEST_CASE("sizes move towards the split (10.3)") {
  struct Row {
    std::int32_t desired, weight, surge, unavailable;
    Split start;
    const char* want;
  };
  const Row rows[] = {
      {10, 20,  3, 2, {0, 10}, "0,8 2,8"          },
      {10, 50,  3, 2, {2, 8},  "2,6 5,6 5,5"      },
      {10, 100, 3, 2, {5, 5},  "5,3 10,3 10,0"    },
      {5,  40,  1, 0, {0, 5},  "1,5 1,4 2,4 2,3"  },
      {5,  40,  0, 1, {0, 5},  "0,4 1,4 1,3 2,3"  },
      {3,  50,  1, 0, {0, 3},  "1,3 1,2 2,2"      },
      {10, 30,  0, 5, {0, 10}, "0,7 3,7"          },
      {10, 30,  3, 0, {0, 10}, "3,10 3,7"         },
      {1,  50,  1, 0, {0, 1},  "1,1"              },
      {1,  50,  0, 1, {0, 1},  "0,0 1,0"          },
      {2,  50,  0, 1, {0, 2},  "0,1 1,1"          },
      {10, 0,   3, 2, {6, 4},  "6,7 1,7 1,10 0,10"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.desired);
    CAPTURE(row.weight);
    CAPTURE(row.surge);
    CAPTURE(row.unavailable);
    const Bounds bounds{row.desired, row.surge, row.unavailable};
    const Split want = split_for_weight(row.desired, row.weight, 100, row.surge);
    CHECK(one_by_one(bounds, want, row.start) == row.want);
  }
}

TEST_CASE("old ReplicaSets make room, idle pods first, the newest revision first (12.1)") {
  struct Row {
    const char* name;
    Bounds bounds;
    std::vector<Size> newest_first;
    std::int32_t dependable;
    std::vector<std::int32_t> want;
  };
  const Row rows[] = {
      {"room for all",                  {10, 3, 2}, {{3, 3}},         13, {0}   },
      {"room for some",                 {10, 3, 2}, {{3, 3}},         9,  {2}   },
      {"no room",                       {10, 3, 2}, {{3, 3}},         8,  {3}   },
      {"idle pods go in any case",      {10, 3, 2}, {{5, 1}},         8,  {1}   },
      {"newest first",                  {4, 1, 1},  {{2, 2}, {2, 2}}, 5,  {0, 2}},
      {"what is over goes to the next", {4, 1, 1},  {{1, 1}, {2, 2}}, 5,  {0, 1}},
      {"pods on their way out",         {4, 1, 1},  {{1, 3}},         4,  {0}   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(shrink_old(row.bounds, row.newest_first, row.dependable) == row.want);
  }
}

struct Draw {
  Bounds bounds;
  Split want;
  Size canary, stable;
  std::int32_t others;
};

Draw draw(Random& random) {
  Draw d;
  d.bounds.desired = static_cast<std::int32_t>(random.below(12));
  d.bounds.max_surge = static_cast<std::int32_t>(random.below(4));
  d.bounds.max_unavailable =
      static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(d.bounds.desired) + 1));
  if (d.bounds.max_surge == 0 && d.bounds.max_unavailable == 0)
    d.bounds.max_unavailable = std::min(1, d.bounds.desired);
  d.want = split_for_weight(d.bounds.desired, static_cast<std::int32_t>(random.below(101)), 100,
                            d.bounds.max_surge);
  const auto size = [&] {
    const auto spec = static_cast<std::int32_t>(random.below(14));
    return Size{spec, static_cast<std::int32_t>(random.below(16))};
  };
  d.canary = size();
  d.stable = size();
  d.others = random.below(4) == 0 ? static_cast<std::int32_t>(random.below(5)) : 0;
  return d;
}

TEST_CASE("lowering a size gives up no pod that is needed (C1), raising one stays in room (C4)") {
  Random random(1);
  for (int i = 0; i < 200'000; ++i) {
    const Draw d = draw(random);
    CAPTURE(i);
    const Split next = step_towards(d.bounds, d.want, d.canary, d.stable, d.others);
    const std::int32_t floor = d.bounds.desired - d.bounds.max_unavailable;
    const std::int32_t before = dependable(d.canary) + dependable(d.stable);
    const std::int32_t after =
        std::min(next.canary, dependable(d.canary)) + std::min(next.stable, dependable(d.stable));
    if (after < before) REQUIRE(after >= floor);

    const std::int32_t cap = d.bounds.desired + d.bounds.max_surge;
    const bool raised = next.canary > d.canary.spec || next.stable > d.stable.spec;
    const std::int32_t high =
        std::max(next.canary, d.canary.spec) + std::max(next.stable, d.stable.spec) + d.others;
    if (raised) REQUIRE(high <= cap);
    REQUIRE(next.canary >= 0);
    REQUIRE(next.stable >= 0);
  }
}

TEST_CASE("while older revisions hold the room, only pods that don't serve make some (L1)") {
  struct Row {
    const char* name;
    Split want;
    Size canary;
    Size stable;
    Split next;
  };
  const Bounds bounds{2, 1, 0};
  const Row rows[] = {
      {"all of the stable version crash", {2, 0}, {0, 0}, {2, 0}, {0, 0}},
      {"one of it serves",                {2, 0}, {0, 0}, {2, 1}, {0, 1}},
      {"all of it serve",                 {2, 0}, {0, 0}, {2, 2}, {0, 2}},
      {"it is as large as wanted",        {1, 2}, {0, 0}, {2, 0}, {0, 1}},
      {"as large as wanted, and serves",  {1, 2}, {0, 0}, {2, 2}, {0, 2}},
      {"room goes to the newest first",   {1, 2}, {0, 0}, {1, 0}, {1, 1}},
      {"which has its share, and waits",  {1, 2}, {1, 0}, {1, 0}, {1, 1}},
      {"an aborted version crashes",      {0, 2}, {2, 0}, {0, 0}, {0, 0}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(step_towards(bounds, row.want, row.canary, row.stable, 1) == row.next);
  }
}

TEST_CASE("sizes reach the split once pods are available, and never turn back (C8)") {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const Draw d = draw(random);
    CAPTURE(i);
    Split now{d.canary.spec, d.stable.spec};
    const Split start = now;
    int steps = 0;
    for (; steps < 60; ++steps) {
      const Split next = Sizes{now}.next(d.bounds, d.want);
      if (next == now) break;
      const auto turns_back = [](std::int32_t from, std::int32_t at, std::int32_t to) {
        return (at > from && to < at) || (at < from && to > at);
      };
      REQUIRE_FALSE(turns_back(start.canary, now.canary, next.canary));
      REQUIRE_FALSE(turns_back(start.stable, now.stable, next.stable));
      now = next;
    }
    REQUIRE(steps < 60);
    CAPTURE(start);
    REQUIRE(now == d.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
