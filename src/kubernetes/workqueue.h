#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/kinds.h"
#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// Keys that want to be reconciled: each at most once in the queue, never two reconciles of one key
/// at a time, first come first served, so that one hot key can't starve the others.
///
/// A reconcile ends with `done`. Backoff (`backoff_min` doubling to `backoff_max`) applies to
/// failures, and from the second time on to keys that ask for themselves within a second, time
/// after time, without progress.
///
/// *Guarantees*: new input cuts a backoff short, but a key in backoff is served at most once in
/// `backoff_min`. Whatever the input, a key is reconciled at most once a second beyond a burst of
/// 100, so that no livelock (ours, or two controllers undoing each other's work) becomes a hot
/// loop. One that asks for itself time after time without progress loses its burst.
class WorkQueue {
 public:
  /// How a reconcile ended.
  struct Ended {
    bool failed = false;                 ///< Try again, with backoff.
    bool progressed = false;             ///< It changed something: the backoff starts afresh.
    std::optional<Duration> look_again;  ///< Reconcile again after this long, unless news come
                                         ///< first: the next reconcile says anew when to look.
  };
  using Reconcile = std::function<void(const api::ObjectKey&)>;

  struct Options {
    std::size_t concurrency = 64;  ///< Reconciles under way (waiting for the server) at once.
    Duration backoff_min = Duration::from_milliseconds(50);
    Duration backoff_max = Duration::from_seconds(60);
    /// For statistics: how long a key has waited, when its reconcile starts, and how long that
    /// took, when it ends.
    std::function<void(Duration)> on_start = {};
    std::function<void(Duration)> on_end = {};
  };

  /// `reconcile` starts one and returns; it must lead to exactly one `done` for that key.
  WorkQueue(EventLoop& loop, Reconcile reconcile, Options options);
  WorkQueue(EventLoop& loop, Reconcile reconcile)
      : WorkQueue(loop, std::move(reconcile), Options{}) {}
  ~WorkQueue();

  /// New input for this key: reconcile it soon. During its reconcile: once more after that.
  void add(const api::ObjectKey& key);
  void done(const api::ObjectKey& key, const Ended& ended);
  /// Forgets timers and backoff of a key that is gone.
  void forget(const api::ObjectKey& key);
  /// Takes no more work; what is under way ends. `drained` tells when.
  void stop();
  bool drained() const;

  bool is_running(const api::ObjectKey& key) const;
  std::size_t depth() const;      ///< Keys waiting.
  std::size_t in_flight() const;  ///< Keys being reconciled.
  std::uint64_t adds() const;     ///< Keys queued so far.
  std::uint64_t retries() const;  ///< Failures so far.
  /// How long each reconcile under way has run: the longest of them, and their sum.
  struct UnderWay {
    Duration longest;
    Duration sum;
  };
  UnderWay under_way() const;
  /// The delay that a failure of this key would now meet.
  Duration backoff_of(const api::ObjectKey& key) const;

 private:
  struct Key;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::kubernetes
