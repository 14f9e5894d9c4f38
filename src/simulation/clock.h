#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kubernetes/event_loop.h"

namespace slipway::simulation {

class ActorLoop;

/// True time and the one queue of all that is to happen. Jumps from one event to the next.
class TrueTime {
 public:
  explicit TrueTime(Instant start) : now_(start) {}
  ~TrueTime();
  TrueTime(const TrueTime&) = delete;
  TrueTime& operator=(const TrueTime&) = delete;

  using Id = std::uint64_t;
  Instant now() const { return now_; }
  /// Runs `task` at that instant, in the order of calls among those of one instant. A task of an
  /// actor that is stopped meanwhile is held; of one that is gone, dropped.
  Id at(Instant when, kubernetes::Task task, ActorLoop* actor = nullptr) {
    return add(when, std::move(task), actor, false);
  }
  Id after(Duration delay, kubernetes::Task task, ActorLoop* actor = nullptr) {
    return at(delay.nanoseconds > 0 ? now_ + delay : now_, std::move(task), actor);
  }
  /// No timer of upkeep comes up from here on: a day of bookmarks and of watches that end and are
  /// opened again would cost more than all that is judged.
  void rest_upkeep() { upkeep_rests_ = true; }
  void cancel(Id id);
  /// Runs all that is due until then; the clock then stands there.
  void run_until(Instant end);
  /// Runs the next task if it is due by then. Returns whether there was one.
  bool step(Instant end);

 private:
  friend class ActorLoop;
  struct Entry {
    Instant due;
    std::uint64_t order;
    std::uint32_t slot;
    bool operator>(const Entry& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  struct Slot {
    kubernetes::Task task;
    ActorLoop* actor = nullptr;
    std::uint32_t generation = 1;
    bool used = false;
    bool upkeep = false;
    bool by_clock = false;  ///< Due by the actor's own clock.
  };
  Id add(Instant when, kubernetes::Task task, ActorLoop* actor, bool upkeep);
  void drop_all_of(ActorLoop& actor);
  /// What the actor has set by its own clock is due when that shows the time, at its new rate too.
  void set_anew(const ActorLoop& actor, std::int64_t old_rate, std::int64_t new_rate);
  kubernetes::Task release(std::uint32_t slot);
  void push(Instant due, std::uint32_t slot);
  void resume(ActorLoop& actor);

  Instant now_;
  std::uint64_t next_order_ = 0;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  bool upkeep_rests_ = false;
};

/// The loop of one actor: its own clock (offset, steps, drift) over true time, and its own life: it
/// can be stopped for a while, as a process is by SIGSTOP or a machine by its hypervisor.
class ActorLoop final : public kubernetes::EventLoop {
 public:
  explicit ActorLoop(TrueTime& time) : time_(time), began_(time.now()), monotonic_(time.now()) {}
  ~ActorLoop() override { time_.drop_all_of(*this); }

  void post(kubernetes::Task task) override { time_.after(late_, std::move(task), this); }
  TimerId after(Duration delay, kubernetes::Task task) override;
  TimerId after_upkeep(Duration delay, kubernetes::Task task) override;
  void cancel(TimerId timer) override { time_.cancel(timer); }
  Instant now() const override { return monotonic_now() + offset_; }
  Instant monotonic_now() const override;

  /// Wall clock against true time, as long as the rate is 1.
  Duration offset() const { return now() - time_.now(); }
  /// Sets the wall clock so, as a time service does.
  void set_offset(Duration offset) { offset_ = offset_ + offset - this->offset(); }
  /// In thousandths of true time: 1000 is a good clock, 800 loses a fifth. Timers keep to it.
  void set_rate(std::int64_t thousandths);
  /// How much later than asked every timer runs.
  void set_late(Duration late) { late_ = late; }
  Duration late() const { return late_; }
  /// How much earlier than asked timers run, at most: none by more than a quarter of its delay.
  void set_early(Duration early) { early_ = early; }

  void stop_for(Duration duration);
  void go_on();
  bool stopped() const { return stopped_; }

 private:
  friend class TrueTime;
  TimerId add(Duration delay, kubernetes::Task task, bool upkeep);
  /// How long such a delay of this clock truly is.
  Duration true_length(Duration delay) const;

  TrueTime& time_;
  Instant began_;      ///< Of this rate, true.
  Instant monotonic_;  ///< What the monotonic clock showed then.
  std::int64_t rate_ = 1000;
  Duration offset_;
  Duration late_;
  Duration early_;
  bool stopped_ = false;
  std::vector<std::uint32_t> held_;  ///< Slots that came due while it was stopped.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::simulation
