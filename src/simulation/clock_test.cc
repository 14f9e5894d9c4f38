#include "simulation/clock.h"

#include <doctest/doctest.h>

namespace slipway::simulation {
namespace {

constexpr Instant start{1'767'225'600'000'000'000};

TEST_CASE("a timer is due by the clock that it was set on, at whatever rate that runs") {
  struct Row {
    const char* name;
    std::int64_t rate, then;
    Duration due;
  };
  // Set for 100 s; after 50 true seconds the rate changes.
  const Row rows[] = {
      {"a good clock",             1000, 1000, 100_s},
      {"one that loses a fifth",   800,  800,  125_s},
      {"one that is put right",    800,  1000, 110_s},
      {"one that gains a quarter", 1250, 1250, 80_s },
      {"one that begins to gain",  1000, 1250, 90_s },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    TrueTime time(start);
    ActorLoop loop(time);
    loop.set_rate(row.rate);
    Instant came, shown;
    loop.after(100_s, [&] {
      came = time.now();
      shown = loop.monotonic_now();
    });
    time.after(50_s, [&] { loop.set_rate(row.then); });
    bool others_came = false;
    time.after(60_s, [&] { others_came = true; }, &loop);
    time.run_until(start + 60_s);
    CHECK(others_came);  // What is no timer of its own takes its true time.
    time.run_until(start + 1000_s);
    CHECK(came >= start + row.due);
    CHECK(came < start + row.due + 1_ms);
    CHECK(shown >= start + 100_s);
  }
}

}  // namespace
}  // namespace slipway::simulation
