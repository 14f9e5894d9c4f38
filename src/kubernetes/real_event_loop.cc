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

class AsioEventLoop final : public RealEventLoop {
 public:
  AsioEventLoop() : work_(asio::make_work_guard(context_)), signals_(context_) {}

  void post(Task task) override { asio::post(context_, std::move(task)); }

  TimerId after(Duration delay, Task task) override {
    const TimerId id = next_id_++;
    if (delay.nanoseconds <= 0) delay = {};
    auto timer =
        std::make_unique<asio::steady_timer>(context_, std::chrono::nanoseconds(delay.nanoseconds));
    timer->async_wait([this, id, task = std::move(task)](boost::system::error_code error) {
      if (error) return;
      // Cancelled after it had expired: the handler was under way already.
      if (timers_.erase(id) == 0) return;
      task();
    });
    timers_.emplace(id, std::move(timer));
    return id;
  }

  void cancel(TimerId timer) override { timers_.erase(timer); }

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

  void run() override { context_.run(); }

  void run_one() override { context_.run_one(); }

  void stop() override { context_.stop(); }

  void on_termination(Task task) override {
    boost::system::error_code ignored;
    signals_.add(SIGTERM, ignored);
    signals_.add(SIGINT, ignored);
    signals_.async_wait([task = std::move(task)](boost::system::error_code error, int) {
      if (!error) task();
    });
  }

  void* native() override { return &context_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::signal_set signals_;
  TimerId next_id_ = 1;
  std::map<TimerId, std::unique_ptr<asio::steady_timer>> timers_;
};

}  // namespace

std::unique_ptr<RealEventLoop> make_real_event_loop() {
  return std::make_unique<AsioEventLoop>();
}

}  // namespace slipway::kubernetes
