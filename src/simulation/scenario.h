#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "simulation/fault.h"
#include "simulation/history.h"
#include "simulation/schedule.h"

namespace slipway::simulation {

/// Something that people and other programs do, by the fault that it stands for.
struct Deed {
  std::string verb;        ///< "set-image"; all of them: `deeds.h`.
  Duration gap;            ///< After the deed before it; of the first, after the beginning.
  std::uint64_t pick = 0;  ///< What is left to chance about it: which object, which value.
  /// Where it happened, by the writes of our controllers so far and the time since the last. A
  /// deed that has a place waits for that place and not for its time, as long as that many writes
  /// come at all.
  std::optional<std::uint64_t> after_writes = {};
  Duration then = {};

  bool operator==(const Deed&) const = default;
};

/// All that makes a run: whoever has it can run it again, and run it with less.
struct Scenario {
  std::uint64_t seed = 1;
  std::vector<Json> objects;  ///< Applied at the beginning; one of them is the Rollout.

  int replicas = 1;                 ///< Of our controller.
  bool overlap = false;             ///< All of them lead, whatever the lease says.
  std::vector<Duration> offsets;    ///< Of the replicas' clocks.
  std::vector<std::int64_t> rates;  ///< Of the replicas' clocks, in thousandths.
  Duration server_offset;           ///< Of the API server's clock.
  int page_size = 0;                ///< Of lists; 0: the client's own.
  std::size_t concurrency = 64;
  bool contested = false;  ///< Somebody writes before each write of ours.
  Duration calm;           ///< Before the trouble begins.
  Duration tail;           ///< Of trouble after the last deed.
  bool finishes = true;    ///< A person promotes until the end once all is healed.
  bool upkeep = false;     ///< Watches end and are opened again in the long silence too.
  /// After the silence the controller is gone for a week, and a fresh one goes on from these.
  std::optional<Leavings> leavings;

  Rates fault_rates{};                         ///< Where faults strike at random ...
  std::optional<std::vector<Strike>> strikes;  ///< ... and where they strike exactly here.
  std::vector<Deed> deeds;
};

/// Draws a whole scenario. Without objects it makes up a Rollout too.
Scenario draw_scenario(std::uint64_t seed, const FaultSet& admitted,
                       const std::vector<Json>& objects = {});

/// Those faults that the ledger can judge by for these objects. A ReplicaSet that lends its
/// template is watched beside the versions of Rollouts, and of two watches of one collection nobody
/// outside can tell which brought what: there neither may lag.
FaultSet judgeable(FaultSet faults, const std::vector<Json>& objects);

/// A scenario as a file, and back.
Json to_json(const Scenario& scenario);
Result<Scenario> scenario_from_json(const Json& json);
/// Of the file at `path`.
Result<Scenario> read_scenario(const std::string& path);

/// The name of the Rollout among the objects; empty where there is none.
std::string rollout_of(const Scenario& scenario);

}  // namespace slipway::simulation
