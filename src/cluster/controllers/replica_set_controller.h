#pragma once

#include <memory>

#include "cluster/pods.h"

namespace slipway::cluster {

/// Keeps each ReplicaSet's pods at `spec.replicas` and its status true, as the controller of that
/// name in kube-controller-manager does, events and conditions included. Decides in
/// `replica_set_plan.h`.
///
/// It reads its own writes, so it needs no expectations: what it created is in the cache before it
/// counts again.
class ReplicaSetController {
 public:
  /// `pods` must outlive the controller and be started by its owner.
  ReplicaSetController(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                       PodCache& pods, std::uint64_t seed);
  ~ReplicaSetController();

  void start();
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
