#include "controller/cluster_view.h"

#include <algorithm>

#include "rollout/services.h"

namespace slipway::controller {

using kubernetes::Interest;

ClusterView::ClusterView(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                         const Scope& scope, std::uint64_t seed, Listener listener)
    : listener_(std::move(listener)),
      rollouts_(loop, transport,
                Interest{.kind = api::kinds::rollout,
                         .namespace_ = scope.namespace_,
                         .label_selector = instance_selector(scope.instance_id)},
                seed, stored_.decoder(), {.unread_templates = true}),
      replica_sets_(loop, transport,
                    Interest{.kind = api::kinds::replica_set,
                             .namespace_ = scope.namespace_,
                             .keeps = concerns_rollouts},
                    seed + 1, kubernetes::decode_as<api::ReplicaSet>, {.unread_templates = true}),
      services_(loop, transport,
                Interest{.kind = api::kinds::service, .namespace_ = scope.namespace_}, seed + 2),
      workloads_(loop, transport, scope.namespace_, seed + 4,
                 [this](const api::Kind& kind, const api::ObjectKey& key) {
                   for (const api::ObjectKey& user : references_.users_of(kind, key)) {
                     listener_.wake(user);
                   }
                 }),
      named_objects_(loop, transport, {scope.namespace_, scope.router_versions}, seed + 16,
                     listener_.wake) {
  // Most of a fleet's ReplicaSets are history.
  replica_sets_.keep_packed([](const api::ReplicaSet& replica_set) {
    return replica_set.spec.replicas == 0 && replica_set.status.replicas == 0;
  });
  rollouts_.on_change([this](const auto& before, const auto& after) {
    rollout_changed(before.get(), after.get());
  });
  replica_sets_.on_change([this](const auto& before, const auto& after) {
    replica_set_changed(before.get(), after.get());
  });
  services_.on_change([this](const auto& before, const auto& after) {
    const api::ObjectKey key = (after == nullptr ? before : after)->metadata.key();
    for (const api::ObjectKey& user : users_of(key)) listener_.wake(user);
    listener_.service_changed(key);
  });
}

void ClusterView::start() {
  rollouts_.start();
  replica_sets_.start();
  services_.start();
}

bool ClusterView::synced() const {
  return rollouts_.synced() && replica_sets_.synced() && services_.synced();
}

std::string ClusterView::trouble() const {
  for (const std::string& trouble :
       {rollouts_.trouble(), replica_sets_.trouble(), services_.trouble()}) {
    if (!trouble.empty()) return trouble;
  }
  return synced() ? "" : "the caches are not yet in step with the API server";
}

std::size_t ClusterView::remembered() const {
  return rollouts_.size() + replica_sets_.size() + services_.size() + index_.size() +
         references_.size() + named_objects_.size() + hashes_.size() + stored_.size();
}

const KeySet& ClusterView::users_of(const api::ObjectKey& service) const {
  return references_.users_of(api::kinds::service, service);
}

bool ClusterView::serves(const api::Service& service) const {
  const std::string hash = rollout::selected_hash(service);
  return std::ranges::any_of(users_of(service.metadata.key()), [&](const auto& user) {
    const auto rollout = rollouts_.get(user);
    if (rollout == nullptr) return false;
    const KeySet& owned = index_.controlled_by(rollout->metadata.uid);
    return std::ranges::any_of(
        owned, [&](const auto& key) { return rollout::hash_of(*replica_sets_.get(key)) == hash; });
  });
}

// --- What wakes a Rollout.

void ClusterView::rollout_changed(const api::Rollout* before, const api::Rollout* after) {
  const api::ObjectKey key = (after == nullptr ? before : after)->metadata.key();
  if (after == nullptr) {
    references_.remove(key);
    named_objects_.forget(key);
    hashes_.forget(key);
    stored_.forget(key);
  } else {
    const rollout::References named = rollout::references(*after);
    references_.set(key, named);
    if (named.workload) workloads_.watch(named.workload->kind);
  }
  listener_.rollout_changed(before, after);
  listener_.wake(key);
}

void ClusterView::replica_set_changed(const api::ReplicaSet* before, const api::ReplicaSet* after) {
  index_.update(before, after);
  // A ReplicaSet that changes hands wakes both sides.
  if (before != nullptr) wake_owner(*before);
  if (after != nullptr) wake_owner(*after);
}

void ClusterView::wake_owner(const api::ReplicaSet& replica_set) {
  const std::string& namespace_ = replica_set.metadata.namespace_;
  const api::OwnerReference* controller = replica_set.metadata.controller();
  if (controller != nullptr) {
    if (controller->kind == "Rollout") listener_.wake({namespace_, controller->name});
    return;
  }
  rollouts_.for_each_in(namespace_, [&](const auto& rollout) {
    const auto& selector = rollout->spec.selector;
    if (selector && matches(*selector, replica_set.metadata.labels)) {
      listener_.wake(rollout->metadata.key());
    }
  });
}

// --- What a plan rests on.

std::optional<std::string> ClusterView::waits_for(const api::Rollout& rollout) {
  const auto named = rollout::named_workload(rollout);
  if (!named || workloads_.watch(named->kind)) return std::nullopt;
  return workloads_.trouble(named->kind);
}

rollout::Observed ClusterView::gather(const std::shared_ptr<const api::Rollout>& rollout,
                                      Instant now, const LiveReads& live) {
  const api::ObjectKey key = rollout->metadata.key();
  rollout::Observed seen{.now = now, .rollout = rollout};
  seen.stored_status = stored_.status_of(*rollout);
  const rollout::References named = rollout::references(*rollout);
  if (named.workload) {
    seen.workload = workloads_.get(named.workload->kind, {key.namespace_, named.workload->name});
    seen.workload_is_live = seen.workload && live.workload == seen.workload;
    rollout::resolve_workload(seen);
  }
  // A newer copy in the cache is as good as the live one only if nothing has changed.
  seen.rollout_is_live = live.rollout != nullptr && live.rollout->metadata.resource_version ==
                                                        rollout->metadata.resource_version;
  seen.occupant = live.occupant;
  seen.create_error = live.create_error;
  for (const api::ObjectKey& owned : index_.controlled_by(rollout->metadata.uid)) {
    seen.replica_sets.push_back(replica_sets_.get(owned));
  }
  for (const api::ObjectKey& orphan : index_.orphans_in(key.namespace_)) {
    const auto replica_set = replica_sets_.get(orphan);
    const auto& selector = seen.rollout->spec.selector;
    if (selector && matches(*selector, replica_set->metadata.labels)) {
      seen.replica_sets.push_back(replica_set);
    }
  }
  for (const std::string& name : named.services) {
    seen.services[name] = services_.get({key.namespace_, name});
  }
  // As with the Rollout.
  seen.services_are_live = are_same(seen.services, live.services);
  seen.named_objects = named_objects_.look_up(*seen.rollout);
  if (!seen.workload_error) seen.hashes = hashes_.hashes_of(seen);
  return seen;
}

std::optional<std::string> ClusterView::waits_for(const rollout::Observed& seen) const {
  return named_objects_.waits_for(seen.named_objects);
}

// --- The cache reads our own writes.

void ClusterView::take(const api::Kind& kind, const Json& object) {
  if (kind == api::kinds::rollout) rollouts_.apply(object);
  if (kind == api::kinds::replica_set) replica_sets_.apply(object);
  if (kind == api::kinds::service) services_.apply(object);
  workloads_.apply(kind, object);
}

void ClusterView::forget(const api::ObjectRef& target) {
  if (target.kind == api::kinds::rollout) rollouts_.forget(target.key, target.uid);
  if (target.kind == api::kinds::replica_set) replica_sets_.forget(target.key, target.uid);
  if (target.kind == api::kinds::service) services_.forget(target.key, target.uid);
  workloads_.forget(target.kind, target.key, target.uid);
}

}  // namespace slipway::controller
