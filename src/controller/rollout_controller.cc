#include "controller/rollout_controller.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "controller/cluster_view.h"
#include "controller/loose_ends.h"
#include "controller/pod_list.h"
#include "controller/queue_metrics.h"
#include "controller/rollout_samples.h"
#include "controller/service_release.h"
#include "kubernetes/client.h"
#include "kubernetes/events.h"
#include "kubernetes/workqueue.h"
#include "rollout/plan.h"

namespace slipway::controller {
namespace {

using kubernetes::EventNote;
using kubernetes::EventType;
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
        view(loop, to_server, {options.namespace_, options.instance_id, options.router_versions},
             seed,
             {.wake = [this](const auto& key) { enqueue(key); },
              .rollout_changed = [this](const auto* before,
                                        const auto* after) { rollout_changed(before, after); },
              .service_changed =
                  [this](const auto& key) {
                    if (active) release.consider(key);
                  }}),
        events(loop, to_server, "rollouts-controller", seed + 3),
        writer(
            to_server, [this](const Write& write, const Json& object) { applied(write, object); },
            kubernetes::object_reading({.unread_templates = true})),
        queue(
            loop, [this](const api::ObjectKey& key) { reconcile(key); },
            timed({.concurrency = options.concurrency}, queue_name, metrics)),
        release(
            loop, to_server,
            {.service = [this](const auto& key) { return view.services().get(key); },
             .names = [this](const auto& rollout,
                             const auto& key) { return view.users_of(key).contains(rollout); },
             .serves = [this](const api::Service& service) { return view.serves(service); },
             .busy = [this](const auto& rollout, const auto& key) { return busy(rollout, key); },
             .apply = [this](const Json& object) { view.take(api::kinds::service, object); }}),
        sync_timer(loop),
        resync_timer(loop) {
    if (metrics != nullptr) publish_metrics();
  }

