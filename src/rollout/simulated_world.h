#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "rollout/plan.h"

namespace slipway::rollout {

/// For tests: one Rollout, its ReplicaSets, pods and Services in memory, under virtual time, with a
/// server's rules where a plan can tell (tests of JSON patches, resourceVersion, generation,
/// AlreadyExists). Pods come up by the ReplicaSet's count after a delay.
class SimulatedWorld {
 public:
  /// `strategy` is the JSON of spec.strategy; more members of the spec can be merged in by `edit`.
  SimulatedWorld(int replicas, const std::string& strategy);

  // What people and other controllers do.
  /// Merges into the Rollout's spec: `{"template":...}`.
  void edit(const std::string& spec_patch);
  void set_image(const std::string& image);
  /// Merges into the Rollout's status, as the CLI does: `{"abort":true}`.
  void command(const std::string& status_patch);
  void promote() { command(R"({"pauseConditions":null})"); }
  void add_service(const std::string& name);
  /// Merges into a ReplicaSet (annotations, size), found by its image.
  void edit_replica_set(const std::string& image, const std::string& patch);
  /// With its pods, as `kubectl delete rs` does.
  void delete_replica_set(const std::string& image);
  void edit_service(const std::string& name, const std::string& patch);
  /// No pod of this image ever becomes available.
  void break_image(const std::string& image) { broken_[image] = true; }
  void mend_image(const std::string& image) { broken_[image] = false; }
  void put(const std::string& kind, Json object);

  // Time.
  Instant now = Instant{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
  Duration startup = 5_s;                            ///< From a pod's start until it is available.
  void advance(Duration duration);

  // Planning.
  Observed observe() const;
  /// One plan, executed: as many as `writes_at_most` writes, then the controller dies.
  Plan reconcile(std::size_t writes_at_most = 1000);
  /// Reconciles until a plan writes nothing. Returns how many plans wrote.
  int settle(int limit = 100);
  /// Carries out one write, or refuses it as a server would.
  Result<void> apply(const kubernetes::Write& write);
  /// Settles, then again each time pods move or a plan's timer is due, until nothing is left to
  /// wait for but people. Whatever waits longer than `at_most` is met half-way.
  void run(Duration at_most = Duration::from_seconds(3600));

  // What is there now.
  api::Rollout rollout() const;
  std::vector<api::ReplicaSet> replica_sets() const;
  /// The ReplicaSet of that image, which must exist.
  api::ReplicaSet replica_set(const std::string& image) const;
  bool has_replica_set(const std::string& image) const;
  api::Service service(const std::string& name) const;
  /// "v1:3/3 v2:1/0": image, pods asked for and available, by image, empty ones left out.
  std::string sizes() const;
  /// Sizes after each plan that changed any.
  std::vector<std::string> trace;
  /// Reasons of the events told so far, in order; with their messages.
  std::vector<kubernetes::EventNote> events;
  /// The value of a label of each pod of that image ("-": none), sorted: "canary canary".
  std::string pod_labels(const std::string& image, const std::string& key) const;
  int count_events(const std::string& reason) const;
  int status_writes = 0;
  int writes = 0;
  /// What each write was for.
  std::vector<std::string> log;

  /// Called before and after each write that is applied. For properties.
  struct Change {
    const kubernetes::Write& write;
    const SimulatedWorld& world;  ///< After the write.
    const Json& before;           ///< The object before it; null for a create.
    const Json& after;            ///< Null for a delete.
    int pods_before;              ///< Dependable pods of all ReplicaSets before it.
    int pods_after;
  };
  std::function<void(const Change&)> on_write;

 private:
  struct Pod {
    std::string name;
    Instant created;
    api::StringMap labels;
    api::StringMap annotations;
  };
  using Key = std::pair<std::string, std::string>;

  Json& object(const std::string& kind, const std::string& name);
  const Json* find(const std::string& kind, const std::string& name) const;
  /// Stores with a new resourceVersion, and a new generation where the spec differs.
  void store(const std::string& kind, Json object);
  Result<void> apply_to_pod(const kubernetes::Write& write);
  Result<Json> patched(const kubernetes::Write& write, const Json& object) const;
  bool run_replica_sets();
  std::string image_of(const Json& replica_set) const;
  int dependable_pods() const;

  std::map<Key, Json> objects_;
  std::map<std::string, std::vector<Pod>> pods_;  ///< By ReplicaSet name.
  std::map<std::string, bool> broken_;
  std::shared_ptr<const api::ReplicaSet> occupant_;
  bool live_read_ = false;
  long version_ = 100;
  int names_ = 0;
};

}  // namespace slipway::rollout
