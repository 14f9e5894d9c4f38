#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api_server.h"
#include "cluster/controllers/discovery.h"
#include "cluster/controllers/garbage_collector.h"
#include "cluster/controllers/replica_set_controller.h"
#include "cluster/nodes/nodes.h"
#include "cluster/pods.h"
#include "cluster/server/store.h"
#include "simulation/replica.h"
#include "simulation/scenario.h"
#include "simulation/stage.h"

namespace slipway::simulation {

/// An API server with all kinds defined, made once and copied for each run.
class BootedServer {
 public:
  BootedServer();
  const cluster::ApiServer& server() const { return *server_; }

 private:
  TrueTime time_;
  ActorLoop loop_;
  std::unique_ptr<cluster::ApiServer> server_;
};

/// Everything of one run: the cluster, our replicas, and what befalls them.
class Scene final : public Truth {
 public:
  /// `audience` may be null.
  Scene(const BootedServer& booted, const Scenario& scenario, std::unique_ptr<Schedule> schedule);
  ~Scene() override;

  /// Applies the objects and starts the replicas.
  void start();
  /// All faults end: clocks are right, links whole, every replica up.
  void heal();
  bool has_leader() const;
  /// One replica leads from here on and needs no lease: hours of renewals would prove nothing.
  void settle_leadership();
  /// Nothing but our controller moves from here on.
  void fall_silent();
  /// Every replica goes, and leaves its objects so.
  void leave(Leavings leavings);
  /// A fresh replica begins, and leads alone.
  void begin_anew();
  /// All Rollouts, ReplicaSets, Services and lenders of templates go at once.
  void delete_everything();
  /// Of how many objects the replicas that run remember anything.
  std::size_t remembered() const;
  /// Does the deed, and writes down where.
  void perform(Deed& deed);

  Stage& stage() { return *stage_; }
  TrueTime& time() { return time_; }
  cluster::ApiServer& server() { return *server_; }
  void tell(Audience* audience) { stage_->audience = audience; }
  std::uint64_t reconciles() const;
  /// Writes of our replicas that changed the store so far, and when the last came.
  std::uint64_t our_writes() const { return our_writes_; }
  Instant last_write() const { return last_write_; }
  /// Changes by others, leases and events left out.
  std::uint64_t changes_by_others() const { return changes_by_others_; }
  /// Any change of the store but leases and events.
  Instant last_change() const { return last_change_; }
  Json rollout();

  Instant now() const override { return time_.now(); }
  bool faults_on() const override { return !stage_->healed(); }
  Duration clock_error_max() const override;
  Instant clock_of(std::string_view replica) const override;
  Duration late_of(std::string_view replica) const override;

 private:
  struct Seat;
  /// Null for a replica that is not there now.
  const ActorLoop* loop_of(std::string_view replica) const;
  class Watcher;

  void start_replica(Seat& seat);
  void end_replica(Seat& seat, Duration until_restart);
  void befall(Seat& seat, Fault fault, std::uint64_t size);
  void end_orderly(Seat& seat, std::uint64_t size);
  void crash_again(Seat& seat, int times);
  void spoil_lease(std::uint64_t size);
  void on_commit(ObjectKind kind, const cluster::StoreEventPtr& event);
  void apply_objects();
  void count_settled();
  void end_overlap();
  void hand_over(Duration until_restart);

  const Scenario& scenario_;
  TrueTime time_;
  ActorLoop server_loop_;
  std::unique_ptr<cluster::ApiServer> server_;
  std::unique_ptr<Stage> stage_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  ActorLoop cluster_loop_;
  Link pods_link_;
  Link controller_link_;
  Link nodes_link_;
  cluster::PodCache pods_;
  cluster::ReplicaSetController replica_sets_;
  cluster::Nodes nodes_;
  std::unique_ptr<cluster::Discovery> discovery_;
  std::unique_ptr<cluster::GarbageCollector> garbage_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::uint64_t reconciles_of_the_dead_ = 0;
  std::uint64_t our_writes_ = 0;
  std::uint64_t changes_by_others_ = 0;
  Instant last_write_;
  Instant last_change_;
  mutable Duration clock_error_max_;  ///< So far: clocks that drift get worse unseen.
  bool silent_ = false;
};

}  // namespace slipway::simulation
