#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "simulation/run.h"

namespace slipway::simulation {

/// What a run has shown: each situation that came about, alone and with each fault felt beside it.
using Sights = std::set<std::uint32_t>;
Sights sights_of(const RunResult& result);

/// The runs worth going on from: each has shown something that none before it had.
class Corpus {
 public:
  /// Keeps the scenario if it has shown anything new. Returns how much. What was kept first goes
  /// where there is no room.
  std::size_t take(Scenario scenario, const Sights& sights);
  bool empty() const { return kept_.empty(); }
  std::size_t size() const { return kept_.size(); }
  /// How many different sights there were so far.
  std::size_t sights() const { return seen_.size(); }
  /// One to go on from: of a few by chance, the one that was gone on from least.
  const Scenario& pick(Random& random);

 private:
  struct Kept {
    Scenario scenario;
    std::uint64_t picked = 0;
  };
  static constexpr std::size_t kept_max = 500;
  Sights seen_;
  std::vector<Kept> kept_;
  std::size_t oldest_ = 0;
};

/// The same scenario with one to four small changes: a fault or a deed dropped, repeated, shifted,
/// added or made another, a knob turned. `scenario` is pinned down; none but `faults` are put in.
Scenario mutated(const Scenario& scenario, const FaultSet& faults, Random& random);

}  // namespace slipway::simulation
