#include "kubernetes/workqueue.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "base/random.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

using Ended = WorkQueue::Ended;

api::ObjectKey key(const std::string& name) {
  return {"shop", name};
}

/// A queue whose reconciles end at once, as `end` says, or wait for the test.
struct Fixture {
  explicit Fixture(WorkQueue::Options options = {})
      : queue(
            loop,
            [this](const api::ObjectKey& k) {
              started.push_back(k.name);
              times.push_back((loop.now() - start).milliseconds());
              if (end) queue.done(k, end(k.name));
            },
            options) {}

  VirtualEventLoop loop;
  const Instant start = loop.now();
  std::vector<std::string> started;
  std::vector<std::int64_t> times;  ///< Milliseconds since the start.
  std::function<Ended(const std::string&)> end;
  WorkQueue queue;
};

using Names = std::vector<std::string>;

TEST_CASE("a key is queued once, in the order it came (1.1)") {
  Fixture f;
  f.end = [](const auto&) { return Ended{}; };
  for (const char* name : {"a", "b", "a", "c", "b"}) f.queue.add(key(name));
  CHECK(f.queue.depth() == 3);
  CHECK(f.started.empty());
  f.loop.run_ready();
  CHECK(f.started == Names{"a", "b", "c"});
  CHECK(f.queue.drained());
}

TEST_CASE("news during a reconcile leads to one more, after it") {
  Fixture f;
  f.queue.add(key("a"));
  f.loop.run_ready();
  f.queue.add(key("a"));
  f.queue.add(key("a"));
  f.loop.run_for(1_min);
  CHECK(f.started == Names{"a"});
  f.queue.done(key("a"), {});
  f.loop.run_for(1_min);
  CHECK(f.started == Names{"a", "a"});
  f.queue.done(key("a"), {});
  f.loop.run_for(1_min);
  CHECK(f.started.size() == 2);
}

TEST_CASE("only so many reconciles are under way, and the longest waiting is next") {
  Fixture f({.concurrency = 2});
  for (const char* name : {"a", "b", "c", "d"}) f.queue.add(key(name));
  f.loop.run_ready();
  CHECK(f.started == Names{"a", "b"});
  CHECK(f.queue.in_flight() == 2);
  f.queue.add(key("a"));
  f.queue.done(key("b"), {});
  f.queue.done(key("a"), {});
  f.loop.run_ready();
  CHECK(f.started == Names{"a", "b", "c", "d"});
  f.queue.done(key("c"), {});
  f.loop.run_ready();
  CHECK(f.started == Names{"a", "b", "c", "d", "a"});
}

TEST_CASE("how long keys wait and are worked on is told") {
  std::vector<std::int64_t> waited, worked;
  Fixture f({.concurrency = 1,
             .on_start = [&](Duration time) { waited.push_back(time.milliseconds()); },
             .on_end = [&](Duration time) { worked.push_back(time.milliseconds()); }});
  f.queue.add(key("a"));
  f.queue.add(key("b"));
  f.loop.run_for(3_s);
  CHECK(f.queue.under_way().longest == 3_s);
  f.queue.done(key("a"), {});
  f.loop.run_for(2_s);
  CHECK(f.queue.under_way().sum == 2_s);
  f.queue.done(key("b"), {});
  CHECK(waited == std::vector<std::int64_t>{0, 3000});
  CHECK(worked == std::vector<std::int64_t>{3000, 2000});
  CHECK(f.queue.adds() == 2);
  CHECK(f.queue.under_way().sum == Duration{});
}

TEST_CASE("failures back off, doubling, until one succeeds (1.1)") {
  Fixture f;
  f.end = [&](const auto&) { return Ended{.failed = f.started.size() < 5}; };
  CHECK(f.queue.backoff_of(key("a")) == 50_ms);
  f.queue.add(key("a"));
  f.loop.run_for(10_min);
  CHECK(f.times == std::vector<std::int64_t>{0, 50, 150, 350, 750});
  CHECK(f.queue.retries() == 4);
  f.end = [](const auto&) { return Ended{.failed = true}; };
  f.queue.add(key("a"));
  f.loop.run_for(10_min);
  CHECK(f.queue.backoff_of(key("a")) == 60_s);
  f.queue.forget(key("a"));
  CHECK(f.queue.backoff_of(key("a")) == 50_ms);
}

