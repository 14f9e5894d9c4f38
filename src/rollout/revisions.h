#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "api/rollout.h"
#include "api/workload.h"

namespace slipway::rollout {

/// The revision annotation. Absent, unreadable or beyond reason: 0, which no revision is.
std::int64_t revision_of(const api::ObjectMeta& metadata);

/// The revision that the newest ReplicaSet shall have: one more than any other has. It grows by
/// going back too: the old template becomes the newest revision.
std::int64_t wanted_revision(const std::vector<const api::ReplicaSet*>& owned,
                             const api::ReplicaSet* newest);

/// The revision-history annotation of a ReplicaSet that gets a higher revision: what it was is
/// appended. Compat: Argo Rollouts appends it whenever any annotation changes.
std::string extended_history(const api::ObjectMeta& metadata);

/// The Rollout's annotations that its ReplicaSet shall carry too. What people took off the Rollout
/// stays on the ReplicaSet. Source: behaviour.md 4.1.
api::StringMap inherited_annotations(const api::Rollout& rollout);

/// Which of two ReplicaSets was made first: by their creation times, and within one second (which
/// is all that these tell) by the lowest revision that each ever had.
/// Compat: Argo Rollouts looks at the times alone.
std::weak_ordering compare_age(const api::ReplicaSet& a, const api::ReplicaSet& b);

/// Newest revision first; of equal revisions the younger first.
void sort_by_revision(std::vector<const api::ReplicaSet*>& replica_sets);

}  // namespace slipway::rollout
