#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// Holds a coordination.k8s.io Lease, so that one of several replicas works. Safety never rests on
/// it (every write is conditional); it only keeps replicas from doing the same work twice.
///
/// Others' leases are judged by when this process saw them change, not by the times written in
/// them, so skewed clocks do no harm. Every write of the Lease carries its resourceVersion.
class LeaderElection {
 public:
  struct Options {
    std::string namespace_;
    std::string name;      ///< "argo-rollouts-controller-lock"
    std::string identity;  ///< "<hostname>_<uuid>"
    Duration lease_duration = Duration::from_seconds(15);
    Duration renew_deadline = Duration::from_seconds(10);
    Duration retry_period = Duration::from_seconds(2);
  };
  struct Callbacks {
    std::function<void()> on_started;  ///< We lead.
    std::function<void()> on_stopped;  ///< We no longer do: stop at once.
    std::function<void(const std::string& holder)> on_new_leader;
  };

  LeaderElection(EventLoop& loop, Transport& transport, Options options, Callbacks callbacks,
                 std::uint64_t seed);
  ~LeaderElection();

  void start();
  /// Gives the lease up (so that another replica takes over at once), then calls `done`.
  void release(std::function<void()> done);
  /// Whether we lead and the lease is not about to run out (renewed within the renew deadline).
  bool leading() const;
  std::string holder() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::kubernetes
