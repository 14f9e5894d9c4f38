#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/meta.h"
#include "controller/metrics.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"
#include "rollout/named_object.h"

namespace slipway::controller {

/// The shell around the rollout domain: watches, gathers what a plan rests on, plans, executes.
///
/// *Guarantees*: at most one plan in flight per Rollout; each plan is made from a cache that has
/// seen the responses of all writes before it; a refused write is answered by reading the object
/// again and planning afresh; no error is dropped.
class RolloutController {
 public:
  struct Options {
    std::string namespace_;   ///< Empty: all namespaces.
    std::string instance_id;  ///< Only Rollouts with this label; empty: only those without one.
    rollout::RouterVersions router_versions;  ///< Of what routers' objects Rollouts name.
    Duration resync = Duration::from_seconds(900);
    std::size_t concurrency = 64;  ///< Rollouts whose writes are under way at once.
    /// Told of each reconcile as it begins, for who judges what comes of it.
    std::function<void(const api::ObjectKey&)> on_reconcile = nullptr;
  };

  /// `metrics` may be null (tests).
  RolloutController(kubernetes::EventLoop& loop, kubernetes::Transport& transport, Metrics* metrics,
                    Options options, std::uint64_t seed);
  ~RolloutController();

  /// Fills the caches; nothing is written yet.
  void start();
  /// Begins to reconcile, once the caches are in step.
  void lead();
  /// Makes no new plan. What is under way ends: see `drained`.
  void stop();
  bool drained() const;
  /// Why it does not work now; empty when all is well.
  std::string trouble() const;
  /// Of how many objects the caches, and what goes with them, hold anything: none, once all that it
  /// watches are gone.
  std::size_t remembered() const;
  /// Reconciles since the start, for tests and benchmarks.
  std::uint64_t reconciles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::controller
