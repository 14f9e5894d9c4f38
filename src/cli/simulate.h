#pragma once

#include <cstdint>
#include <string>

#include "cli/commands.h"

namespace slipway::cli {

struct SimulateOptions {
  std::string manifest;  ///< File; empty: each run makes up its own Rollout.
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  std::string faults = "all";
  std::string report;    ///< File for an HTML timeline; empty: none.
  std::string scenario;  ///< File of one run to replay; empty: none.
  std::string shrink;    ///< File for the smallest scenario of the first broken run; empty: none.
  std::string order = "swarm";  ///< swarm, singles, pairs, garbage or guided.
  double minutes = 0;           ///< Above 0: ends then, and with `runs` at 1 not before.
  bool json = false;
};

/// Runs Rollouts through simulated hours and judges them. Returns 1 where a promise broke.
Result<int> simulate(const SimulateOptions& options, Streams streams);

}  // namespace slipway::cli