TEST_CASE("progress begins the backoff afresh") {
  Fixture f;
  f.end = [](const auto&) { return Ended{.failed = true, .progressed = true}; };
  f.queue.add(key("a"));
  f.loop.run_for(500_ms);
  CHECK(f.times.size() == 11);
}

TEST_CASE("what the server asked for is waited for") {
  Fixture f;
  f.end = [](const auto&) { return Ended{.failed = true, .look_again = 7_s}; };
  f.queue.add(key("a"));
  f.loop.run_for(10_s);
  CHECK(f.times == std::vector<std::int64_t>{0, 7000});
}

TEST_CASE("news cuts a backoff short, not below the shortest") {
  Fixture f;
  bool broken = true;
  f.end = [&](const auto&) { return Ended{.failed = broken}; };
  f.queue.add(key("a"));
  f.loop.run_for(2_min);
  f.times.clear();
  const std::int64_t now = (f.loop.now() - f.start).milliseconds();
  broken = false;
  f.queue.add(key("a"));
  f.loop.run_for(1_s);
  CHECK(f.times == std::vector<std::int64_t>{now + 50});
}

TEST_CASE("a look planned earlier is kept, and news make it needless") {
  Fixture f;
  f.end = [&](const auto&) { return f.started.size() == 1 ? Ended{.look_again = 30_s} : Ended{}; };
  f.queue.add(key("a"));
  f.loop.run_for(10_s);
  CHECK(f.times == std::vector<std::int64_t>{0});
  f.loop.run_for(30_s);
  CHECK(f.times == std::vector<std::int64_t>{0, 30'000});

  Fixture g;
  g.end = [&](const auto&) { return g.started.size() == 1 ? Ended{.look_again = 30_s} : Ended{}; };
  g.queue.add(key("a"));
  g.loop.run_for(10_s);
  g.queue.add(key("a"));
  g.loop.run_for(10_min);
  CHECK(g.times == std::vector<std::int64_t>{0, 10'000});
}

TEST_CASE("no key is a hot loop, however it asks for itself") {
  struct Row {
    const char* name;
    Ended ended;
    bool news;  ///< Its own write comes back as news each time.
  };
  const Row rows[] = {
      {"asks at once, without progress",           {.look_again = Duration{}},           false},
      {"asks soon, without progress",              {.look_again = 5_ms},                 false},
      {"asks at once, with progress each time",
       {.progressed = true, .look_again = Duration{}},
       false                                                                                  },
      {"undoes its own work: each write is news",  {.progressed = true},                 true },
      {"fails each time, and news come each time", {.failed = true},                     true },
      {"fails after progress each time",           {.failed = true, .progressed = true}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.end = [&](const std::string& name) {
      if (row.news) f.queue.add(key(name));
      return row.ended;
    };
    f.queue.add(key("a"));
    f.loop.run_for(1_min);
    // The burst is for the busiest minute of a rollout, once.
    CHECK(f.started.size() <= 161);
    for (int minute = 0; minute < 10; ++minute) {
      f.started.clear();
      f.loop.run_for(1_min);
      CHECK(f.started.size() <= 60);
    }
  }
}

TEST_CASE("asking at once backs off from the second time on") {
  Fixture f;
  f.end = [&](const auto&) { return Ended{.look_again = Duration{}}; };
  f.queue.add(key("a"));
  f.loop.run_for(400_ms);
  CHECK(f.times == std::vector<std::int64_t>{0, 0, 50, 150, 350});
}

TEST_CASE("who is refused time after time, and woken each time, loses its burst") {
  Fixture f;
  f.end = [](const auto&) { return Ended{.look_again = Duration{}}; };
  f.queue.add(key("a"));
  for (int i = 0; i < 6000; ++i) {
    f.loop.run_for(10_ms);
    f.queue.add(key("a"));
  }
  CHECK(f.started.size() >= 60);
  CHECK(f.started.size() <= 80);
}

TEST_CASE("a key that has rested has its whole burst again") {
  Fixture f;
  f.end = [](const auto&) { return Ended{}; };
  const auto rush = [&] {
    f.started.clear();
    for (int i = 0; i < 100; ++i) {
      f.queue.add(key("a"));
      f.loop.run_ready();
    }
    return f.started.size();
  };
  CHECK(rush() == 100);
  f.loop.run_for(10_min);
  CHECK(rush() == 100);
  f.loop.run_for(1_s);
  CHECK(rush() < 5);
}

TEST_CASE("one hot key doesn't hold up the others") {
  Fixture f({.concurrency = 1});
  f.end = [&](const std::string& name) {
    if (name == "hot") f.queue.add(key("hot"));
    return Ended{.progressed = true};
  };
  f.queue.add(key("hot"));
  f.loop.run_ready();
  const Instant asked = f.loop.now();
  for (int i = 0; i < 10; ++i) f.queue.add(key(std::to_string(i)));
  f.loop.run_ready();
  CHECK(std::set<std::string>(f.started.begin(), f.started.end()).size() == 11);
  CHECK(f.loop.now() == asked);
}

TEST_CASE("other tasks of the loop get their turn between two reconciles of a hot key") {
  Fixture f;
  f.end = [&](const std::string& name) {
    f.queue.add(key(name));
    return Ended{.progressed = true};
  };
  f.queue.add(key("hot"));
  std::size_t started = 0;
  f.loop.post([&] { started = f.started.size(); });
  f.loop.run_ready();
  CHECK(started == 1);
  CHECK(f.started.size() > 50);
}

TEST_CASE("after stop nothing starts, and what is under way ends") {
  Fixture f({.concurrency = 1});
  f.queue.add(key("a"));
  f.queue.add(key("b"));
  f.loop.run_ready();
  f.queue.add(key("a"));
  f.queue.stop();
  CHECK_FALSE(f.queue.drained());
  f.queue.add(key("c"));
  f.queue.done(key("a"), {.failed = true});
  CHECK(f.queue.drained());
  f.loop.run_for(10_min);
  CHECK(f.started == Names{"a"});
}

TEST_CASE("under any use a key is never reconciled twice at a time, and no news is lost") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    VirtualEventLoop loop;
    std::map<std::string, int> news, seen;
    std::set<std::string> under_way;
    bool twice = false;
    bool calm = false;
    WorkQueue* queue = nullptr;
    WorkQueue real(loop,
                   [&](const api::ObjectKey& k) {
                     twice |= !under_way.insert(k.name).second;
                     const int read = news[k.name];
                     loop.after(
                         Duration::from_milliseconds(static_cast<std::int64_t>(random.below(200))),
                         [&, k, read] {
                           under_way.erase(k.name);
                           Ended ended;
                           ended.failed = !calm && random.below(3) == 0;
                           ended.progressed = random.below(3) == 0;
                           if (!ended.failed) seen[k.name] = read;
                           if (!calm && random.below(4) == 0) {
                             ended.look_again = Duration::from_milliseconds(
                                 static_cast<std::int64_t>(random.below(3000)));
                           }
                           queue->done(k, ended);
                         });
                   },
                   {.concurrency = 3});
    queue = &real;
    for (int i = 0; i < 300; ++i) {
      const std::string name(1, static_cast<char>('a' + random.below(6)));
      ++news[name];
      real.add(key(name));
      if (random.below(50) == 0) real.forget(key(name)), real.add(key(name));
      loop.run_for(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(300))));
    }
    calm = true;
    loop.run_for(2_min);
    CHECK_FALSE(twice);
    CHECK(seen == news);
    CHECK(real.drained());
    CHECK_FALSE(loop.step());
  }
}

}  // namespace
}  // namespace slipway::kubernetes
