#pragma once

#include <deque>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// Lets so many tasks pass at once, and so many more a second; the others wait in line. A token
/// bucket, as client-go's --qps and --burst mean it.
class RateLimit {
 public:
  /// `per_second` 0 or less: no limit. A burst below 1 counts as 1.
  RateLimit(EventLoop& loop, double per_second, int burst);

  /// Runs `task` now, inside this call, or later on the loop when its turn has come.
  void admit(Task task);
  std::size_t waiting() const { return waiting_.size(); }

 private:
  void serve();

  EventLoop& loop_;
  Timer timer_;
  const double per_second_;
  const double burst_;
  double tokens_;
  Instant refilled_;
  std::deque<Task> waiting_;
};

}  // namespace slipway::kubernetes
