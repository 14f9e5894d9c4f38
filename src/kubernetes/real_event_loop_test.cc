#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {
namespace {

TEST_CASE("tasks run in the order posted, and never inside the call") {
  const auto loop = make_real_event_loop();
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) loop->post([&ran, i] { ran.push_back(i); });
  CHECK(ran.empty());
  loop->post([&] { loop->stop(); });
  loop->run();
  CHECK(ran == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("timers run by time, those of one instant in the order set") {
  const auto loop = make_real_event_loop();
  std::vector<std::string> ran;
  const auto note = [&](const std::string& name) { return [&ran, name] { ran.push_back(name); }; };
  loop->after(30_ms, [&] { loop->stop(); });
  loop->after(20_ms, note("late"));
  loop->after(10_ms, note("early"));
  // All of these are due at once when the loop begins, in the order of their instants.
  loop->after(-(5_s), note("past"));
  loop->after(Duration{}, note("now"));
  for (int i = 0; i < 50; ++i) loop->after(Duration{}, note(std::to_string(i)));
  CHECK(ran.empty());
  loop->run();
  REQUIRE(ran.size() == 54);
  CHECK(ran[0] == "past");
  CHECK(ran[1] == "now");
  for (int i = 0; i < 50; ++i) CHECK(ran[static_cast<std::size_t>(i) + 2] == std::to_string(i));
  CHECK(ran[52] == "early");
  CHECK(ran[53] == "late");
}

TEST_CASE("a cancelled timer never runs, wherever it is cancelled") {
  const auto loop = make_real_event_loop();
  const auto never = [] { CHECK(false); };
  const EventLoop::TimerId first = loop->after(Duration{}, never);
  EventLoop::TimerId second = 0;
  loop->after(Duration{}, [&] { loop->cancel(second); });
  second = loop->after(Duration{}, never);  // Due by the time it is cancelled.
  loop->cancel(first);
  loop->cancel(first);
  loop->cancel(0);
  loop->cancel(12345);
  loop->after(5_ms, [&] { loop->stop(); });
  loop->run();
}

TEST_CASE("a far timer is no trouble to the clock") {
  const auto loop = make_real_event_loop();
  loop->after(Duration{std::numeric_limits<std::int64_t>::max()}, [] { CHECK(false); });
  loop->after(1_h * 24 * 365 * 200, [] { CHECK(false); });
  loop->after(1_ms, [&] { loop->stop(); });
  loop->run();
}

TEST_CASE("a timer that sets itself anew starves nobody") {
  const auto loop = make_real_event_loop();
  int turns = 0;
  std::function<void()> again = [&] {
    ++turns;
    loop->after(Duration{}, again);
  };
  again();
  bool posted = false;
  loop->after(1_ms, [&] {
    loop->post([&] {
      posted = true;
      loop->stop();
    });
  });
  loop->run();
  CHECK(posted);
  CHECK(turns > 1);
}

TEST_CASE("stop ends a run after the current task, and the loop can be run again") {
  const auto loop = make_real_event_loop();
  int ran = 0;
  loop->post([&] {
    ++ran;
    loop->stop();
  });
  loop->post([&] {
    ++ran;
    loop->stop();
  });
  loop->after(Duration{}, [&] { ++ran; });
  loop->run();
  CHECK(ran == 1);
  loop->run();
  CHECK(ran == 2);
  while (ran < 3) loop->run_one();
}

TEST_CASE("other threads may post and stop") {
  const auto loop = make_real_event_loop();
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop->post([&] { ++ran; });
    loop->stop();
  });
  while (ran < 1000) loop->run_one();
  other.join();
  CHECK(ran == 1000);
}

TEST_CASE("tasks that never ran may own timers when the loop goes") {
  auto loop = make_real_event_loop();
  for (int i = 0; i < 3; ++i) {
    const auto timer = std::make_shared<Timer>(*loop);
    timer->set(1_h, [timer] { CHECK(false); });
    loop->post([timer] { CHECK(false); });
  }
  loop = nullptr;
}

TEST_CASE("SIGTERM and SIGINT call the task, once") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto loop = make_real_event_loop();
    int calls = 0;
    loop->on_termination([&] {
      ++calls;
      loop->stop();
    });
    kill(getpid(), signal);
    loop->run();
    CHECK(calls == 1);
    // The second one would end the process: the default again.
    struct sigaction action{};
    sigaction(signal, nullptr, &action);
    CHECK((action.sa_handler == SIG_DFL));
  }
}

TEST_CASE("the clocks tell the time") {
  const auto loop = make_real_event_loop();
  CHECK(loop->now() > parse_rfc3339("2024-01-01T00:00:00Z").value());
  const Instant before = loop->monotonic_now();
  CHECK(loop->monotonic_now() >= before);
}

}  // namespace
}  // namespace slipway::kubernetes
