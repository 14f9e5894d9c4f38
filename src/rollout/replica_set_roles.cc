#include "rollout/replica_set_roles.h"

#include <algorithm>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/keys.h"
#include "rollout/replica_arithmetic.h"
#include "rollout/revisions.h"
#include "rollout/services.h"

namespace slipway::rollout {
namespace {

using Pointer = Roles::Pointer;

bool going(const api::ReplicaSet& replica_set) {
  return replica_set.metadata.deletion_timestamp.has_value();
}

bool made_before(Pointer a, Pointer b) {
  const std::weak_ordering age = compare_age(*a, *b);
  return age != 0 ? age < 0 : a->metadata.name < b->metadata.name;
}

void sort_by_owner(const Observed& seen, Roles& roles) {
  const api::Rollout& rollout = *seen.rollout;
  const auto selected = [&](const api::ReplicaSet& replica_set) {
    return rollout.spec.selector && !rollout.spec.selector->empty() &&
           api::matches(*rollout.spec.selector, replica_set.metadata.labels);
  };
  for (const auto& replica_set : seen.replica_sets) {
    const api::OwnerReference* owner = replica_set->metadata.controller();
    const bool matching = selected(*replica_set);
    if (owner == nullptr) {
      if (matching && !going(*replica_set) && !hash_of(*replica_set).empty())
        roles.orphans.push_back(replica_set.get());
    } else if (owner->uid == rollout.metadata.uid) {
      (matching || going(*replica_set) ? roles.owned : roles.strays).push_back(replica_set.get());
    }
  }
  std::sort(roles.owned.begin(), roles.owned.end(), made_before);
}

/// What the strategy put on the metadata of a template is no part of it.
bool has_template(const api::ReplicaSet& replica_set, const api::PodTemplate& pod_template) {
  if (replica_set.spec.template_ == pod_template) return true;
  return replica_set.metadata.annotation(keys::ephemeral_metadata) &&
         replica_set.spec.template_.meaning_without(put_on(replica_set)) == pod_template.meaning();
}

/// By the meaning of the template, never by a computed hash where that can be helped: hashes differ
/// between versions of Kubernetes' types, and an upgrade must not start an update. Several of one
/// template are the trace of such an upgrade: then the one in use counts.
///
/// The computed hash finds those whose template someone changed on its way in (admission).
Pointer find_new(const Observed& seen, const std::vector<Pointer>& owned,
                 const std::function<std::string()>& template_hash) {
  const api::Rollout& rollout = *seen.rollout;
  const std::string& current = rollout.status.current_pod_hash;
  const auto fits = [&](Pointer replica_set) {
    return !going(*replica_set) && has_template(*replica_set, rollout.spec.template_);
  };
  // The one in use comes first: it is the one nearly always, and templates are dear to compare.
  for (const Pointer replica_set : owned) {
    if (!current.empty() && hash_of(*replica_set) == current && fits(replica_set)) {
      return replica_set;
    }
  }
  Pointer oldest = nullptr;
  bool several = false;
  for (const Pointer replica_set : owned) {
    if (hash_of(*replica_set).empty() || !fits(replica_set)) continue;
    several = oldest != nullptr;
    if (!several) oldest = replica_set;
  }
  if (oldest != nullptr && !several) return oldest;
  const std::string hash = template_hash();
  for (const Pointer replica_set : owned) {
    if (!going(*replica_set) && hash_of(*replica_set) == hash) return replica_set;
  }
  return oldest;
}

}  // namespace

std::string hash_of(const api::ReplicaSet& replica_set) {
  if (const std::string* label = replica_set.metadata.label(api::pod_template_hash_label)) {
    if (!label->empty()) return *label;
  }
  const auto& selector = replica_set.spec.selector.match_labels;
  const auto found = selector.find(api::pod_template_hash_label);
  return found == selector.end() ? std::string() : found->second;
}

std::int32_t spec_replicas(const api::ReplicaSet& replica_set) {
  return replica_set.spec.replicas.value_or(1);
}

bool is_observed(const api::ReplicaSet& replica_set) {
  return replica_set.status.observed_generation >= replica_set.metadata.generation;
}

bool is_whole(const api::ReplicaSet& replica_set) {
  const std::string* noted = replica_set.metadata.annotation(keys::desired_replicas);
  return noted && spec_replicas(replica_set) > 0 &&
         parse_integer(*noted) == spec_replicas(replica_set);
}

namespace {

/// Blue-green: where status.stableRS names no ReplicaSet, the active Service tells what is stable:
/// a whole version, not the new one, that has the traffic.
Pointer find_serving(const Observed& seen, const Roles& roles) {
  const auto& blue_green = seen.rollout->spec.strategy.blue_green;
  if (!blue_green) return nullptr;
  const auto active = seen.services.find(blue_green->active_service);
  if (active == seen.services.end() || active->second == nullptr) return nullptr;
  const std::string hash = selected_hash(*active->second);
  for (const Pointer replica_set : roles.owned) {
    if (hash.empty() || replica_set == roles.new_ || going(*replica_set)) continue;
    const Size size{spec_replicas(*replica_set), replica_set->status.available_replicas};
    const bool serves =
        is_observed(*replica_set) && dependable(size) >= api::desired_replicas(*seen.rollout);
    if (hash_of(*replica_set) == hash && serves) return replica_set;
  }
  return nullptr;
}

}  // namespace

Roles find_roles(const Observed& seen, const std::function<std::string()>& template_hash) {
  Roles roles;
  sort_by_owner(seen, roles);
  roles.new_ = find_new(seen, roles.owned, template_hash);
  const std::string& stable_hash = seen.rollout->status.stable_rs;
  if (!stable_hash.empty()) {
    if (roles.new_ != nullptr && hash_of(*roles.new_) == stable_hash) {
      roles.stable = roles.new_;
    } else {
      for (const Pointer replica_set : roles.owned) {
        if (going(*replica_set) || hash_of(*replica_set) != stable_hash) continue;
        roles.stable = replica_set;
        break;
      }
      if (roles.stable == nullptr) roles.stable = find_serving(seen, roles);
    }
  }
  for (const Pointer replica_set : roles.owned) {
    if (replica_set != roles.new_ && replica_set != roles.stable && !going(*replica_set)) {
      roles.others.push_back(replica_set);
    }
  }
  return roles;
}

}  // namespace slipway::rollout
