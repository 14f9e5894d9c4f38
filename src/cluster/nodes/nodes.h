#pragma once

#include <memory>
#include <string>

#include "cluster/nodes/pod_script.h"
#include "cluster/pods.h"

namespace slipway::cluster {

/// Machines that exist only on paper: they register as Nodes, take on pending pods, play each pod's
/// script (`pod_script.h`) and report its status, and remove deleted pods when their containers
/// would have stopped. Scheduler and kubelets in one, for the embedded cluster and for any API
/// server that has none of its own.
///
/// Pods that are bound to a node of another name are left to it.
class Nodes {
 public:
  struct Options {
    int count = 3;
    PodTiming timing;
    bool events = true;               ///< Scheduled, Pulled, Started ... as kubelets write them.
    std::string version = "v1.34.0";  ///< The kubelets'.
  };

  /// `pods` must outlive the Nodes and be started by its owner.
  Nodes(kubernetes::EventLoop& loop, kubernetes::Transport& transport, PodCache& pods,
        std::uint64_t seed, Options options);
  ~Nodes();

  void start();
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
