#include "cli/rollout_watcher.h"

namespace slipway::cli {
namespace {

template <class T>
std::vector<T> copy_of(const kubernetes::Informer<T>& informer, const std::string& namespace_) {
  std::vector<T> copies;
  informer.for_each_in(namespace_, [&](const auto& object) { copies.push_back(*object); });
  return copies;
}

}  // namespace

template <class T>
std::unique_ptr<kubernetes::Informer<T>> RolloutWatcher::watch(std::uint64_t seed) {
  auto informer = std::make_unique<kubernetes::Informer<T>>(
      loop_, transport_, kubernetes::Interest{.kind = T::kind, .namespace_ = namespace_}, seed);
  informer->on_change([this](const auto&, const auto&) { changed_(); });
  return informer;
}

RolloutWatcher::RolloutWatcher(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                               const std::string& namespace_, std::uint64_t seed)
    : loop_(loop), transport_(transport), namespace_(namespace_) {
  rollouts_ = watch<api::Rollout>(seed);
  replica_sets_ = watch<api::ReplicaSet>(seed + 1);
  pods_ = watch<api::Pod>(seed + 2);
  analysis_runs_ = watch<api::AnalysisRun>(seed + 3);
  experiments_ = watch<api::Experiment>(seed + 4);
}

void RolloutWatcher::start() {
  rollouts_->start();
  replica_sets_->start();
  pods_->start();
  analysis_runs_->start();
  experiments_->start();
}

bool RolloutWatcher::synced() const {
  // Runs and experiments may not be served at all (no such CRD): nobody waits for these.
  return rollouts_->synced() && replica_sets_->synced() && pods_->synced();
}

std::string RolloutWatcher::trouble() const {
  for (const std::string& trouble :
       {rollouts_->trouble(), replica_sets_->trouble(), pods_->trouble()}) {
    if (!trouble.empty()) return trouble;
  }
  return {};
}

std::optional<RolloutObjects> RolloutWatcher::objects(const std::string& name) const {
  const auto rollout = rollouts_->get({namespace_, name});
  if (rollout == nullptr) return std::nullopt;
  return RolloutObjects{*rollout, copy_of(*replica_sets_, namespace_), copy_of(*pods_, namespace_),
                        copy_of(*analysis_runs_, namespace_), copy_of(*experiments_, namespace_)};
}

}  // namespace slipway::cli
