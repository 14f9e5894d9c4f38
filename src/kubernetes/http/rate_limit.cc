#include "kubernetes/http/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace slipway::kubernetes {
namespace {

/// Between two looks at the bucket, however slow the rate.
constexpr double seconds_max = 3600;

}  // namespace

RateLimit::RateLimit(EventLoop& loop, double per_second, int burst)
    : loop_(loop),
      timer_(loop),
      per_second_(per_second),
      burst_(std::max(burst, 1)),
      tokens_(burst_),
      refilled_(loop.monotonic_now()) {}

void RateLimit::admit(Task task) {
  if (per_second_ <= 0) {
    task();
    return;
  }
  waiting_.push_back(std::move(task));
  if (!timer_.pending()) serve();
}

void RateLimit::serve() {
  const Instant now = loop_.monotonic_now();
  tokens_ = std::min(burst_, tokens_ + (now - refilled_).seconds() * per_second_);
  refilled_ = now;
  while (!waiting_.empty() && tokens_ >= 1) {
    tokens_ -= 1;
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    task();
  }
  if (waiting_.empty() || timer_.pending()) return;
  // Rounded up, so that the token is there when the timer runs.
  const double seconds = std::min((1 - tokens_) / per_second_, seconds_max);
  timer_.set(Duration{static_cast<std::int64_t>(std::ceil(seconds * 1e9)) + 1},
             [this] { serve(); });
}

}  // namespace slipway::kubernetes
