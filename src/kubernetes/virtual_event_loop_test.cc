#include "kubernetes/virtual_event_loop.h"

#include <doctest/doctest.h>

#include <string>

namespace slipway::kubernetes {
namespace {

TEST_CASE("tasks run in the order posted, timers in the order due, none inside the call") {
  VirtualEventLoop loop;
  std::string order;
  loop.after(2_s, [&] { order += "d"; });
  loop.after(1_s, [&] { order += "b"; });
  loop.after(1_s, [&] { order += "c"; });
  loop.post([&] {
    order += "a";
    loop.post([&] { order += "A"; });
  });
  loop.after(-(5_s), [&] { order += "0"; });
  CHECK(order.empty());
  loop.run_for(10_s);
  CHECK(order == "a0Abcd");
}

TEST_CASE("the clock stands where it was told to, and never steps back") {
  VirtualEventLoop loop;
  const Instant start = loop.now();
  Instant seen;
  loop.after(3_s, [&] { seen = loop.monotonic_now(); });
  loop.run_for(10_s);
  CHECK(seen == start + 3_s);
  CHECK(loop.now() == start + 10_s);
  CHECK_FALSE(loop.step());
}

TEST_CASE("running stops at the condition, or at the limit") {
  VirtualEventLoop loop;
  const Instant start = loop.now();
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    loop.after(1_s, tick);
  };
  tick();
  CHECK(loop.run_until([&] { return ticks == 5; }, 1_min));
  CHECK(loop.now() == start + 4_s);
  CHECK_FALSE(loop.run_until([&] { return ticks == 500; }, 1_min));
  CHECK(loop.now() == start + 64_s);
}

TEST_CASE("what is ready runs without time passing") {
  VirtualEventLoop loop;
  const Instant start = loop.now();
  int ran = 0;
  loop.post([&] { ++ran; });
  loop.after(1_ms, [&] { ++ran; });
  loop.run_ready();
  CHECK(ran == 1);
  CHECK(loop.now() == start);
}

TEST_CASE("a timer that is cancelled, or whose owner is gone, doesn't run") {
  VirtualEventLoop loop;
  int ran = 0;
  const auto id = loop.after(1_s, [&] { ++ran; });
  loop.cancel(id);
  loop.cancel(id);
  loop.cancel(0);
  {
    Timer owned(loop);
    owned.set(1_s, [&] { ++ran; });
  }
  Timer replaced(loop);
  replaced.set(1_s, [&] { ran += 100; });
  replaced.set(2_s, [&] { ran += 10; });
  CHECK(replaced.pending());
  loop.run_for(5_s);
  CHECK(ran == 10);
  CHECK_FALSE(replaced.pending());
}

}  // namespace
}  // namespace slipway::kubernetes
