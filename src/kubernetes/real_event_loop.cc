#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <map>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {
namespace {

namespace asio = boost::asio;

/// Far timers are looked at again this often, which keeps the clock's arithmetic from overflowing.
constexpr Duration look_ahead_max = 1_h;

class AsioEventLoop final : public RealEventLoop {
 public:
  AsioEventLoop()
      : work_(asio::make_work_guard(context_)), wake_up_(context_), signals_(context_) {}

  ~AsioEventLoop() override {
    // A task may own what cancels its own timers when it goes.
    due_.clear();
    const auto dropped = std::exchange(timers_, {});
  }

  void post(Task task) override { asio::post(context_, std::move(task)); }

  TimerId after(Duration delay, Task task) override {
    const TimerId id = ++last_id_;
    const Instant due = monotonic_now() + std::max(delay, Duration{});
    const auto timer = timers_.emplace(std::pair(due, id), std::move(task)).first;
    due_.emplace(id, due);
    if (timer == timers_.begin()) wake_at(due);
    return id;
  }

  void cancel(TimerId timer) override {
    const auto found = due_.find(timer);
    if (found == due_.end()) return;
    const auto at = timers_.find({found->second, timer});
    due_.erase(found);
    // Destroyed last: the task may own what cancels other timers.
    const Task task = std::move(at->second);
    timers_.erase(at);
  }

  Instant now() const override {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }

  Instant monotonic_now() const override {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }

  void run() override {
    context_.run();
    context_.restart();  // So that it can be run again.
  }

  void run_one() override {
    if (context_.run_one() == 0) context_.restart();
  }

  void stop() override { context_.stop(); }

  void on_termination(Task task) override {
    boost::system::error_code ignored;
    signals_.add(SIGTERM, ignored);
    signals_.add(SIGINT, ignored);
    signals_.async_wait([this, task = std::move(task)](boost::system::error_code error, int) {
      if (error) return;
      // A shutdown takes a while; who asks a second time wants the process gone at once.
      boost::system::error_code also_ignored;
      signals_.clear(also_ignored);
      task();
    });
  }

  void* native() override { return &context_; }

 private:
  /// Sets the one timer inside asio, whose own queue does not keep the order of equal times. One
  /// that is set for an earlier time stays: most timers are cancelled long before they are due, and
  /// setting the kernel's anew costs more than waking up for nothing.
  void wake_at(Instant due) {
    const Instant now = monotonic_now();
    due = std::clamp(due, now, now + look_ahead_max);
    if (wakes_at_ && *wakes_at_ <= due) return;
    wakes_at_ = due;
    wake_up_.expires_after(std::chrono::nanoseconds((due - now).nanoseconds));
    wake_up_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      wakes_at_.reset();
      run_due();
    });
  }

  /// Runs the first timer if it is due. One a turn, so that sockets and posted tasks get theirs in
  /// between and `stop` takes effect.
  void run_due() {
    const auto timer = timers_.begin();
    if (timer == timers_.end()) return;
    if (timer->first.first <= monotonic_now()) {
      const Task task = std::move(timer->second);
      due_.erase(timer->first.second);
      timers_.erase(timer);
      task();
    }
    if (!timers_.empty()) wake_at(timers_.begin()->first.first);
  }

  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::map<TimerId, Instant> due_;
  TimerId last_id_ = 0;
  std::optional<Instant> wakes_at_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer wake_up_;
  asio::signal_set signals_;
};

}  // namespace

std::unique_ptr<RealEventLoop> make_real_event_loop() {
  return std::make_unique<AsioEventLoop>();
}

}  // namespace slipway::kubernetes
