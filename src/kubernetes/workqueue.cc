#include "kubernetes/workqueue.h"

#include <algorithm>

#include "base/ensure.h"

namespace slipway::kubernetes {
namespace {

/// How many times a key may ask for itself at once before it waits: a plan that is refused, and the
/// fresh one after it, belong to one piece of work.
constexpr int free_repeats = 1;

/// Who wants to look again sooner than this, and has changed nothing, asks at once.
constexpr Duration at_once = 1_s;

/// However it comes about (a plan that undoes its own work, two controllers that undo each
/// other's): no key is reconciled more often than once a second, beyond a burst that covers the
/// busiest minute of a rollout. Source: upstream issue 4971, 27,592 reconciles of one key in 180 s.
constexpr int burst = 100;
constexpr Duration refill = 1_s;

/// Who has asked for itself so often in a row without progress has somebody in its way, who wakes
/// it again and again: what is left of its burst is taken.
constexpr int patience = 16;

/// Keys that wait for nothing are dropped once in so many reconciles, when their burst is whole.
constexpr int sweep_interval = 1024;

}  // namespace

struct WorkQueue::Key {
  bool queued = false;
  bool running = false;
  bool again = false;  ///< New input came while it was running.
  int failures = 0;    ///< In a row.
  int repeats = 0;     ///< Asked for itself at once, in a row, without progress.
  Instant not_before;  ///< Backoff: no reconcile until then (monotonic).
  Instant burst_full;  ///< When its burst will be whole again.
  EventLoop::TimerId timer = 0;
  Instant timer_due;
  Instant since;  ///< When it was queued, or started (monotonic).
};

struct WorkQueue::State : std::enable_shared_from_this<State> {
  State(EventLoop& event_loop, Reconcile start, Options given)
      : loop(event_loop), reconcile(std::move(start)), options(given) {}

  /// Nothing for 0, then the shortest delay, doubling to the longest.
  Duration backoff(int attempts) const {
    if (attempts <= 0) return {};
    Duration delay = options.backoff_min;
    for (int i = 1; i < attempts && delay < options.backoff_max; ++i) delay = delay * 2;
    return std::min(delay, options.backoff_max);
  }

  void push(const api::ObjectKey& name, Key& key) {
    if (stopped || key.queued) return;
    key.queued = true;
    ++adds;
    key.since = loop.monotonic_now();
    waiting.push_back(name);
    schedule();
  }

  /// How long the key must wait because it has been reconciled too often of late.
  Duration overdrawn(const Key& key) const {
    return key.burst_full - loop.monotonic_now() - refill * burst;
  }

  bool idle(const Key& key) const {
    return !key.queued && !key.running && key.timer == 0 && key.failures == 0 && key.repeats == 0 &&
           key.burst_full <= loop.monotonic_now();
  }

  void sweep() {
    if (++reconciles % sweep_interval == 0) {
      std::erase_if(keys, [this](const auto& entry) { return idle(entry.second); });
    }
  }

  /// Starts reconciles from the loop, never inside the caller.
  void schedule() {
    if (scheduled) return;
    scheduled = true;
    loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->start_some();
    });
  }

  /// One round: what is added meanwhile waits for the next, so that other tasks get their turn.
  void start_some() {
    scheduled = false;
    for (std::size_t turns = waiting.size(); turns > 0; --turns) {
      if (stopped || waiting.empty() || running >= options.concurrency) return;
      const api::ObjectKey name = std::move(waiting.front());
      waiting.pop_front();
      const auto found = keys.find(name);
      if (found == keys.end()) continue;
      start(name, found->second);
    }
    if (!waiting.empty()) schedule();
  }

  void start(const api::ObjectKey& name, Key& key) {
    key.queued = false;
    key.running = true;
    ++running;
    cancel_timer(key);
    const Instant now = loop.monotonic_now();
    if (options.on_start) options.on_start(now - key.since);
    key.since = now;
    key.burst_full = std::max(key.burst_full, now) + refill;
    reconcile(name);
  }

  /// Counts how the reconcile ended and returns the backoff that follows.
  Duration wait_after(Key& key, const Ended& ended) {
    constexpr int enough = 64;  // Far past the longest delay; keeps the counters small.
    if (ended.progressed) key.failures = key.repeats = 0;
    if (ended.failed) {
      ++retries;
      key.failures = std::min(key.failures + 1, enough);
      return backoff(key.failures);
    }
    key.failures = 0;
    if (ended.progressed || !ended.look_again || *ended.look_again >= at_once) {
      key.repeats = 0;
      return {};
    }
    key.repeats = std::min(key.repeats + 1, enough);
    if (key.repeats >= patience) {
      key.burst_full = std::max(key.burst_full, loop.monotonic_now() + refill * burst);
    }
    return backoff(key.repeats - free_repeats);
  }

  void cancel_timer(Key& key) {
    loop.cancel(key.timer);
    key.timer = 0;
  }

  /// Looks at the key again after `delay`, or earlier if an earlier look is planned already.
  void look_again(const api::ObjectKey& name, Key& key, Duration delay) {
    const Instant due = loop.monotonic_now() + delay;
    if (key.timer != 0 && key.timer_due <= due) return;
    cancel_timer(key);
    key.timer_due = due;
    key.timer = loop.after(delay, [weak = weak_from_this(), name] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const auto found = self->keys.find(name);
      if (found == self->keys.end()) return;
      found->second.timer = 0;
      self->push(name, found->second);
    });
  }

  EventLoop& loop;
  Reconcile reconcile;
  Options options;
  std::map<api::ObjectKey, Key> keys;
  std::deque<api::ObjectKey> waiting;
  std::size_t running = 0;
  std::uint64_t adds = 0;
  std::uint64_t retries = 0;
  std::uint64_t reconciles = 0;
  bool scheduled = false;
  bool stopped = false;
};

