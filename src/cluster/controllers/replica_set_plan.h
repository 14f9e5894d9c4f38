#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/pods.h"
#include "kubernetes/write.h"

namespace slipway::cluster {

/// What the controller sees of one ReplicaSet when it decides.
struct ObservedReplicaSet {
  std::shared_ptr<const api::ReplicaSet> replica_set;
  /// Pods that it controls, and pods of its namespace that nobody controls.
  std::vector<PodPointer> pods;
  /// Pods of all ReplicaSets with the same owner: they decide which pods share a node.
  std::vector<PodPointer> related;
  Instant now;
};

/// Brings the pods to `spec.replicas`: first takes on those that match the selector and lets go of
/// those that no longer do; once ownership is settled, creates or deletes what the count asks for
/// (at most 500 at a time, as client-go bursts). Names of new pods are drawn from `names`.
///
/// A ReplicaSet that is being deleted gets no pods and loses none: its pods go with it.
std::vector<kubernetes::Write> plan_pods(const ObservedReplicaSet& observed, Random& names);

/// Why pods could not be created or deleted, as the condition ReplicaFailure says it.
struct PodFailure {
  std::string reason;  ///< FailedCreate, FailedDelete
  std::string message;
};

struct ReplicaSetStatusPlan {
  api::ReplicaSetStatus status;
  /// When a pod becomes available by time alone.
  std::optional<Duration> look_again;
};

/// The status that these pods amount to. `failure` is that of this very pass; without one the
/// condition goes.
ReplicaSetStatusPlan plan_status(const ObservedReplicaSet& observed,
                                 const std::optional<PodFailure>& failure);

}  // namespace slipway::cluster
