#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {

VirtualEventLoop::VirtualEventLoop(Instant start) : now_(start) {}

VirtualEventLoop::~VirtualEventLoop() {
  // What the dropped tasks own may cancel timers as it goes. It finds none, and the loop whole.
  due_.clear();
  const auto dropped = std::exchange(timers_, {});
}

void VirtualEventLoop::post(Task task) {
  after(Duration{}, std::move(task));
}

EventLoop::TimerId VirtualEventLoop::after(Duration delay, Task task) {
  const TimerId id = next_id_++;
  const Instant due = delay.nanoseconds > 0 ? now_ + delay : now_;
  timers_.emplace(std::pair(due, id), std::move(task));
  due_.emplace(id, due);
  return id;
}

void VirtualEventLoop::cancel(TimerId timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

bool VirtualEventLoop::step() {
  if (timers_.empty()) return false;
  const auto first = timers_.begin();
  now_ = std::max(now_, first->first.first);
  // Taken out first: the task may set and cancel timers.
  const Task task = std::move(first->second);
  due_.erase(first->first.second);
  timers_.erase(first);
  task();
  return true;
}

void VirtualEventLoop::run_for(Duration duration) {
  const Instant end = now_ + duration;
  while (!timers_.empty() && timers_.begin()->first.first <= end) step();
  now_ = end;
}

bool VirtualEventLoop::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now_ + limit;
  while (!condition()) {
    if (timers_.empty() || timers_.begin()->first.first > end) {
      now_ = end;
      return condition();
    }
    step();
  }
  return true;
}

void VirtualEventLoop::run_ready() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) step();
}

}  // namespace slipway::kubernetes
