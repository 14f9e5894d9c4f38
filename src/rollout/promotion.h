#pragma once

#include <optional>
#include <string>

#include "rollout/replica_set_roles.h"

namespace slipway::rollout {

/// Going back to a version so recent that steps, pauses and analysis may be skipped
/// (`rollbackWindow`). Source: behaviour.md 16.3.
bool is_within_rollback_window(const api::Rollout& rollout, const Roles& roles);

/// The new version is one that has been stable, and can be trusted: it is still the stable one, or
/// is within the window, or (blue-green) it waits for its end with all its pods. Returns why, as
/// people read it in the event, or nothing.
std::optional<std::string> find_fast_rollback(const api::Rollout& rollout, const Roles& roles,
                                              Instant now);
/// Whether a blue-green update goes back to a version that is whole and whose delay was not written
/// yet: the person was faster than the plan after the switch. Asked where an update begins only;
/// the delay that is written then keeps the answer.
bool is_owed_its_delay(const api::Rollout& rollout, const Roles& roles);

/// What the rules of promotion ask. Source: behaviour.md 16.1.
struct PromotionFacts {
  bool canary = true;       ///< Else blue-green.
  bool has_stable = false;  ///< The status names a stable version, be its ReplicaSet gone or not.
  bool aborted = false;
  bool promote_full = false;
  bool enough_available = false;             ///< Pods of the new version for all the traffic.
  bool steps_done = false;                   ///< Canary.
  std::int32_t step_count = 0;               ///< Canary.
  bool active_is_new = false;                ///< Blue-green: the active service points at it.
  std::optional<std::string> fast_rollback;  ///< See find_fast_rollback.
};

/// Why the new version becomes the stable one now, as people read it in the event; nothing: it does
/// not yet. Compat: a blue-green waits for its pods here too, though it was switched already.
std::optional<std::string> find_promotion(const PromotionFacts& facts);

}  // namespace slipway::rollout
