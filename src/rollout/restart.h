#pragma once

#include <optional>
#include <vector>

#include "rollout/replica_set_roles.h"

namespace slipway::rollout {

/// A restart was asked for (`spec.restartAt`) and is not done.
bool is_restart_pending(const api::Rollout& rollout);

/// What a restart asks for next. Source: behaviour.md 25.
struct Restart {
  std::vector<const api::Pod*> evict;  ///< As many as may be missing now.
  bool done = false;                   ///< No pod older than restartAt is left.
  std::optional<Duration> look_again_in;
  std::size_t left = 0;  ///< Pods that are still to be replaced.
};

/// Replaces pods created before restartAt by evicting them, of the stable ReplicaSet first, so
/// that no more than `max_unavailable` (at least one) are missing at any time.
Restart decide_restart(const Observed& seen, const Roles& roles, std::int32_t max_unavailable);

}  // namespace slipway::rollout
