#include "cluster/controllers/replica_set_controller.h"

#include "cluster/controllers/reconciler.h"
#include "cluster/controllers/replica_set_plan.h"
#include "kubernetes/events.h"

namespace slipway::cluster {

using api::ObjectKey;
using api::ReplicaSet;
using kubernetes::EventType;
using kubernetes::Informer;
using kubernetes::Write;
using kubernetes::Writer;

namespace {

constexpr Duration until_synced = Duration::from_milliseconds(100);

}  // namespace

struct ReplicaSetController::State {
  State(kubernetes::EventLoop& l, kubernetes::Transport& transport, PodCache& p, std::uint64_t seed)
      : loop(l),
        pods(p),
        names(seed),
        replica_sets(l, transport, {.kind = api::kinds::replica_set}, seed + 1),
        events(l, transport, "replicaset-controller", seed + 2),
        reconciler("replicaset", l, transport,
                   {
                       .decide = [this](const ObjectKey& key) { return decide(key); },
                       .applied = [this](const Write& w, const Json& o) { applied(w, o); },
                       .conclude =
                           [this](const ObjectKey& key, const std::vector<Write>& writes,
                                  const Writer::Outcome& outcome) {
                             return conclude(key, writes, outcome);
                           },
                   }) {}

  Plan decide(const ObjectKey& key);
  Plan conclude(const ObjectKey& key, const std::vector<Write>& writes,
                const Writer::Outcome& outcome);
  void applied(const Write& write, const Json& object);
  void tell(const ReplicaSet& replica_set, const std::vector<Write>& writes,
            const Writer::Outcome& outcome);
  ObservedReplicaSet observe(const std::shared_ptr<const ReplicaSet>& replica_set) const;
  void on_replica_set(const ReplicaSet* before, const ReplicaSet* after);
  void on_pod(const CachedPod* before, const CachedPod* after);

