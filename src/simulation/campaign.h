#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "simulation/run.h"

namespace slipway::simulation {

/// In which order faults are tried.
enum class Order : std::uint8_t {
  swarm,    ///< A random few at random places, another few for each seed.
  singles,  ///< For each seed: every single fault at every place of its fault-free run.
  pairs,    ///< For each seed: pairs of such, at random.
  garbage,  ///< No faults: garbage in every field that we own, from which all must recover.
  guided,   ///< Goes on, by small changes, from what has led to something new.
};

struct CampaignOptions {
  std::uint64_t seed = 1;  ///< Of the first run; the next has the next.
  std::uint64_t runs = 1;
  FaultSet faults;
  Order order = Order::swarm;
  std::vector<Json> objects;  ///< Empty: each run makes up its own.
  /// Every so many runs one is run twice, and must be the same. 0: none.
  std::uint64_t replay_every = 100;
  std::uint64_t broken_max = 100;  ///< Ends after so many broken runs.
  RunOptions run;
};

/// A run that broke a promise.
struct BrokenRun {
  std::uint64_t seed = 0;
  std::vector<Violation> violations;
  Scenario scenario;  ///< Pinned down: it breaks again without chance.
};

/// What many runs came to.
struct CampaignResult {
  std::uint64_t runs = 0;
  std::uint64_t reconciles = 0;
  std::uint64_t reconciles_in_trouble = 0;
  std::uint64_t requests = 0;
  std::uint64_t commits = 0;
  Duration virtual_time;
  std::uint64_t trace_hash = 0;  ///< One over all runs.
  std::uint64_t replays = 0;
  std::uint64_t sights = 0;               ///< Of a guided campaign: what was seen, see `Sights`.
  std::vector<std::uint64_t> unfaithful;  ///< Seeds whose second run was another.
  FaultCounts faults{};
  std::map<std::string, PropertyCount, std::less<>> properties;
  std::vector<SituationCount> situations;
  std::map<std::string, std::uint64_t> phases;  ///< In the end, by phase.
  std::vector<BrokenRun> broken;
  RunResult last;

  void add(std::uint64_t seed, const RunResult& run);
};

/// Runs one seed after the other. `progress` is called after each run, and ends the campaign by
/// answering false.
CampaignResult run_campaign(const BootedServer& booted, const CampaignOptions& options,
                            const std::function<bool(const CampaignResult&)>& progress);

}  // namespace slipway::simulation
