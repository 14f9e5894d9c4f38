#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rollout/observed.h"

namespace slipway::rollout {

/// The pod template hash that a ReplicaSet goes by: its label, or, where someone took that off, the
/// one its (immutable) selector holds. Empty where it has none.
std::string hash_of(const api::ReplicaSet& replica_set);

/// Pods asked for; an absent count is the server's default, 1.
std::int32_t spec_replicas(const api::ReplicaSet& replica_set);

/// Its controller has seen the size that is asked for. Until then the counts are those of another
/// size: of pods that are gone, where it was scaled to zero and back.
bool is_observed(const api::ReplicaSet& replica_set);
/// It was given all its pods once, and has followed spec.replicas since.
bool is_whole(const api::ReplicaSet& replica_set);

/// The part each ReplicaSet of a Rollout plays. Source: behaviour.md 2.3, 3.3.b and 5. Pointers are
/// into the Observed. Those that are being deleted play none: their pods still count.
struct Roles {
  using Pointer = const api::ReplicaSet*;
  std::vector<Pointer> owned;    ///< All that the Rollout controls, oldest first.
  Pointer new_ = nullptr;        ///< Of the present template. May be the stable one too.
  Pointer stable = nullptr;      ///< Of status.stableRS; blue-green: else what serves.
  std::vector<Pointer> others;   ///< The rest, oldest first.
  std::vector<Pointer> orphans;  ///< No one's, and the selector matches: to adopt.
  std::vector<Pointer> strays;   ///< Ours, and the selector matches no more: to release.

  /// There is something to go back to.
  bool has_distinct_stable() const { return stable != nullptr && stable != new_; }
};

/// Compat: Argo Rollouts looks for the computed hash first, then for the template.
///
/// `template_hash` is asked only where no template tells: it is dear.
Roles find_roles(const Observed& seen, const std::function<std::string()>& template_hash);

}  // namespace slipway::rollout
