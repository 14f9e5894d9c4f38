#include "controller/rollout_controller.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "controller/hash_memo.h"
#include "controller/loose_ends.h"
#include "controller/object_index.h"
#include "controller/pod_list.h"
#include "controller/queue_metrics.h"
#include "controller/rollout_samples.h"
#include "controller/service_release.h"
#include "controller/stored_statuses.h"
#include "controller/workload_caches.h"
#include "kubernetes/client.h"
#include "kubernetes/events.h"
#include "kubernetes/informer.h"
#include "kubernetes/workqueue.h"
#include "rollout/plan.h"
#include "rollout/services.h"

namespace slipway::controller {
namespace {

using kubernetes::EventNote;
using kubernetes::EventType;
using kubernetes::Informer;
using kubernetes::Interest;
using kubernetes::WorkQueue;
using kubernetes::Write;
using kubernetes::Writer;

/// How often the caches are asked whether they are full, before the first reconcile.
constexpr Duration sync_poll = 10_ms;
/// Series of a Rollout that is gone are dropped after this, so that a last scrape sees them.
constexpr Duration metrics_linger = 65_s;
/// As upstream's metrics call it.
constexpr const char* queue_name = "Rollouts";

}  // namespace

struct RolloutController::State {
  State(kubernetes::EventLoop& event_loop, kubernetes::Transport& to_server, Metrics* to_metrics,
        Options given, std::uint64_t seed)
      : loop(event_loop),
        client(to_server),
        metrics(to_metrics),
        options(std::move(given)),
        rollouts(loop, to_server,
                 Interest{.kind = api::kinds::rollout,
                          .namespace_ = options.namespace_,
                          .label_selector = instance_selector(options.instance_id)},
                 seed, stored.decoder(), {.unread_templates = true}),
        replica_sets(loop, to_server,
                     Interest{.kind = api::kinds::replica_set,
                              .namespace_ = options.namespace_,
                              .keeps = concerns_rollouts},
                     seed + 1, kubernetes::decode_as<api::ReplicaSet>, {.unread_templates = true}),
        services(loop, to_server,
                 Interest{.kind = api::kinds::service, .namespace_ = options.namespace_}, seed + 2),
        workloads(loop, to_server, options.namespace_, seed + 4,
                  [this](const api::Kind& kind, const api::ObjectKey& key) {
                    for (const api::ObjectKey& user : references.users_of(kind, key)) enqueue(user);
                  }),
        events(loop, to_server, "rollouts-controller", seed + 3),
        writer(
            to_server, [this](const Write& write, const Json& object) { applied(write, object); },
            kubernetes::object_reading({.unread_templates = true})),
        queue(
            loop, [this](const api::ObjectKey& key) { reconcile(key); },
            timed({.concurrency = options.concurrency}, queue_name, metrics)),
        release(
            loop, to_server,
            {.service = [this](const auto& key) { return services.get(key); },
             .names = [this](const auto& rollout,
                             const auto& key) { return users_of(key).contains(rollout); },
             .serves = [this](const api::Service& service) { return serves(service); },
             .busy = [this](const auto& rollout, const auto& key) { return busy(rollout, key); },
             .apply = [this](const Json& object) { services.apply(object); }}),
        sync_timer(loop),
        resync_timer(loop) {
    // Most of a fleet's ReplicaSets are history.
    replica_sets.keep_packed([](const api::ReplicaSet& replica_set) {
      return replica_set.spec.replicas == 0 && replica_set.status.replicas == 0;
    });
    rollouts.on_change([this](const auto& before, const auto& after) {
      rollout_changed(before.get(), after.get());
    });
    replica_sets.on_change([this](const auto& before, const auto& after) {
      replica_set_changed(before.get(), after.get());
    });
    services.on_change([this](const auto& before, const auto& after) {
      const api::Service& service = after == nullptr ? *before : *after;
      for (const api::ObjectKey& user : users_of(service.metadata.key())) enqueue(user);
      if (active) release.consider(service.metadata.key());
    });
    if (metrics != nullptr) publish_metrics();
  }

  bool synced() const { return rollouts.synced() && replica_sets.synced() && services.synced(); }

