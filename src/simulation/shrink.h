#pragma once

#include <cstdint>
#include <string>

#include "simulation/run.h"

namespace slipway::simulation {

/// A scenario made as small as it would go.
struct Shrunk {
  Scenario scenario;
  RunResult result;         ///< Of that scenario, with its timeline.
  std::uint64_t tries = 0;  ///< Runs that it took.
};

/// Takes away what a broken promise does not need: faults, then deeds, then replicas, pods and
/// steps, then settings. A step is kept only if the same promise breaks again. `scenario` must be
/// pinned down and break `property`.
Shrunk shrink(const BootedServer& booted, const Scenario& scenario, const std::string& property,
              std::uint64_t tries_max = 400);

/// A test of doctest that runs the scenario from a file beside it. All files in
/// tests/scenarios/found are run so anyway.
std::string regression_test(const std::string& property, std::uint64_t seed,
                            const std::string& scenario_file);

}  // namespace slipway::simulation
