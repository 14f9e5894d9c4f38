#pragma once

#include <map>
#include <set>
#include <string>

#include "api/rollout.h"
#include "api/workload.h"
#include "rollout/observed.h"

namespace slipway::controller {

using KeySet = std::set<api::ObjectKey>;

/// Which ReplicaSets belong to which Rollout, and which belong to nobody.
class ReplicaSetIndex {
 public:
  /// Either may be null: an add, a delete.
  void update(const api::ReplicaSet* before, const api::ReplicaSet* after);
  const KeySet& controlled_by(const std::string& uid) const;
  /// ReplicaSets of a namespace without a controller.
  const KeySet& orphans_in(const std::string& namespace_) const;

 private:
  std::map<std::string, KeySet> by_controller_;
  std::map<std::string, KeySet> orphans_;
};

/// Which Rollouts refer to a Service.
class ReferenceIndex {
 public:
  void set(const api::ObjectKey& rollout, const rollout::References& references);
  void remove(const api::ObjectKey& rollout);
  const KeySet& users_of_service(const api::ObjectKey& service) const;

 private:
  std::map<api::ObjectKey, KeySet> users_;
  std::map<api::ObjectKey, KeySet> services_of_;
};

}  // namespace slipway::controller
