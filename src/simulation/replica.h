#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/leader_transport.h"
#include "controller/rollout_controller.h"
#include "kubernetes/leader_election.h"
#include "simulation/link.h"
#include "simulation/scenario.h"

namespace slipway::simulation {

/// How often a time service sets the clock of a machine right, but for its offset.
inline constexpr Duration clock_corrected_after = Duration::from_seconds(60);

/// One process of our controller, from its start to its end, with a machine's clock beneath it: the
/// shipping controller and the shipping election, over a Link.
class Replica {
 public:
  /// `index` is its place in the scenario, `life` counts its restarts from 0.
  Replica(Stage& stage, const Scenario& scenario, int index, int life);
  ~Replica();

  Link& link() { return *link_; }
  ActorLoop& loop() { return *loop_; }
  const std::string& name() const { return name_; }
  std::uint64_t reconciles() const { return controller_->reconciles(); }
  std::size_t remembered() const { return controller_->remembered(); }

  /// An orderly end: no new plan, what is under way ends, the lease goes last.
  void shut_down(std::function<void()> done);
  /// Leads for good and lets go of the lease, so that days of silence hold no renewals.
  void lead_without_lease();
  bool leads() const { return leads_; }
  /// Told once when the lease is lost: the process must end.
  void on_lease_lost(std::function<void()> act) { lease_lost_ = std::move(act); }

 private:
  void drain(std::function<void()> done);
  void correct_clock_later();

  Stage& stage_;
  std::string name_;
  std::unique_ptr<ActorLoop> loop_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<controller::LeaderTransport> as_leader_;
  std::unique_ptr<controller::RolloutController> controller_;
  std::unique_ptr<kubernetes::LeaderElection> election_;
  std::function<void()> lease_lost_;
  bool leads_ = false;
  bool ending_ = false;
};

}  // namespace slipway::simulation
