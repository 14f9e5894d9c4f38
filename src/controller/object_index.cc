#include "controller/object_index.h"

#include <algorithm>

namespace slipway::controller {
namespace {

constexpr std::string_view instance_label = "argo-rollouts.argoproj.io/controller-instance-id";
const KeySet no_keys;

/// Where a ReplicaSet is filed: under its controller's uid, or as an orphan.
std::string controller_uid(const api::ReplicaSet& replica_set) {
  const api::OwnerReference* controller = replica_set.metadata.controller();
  return controller == nullptr ? std::string() : controller->uid;
}

template <class Map>
void remove_from(Map& map, const typename Map::key_type& at, const api::ObjectKey& key) {
  const auto found = map.find(at);
  if (found == map.end()) return;
  found->second.erase(key);
  if (found->second.empty()) map.erase(found);
}

template <class Map>
const KeySet& find_in(const Map& map, const typename Map::key_type& at) {
  const auto found = map.find(at);
  return found == map.end() ? no_keys : found->second;
}

}  // namespace

bool concerns_rollouts(const Json& replica_set) {
  const Json& metadata = replica_set["metadata"];
  if (metadata["labels"].find(api::pod_template_hash_label)) return true;
  const Json& owners = metadata["ownerReferences"];
  return owners.is_array() && std::ranges::any_of(owners.as_array(), [](const Json& owner) {
           return owner["kind"].string_or_empty() == api::Rollout::kind.kind;
         });
}

std::string instance_selector(const std::string& instance_id) {
  return instance_id.empty() ? "!" + std::string(instance_label)
                             : std::string(instance_label) + "=" + instance_id;
}

void ReplicaSetIndex::update(const api::ReplicaSet* before, const api::ReplicaSet* after) {
  if (before != nullptr) {
    const std::string uid = controller_uid(*before);
    const api::ObjectKey key = before->metadata.key();
    uid.empty() ? remove_from(orphans_, key.namespace_, key)
                : remove_from(by_controller_, uid, key);
  }
  if (after != nullptr) {
    const std::string uid = controller_uid(*after);
    const api::ObjectKey key = after->metadata.key();
    (uid.empty() ? orphans_[key.namespace_] : by_controller_[uid]).insert(key);
  }
}

const KeySet& ReplicaSetIndex::controlled_by(const std::string& uid) const {
  return find_in(by_controller_, uid);
}

const KeySet& ReplicaSetIndex::orphans_in(const std::string& namespace_) const {
  return find_in(orphans_, namespace_);
}

void ReferenceIndex::set(const api::ObjectKey& rollout, const rollout::References& references) {
  std::set<Target> targets;
  for (const std::string& name : references.services) {
    targets.insert({
        api::kinds::service.plural, {rollout.namespace_, name}
    });
  }
  if (const auto& workload = references.workload) {
    targets.insert({
        workload->kind.plural, {rollout.namespace_, workload->name}
    });
  }
  const auto found = targets_of_.find(rollout);
  if (found != targets_of_.end() && found->second == targets) return;
  remove(rollout);
  for (const Target& target : targets) users_[target].insert(rollout);
  if (!targets.empty()) targets_of_[rollout] = std::move(targets);
}

void ReferenceIndex::remove(const api::ObjectKey& rollout) {
  const auto found = targets_of_.find(rollout);
  if (found == targets_of_.end()) return;
  for (const Target& target : found->second) remove_from(users_, target, rollout);
  targets_of_.erase(found);
}

const KeySet& ReferenceIndex::users_of(const api::Kind& kind, const api::ObjectKey& key) const {
  return find_in(users_, Target{kind.plural, key});
}

}  // namespace slipway::controller
