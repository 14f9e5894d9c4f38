#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "api/rollout.h"
#include "api/workload.h"
#include "kubernetes/client.h"
#include "kubernetes/workqueue.h"
#include "kubernetes/write.h"

namespace slipway::controller {

/// Lets go of Services whose mark names a Rollout that names them no more: it was deleted, or names
/// others now. Such a Service selects by its own labels again, so that whatever comes next, another
/// Rollout or a Deployment, gets its traffic. Source: behaviour.md 33.
///
/// Before a Service is let go, the Rollout that its mark names is read live: it may belong to
/// another instance, or be newer than the cache.
///
/// Compat: a Service that serves another Rollout by now, since somebody wrote its mark, keeps its
/// hash. Argo Rollouts takes that off too, and for a moment previews get traffic.
class ServiceRelease {
 public:
  /// What the controller's caches hold.
  struct Caches {
    std::function<std::shared_ptr<const api::Service>(const api::ObjectKey&)> service;
    /// That Rollout names the Service.
    std::function<bool(const api::ObjectKey& rollout, const api::ObjectKey& service)> names;
    /// It selects a ReplicaSet of a Rollout that names it.
    std::function<bool(const api::Service&)> serves;
    /// A plan of that Rollout, or of one that names the Service, is being carried out.
    std::function<bool(const api::ObjectKey& rollout, const api::ObjectKey& service)> busy;
    std::function<void(const Json&)> apply;  ///< Takes a Service that was written or read.
  };

  ServiceRelease(kubernetes::EventLoop& loop, kubernetes::Transport& transport, Caches caches);

  /// A Service has changed, or who names it. Costs nothing unless it is to be let go.
  void consider(const api::ObjectKey& service);
  /// The same, for all that a Rollout named before it changed or went.
  void consider_named_by(const api::Rollout& rollout);
  /// A write of a Service that this Rollout names is under way, or its outcome unknown: no plan may
  /// touch it meanwhile.
  bool holds_up(const api::ObjectKey& rollout) const;
  void stop() { queue_.stop(); }
  bool drained() const { return queue_.drained(); }

 private:
  bool is_forsaken(const api::ObjectKey& service) const;
  void reconcile(const api::ObjectKey& service);
  void look_first(const api::ObjectKey& service);
  void ask_for_manager(const api::ObjectKey& service);
  void judge(const api::ObjectKey& service, const Result<Json>& manager);
  void let_go(const api::ObjectKey& service);

  kubernetes::Client client_;
  Caches caches_;
  kubernetes::Writer writer_;
  kubernetes::WorkQueue queue_;
  /// Services whose write is under way, was refused or got no answer: read before they are written
  /// again.
  std::set<api::ObjectKey> held_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::controller
