#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/property.h"

namespace slipway::mutants {

/// How one life of a cluster went: the shipping controller, users, faults, then peace and quiet,
/// all drawn from the seed and judged by every property.
struct TrialResult {
  std::vector<simulation::Violation> violations;
  std::vector<simulation::PropertyCount> counts;
  std::uint64_t reconciles = 0;
  std::uint64_t faults = 0;  ///< That were injected.
};
TrialResult run_trial(std::uint64_t seed);

}  // namespace slipway::mutants