  kubernetes::EventLoop& loop;
  PodCache& pods;
  Random names;
  Informer<ReplicaSet> replica_sets;
  std::map<std::string, std::set<ObjectKey>> by_owner;  ///< ReplicaSets by their controller's uid.
  /// Uids of pods that we have deleted while the cache does not say so yet: counted again, they
  /// would cost another pod its life.
  std::set<std::string> deleted;
  kubernetes::EventRecorder events;
  Reconciler reconciler;
};

ObservedReplicaSet ReplicaSetController::State::observe(
    const std::shared_ptr<const ReplicaSet>& replica_set) const {
  ObservedReplicaSet observed{
      replica_set, pods.controlled_by(replica_set->metadata.uid), {}, loop.now()};
  std::erase_if(observed.pods,
                [&](const PodPointer& pod) { return deleted.contains(pod->metadata.uid); });
  for (PodPointer& pod : pods.uncontrolled_in(replica_set->metadata.namespace_)) {
    observed.pods.push_back(std::move(pod));
  }
  if (const api::OwnerReference* owner = replica_set->metadata.controller()) {
    if (const auto siblings = by_owner.find(owner->uid); siblings != by_owner.end()) {
      for (const ObjectKey& key : siblings->second) {
        for (PodPointer& pod : pods.controlled_by(replica_sets.get(key)->metadata.uid)) {
          observed.related.push_back(std::move(pod));
        }
      }
    }
  } else {
    observed.related = pods.controlled_by(replica_set->metadata.uid);
  }
  return observed;
}

Plan ReplicaSetController::State::decide(const ObjectKey& key) {
  if (!pods.synced() || !replica_sets.synced()) return {{}, until_synced};
  const auto replica_set = replica_sets.get(key);
  if (replica_set == nullptr) return {};
  return {plan_pods(observe(replica_set), names), {}};
}

Plan ReplicaSetController::State::conclude(const ObjectKey& key, const std::vector<Write>& writes,
                                           const Writer::Outcome& outcome) {
  const auto replica_set = replica_sets.get(key);
  if (replica_set == nullptr || !pods.synced()) return {};
  tell(*replica_set, writes, outcome);
  std::optional<PodFailure> failure;
  if (outcome.error && outcome.applied < writes.size()) {
    const Write& failed = writes[outcome.applied];
    if (!has_moved(*outcome.error) && (failed.is_create() || failed.is_delete())) {
      failure = {failed.is_create() ? "FailedCreate" : "FailedDelete", outcome.error->message};
    }
  }
  const ReplicaSetStatusPlan plan = plan_status(observe(replica_set), failure);
  if (plan.status == replica_set->status) return {{}, plan.look_again};
  return {{Write::status(api::seen(*replica_set), api::encode(plan.status), "its pods changed")},
          plan.look_again};
}

void ReplicaSetController::State::applied(const Write& write, const Json& object) {
  if (write.target().kind == api::kinds::replica_set) return replica_sets.apply(object);
  if (!write.is_delete()) return pods.apply(object);
  const PodPointer pod = pods.get(write.target().key);
  if (pod != nullptr && pod->metadata.uid == write.target().uid &&
      !pod->metadata.deletion_timestamp) {
    deleted.insert(pod->metadata.uid);
  }
}

/// Events, as `kubectl describe` shows them.
void ReplicaSetController::State::tell(const ReplicaSet& replica_set,
                                       const std::vector<Write>& writes,
                                       const Writer::Outcome& outcome) {
  const api::ObjectRef about = api::seen(replica_set).ref;
  for (std::size_t i = 0; i < std::min(outcome.applied, writes.size()); ++i) {
    const std::string& pod = writes[i].target().key.name;
    if (writes[i].is_create()) {
      events.record(about, {EventType::normal, "SuccessfulCreate", "Created pod: " + pod});
    } else if (writes[i].is_delete()) {
      events.record(about, {EventType::normal, "SuccessfulDelete", "Deleted pod: " + pod});
    }
  }
  if (!outcome.error || outcome.applied >= writes.size()) return;
  const Write& failed = writes[outcome.applied];
  if (failed.is_create() && !has_moved(*outcome.error)) {
    events.record(about,
                  {EventType::warning, "FailedCreate", "Error creating: " + outcome.error->text()});
  }
}

void ReplicaSetController::State::on_replica_set(const ReplicaSet* before,
                                                 const ReplicaSet* after) {
  const auto owner_of = [](const ReplicaSet* replica_set) {
    return replica_set == nullptr ? nullptr : replica_set->metadata.controller();
  };
  if (const api::OwnerReference* owner = owner_of(before)) {
    const auto found = by_owner.find(owner->uid);
    found->second.erase(before->metadata.key());
    if (found->second.empty()) by_owner.erase(found);
  }
  if (const api::OwnerReference* owner = owner_of(after)) {
    by_owner[owner->uid].insert(after->metadata.key());
  }
  if (after != nullptr) {
    reconciler.add(after->metadata.key());
  } else {
    reconciler.forget(before->metadata.key());
  }
}

void ReplicaSetController::State::on_pod(const CachedPod* before, const CachedPod* after) {
  if (after == nullptr || after->metadata.deletion_timestamp) {
    deleted.erase((after == nullptr ? before : after)->metadata.uid);
  }
  for (const CachedPod* pod : {before, after}) {
    if (pod == nullptr) continue;
    if (const api::OwnerReference* owner = pod->metadata.controller()) {
      if (owner->kind == "ReplicaSet") {
        reconciler.add({pod->metadata.namespace_, owner->name});
      }
      continue;
    }
    // Nobody's: whoever selects it may take it on.
    replica_sets.for_each_in(pod->metadata.namespace_, [&](const auto& replica_set) {
      if (api::matches(replica_set->spec.selector, pod->metadata.labels)) {
        reconciler.add(replica_set->metadata.key());
      }
    });
  }
}

ReplicaSetController::ReplicaSetController(kubernetes::EventLoop& loop,
                                           kubernetes::Transport& transport, PodCache& pods,
                                           std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, pods, seed)) {
  const std::weak_ptr<State> weak = state_;
  state_->replica_sets.on_change([raw = state_.get()](const auto& before, const auto& after) {
    raw->on_replica_set(before.get(), after.get());
  });
  pods.on_change([weak](const auto& before, const auto& after) {
    if (const auto self = weak.lock()) self->on_pod(before.get(), after.get());
  });
}

ReplicaSetController::~ReplicaSetController() = default;

void ReplicaSetController::start() {
  state_->replica_sets.start();
}

void ReplicaSetController::stop() {
  state_->replica_sets.stop();
  state_->reconciler.stop();
}

}  // namespace slipway::cluster
