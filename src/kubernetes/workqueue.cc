#include "kubernetes/workqueue.h"

#include <algorithm>

#include "base/ensure.h"

namespace slipway::kubernetes {
namespace {

/// How many times a key may ask for itself at once before it waits: a plan that is refused, and the
/// fresh one after it, belong to one piece of work.
constexpr int free_repeats = 1;

}  // namespace

struct WorkQueue::Key {
  bool queued = false;
  bool running = false;
  bool again = false;  ///< New input came while it was running.
  int failures = 0;    ///< In a row.
  int repeats = 0;     ///< Asked for itself at once, in a row, without progress.
  Instant not_before;  ///< Backoff: no reconcile until then (monotonic).
  EventLoop::TimerId timer = 0;
  Instant timer_due;
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
    waiting.push_back(name);
    schedule();
  }

  /// Starts reconciles from the loop, never inside the caller.
  void schedule() {
    if (scheduled) return;
    scheduled = true;
    loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->start_some();
    });
  }

  void start_some() {
    scheduled = false;
    while (!stopped && !waiting.empty() && running < options.concurrency) {
      const api::ObjectKey name = std::move(waiting.front());
      waiting.pop_front();
      const auto found = keys.find(name);
      if (found == keys.end()) continue;
      Key& key = found->second;
      key.queued = false;
      key.running = true;
      ++running;
      cancel_timer(key);
      reconcile(name);
    }
  }

  /// Counts how the reconcile ended and returns the backoff that follows.
  Duration wait_after(Key& key, const Ended& ended, bool asks_at_once) {
    constexpr int enough = 64;  // Far past the longest delay; keeps the counters small.
    if (ended.progressed) key.failures = key.repeats = 0;
    if (ended.failed) {
      ++retries;
      key.failures = std::min(key.failures + 1, enough);
      const Duration wait = backoff(key.failures);
      return ended.look_again ? std::max(wait, *ended.look_again) : wait;
    }
    key.failures = 0;
    if (asks_at_once) {
      key.repeats = std::min(key.repeats + 1, enough);
      return backoff(key.repeats - free_repeats);
    }
    if (!key.again) key.repeats = 0;
    return {};
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
  std::uint64_t retries = 0;
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
  const Duration wait = key.not_before - state.loop.monotonic_now();
  // News shortens a long backoff (a person may just have mended what was wrong), but never below
  // the shortest, so that a flood of events can't make a failing key spin.
  if (wait.nanoseconds > 0) {
    state.look_again(name, key, std::min(wait, state.options.backoff_min));
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
  state.schedule();

  const bool asks_at_once = ended.look_again && ended.look_again->nanoseconds <= 0;
  const Duration wait = state.wait_after(key, ended, asks_at_once);
  key.not_before = state.loop.monotonic_now() + wait;

  const bool again = key.again;
  key.again = false;
  if (ended.failed || asks_at_once) {
    wait.nanoseconds > 0 ? state.look_again(name, key, wait) : state.push(name, key);
  } else if (ended.look_again) {
    state.look_again(name, key, *ended.look_again);
  }
  if (again) add(name);
  const bool idle = !key.queued && key.timer == 0 && key.failures == 0 && key.repeats == 0;
  if (idle || state.stopped) {
    state.cancel_timer(key);
    state.keys.erase(found);
  }
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
  if (!key.running && !key.queued) state.keys.erase(found);
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
std::size_t WorkQueue::depth() const {
  return state_->waiting.size();
}
std::size_t WorkQueue::in_flight() const {
  return state_->running;
}
std::uint64_t WorkQueue::retries() const {
  return state_->retries;
}

Duration WorkQueue::backoff_of(const api::ObjectKey& name) const {
  const auto found = state_->keys.find(name);
  return state_->backoff(1 + (found == state_->keys.end() ? 0 : found->second.failures));
}

}  // namespace slipway::kubernetes
