#pragma once

#include <memory>

#include "cluster/pods.h"

namespace slipway::cluster {

/// Keeps the Endpoints and EndpointSlices of each Service that selects pods in step with those
/// pods. Decides in `endpoints_plan.h`. EndpointSlices of a Service that is gone are garbage (they
/// name it as owner); its Endpoints object is deleted here.
class EndpointsController {
 public:
  /// `pods` must outlive the controller and be started by its owner.
  EndpointsController(kubernetes::EventLoop& loop, kubernetes::Transport& transport, PodCache& pods,
                      std::uint64_t seed);
  ~EndpointsController();

  void start();
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
