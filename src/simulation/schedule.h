#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "simulation/fault.h"

namespace slipway::simulation {

/// A stream of chance of its own for each purpose: what one purpose draws never shifts another's
/// luck, so a run without one fault is the same run without that fault.
Random stream_of(std::uint64_t seed, std::string_view purpose);

/// A place in a run where a fault may strike: what happens there, and for the how-manieth time.
/// Never an instant, so that it is found again when something else has been taken out of the run.
struct Point {
  std::string_view what;  ///< "controller-0 PATCH replicasets/default/web-5d4"
  std::uint32_t ordinal = 0;
};

/// A fault that struck, or shall.
struct Strike {
  Fault fault = Fault::fa1;
  std::string what;
  std::uint32_t ordinal = 0;
  std::uint64_t size = 0;  ///< All that is left to chance about it is drawn from this.

  bool operator==(const Strike&) const = default;
};

/// Decides which faults strike where.
class Schedule {
 public:
  virtual ~Schedule() = default;
  /// The strike's size, or nothing.
  virtual std::optional<std::uint64_t> strikes(Fault fault, const Point& point) = 0;
};

/// Nothing ever goes wrong.
std::unique_ptr<Schedule> make_calm_schedule();
/// Strikes with these likelihoods, in millionths, at every point.
using Rates = std::array<std::uint32_t, fault_count>;
std::unique_ptr<Schedule> make_random_schedule(std::uint64_t seed, const Rates& rates);
/// Strikes exactly these.
std::unique_ptr<Schedule> make_fixed_schedule(const std::vector<Strike>& strikes);

/// Nothing goes wrong, and every place is noted where something could have.
std::unique_ptr<Schedule> make_noting_schedule(std::vector<Strike>& places);

/// Draws which of the faults are on in this run and how strongly: a few at a time find what all
/// together hide. Source: Groce et al., "Swarm Testing", ISSTA 2012.
Rates draw_rates(std::uint64_t seed, const FaultSet& allowed);

/// Counts how often each thing has happened.
class Ordinals {
 public:
  std::uint32_t next(const std::string& what) { return counts_[what]++; }

 private:
  std::unordered_map<std::string, std::uint32_t> counts_;
};

}  // namespace slipway::simulation
