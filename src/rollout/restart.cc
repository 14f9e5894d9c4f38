#include "rollout/restart.h"

#include <algorithm>

#include "api/defaults.h"
#include "rollout/replica_arithmetic.h"

namespace slipway::rollout {
namespace {

constexpr Duration poll_interval = 30_s;

bool is_controlled_by(const api::Pod& pod, const api::ReplicaSet& replica_set) {
  const api::OwnerReference* owner = pod.metadata.controller();
  return owner && owner->uid == replica_set.metadata.uid;
}

bool is_ready(const api::Pod& pod) {
  return std::ranges::any_of(pod.status.conditions, [](const api::Condition& condition) {
    return condition.type == "Ready" && condition.status == "True";
  });
}

/// Stable first: its pods are the ones most people talk to.
std::vector<const api::ReplicaSet*> in_order(const Roles& roles) {
  std::vector<const api::ReplicaSet*> ordered;
  if (roles.stable) ordered.push_back(roles.stable);
  if (roles.new_ && roles.new_ != roles.stable) ordered.push_back(roles.new_);
  ordered.insert(ordered.end(), roles.others.begin(), roles.others.end());
  return ordered;
}

}  // namespace

bool is_restart_pending(const api::Rollout& rollout) {
  // The status is written in whole seconds.
  return rollout.spec.restart_at &&
         (!rollout.status.restarted_at || round_down_to_second(*rollout.spec.restart_at) !=
                                              round_down_to_second(*rollout.status.restarted_at));
}

Restart decide_restart(const Observed& seen, const Roles& roles, std::int32_t max_unavailable) {
  const api::Rollout& rollout = *seen.rollout;
  Restart restart;
  if (!is_restart_pending(rollout)) return restart;
  const Instant restart_at = *rollout.spec.restart_at;
  if (restart_at > seen.now) {
    restart.look_again_in = restart_at - seen.now;
    return restart;
  }
  std::int64_t asked_for = 0;
  std::int64_t serving = 0;
  std::vector<const api::Pod*> old;
  for (const api::ReplicaSet* replica_set : in_order(roles)) {
    asked_for += spec_replicas(*replica_set);
    std::int32_t ready = 0;
    for (const auto& pod : seen.pods) {
      if (!is_controlled_by(*pod, *replica_set) || pod->metadata.deletion_timestamp) continue;
      if (is_ready(*pod)) ++ready;
      if (pod->metadata.creation_timestamp.value_or(Instant{}) < restart_at) {
        old.push_back(pod.get());
      }
    }
    // The pods tell of evictions before the ReplicaSet's status does, and it of minReadySeconds.
    // Those beyond its size are about to go.
    serving +=
        std::min({ready, replica_set->status.available_replicas, spec_replicas(*replica_set)});
  }
  const std::int64_t floor = std::max<std::int64_t>(api::desired_replicas(rollout), asked_for) -
                             std::max(1, max_unavailable);
  const std::int64_t allowed = std::max<std::int64_t>(0, serving - floor);
  restart.left = old.size();
  restart.done = old.empty();
  old.resize(std::min(old.size(), static_cast<std::size_t>(allowed)));
  restart.evict = std::move(old);
  if (!restart.done) restart.look_again_in = poll_interval;
  return restart;
}

}  // namespace slipway::rollout
