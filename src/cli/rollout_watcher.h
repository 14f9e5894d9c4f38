#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/experiment.h"
#include "api/rollout.h"
#include "api/workload.h"
#include "cli/rollout_view.h"
#include "kubernetes/informer.h"

namespace slipway::cli {

/// Follows one Rollout, or all of a namespace, with the objects that hang below.
class RolloutWatcher {
 public:
  RolloutWatcher(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                 const std::string& namespace_, std::uint64_t seed);

  void start();
  /// Whether what `objects` gives is a whole picture.
  bool synced() const;
  /// Why it is not; empty when all is well.
  std::string trouble() const;
  void on_change(std::function<void()> handler) { changed_ = std::move(handler); }

  /// The Rollout of that name with its objects; nothing where there is none.
  std::optional<RolloutObjects> objects(const std::string& name) const;

 private:
  template <class T>
  std::unique_ptr<kubernetes::Informer<T>> watch(std::uint64_t seed);

  kubernetes::EventLoop& loop_;
  kubernetes::Transport& transport_;
  std::string namespace_;
  std::function<void()> changed_ = [] {};
  std::unique_ptr<kubernetes::Informer<api::Rollout>> rollouts_;
  std::unique_ptr<kubernetes::Informer<api::ReplicaSet>> replica_sets_;
  std::unique_ptr<kubernetes::Informer<api::Pod>> pods_;
  std::unique_ptr<kubernetes::Informer<api::AnalysisRun>> analysis_runs_;
  std::unique_ptr<kubernetes::Informer<api::Experiment>> experiments_;
};

}  // namespace slipway::cli
