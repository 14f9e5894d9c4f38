#include "kubernetes/http/rate_limit.h"

#include <doctest/doctest.h>

#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

TEST_CASE("a burst passes at once, the rest at the rate, in order") {
  struct Row {
    const char* name;
    double per_second;
    int burst;
    int tasks;
    int at_once;
    int after_one_second;
  };
  const Row rows[] = {
      {"no limit",             0,    0,  1000, 1000, 1000},
      {"a negative rate",      -1,   5,  10,   10,   10  },
      {"a burst, then a rate", 10,   5,  30,   5,    15  },
      {"no burst counts as 1", 10,   0,  30,   1,    11  },
      {"slower than a second", 0.5,  2,  10,   2,    2   },
      {"fewer than the burst", 10,   50, 20,   20,   20  },
      {"next to never",        1e-9, 1,  3,    1,    1   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    VirtualEventLoop loop;
    RateLimit limit(loop, row.per_second, row.burst);
    std::vector<int> passed;
    for (int i = 0; i < row.tasks; ++i) limit.admit([&passed, i] { passed.push_back(i); });
    CHECK(passed.size() == static_cast<std::size_t>(row.at_once));
    CHECK(limit.waiting() == static_cast<std::size_t>(row.tasks - row.at_once));
    loop.run_for(1001_ms);
    CHECK(passed.size() == static_cast<std::size_t>(row.after_one_second));
    CHECK(std::ranges::is_sorted(passed));
  }
}

TEST_CASE("tokens gather while nobody asks, up to the burst") {
  VirtualEventLoop loop;
  RateLimit limit(loop, 10, 5);
  int passed = 0;
  const auto ask = [&](int tasks) {
    for (int i = 0; i < tasks; ++i) limit.admit([&] { ++passed; });
  };
  ask(5);
  loop.run_for(300_ms);
  ask(5);
  CHECK(passed == 8);
  loop.run_for(1_h);
  CHECK(passed == 10);
  ask(20);
  CHECK(passed == 15);
}

}  // namespace
}  // namespace slipway::kubernetes
