#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::simulation {

/// What may go wrong, by the ids of the fault model. The first letter after the F is the group: A
/// caches, B the watch stream, C writes, D processes, E clocks, F other actors, I the network, J
/// combinations.
enum class Fault : std::uint8_t {
  fa1,
  fa2,
  fa3,
  fa4,
  fa6,
  fa7,
  fa8,
  fa10,
  fb1,
  fb2,
  fb3,
  fb4,
  fb6,
  fb7,
  fb10,
  fb11,
  fb12,
  fb14,
  fc1,
  fc3,
  fc4,
  fc5,
  fc6,
  fc11,
  fc12,
  fc13,
  fc14,
  fc15,
  fc17,
  fc19,
  fc21,
  fc23,
  fc24,
  fd1,
  fd2,
  fd3,
  fd4,
  fd5,
  fd6,
  fd7,
  fd8,
  fd10,
  fd10b,
  fd11,
  fd12,
  fd14,
  fd16,
  fe1,
  fe2,
  fe3,
  fe4,
  fe7,
  fe8,
  ff1,
  ff2,
  ff3,
  ff4,
  ff5,
  ff6,
  ff7,
  ff8,
  ff9,
  ff10,
  ff11,
  ff13,
  ff14,
  ff16,
  fi1,
  fi3,
  fi4,
  fi5,
  fi6,
  fi7,
  fi8,
  fj4,
  fj5,
};
inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::fj5) + 1;

/// When a fault is asked whether it strikes.
enum class Strikes : std::uint8_t {
  at_requests,  ///< At a request of a replica.
  at_writes,    ///< At a write of a replica, events and leases aside.
  at_events,    ///< At a watch's event for a replica.
  at_opening,   ///< When a replica opens a watch or lists.
  in_cluster,   ///< At a write of the ReplicaSet controller or of a node.
  at_start,     ///< Once, when a run or a replica begins.
  as_deed,      ///< As something that people or programs do.
};

struct FaultInfo {
  Fault fault;
  std::string_view id;     ///< "FC3"
  std::string_view title;  ///< "applied, answer lost"
  Strikes strikes;
  /// How likely at one opportunity, in millionths, where the fault is on at its usual strength.
  std::uint32_t millionths;
};

/// Every fault there is, in the order of the enumeration.
std::span<const FaultInfo> all_faults();
const FaultInfo& info_of(Fault fault);

using FaultSet = std::bitset<fault_count>;
inline bool contains(const FaultSet& set, Fault fault) {
  return set.test(static_cast<std::size_t>(fault));
}

/// Reads "none", "all", or ids and groups: "FC3,FD1", "FC,FE8".
Result<FaultSet> parse_faults(std::string_view text);
/// "none", "all" or the ids, as parse_faults reads them.
std::string format_faults(const FaultSet& faults);

}  // namespace slipway::simulation