  /// A callback that does nothing once this controller is gone.
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<bool>(alive), f = std::move(f)](auto&&... arguments) mutable {
      if (!alive.expired()) f(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  const KeySet& users_of(const api::ObjectKey& service) const {
    return references.users_of(api::kinds::service, service);
  }

  /// It selects a ReplicaSet of a Rollout that names it.
  bool serves(const api::Service& service) const {
    const std::string hash = rollout::selected_hash(service);
    return std::ranges::any_of(users_of(service.metadata.key()), [&](const auto& user) {
      const auto rollout = rollouts.get(user);
      if (rollout == nullptr) return false;
      const KeySet& owned = index.controlled_by(rollout->metadata.uid);
      return std::ranges::any_of(
          owned, [&](const auto& key) { return rollout::hash_of(*replica_sets.get(key)) == hash; });
    });
  }

  // --- What wakes a Rollout.

  void enqueue(const api::ObjectKey& key) {
    if (active) queue.add(key);
  }

  void enqueue_all() {
    rollouts.for_each([this](const auto& rollout) { enqueue(rollout->metadata.key()); });
  }

  void rollout_changed(const api::Rollout* before, const api::Rollout* after) {
    const api::ObjectKey key = (after == nullptr ? before : after)->metadata.key();
    if (after == nullptr) {
      references.remove(key);
      hashes.forget(key);
      stored.forget(key);
      live_reads.erase(key);
      queue.forget(key);
      if (active) tell_of_end(*before);
      forget_metrics_later(key);
    } else {
      const rollout::References named = rollout::references(*after);
      references.set(key, named);
      if (named.workload) workloads.watch(named.workload->kind);
    }
    if (active && before != nullptr && !has_same_spec(*before, after)) {
      release.consider_named_by(*before);
    }
    enqueue(key);
  }

  void tell_of_end(const api::Rollout& gone) {
    const auto& [namespace_, name] = gone.metadata.key();
    tell(gone, {EventType::normal, "RolloutDeleted",
                fmt::format("Rollout {}/{} is deleted.", name, namespace_)});
  }

  void replica_set_changed(const api::ReplicaSet* before, const api::ReplicaSet* after) {
    index.update(before, after);
    // A ReplicaSet that changes hands wakes both sides.
    if (before != nullptr) enqueue_owner(*before);
    if (after != nullptr) enqueue_owner(*after);
  }

  void enqueue_owner(const api::ReplicaSet& replica_set) {
    const std::string& namespace_ = replica_set.metadata.namespace_;
    const api::OwnerReference* controller = replica_set.metadata.controller();
    if (controller != nullptr) {
      if (controller->kind == "Rollout") enqueue({namespace_, controller->name});
      return;
    }
    rollouts.for_each_in(namespace_, [&](const auto& rollout) {
      const auto& selector = rollout->spec.selector;
      if (selector && matches(*selector, replica_set.metadata.labels)) {
        enqueue(rollout->metadata.key());
      }
    });
  }

  void activate_when_synced() {
    if (stopped || !leading) return;
    if (!synced()) {
      sync_timer.set(sync_poll, [this] { activate_when_synced(); });
      return;
    }
    active = true;
    log::info("caches are in step",
              {
                  {"rollouts",     static_cast<unsigned long>(rollouts.size())    },
                  {"replica_sets", static_cast<unsigned long>(replica_sets.size())}
    });
    enqueue_all();
    services.for_each([this](const auto& service) { release.consider(service->metadata.key()); });
    resync();
  }

  void resync() {
    if (options.resync.nanoseconds <= 0) return;
    resync_timer.set(options.resync, [this] {
      enqueue_all();
      resync();
    });
  }

  // --- One reconcile: gather, plan, execute, finish.

  void reconcile(const api::ObjectKey& key) {
    ++reconciles;
    if (options.on_reconcile) options.on_reconcile(key);
    if (const auto doubt = unsure.find(key); doubt != unsure.end())
      return refresh(key, doubt->second, false);
    const auto rollout = rollouts.get(key);
    if (rollout == nullptr || rollout->metadata.deletion_timestamp) {
      live_reads.erase(key);
      return queue.done(key, {});
    }
    if (waits_for_workloads(key, *rollout)) return;
    if (release.holds_up(key)) return queue.done(key, {.look_again = sync_poll});
    rollout::Observed seen = gather(rollout);
    if (!rollout::needs_pods(seen)) return decide(key, std::move(seen));
    const std::string selector =
        seen.rollout->spec.selector ? format_selector(*seen.rollout->spec.selector) : "";
    client.list(api::kinds::pod, key.namespace_, "labelSelector=" + url_encode(selector),
                guarded([this, key, seen = std::move(seen)](Result<Json::Array> pods) mutable {
                  if (!pods) {
                    failed(key, pods.error(), {});
                    return;
                  }
                  if (has_moved_on(*seen.rollout, rollouts.get(key).get()))
                    return queue.done(key, {.look_again = Duration{}});
                  seen.pods = decode_pods(*pods);
                  decide(key, std::move(seen));
                }));
  }

  /// A plan may write that Service now.
  bool busy(const api::ObjectKey& rollout, const api::ObjectKey& service) const {
    return queue.is_running(rollout) ||
           std::ranges::any_of(users_of(service),
                               [this](const auto& user) { return queue.is_running(user); });
  }

  /// An empty cache is not an answer: what it will hold is waited for.
  bool waits_for_workloads(const api::ObjectKey& key, const api::Rollout& rollout) {
    const auto named = rollout::named_workload(rollout);
    if (!named || workloads.watch(named->kind)) return false;
    if (const std::string trouble = workloads.trouble(named->kind); !trouble.empty()) {
      failed(key, {ErrorCode::unavailable, "Rollout " + key.text(), trouble, ""}, {});
    } else {
      queue.done(key, {.look_again = sync_poll});
    }
    return true;
  }

  rollout::Observed gather(const std::shared_ptr<const api::Rollout>& rollout) {
    const api::ObjectKey key = rollout->metadata.key();
    rollout::Observed seen{.now = loop.now(), .rollout = rollout};
    seen.stored_status = stored.status_of(*rollout);
    const rollout::References named = rollout::references(*rollout);
    if (named.workload) {
      seen.workload = workloads.get(named.workload->kind, {key.namespace_, named.workload->name});
      seen.workload_is_live = seen.workload && live_reads[key].workload == seen.workload;
      rollout::resolve_workload(seen);
    }
    if (const auto live = live_reads.find(key); live != live_reads.end()) {
      // A newer copy in the cache is as good as the live one only if nothing has changed.
      if (live->second.rollout != nullptr &&
          live->second.rollout->metadata.resource_version == rollout->metadata.resource_version) {
        seen.rollout_is_live = true;
      }
      seen.occupant = live->second.occupant;
      seen.create_error = live->second.create_error;
      live_reads.erase(live);
    }
    for (const api::ObjectKey& owned : index.controlled_by(rollout->metadata.uid)) {
      seen.replica_sets.push_back(replica_sets.get(owned));
    }
    for (const api::ObjectKey& orphan : index.orphans_in(key.namespace_)) {
      const auto replica_set = replica_sets.get(orphan);
      const auto& selector = seen.rollout->spec.selector;
      if (selector && matches(*selector, replica_set->metadata.labels)) {
        seen.replica_sets.push_back(replica_set);
      }
    }
    for (const std::string& name : named.services) {
      seen.services[name] = services.get({key.namespace_, name});
    }
    if (!seen.workload_error) seen.hashes = hashes.hashes_of(seen);
    return seen;
  }

  void decide(const api::ObjectKey& key, rollout::Observed seen) {
    const Instant begun = loop.monotonic_now();
    rollout::Plan plan;
    try {
      plan = rollout::plan(seen);
    } catch (const BrokenInvariant& broken) {
      set_aside(key, *seen.rollout, broken);
      return;
    }
    if (plan.read_rollout_live) return read_live(key);
    if (plan.read_workload_live)
      return refresh(key, Doubt{rollout::reference_to(*seen.workload), {}}, false);
    std::vector<Write> writes = std::move(plan.writes);
    if (plan.status) writes.push_back(*plan.status);
    plan.writes.clear();
    if (!writes.empty() && log::enabled(log::Level::debug))
      log::debug("plan", {
                             {"rollout", key.text() },
                             {"plan",    plan.text()}
      });
    // Kept beside the Writer's copies: a failure names the write it stopped at.
    auto sent = std::make_shared<const std::vector<Write>>(writes);
    writer.execute(
        std::move(writes),
        guarded([this, key, sent, begun, plan = std::move(plan),
                 create_refused = seen.create_error.has_value()](Writer::Outcome outcome) {
          if (metrics != nullptr) {
            metrics->reconciled(key.namespace_, key.name, loop.monotonic_now() - begun);
          }
          record(plan.events, outcome.applied, key);
          if (metrics != nullptr && !outcome.error && plan.ended) {
            metrics->update_ended(*plan.ended);
          }
          if (create_refused && !outcome.error) {
            // Told. The create itself is tried again with a growing back-off.
            queue.done(key, {.failed = true});
          } else {
            finish(key, plan, *sent, outcome);
          }
        }));
  }

  void record(const std::vector<rollout::Event>& noted, std::size_t applied_count,
              const api::ObjectKey& key) {
    for (const rollout::Event& event : noted) {
      if (event.after > applied_count) continue;
      events.record(event.about, event.note);
      if (metrics != nullptr) {
        metrics->event_recorded(key.namespace_, key.name, to_string(event.note.type),
                                event.note.reason);
      }
    }
  }

  void tell(const api::Rollout& rollout, EventNote note) {
    record(
        {
            {rollout::reference_to(rollout), std::move(note)}
    },
        0, rollout.metadata.key());
  }

  void finish(const api::ObjectKey& key, const rollout::Plan& plan, const std::vector<Write>& sent,
              const Writer::Outcome& outcome) {
    const bool progressed = outcome.applied > 0;
    if (!outcome.error) {
      queue.done(key, {.progressed = progressed, .look_again = plan.look_again});
      return;
    }
    const Write& stopped_at = sent[std::min(outcome.applied, sent.size() - 1)];
    if (!world_moved(outcome.error->code)) {
      if (turned_down(outcome.error->code) && stopped_at.is_create() &&
          stopped_at.target().kind == api::kinds::replica_set) {
        log::warn("a ReplicaSet can't be created",
                  {
                      {"rollout", key.text()           },
                      {"error",   outcome.error->text()}
        });
        live_reads[key].create_error = *outcome.error;
        queue.done(key, {.progressed = progressed, .look_again = Duration{}});
        return;
      }
      explain_failure(key, stopped_at, *outcome.error);
      // The answer may have been lost, or cut short: the next plan starts with a look.
      if (is_cached(stopped_at.target().kind)) {
        unsure.insert_or_assign(key, Doubt{stopped_at.target(), outcome.error->code});
      }
      failed(key, *outcome.error, outcome.retry_after);
      return;
    }
    if (metrics != nullptr) metrics->refused(stopped_at.target().kind.kind);
    log::info("a write met another world and is planned anew",
              {
                  {"rollout", key.text()       },
                  {"write",   stopped_at.text()}
    });
    if (!is_cached(stopped_at.target().kind)) {
      queue.done(key, {.progressed = progressed, .look_again = Duration{}});
      return;
    }
    // Should the look fail too, no plan is made before one succeeds.
    const Doubt doubt{stopped_at.target(), outcome.error->code};
    unsure.insert_or_assign(key, doubt);
    refresh(key, doubt, progressed);
  }

  /// Reads an object that is in doubt, then plans again.
  void refresh(const api::ObjectKey& key, const Doubt& doubt, bool progressed) {
    client.get(doubt.target.kind, doubt.target.key,
               guarded([this, key, target = doubt.target, code = doubt.code,
                        progressed](Result<Json> object) {
                 if (object) {
                   take(target.kind, *object);
                   if (const auto workload = workloads.get(target.kind, target.key))
                     live_reads[key].workload = workload;
                   if (code == ErrorCode::already_exists)
                     live_reads[key].occupant = read_occupant(*object);
                 } else if (object.error().code == ErrorCode::not_found) {
                   forget(target);
                 } else {
                   failed(key, object.error(), {});
                   return;
                 }
                 unsure.erase(key);
                 queue.done(key, {.progressed = progressed, .look_again = Duration{}});
               }));
  }

  void read_live(const api::ObjectKey& key) {
    client.get(api::kinds::rollout, key, guarded([this, key](Result<Json> object) {
                 if (!object && object.error().code != ErrorCode::not_found) {
                   failed(key, object.error(), {});
                   return;
                 }
                 if (object) {
                   rollouts.apply(*object);
                   live_reads[key].rollout = rollouts.get(key);
                   queue.done(key, {.look_again = Duration{}});
                   return;
                 }
                 if (const auto cached = rollouts.get(key)) {
                   rollouts.forget(key, cached->metadata.uid);
                 }
                 queue.done(key, {});
               }));
  }

  void failed(const api::ObjectKey& key, const Error& error,
              const std::optional<Duration>& retry_after) {
    log::warn("reconcile failed", {
                                      {"rollout", key.text()  },
                                      {"error",   error.text()}
    });
    if (metrics != nullptr) metrics->reconcile_failed(key.namespace_, key.name);
    queue.done(key, {.failed = true, .look_again = retry_after});
  }

  /// What a person must mend is told where people look.
  void explain_failure(const api::ObjectKey& key, const Write& write, const Error& error) {
    if (!turned_down(error.code)) return;
    const auto rollout = rollouts.get(key);
    if (rollout == nullptr) return;
    tell(*rollout,
         {EventType::warning, "WriteError", fmt::format("{}: {}", write.why(), error.text())});
  }

  /// A bug of ours, met by one Rollout: the others go on.
  void set_aside(const api::ObjectKey& key, const api::Rollout& rollout,
                 const BrokenInvariant& broken) {
    log::error("plan set aside", {
                                     {"rollout", key.text()   },
                                     {"error",   broken.what()}
    });
    tell(rollout, {EventType::warning, "ReconciliationError",
                   fmt::format("Reconciliation failed with error: {}", broken.what())});
    if (metrics != nullptr) metrics->reconcile_failed(key.namespace_, key.name);
    queue.done(key, {.failed = true});
  }

  // --- The cache reads our own writes.

  void applied(const Write& write, const Json& object) {
    if (write.is_delete() || object.is_null()) {
      // Nothing undoes a deletion: one that waits for a finalizer is as good as gone.
      if (write.is_delete()) forget(write.target());
    } else {
      take(write.target().kind, object);
    }
  }

  void take(const api::Kind& kind, const Json& object) {
    if (kind == api::kinds::rollout) rollouts.apply(object);
    if (kind == api::kinds::replica_set) replica_sets.apply(object);
    if (kind == api::kinds::service) services.apply(object);
    workloads.apply(kind, object);
  }

  void forget(const api::ObjectRef& target) {
    if (target.kind == api::kinds::rollout) rollouts.forget(target.key, target.uid);
    if (target.kind == api::kinds::replica_set) replica_sets.forget(target.key, target.uid);
    if (target.kind == api::kinds::service) services.forget(target.key, target.uid);
    workloads.forget(target.kind, target.key, target.uid);
  }

  // --- Metrics.

  void publish_metrics() {
    metrics->collect_from([this] { return samples_of(rollouts); },
                          [this] { return std::vector{sample_of(queue_name, queue)}; });
  }

  void forget_metrics_later(const api::ObjectKey& key) {
    if (metrics == nullptr) return;
    loop.after(metrics_linger, guarded([this, key] {
                 if (rollouts.get(key) == nullptr) metrics->forget(key.namespace_, key.name);
               }));
  }

  kubernetes::EventLoop& loop;
  kubernetes::Client client;
  Metrics* metrics;
  const Options options;
  StoredStatuses stored;
  Informer<api::Rollout> rollouts;
  Informer<api::ReplicaSet> replica_sets;
  Informer<api::Service> services;
  WorkloadCaches workloads;
  kubernetes::EventRecorder events;
  Writer writer;
  WorkQueue queue;
  ServiceRelease release;
  kubernetes::Timer sync_timer;
  kubernetes::Timer resync_timer;
  ReplicaSetIndex index;
  ReferenceIndex references;
  HashMemo hashes;
  std::map<api::ObjectKey, LiveReads> live_reads;
  std::map<api::ObjectKey, Doubt> unsure;
  bool leading = false;
  bool active = false;
  bool stopped = false;
  std::uint64_t reconciles = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

RolloutController::RolloutController(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                                     Metrics* metrics, Options options, std::uint64_t seed)
    : state_(std::make_unique<State>(loop, transport, metrics, std::move(options), seed)) {}

RolloutController::~RolloutController() {
  if (state_->metrics != nullptr) state_->metrics->collect_from(nullptr, nullptr);
}

void RolloutController::start() {
  state_->rollouts.start();
  state_->replica_sets.start();
  state_->services.start();
}

void RolloutController::lead() {
  state_->leading = true;
  state_->activate_when_synced();
}

void RolloutController::stop() {
  state_->stopped = true;
  state_->active = false;
  state_->sync_timer.cancel();
  state_->resync_timer.cancel();
  state_->queue.stop();
  state_->release.stop();
}

bool RolloutController::drained() const {
  return state_->queue.drained() && state_->release.drained();
}

std::string RolloutController::trouble() const {
  for (const std::string& trouble :
       {state_->rollouts.trouble(), state_->replica_sets.trouble(), state_->services.trouble()}) {
    if (!trouble.empty()) return trouble;
  }
  return state_->synced() ? "" : "the caches are not yet in step with the API server";
}

std::size_t RolloutController::remembered() const {
  const State& state = *state_;
  return state.rollouts.size() + state.replica_sets.size() + state.services.size() +
         state.index.size() + state.references.size() + state.hashes.size() + state.stored.size() +
         state.live_reads.size() + state.unsure.size();
}

std::uint64_t RolloutController::reconciles() const {
  return state_->reconciles;
}

}  // namespace slipway::controller
