#pragma once

#include <map>
#include <utility>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// An event loop whose clock jumps to the next timer: hours pass in milliseconds, the same way each
/// time. For tests and simulation; single-threaded.
class VirtualEventLoop final : public EventLoop {
 public:
  explicit VirtualEventLoop(Instant start = {1'767'225'600'000'000'000});  // 2026-01-01T00:00:00Z
  ~VirtualEventLoop() override;

  void post(Task task) override;
  TimerId after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  Instant now() const override { return now_; }
  Instant monotonic_now() const override { return now_; }

  /// Runs the next task or timer. Returns false when there is none at all.
  bool step();
  /// Runs all that is due until `duration` has passed; the clock then stands exactly there.
  void run_for(Duration duration);
  /// Runs until `condition` holds, for at most `limit` of virtual time. Returns whether it holds.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  /// Runs what is due now, and nothing that needs time to pass.
  void run_ready();

 private:
  Instant now_;
  TimerId next_id_ = 1;
  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::map<TimerId, Instant> due_;
};

}  // namespace slipway::kubernetes
