#pragma once

#include <memory>

#include "cluster/controllers/discovery.h"

namespace slipway::cluster {

/// Empties namespaces that are being deleted, then lets them go: every object of every kind is
/// deleted, and once a sweep finds none the namespace loses its finalizer `kubernetes`.
class NamespaceController {
 public:
  /// `discovery` must outlive the controller and be started by its owner.
  NamespaceController(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                      Discovery& discovery, std::uint64_t seed);
  ~NamespaceController();

  void start();
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
