#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/rollout.h"
#include "api/workload.h"
#include "controller/hash_memo.h"
#include "controller/loose_ends.h"
#include "controller/named_object_caches.h"
#include "controller/object_index.h"
#include "controller/stored_statuses.h"
#include "controller/workload_caches.h"
#include "kubernetes/informer.h"
#include "rollout/observed.h"

namespace slipway::controller {

/// What the controller sees of the cluster: caches of all that Rollouts rest on, whose they are,
/// and what of it concerns one Rollout.
class ClusterView {
 public:
  /// Which part of the cluster is looked at.
  struct Scope {
    std::string namespace_;   ///< Empty: all namespaces.
    std::string instance_id;  ///< See instance_selector.
    rollout::RouterVersions router_versions;
  };

  /// Who is told of what changes. Called after the view has changed.
  struct Listener {
    /// Something that this Rollout rests on has changed, or the Rollout itself.
    std::function<void(const api::ObjectKey& rollout)> wake;
    /// Either may be null: an add, a delete. Comes before the `wake` for it.
    std::function<void(const api::Rollout* before, const api::Rollout* after)> rollout_changed;
    std::function<void(const api::ObjectKey& service)> service_changed;
  };

  ClusterView(kubernetes::EventLoop& loop, kubernetes::Transport& transport, const Scope& scope,
              std::uint64_t seed, Listener listener);

  void start();
  /// Whether there is an answer to every question but those about workloads and named objects: see
  /// `waits_for`.
  bool synced() const;
  /// Why it is not in step with the API server; empty when all is well.
  std::string trouble() const;
  /// Of how many objects it holds anything.
  std::size_t remembered() const;

  const kubernetes::Informer<api::Rollout>& rollouts() const { return rollouts_; }
  const kubernetes::Informer<api::ReplicaSet>& replica_sets() const { return replica_sets_; }
  const kubernetes::Informer<api::Service>& services() const { return services_; }
  const WorkloadCaches& workloads() const { return workloads_; }

  /// Rollouts that name the Service.
  const KeySet& users_of(const api::ObjectKey& service) const;
  /// It selects a ReplicaSet of a Rollout that names it.
  bool serves(const api::Service& service) const;

  /// An empty cache is not an answer: why it is to be waited for before a plan of this Rollout.
  /// Empty text: it fills. Nothing where all is there.
  std::optional<std::string> waits_for(const api::Rollout& rollout);
  /// What one plan of this Rollout rests on, but for its pods.
  rollout::Observed gather(const std::shared_ptr<const api::Rollout>& rollout, Instant now,
                           const LiveReads& live);
  /// The same as above of what was gathered, since what a Rollout names may name more in turn.
  std::optional<std::string> waits_for(const rollout::Observed& seen) const;

  /// Takes what a write or a live read returned, of any kind.
  void take(const api::Kind& kind, const Json& object);
  /// A write, or a live read, found this very object gone.
  void forget(const api::ObjectRef& target);

 private:
  void rollout_changed(const api::Rollout* before, const api::Rollout* after);
  void replica_set_changed(const api::ReplicaSet* before, const api::ReplicaSet* after);
  void wake_owner(const api::ReplicaSet& replica_set);

  Listener listener_;
  StoredStatuses stored_;
  kubernetes::Informer<api::Rollout> rollouts_;
  kubernetes::Informer<api::ReplicaSet> replica_sets_;
  kubernetes::Informer<api::Service> services_;
  WorkloadCaches workloads_;
  NamedObjectCaches named_objects_;
  ReplicaSetIndex index_;
  ReferenceIndex references_;
  HashMemo hashes_;
};

}  // namespace slipway::controller