WorkQueue::WorkQueue(EventLoop& loop, Reconcile reconcile, Options options)
    : state_(std::make_shared<State>(loop, std::move(reconcile), options)) {}

WorkQueue::~WorkQueue() {
  for (auto& [name, key] : state_->keys) state_->cancel_timer(key);
}

void WorkQueue::add(const api::ObjectKey& name) {
  State& state = *state_;
  if (state.stopped) return;
  Key& key = state.keys[name];
  if (key.running) {
    key.again = true;
    return;
  }
  if (key.queued) return;
  // News shortens a long backoff (a person may just have mended what was wrong), but never below
  // the shortest, so that a flood of events can't make a failing key spin.
  const Duration backoff = key.not_before - state.loop.monotonic_now();
  const Duration wait =
      std::max(std::min(backoff, state.options.backoff_min), state.overdrawn(key));
  if (wait.nanoseconds > 0) {
    state.look_again(name, key, wait);
  } else {
    state.push(name, key);
  }
}

void WorkQueue::done(const api::ObjectKey& name, const Ended& ended) {
  State& state = *state_;
  const auto found = state.keys.find(name);
  ENSURE(found != state.keys.end() && found->second.running);
  Key& key = found->second;
  key.running = false;
  --state.running;
  if (state.options.on_end) state.options.on_end(state.loop.monotonic_now() - key.since);
  if (state.stopped) {
    state.keys.erase(found);
    return;
  }
  state.schedule();

  const Duration backoff = state.wait_after(key, ended);
  key.not_before = state.loop.monotonic_now() + backoff;
  if (ended.failed || ended.look_again) {
    state.look_again(name, key,
                     std::max({backoff, ended.look_again.value_or(Duration{}), state.overdrawn(key),
                               Duration{}}));
  }
  if (std::exchange(key.again, false)) add(name);
  state.sweep();
}

void WorkQueue::forget(const api::ObjectKey& name) {
  State& state = *state_;
  const auto found = state.keys.find(name);
  if (found == state.keys.end()) return;
  Key& key = found->second;
  state.cancel_timer(key);
  key.failures = 0;
  key.repeats = 0;
  key.not_before = {};
  if (state.idle(key)) state.keys.erase(found);
}

void WorkQueue::stop() {
  State& state = *state_;
  state.stopped = true;
  state.waiting.clear();
  for (auto at = state.keys.begin(); at != state.keys.end();) {
    state.cancel_timer(at->second);
    at->second.queued = false;
    at->second.again = false;
    at = at->second.running ? std::next(at) : state.keys.erase(at);
  }
}

bool WorkQueue::drained() const {
  return state_->running == 0 && state_->waiting.empty();
}
bool WorkQueue::is_running(const api::ObjectKey& name) const {
  const auto found = state_->keys.find(name);
  return found != state_->keys.end() && found->second.running;
}

std::size_t WorkQueue::depth() const {
  return state_->waiting.size();
}
std::size_t WorkQueue::in_flight() const {
  return state_->running;
}
std::uint64_t WorkQueue::adds() const {
  return state_->adds;
}

WorkQueue::UnderWay WorkQueue::under_way() const {
  UnderWay under_way;
  const Instant now = state_->loop.monotonic_now();
  for (const auto& [name, key] : state_->keys) {
    if (!key.running) continue;
    const Duration age = now - key.since;
    under_way.longest = std::max(under_way.longest, age);
    under_way.sum = under_way.sum + age;
  }
  return under_way;
}

std::uint64_t WorkQueue::retries() const {
  return state_->retries;
}

Duration WorkQueue::backoff_of(const api::ObjectKey& name) const {
  const auto found = state_->keys.find(name);
  return state_->backoff(1 + (found == state_->keys.end() ? 0 : found->second.failures));
}

}  // namespace slipway::kubernetes
