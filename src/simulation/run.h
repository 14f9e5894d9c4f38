#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/properties/situations.h"
#include "simulation/property.h"
#include "simulation/scenario.h"
#include "simulation/scene.h"
#include "simulation/stage.h"

namespace slipway::simulation {

struct RunOptions {
  bool keep_timeline = false;  ///< Note each commit of interest, for people.
  Duration silence = 24_h;     ///< At the end.
};

/// One line of the timeline: what was written, by whom, knowing what.
struct TimelineEntry {
  Instant at;
  std::uint64_t revision = 0;
  std::string writer;
  std::string object;  ///< "ReplicaSet default/web-5d4"
  std::string change;  ///< "/spec/replicas: 3 -> 0"
  std::uint64_t basis = 0;
};

/// How one run went.
struct RunResult {
  std::vector<Violation> violations;
  std::vector<PropertyCount> properties;
  std::vector<SituationCount> situations;
  FaultCounts faults{};
  std::vector<Strike> strikes;
  std::vector<Deed> deeds;  ///< With their places.
  std::uint64_t trace_hash = 0;
  std::uint64_t reconciles = 0;
  std::uint64_t reconciles_in_trouble = 0;  ///< Before all was healed.
  std::uint64_t requests = 0;
  std::uint64_t commits = 0;
  Duration virtual_time;
  std::vector<TimelineEntry> timeline;
  std::string phase;  ///< Of the Rollout, in the end.

  bool broken() const { return !violations.empty(); }
};

/// Runs a scenario to its end: trouble, healing, 24 hours of silence, judgement.
RunResult run(const BootedServer& booted, const Scenario& scenario, const RunOptions& options = {});

/// Every place of a fault-free run of this scenario where one fault could strike, once for each
/// fault and for each way it has.
std::vector<Strike> single_faults(const BootedServer& booted, const Scenario& scenario,
                                  const FaultSet& allowed);

/// The same scenario with all that chance did written down: it replays the run without any chance,
/// and can be made smaller piece by piece.
Scenario pinned(const Scenario& scenario, const RunResult& result);

}  // namespace slipway::simulation
