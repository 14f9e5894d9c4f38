#include "rollout/history.h"

namespace slipway::rollout {
namespace {

bool is_empty(const api::ReplicaSet& replica_set) {
  return spec_replicas(replica_set) == 0 && replica_set.status.replicas == 0 &&
         is_observed(replica_set);
}

}  // namespace

std::vector<const api::ReplicaSet*> find_expendable(
    const std::vector<const api::ReplicaSet*>& others_oldest_first, std::int32_t limit,
    const std::set<std::string>& selected_hashes) {
  std::vector<const api::ReplicaSet*> expendable;
  const auto kept = static_cast<std::size_t>(limit < 0 ? 0 : limit);
  if (others_oldest_first.size() <= kept) return expendable;
  const std::size_t beyond = others_oldest_first.size() - kept;
  for (std::size_t i = 0; i < beyond; ++i) {
    const api::ReplicaSet* replica_set = others_oldest_first[i];
    if (is_empty(*replica_set) && !selected_hashes.contains(hash_of(*replica_set))) {
      expendable.push_back(replica_set);
    }
  }
  return expendable;
}

}  // namespace slipway::rollout
