#pragma once

#include <set>
#include <string>
#include <vector>

#include "rollout/replica_set_roles.h"

namespace slipway::rollout {

/// Old ReplicaSets beyond revisionHistoryLimit, oldest first, that can be deleted: without pods,
/// and selected by no Service. One that can't go yet is not replaced by a younger one, so that the
/// youngest `limit` always stay to go back to. Compat: Argo Rollouts does not ask the Services.
/// Source: behaviour.md 26.1.
std::vector<const api::ReplicaSet*> find_expendable(
    const std::vector<const api::ReplicaSet*>& others_oldest_first, std::int32_t limit,
    const std::set<std::string>& selected_hashes);

}  // namespace slipway::rollout
