#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kubernetes/informer.h"
#include "rollout/workload.h"

namespace slipway::controller {

/// The Deployments, ReplicaSets and PodTemplates whose templates Rollouts take over. A kind is
/// watched from the first Rollout on that refers to one: who uses no workloadRef pays nothing, and
/// needs no rights.
class WorkloadCaches {
 public:
  using Pointer = std::shared_ptr<const rollout::Workload>;
  /// `changed` is told of each object that came, went or has another generation.
  WorkloadCaches(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                 std::string namespace_, std::uint64_t seed,
                 std::function<void(const api::Kind&, const api::ObjectKey&)> changed);

  /// Starts to watch that kind, if it is not watched yet. Returns whether its cache is in step.
  bool watch(const api::Kind& kind);
  Pointer get(const api::Kind& kind, const api::ObjectKey& key) const;
  /// Takes what a write or a live read returned, of a kind that is watched.
  void apply(const api::Kind& kind, const Json& object);
  /// A write of ours, or a live read, found this very object gone.
  void forget(const api::Kind& kind, const api::ObjectKey& key, const std::string& uid);
  /// Why a watched kind is not in step; empty when all is well.
  std::string trouble(const api::Kind& kind) const;

 private:
  using Cache = kubernetes::Informer<rollout::Workload>;
  Cache* find(const api::Kind& kind) const;

  kubernetes::EventLoop& loop_;
  kubernetes::Transport& transport_;
  std::string namespace_;
  std::uint64_t seed_;
  std::function<void(const api::Kind&, const api::ObjectKey&)> changed_;
  std::map<std::string_view, std::unique_ptr<Cache>> caches_;  ///< By plural.
};

}  // namespace slipway::controller
