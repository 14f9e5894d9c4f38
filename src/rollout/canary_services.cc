#include "rollout/canary_services.h"

#include <algorithm>

#include <fmt/format.h>

namespace slipway::rollout {
namespace {

/// What it selects once this plan is carried out.
std::string hash_after(const Work& work, const api::Service& service) {
  const auto planned =
      std::ranges::find(work.switches, service.metadata.name, &ServiceSwitch::service);
  return planned == work.switches.end() ? selected_hash(service) : planned->to_hash;
}

void point(Work& work, const std::string& service_name, const api::ReplicaSet* at) {
  const api::Service* service = work.service(service_name);
  if (service == nullptr || at == nullptr) return;
  const std::string hash = hash_of(*at);
  if (selected_hash(*service) != hash && !may_receive_traffic(*service, *at)) {
    work.because(
        fmt::format("Service {} moves once {} has available pods", service_name, name_of(*at)),
        name_of(*at));
    return;
  }
  if (auto made = make_switch(work.rollout, *service, hash)) {
    work.switches.push_back(std::move(*made));
  }
}

/// It selects a side that has pods.
bool holds(const Work& work, const std::string& service_name, const api::ReplicaSet* side) {
  const api::Service* service = work.service(service_name);
  return service && size_of(side).spec > 0 && selected_hash(*service) == hash_of(*side);
}

/// The revision a canary Service selects is neither the new nor the stable one.
bool selects_superseded(const Work& work, const std::string& service_name) {
  const api::Service* service = work.service(service_name);
  if (service == nullptr) return false;
  const std::string hash = selected_hash(*service);
  return !hash.empty() && hash != work.new_hash && hash != work.status.stable_rs;
}

bool loses_its_last_pod(const Work& work, const ReplicaSetChange& change) {
  return change.lowers() && *change.replicas == 0 && work.desired() > 0;
}

/// Who serves instead of a ReplicaSet that ends: of stable and new version the other one, and for
/// a superseded one whichever has more pods that serve. A hash: the new version may be about to be
/// made.
std::string successor_of(const Work& work, const api::ReplicaSet* ending) {
  const Roles& roles = work.roles;
  if (ending == roles.stable || roles.stable == nullptr) return work.has_new() ? work.new_hash : "";
  const bool new_serves_more =
      ending != roles.new_ && dependable(size_of(roles.new_)) > dependable(size_of(roles.stable));
  return new_serves_more ? work.new_hash : work.status.stable_rs;
}

}  // namespace

/// Compat: an update that is superseded by a third version leaves Argo Rollouts' canary Service on
/// the second one while that is scaled away. Here it selects the stable version until the third has
/// pods, so a Service never selects a ReplicaSet that is on its way out.
void plan_canary_services(Work& work, const Split& want) {
  const api::CanaryStrategy& strategy = *work.rollout.spec.strategy.canary;
  const Roles& roles = work.roles;
  const bool two_sides = roles.has_distinct_stable();
  const bool stable_ends = two_sides && want.stable == 0 && want.canary > 0;
  const bool canary_ends = two_sides && want.canary == 0 && want.stable > 0;
  // A side that is to have no pods keeps its Service as long as it has some, and gets none back.
  const bool stable_gone = stable_ends && !holds(work, strategy.stable_service, roles.stable);
  const bool canary_gone = canary_ends && !holds(work, strategy.canary_service, roles.new_);
  // Where somebody deleted the stable ReplicaSet, the new one is all there is.
  const bool new_alone = roles.stable == nullptr && !work.status.stable_rs.empty();
  point(work, strategy.stable_service, stable_gone || new_alone ? roles.new_ : roles.stable);
  if ((work.aborted() && !new_alone) || canary_gone) {
    point(work, strategy.canary_service, roles.stable);
    return;
  }
  const bool new_serves = dependable(size_of(roles.new_)) > 0;
  if (!new_serves && selects_superseded(work, strategy.canary_service)) {
    point(work, strategy.canary_service, roles.stable);
  } else {
    point(work, strategy.canary_service, roles.new_);
  }
}

bool stays_selected(const Work& work, const api::ReplicaSet* replica_set) {
  if (replica_set == nullptr) return false;
  return std::ranges::any_of(named_services(work.rollout), [&](const NamedService& named) {
    const api::Service* service = work.service(named.name);
    return service && hash_after(work, *service) == hash_of(*replica_set);
  });
}

void move_services_off_the_emptied(Work& work) {
  for (const ReplicaSetChange& change : work.changes) {
    if (!loses_its_last_pod(work, change)) continue;
    const std::string hash = hash_of(*change.of);
    const std::string successor = successor_of(work, change.of);
    if (successor.empty() || successor == hash) continue;
    for (const NamedService& named : named_services(work.rollout)) {
      const api::Service* service = work.service(named.name);
      if (service == nullptr || hash_after(work, *service) != hash) continue;
      std::erase_if(work.switches,
                    [&](const ServiceSwitch& one) { return one.service == named.name; });
      if (auto made = make_switch(work.rollout, *service, successor)) {
        work.switches.push_back(std::move(*made));
      }
    }
  }
}

}  // namespace slipway::rollout
