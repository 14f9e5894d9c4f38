#include "controller/object_index.h"

#include <algorithm>
#include <set>

namespace slipway::controller {
namespace {

constexpr std::string_view instance_label = "argo-rollouts.argoproj.io/controller-instance-id";

/// Where a ReplicaSet is filed: under its controller's uid, or as an orphan.
std::string controller_uid(const api::ReplicaSet& replica_set) {
  const api::OwnerReference* controller = replica_set.metadata.controller();
  return controller == nullptr ? std::string() : controller->uid;
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
    uid.empty() ? remove_key(orphans_, key.namespace_, key) : remove_key(by_controller_, uid, key);
  }
  if (after != nullptr) {
    const std::string uid = controller_uid(*after);
    const api::ObjectKey key = after->metadata.key();
    (uid.empty() ? orphans_[key.namespace_] : by_controller_[uid]).insert(key);
  }
}

const KeySet& ReplicaSetIndex::controlled_by(const std::string& uid) const {
  return keys_at(by_controller_, uid);
}

const KeySet& ReplicaSetIndex::orphans_in(const std::string& namespace_) const {
  return keys_at(orphans_, namespace_);
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
  index_.set(rollout, targets);
}

const KeySet& ReferenceIndex::users_of(const api::Kind& kind, const api::ObjectKey& key) const {
  return index_.users_of(Target{kind.plural, key});
}

}  // namespace slipway::controller
