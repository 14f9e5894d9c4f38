#pragma once

#include <map>
#include <string>

#include "api/rollout.h"
#include "api/workload.h"
#include "controller/user_index.h"
#include "rollout/observed.h"

namespace slipway::controller {

/// Of all ReplicaSets those that a Rollout made, or may adopt. The server can't choose them: a
/// watch by the hash label would lose sight of one whose label somebody takes away, and it would
/// run for ever.
bool concerns_rollouts(const Json& replica_set);

/// The label selector of the Rollouts that are this instance's: those with its label, or, for an
/// empty id, those without one. Source: behaviour.md 1.3.
std::string instance_selector(const std::string& instance_id);

/// Which ReplicaSets belong to which Rollout, and which belong to nobody.
class ReplicaSetIndex {
 public:
  /// Either may be null: an add, a delete.
  void update(const api::ReplicaSet* before, const api::ReplicaSet* after);
  const KeySet& controlled_by(const std::string& uid) const;
  /// ReplicaSets of a namespace without a controller.
  const KeySet& orphans_in(const std::string& namespace_) const;
  /// Owners, and namespaces with orphans.
  std::size_t size() const { return by_controller_.size() + orphans_.size(); }

 private:
  std::map<std::string, KeySet> by_controller_;
  std::map<std::string, KeySet> orphans_;
};

/// Which Rollouts refer to a Service or a workload.
class ReferenceIndex {
 public:
  void set(const api::ObjectKey& rollout, const rollout::References& references);
  void remove(const api::ObjectKey& rollout) { index_.remove(rollout); }
  const KeySet& users_of(const api::Kind& kind, const api::ObjectKey& key) const;
  /// Targets, and Rollouts that refer to any.
  std::size_t size() const { return index_.size(); }

 private:
  struct Target {
    std::string_view plural;  ///< Of a kind, which is a constant.
    api::ObjectKey key;
    auto operator<=>(const Target&) const = default;
  };
  UserIndex<Target> index_;
};

}  // namespace slipway::controller
