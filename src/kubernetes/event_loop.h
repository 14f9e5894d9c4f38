#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace slipway::kubernetes {

using Task = std::function<void()>;

/// One thread's queue of work, and the only source of time. Nothing above it knows whether the
/// clock is real or virtual.
///
/// *Guarantees*: tasks run one at a time, in the order posted; timers of one instant in the order
/// set. No task runs inside `post` or `after`.
class EventLoop {
 public:
  using TimerId = std::uint64_t;
  virtual ~EventLoop() = default;

  /// Runs `task` soon. The only member that other threads may call.
  virtual void post(Task task) = 0;
  /// Runs `task` once `delay` has passed on the monotonic clock (at once, but never inside this
  /// call, for 0 or less).
  virtual TimerId after(Duration delay, Task task) = 0;
  /// The same for a timer that only keeps a connection alive, ends it after its time or finds it
  /// dead, and decides nothing else: hours in which nothing happens may leave it out.
  virtual TimerId after_upkeep(Duration delay, Task task) { return after(delay, std::move(task)); }
  /// Forgets a timer. Harmless for one that has run, and for 0.
  virtual void cancel(TimerId timer) = 0;
  /// The wall clock: for timestamps and for deadlines that are written down.
  virtual Instant now() const = 0;
  /// Never steps back: for timeouts and durations within this process.
  virtual Instant monotonic_now() const = 0;
};

/// A timer that ends with its owner.
class Timer {
 public:
  enum class Purpose { work, upkeep };  ///< `EventLoop::after` or `after_upkeep`.

  explicit Timer(EventLoop& loop, Purpose purpose = Purpose::work)
      : loop_(loop), purpose_(purpose) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was set before.
  void set(Duration delay, Task task) {
    cancel();
    Task once = [this, task = std::move(task)] {
      id_ = 0;
      task();
    };
    id_ = purpose_ == Purpose::work ? loop_.after(delay, std::move(once))
                                    : loop_.after_upkeep(delay, std::move(once));
  }
  void cancel() {
    if (id_ != 0) loop_.cancel(id_);
    id_ = 0;
  }
  bool pending() const { return id_ != 0; }

 private:
  EventLoop& loop_;
  Purpose purpose_;
  EventLoop::TimerId id_ = 0;
};

/// The loop of a real process (Boost.Asio inside). `run` returns after `stop`.
class RealEventLoop : public EventLoop {
 public:
  virtual void run() = 0;
  /// Waits for and runs one task.
  virtual void run_one() = 0;
  /// Makes `run` return after the current task. Any thread, and signal-safe through `on_signal`.
  virtual void stop() = 0;
  /// Calls `task` in the loop when the process gets one of SIGTERM, SIGINT.
  virtual void on_termination(Task task) = 0;
  /// The asio io_context inside, for the few .cc files that do sockets. Typed as void so that no
  /// header of ours includes asio.
  virtual void* native() = 0;
};
std::unique_ptr<RealEventLoop> make_real_event_loop();

}  // namespace slipway::kubernetes
