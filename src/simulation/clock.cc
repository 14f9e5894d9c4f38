#include "simulation/clock.h"

#include <algorithm>

namespace slipway::simulation {
namespace {

std::int64_t scaled(std::int64_t nanoseconds, std::int64_t by, std::int64_t over) {
  return static_cast<std::int64_t>(static_cast<__int128>(nanoseconds) * by / over);
}

/// Both ways are rounded down: without these nanoseconds a timer could come up too early by its own
/// clock.
constexpr std::int64_t rounded = 2;

}  // namespace

TrueTime::~TrueTime() {
  // What the dropped tasks own may cancel others as it goes: each slot is emptied before its task
  // is destroyed.
  heap_.clear();
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].used) const kubernetes::Task dropped = release(slot);
  }
}

TrueTime::Id TrueTime::add(Instant when, kubernetes::Task task, ActorLoop* actor, bool upkeep) {
  // Never due, and so never in the way: who set it may still cancel it.
  if (upkeep && upkeep_rests_) return 0;
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.task = std::move(task);
  slot.actor = actor;
  slot.used = true;
  slot.upkeep = upkeep;
  slot.by_clock = false;
  push(std::max(when, now_), index);
  return Id{slot.generation} << 32 | index;
}

void TrueTime::push(Instant due, std::uint32_t slot) {
  heap_.push_back({due, next_order_++, slot});
  std::ranges::push_heap(heap_, std::greater<>());
}

void TrueTime::cancel(Id id) {
  const auto index = static_cast<std::uint32_t>(id);
  if (index >= slots_.size()) return;
  Slot& slot = slots_[index];
  if (!slot.used || slot.generation != id >> 32) return;
  // The heap's entry stays and finds an empty task: the slot is free only once it has come up.
  const kubernetes::Task dropped = std::exchange(slot.task, nullptr);
  ++slot.generation;
}

kubernetes::Task TrueTime::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  kubernetes::Task task = std::exchange(slot.task, nullptr);
  slot.actor = nullptr;
  slot.used = false;
  ++slot.generation;
  free_.push_back(index);
  return task;
}

bool TrueTime::step(Instant end) {
  if (heap_.empty() || heap_.front().due > end) return false;
  std::ranges::pop_heap(heap_, std::greater<>());
  const Entry entry = heap_.back();
  heap_.pop_back();
  now_ = entry.due;
  ActorLoop* actor = slots_[entry.slot].actor;
  // A held task keeps its slot, so that it can still be cancelled.
  if (actor != nullptr && actor->stopped_) {
    actor->held_.push_back(entry.slot);
    return true;
  }
  const bool rests = slots_[entry.slot].upkeep && upkeep_rests_;
  const kubernetes::Task task = release(entry.slot);
  if (task && !rests) task();
  return true;
}

void TrueTime::run_until(Instant end) {
  while (step(end)) {
  }
  now_ = std::max(now_, end);
}

void TrueTime::resume(ActorLoop& actor) {
  for (const std::uint32_t slot : std::exchange(actor.held_, {})) push(now_, slot);
}

void TrueTime::drop_all_of(ActorLoop& actor) {
  resume(actor);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].actor != &actor) continue;
    slots_[i].actor = nullptr;
    const kubernetes::Task dropped = std::exchange(slots_[i].task, nullptr);
  }
}

void TrueTime::set_anew(const ActorLoop& actor, std::int64_t old_rate, std::int64_t new_rate) {
  for (Entry& entry : heap_) {
    const Slot& slot = slots_[entry.slot];
    if (slot.actor != &actor || !slot.by_clock) continue;
    const Duration left = entry.due - now_;
    entry.due = now_ + Duration{scaled(left.nanoseconds, old_rate, new_rate) + rounded};
  }
  std::ranges::make_heap(heap_, std::greater<>());
}

Duration ActorLoop::true_length(Duration delay) const {
  const Duration own{std::max<std::int64_t>(delay.nanoseconds, 0)};
  const Duration real{rate_ == 1000 ? own.nanoseconds
                                    : scaled(own.nanoseconds, 1000, rate_) + rounded};
  // Short ones are exact, or who waits for the rest of a wait would wait without end.
  constexpr Duration exact = 1_s;
  if (real < exact) return real + late_;
  return real + late_ - std::min(early_, Duration{real.nanoseconds / 4});
}

kubernetes::EventLoop::TimerId ActorLoop::add(Duration delay, kubernetes::Task task, bool upkeep) {
  const TimerId timer = time_.add(time_.now() + true_length(delay), std::move(task), this, upkeep);
  if (timer != 0) time_.slots_[static_cast<std::uint32_t>(timer)].by_clock = true;
  return timer;
}

kubernetes::EventLoop::TimerId ActorLoop::after(Duration delay, kubernetes::Task task) {
  return add(delay, std::move(task), false);
}

kubernetes::EventLoop::TimerId ActorLoop::after_upkeep(Duration delay, kubernetes::Task task) {
  return add(delay, std::move(task), true);
}

Instant ActorLoop::monotonic_now() const {
  const std::int64_t passed = (time_.now() - began_).nanoseconds;
  return monotonic_ + Duration{rate_ == 1000 ? passed : scaled(passed, rate_, 1000)};
}

void ActorLoop::set_rate(std::int64_t thousandths) {
  monotonic_ = monotonic_now();
  began_ = time_.now();
  if (thousandths != rate_) time_.set_anew(*this, rate_, thousandths);
  rate_ = thousandths;
}

void ActorLoop::stop_for(Duration duration) {
  if (stopped_) return;
  stopped_ = true;
  // Not the actor's own task: a stopped one could never start itself again. It dies with the actor
  // all the same, since it asks for it by this very pointer only while the pointer is good.
  time_.after(duration, [alive = std::weak_ptr<bool>(alive_), this] {
    if (!alive.expired()) go_on();
  });
}

void ActorLoop::go_on() {
  if (!stopped_) return;
  stopped_ = false;
  time_.resume(*this);
}

}  // namespace slipway::simulation