  /// A callback that does nothing once this controller is gone.
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<bool>(alive), f = std::move(f)](auto&&... arguments) mutable {
      if (!alive.expired()) f(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  // --- What wakes a Rollout.

  void enqueue(const api::ObjectKey& key) {
    if (active) queue.add(key);
  }

  void enqueue_all() {
    view.rollouts().for_each([this](const auto& rollout) { enqueue(rollout->metadata.key()); });
  }

  void rollout_changed(const api::Rollout* before, const api::Rollout* after) {
    const api::ObjectKey key = (after == nullptr ? before : after)->metadata.key();
    if (after == nullptr) {
      live_reads.erase(key);
      queue.forget(key);
      if (active) tell_of_end(*before);
      forget_metrics_later(key);
    }
    if (active && before != nullptr && !has_same_spec(*before, after)) {
      release.consider_named_by(*before);
    }
  }

  void tell_of_end(const api::Rollout& gone) {
    const auto& [namespace_, name] = gone.metadata.key();
    tell(gone, {EventType::normal, "RolloutDeleted",
                fmt::format("Rollout {}/{} is deleted.", name, namespace_)});
  }

  void activate_when_synced() {
    if (stopped || !leading) return;
    if (!view.synced()) {
      sync_timer.set(sync_poll, [this] { activate_when_synced(); });
      return;
    }
    active = true;
    log::info("caches are in step",
              {
                  {"rollouts",     static_cast<unsigned long>(view.rollouts().size())    },
                  {"replica_sets", static_cast<unsigned long>(view.replica_sets().size())}
    });
    enqueue_all();
    view.services().for_each(
        [this](const auto& service) { release.consider(service->metadata.key()); });
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
    const auto rollout = view.rollouts().get(key);
    if (rollout == nullptr || rollout->metadata.deletion_timestamp) {
      live_reads.erase(key);
      return queue.done(key, {});
    }
    if (const auto trouble = view.waits_for(*rollout)) return wait(key, *trouble);
    if (release.holds_up(key)) return queue.done(key, {.look_again = sync_poll});
    const auto learnt = live_reads.find(key);
    rollout::Observed seen =
        view.gather(rollout, loop.now(), learnt == live_reads.end() ? LiveReads{} : learnt->second);
    if (const auto trouble = view.waits_for(seen)) return wait(key, *trouble);
    live_reads.erase(key);
    if (!rollout::needs_pods(seen)) return decide(key, std::move(seen));
    const std::string selector =
        seen.rollout->spec.selector ? format_selector(*seen.rollout->spec.selector) : "";
    client.list(api::kinds::pod, key.namespace_, "labelSelector=" + url_encode(selector),
                guarded([this, key, seen = std::move(seen)](Result<Json::Array> pods) mutable {
                  if (!pods) {
                    failed(key, pods.error(), {});
                    return;
                  }
                  if (has_moved_on(*seen.rollout, view.rollouts().get(key).get()))
                    return queue.done(key, {.look_again = Duration{}});
                  seen.pods = decode_pods(*pods);
                  decide(key, std::move(seen));
                }));
  }

  /// A plan may write that Service now.
  bool busy(const api::ObjectKey& rollout, const api::ObjectKey& service) const {
    return queue.is_running(rollout) ||
           std::ranges::any_of(view.users_of(service),
                               [this](const auto& user) { return queue.is_running(user); });
  }

  /// For a cache that is not in step.
  void wait(const api::ObjectKey& key, const std::string& trouble) {
    if (trouble.empty()) return queue.done(key, {.look_again = sync_poll});
    failed(key, {ErrorCode::unavailable, "Rollout " + key.text(), trouble, ""}, {});
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
    if (plan.read_services_live) return read_services_live(key, std::move(seen.services));
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
          if (metrics != nullptr && outcome.applied == sent->size() && plan.ended) {
            metrics->update_ended(*plan.ended);
          }
          if (create_refused && !outcome.error) {
            // Told. The create itself is tried again with a growing back-off.
            queue.done(key, {.failed = true});
          } else {
            finish(key, plan, *sent, outcome);
          }
        }),
        // Between two writes the Rollout may go: what is left would be done for nobody.
        [this, key, uid = seen.rollout->metadata.uid] {
          const auto now = view.rollouts().get(key);
          return now && now->metadata.uid == uid && !now->metadata.deletion_timestamp;
        });
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
      const bool whole = outcome.applied == sent.size();
      queue.done(key,
                 {.progressed = progressed, .look_again = whole ? plan.look_again : Duration{}});
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
                   view.take(target.kind, *object);
                   if (const auto workload = view.workloads().get(target.kind, target.key))
                     live_reads[key].workload = workload;
                   if (code == ErrorCode::already_exists)
                     live_reads[key].occupant = read_occupant(*object);
                 } else if (object.error().code == ErrorCode::not_found) {
                   view.forget(target);
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
                   view.take(api::kinds::rollout, *object);
                   live_reads[key].rollout = view.rollouts().get(key);
                   queue.done(key, {.look_again = Duration{}});
                   return;
                 }
                 if (const auto cached = view.rollouts().get(key)) {
                   view.forget(rollout::reference_to(*cached));
                 }
                 queue.done(key, {});
               }));
  }

  /// One after the other, then plans again.
  void read_services_live(const api::ObjectKey& key, rollout::Services left) {
    if (left.empty()) return queue.done(key, {.look_again = Duration{}});
    const api::ObjectKey service{key.namespace_, left.begin()->first};
    const auto known = left.begin()->second;
    left.erase(left.begin());
    client.get(api::kinds::service, service,
               guarded([this, key, service, known, left = std::move(left)](Result<Json> object) {
                 if (object) {
                   view.take(api::kinds::service, *object);
                 } else if (object.error().code != ErrorCode::not_found) {
                   failed(key, object.error(), {});
                   return;
                 } else if (known) {
                   view.forget({api::kinds::service, service, known->metadata.uid});
                 }
                 live_reads[key].services[service.name] = view.services().get(service);
                 read_services_live(key, left);
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
    const auto rollout = view.rollouts().get(key);
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
      if (write.is_delete()) view.forget(write.target());
    } else {
      view.take(write.target().kind, object);
    }
  }

  // --- Metrics.

  void publish_metrics() {
    metrics->collect_from([this] { return samples_of(view.rollouts()); },
                          [this] { return std::vector{sample_of(queue_name, queue)}; });
  }

  void forget_metrics_later(const api::ObjectKey& key) {
    if (metrics == nullptr) return;
    loop.after(metrics_linger, guarded([this, key] {
                 if (view.rollouts().get(key) == nullptr) metrics->forget(key.namespace_, key.name);
               }));
  }

  kubernetes::EventLoop& loop;
  kubernetes::Client client;
  Metrics* metrics;
  const Options options;
  ClusterView view;
  kubernetes::EventRecorder events;
  Writer writer;
  WorkQueue queue;
  ServiceRelease release;
  kubernetes::Timer sync_timer;
  kubernetes::Timer resync_timer;
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
  state_->view.start();
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
  return state_->view.trouble();
}

std::size_t RolloutController::remembered() const {
  return state_->view.remembered() + state_->live_reads.size() + state_->unsure.size();
}

std::uint64_t RolloutController::reconciles() const {
  return state_->reconciles;
}

}  // namespace slipway::controller
