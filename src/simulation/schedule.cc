#include "simulation/schedule.h"

#include <algorithm>

#include "base/hash.h"

namespace slipway::simulation {
namespace {

class CalmSchedule final : public Schedule {
 public:
  std::optional<std::uint64_t> strikes(Fault, const Point&) override { return {}; }
};

class RandomSchedule final : public Schedule {
 public:
  RandomSchedule(std::uint64_t seed, const Rates& rates) : rates_(rates) {
    streams_.reserve(fault_count);
    for (const FaultInfo& info : all_faults()) {
      streams_.push_back({stream_of(seed, std::string(info.id) + " whether"),
                          stream_of(seed, std::string(info.id) + " size")});
    }
  }

  std::optional<std::uint64_t> strikes(Fault fault, const Point&) override {
    const auto index = static_cast<std::size_t>(fault);
    if (rates_[index] == 0) return {};
    Streams& streams = streams_[index];
    if (streams.whether.below(1'000'000) >= rates_[index]) return {};
    return streams.size.next();
  }

 private:
  struct Streams {
    Random whether;
    Random size;
  };
  Rates rates_;
  std::vector<Streams> streams_;
};

class FixedSchedule final : public Schedule {
 public:
  explicit FixedSchedule(const std::vector<Strike>& strikes) {
    for (const Strike& strike : strikes) {
      strikes_[strike.what].push_back({strike.fault, strike.ordinal, strike.size});
    }
  }

  std::optional<std::uint64_t> strikes(Fault fault, const Point& point) override {
    const auto found = strikes_.find(point.what);
    if (found == strikes_.end()) return {};
    for (const Due& due : found->second) {
      if (due.fault == fault && due.ordinal == point.ordinal) return due.size;
    }
    return {};
  }

 private:
  struct Due {
    Fault fault;
    std::uint32_t ordinal;
    std::uint64_t size;
  };
  std::map<std::string, std::vector<Due>, std::less<>> strikes_;
};

class NotingSchedule final : public Schedule {
 public:
  explicit NotingSchedule(std::vector<Strike>& places) : places_(places) {}
  std::optional<std::uint64_t> strikes(Fault fault, const Point& point) override {
    places_.push_back({fault, std::string(point.what), point.ordinal, 0});
    return {};
  }

 private:
  std::vector<Strike>& places_;
};

}  // namespace

Random stream_of(std::uint64_t seed, std::string_view purpose) {
  return Random(seed * 0x9e3779b97f4a7c15u ^ hash128(purpose).low);
}

std::unique_ptr<Schedule> make_calm_schedule() {
  return std::make_unique<CalmSchedule>();
}
std::unique_ptr<Schedule> make_random_schedule(std::uint64_t seed, const Rates& rates) {
  return std::make_unique<RandomSchedule>(seed, rates);
}
std::unique_ptr<Schedule> make_noting_schedule(std::vector<Strike>& places) {
  return std::make_unique<NotingSchedule>(places);
}
std::unique_ptr<Schedule> make_fixed_schedule(const std::vector<Strike>& strikes) {
  return std::make_unique<FixedSchedule>(strikes);
}

Rates draw_rates(std::uint64_t seed, const FaultSet& allowed) {
  constexpr std::uint32_t certain = 1'000'000;
  Rates rates{};
  // How many of ten are on: seldom all, seldom none.
  const std::uint64_t density = 1 + stream_of(seed, "density").below(7);
  for (const FaultInfo& info : all_faults()) {
    Random random = stream_of(seed, std::string(info.id) + " rate");
    const bool on = random.below(10) < density;
    // From a quarter to four times its usual strength.
    const std::uint64_t quarters = std::uint64_t{1} << random.below(5);
    if (!on || !contains(allowed, info.fault)) continue;
    const std::uint64_t base = info.strikes == Strikes::as_deed ? certain : info.millionths;
    rates[static_cast<std::size_t>(info.fault)] =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(base * quarters / 4, certain));
  }
  return rates;
}

}  // namespace slipway::simulation
