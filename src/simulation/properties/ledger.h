#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "simulation/properties/views.h"
#include "simulation/property.h"

namespace slipway::simulation {

/// One version of an object that the controller writes.
struct Version {
  std::uint64_t revision = 0;
  Instant at;
  bool ours = false;
  std::shared_ptr<const Json> content;  ///< Null: deleted.
};

/// One commit, with what it is about already read. Views of other kinds are null.
struct Change {
  const Commit& commit;
  const SentRequest* request = nullptr;  ///< That brought it; null where it is not ours.
  const RolloutView* rollout_before = nullptr;
  const RolloutView* rollout_after = nullptr;
  const ReplicaSetView* set_before = nullptr;
  const ReplicaSetView* set_after = nullptr;
  const PodView* pod_before = nullptr;
  const PodView* pod_after = nullptr;
  const ServiceView* service_before = nullptr;
  const ServiceView* service_after = nullptr;
  /// The Rollout that the ReplicaSet or pod belongs to, that was changed itself, or whose template
  /// is lent by what was changed, as it is now.
  const RolloutView* rollout = nullptr;

  /// A Violation about this commit.
  Violation violation(std::string object, std::string text) const;
};

/// A Rollout and its ReplicaSets at one moment, true or as a replica knew it.
struct World {
  std::optional<RolloutView> rollout;
  std::vector<ReplicaSetView> sets;
  std::vector<std::int64_t> available;  ///< Of each of `sets`.
  /// Hashes that get traffic through the Rollout's Services: blue-green's preview is for a look.
  std::vector<std::string> selected;
  /// Hash of the preview, by its Service; empty where there is none.
  std::string previewed;

  const ReplicaSetView* find(std::string_view key) const;
  /// The new version is older than the stable one, and the Rollout's window reaches as far back:
  /// there is no abort then. Source: behaviour.md 8.2.3.
  bool goes_back_within_window() const;
};

/// Whether a replica may have overlooked what other replicas wrote to ReplicaSets and Services.
/// Where pods and traffic are at stake it may not.
enum class Others : std::uint8_t { blamed, excused };

/// All that has happened, indexed. Each object is read once for each commit.
class Ledger {
 public:
  explicit Ledger(const Truth& truth) : truth_(truth) {}

  const Truth& truth() const { return truth_; }
  Instant now() const { return truth_.now(); }
  std::uint64_t revision() const { return revision_; }

  const RolloutView* rollout(std::string_view key) const;
  /// Of that uid, as it is now.
  const RolloutView* rollout_of_uid(std::string_view uid) const;
  /// The uid of what the pod's ReplicaSet belonged to, as far as the sender had been told when it
  /// decided. Empty where that is nothing.
  std::string owner_known_to(const SentRequest& request, const PodView& pod) const;
  /// There was a Rollout of that uid, be it gone.
  bool was_rollout(std::string_view uid) const { return rollout_keys_.contains(std::string(uid)); }
  /// A Rollout named that object as what lends it a template, be it gone by now.
  bool was_lent(ObjectKind kind, std::string_view key) const {
    return lenders_.contains(id_of(kind, key));
  }
  const ReplicaSetView* replica_set(std::string_view key) const;
  const ServiceView* service(std::string_view key) const;
  const std::map<std::string, RolloutView, std::less<>>& rollouts() const { return rollouts_; }
  const std::map<std::string, ReplicaSetView, std::less<>>& replica_sets() const { return sets_; }
  /// Those whose controller is that Rollout, by key.
  std::vector<const ReplicaSetView*> owned_by(std::string_view rollout_uid) const;
  /// Pods of that ReplicaSet that have been ready for minReadySeconds.
  std::int64_t available(const ReplicaSetView& set) const;
  bool is_available(const PodView& pod, const ReplicaSetView& set) const;
  /// A Service that the Rollout names selects these pods.
  bool is_selected(const RolloutView& rollout, std::string_view hash) const;

  /// All versions of a Rollout, of what lends it a template, of a ReplicaSet or Service, oldest
  /// first.
  const std::vector<Version>& versions(ObjectKind kind, std::string_view key) const;
  /// As it was at that revision. Null where there was none.
  const Version* version_at(ObjectKind kind, std::string_view key, std::uint64_t revision) const;
  /// The newest version that this replica has been told of; 0 where it was told of none.
  std::uint64_t known(std::string_view replica, ObjectKind kind, std::string_view key) const;

  /// The same, as it was when the request was decided.
  std::uint64_t known_to(const SentRequest& request, ObjectKind kind, std::string_view key) const;

  const SentRequest* request(std::uint64_t id) const;
  /// The body of a request as JSON, read once. Null where it is none.
  const Json& body(const SentRequest& request) const;

  World true_world(const RolloutView& rollout) const;
  /// The world that a request was decided on: what its sender had been told when it last looked,
  /// but for what we have written ourselves, which no replica may overlook. Nothing where the
  /// sender knew of no such Rollout.
  World world_of(const SentRequest& request, const RolloutView& rollout,
                 Others others = Others::blamed) const;
  /// When the request was decided: when its sender last planned for that Rollout, else when the
  /// request went out.
  Instant decided_at(const SentRequest& request) const;

  // The judge writes.
  Change apply(const Commit& commit);
  void sent(const SentRequest& request);
  void answered(const SentRequest& request);
  void delivered(std::string_view replica, ObjectKind kind, std::string_view key,
                 std::uint64_t revision);
  void reconciled(std::string_view replica, std::string_view rollout);

 private:
  /// Versions known, by object.
  using Known = std::unordered_map<std::string, std::uint64_t>;
  struct Basis {
    Instant at;
    std::shared_ptr<const Known> known;
  };
  struct Sent {
    SentRequest request;
    Basis basis;
    mutable std::optional<Json> body;
  };
  struct Replica {
    /// Shared with the bases taken since it last changed.
    std::shared_ptr<Known> known = std::make_shared<Known>();
    std::map<std::string, Basis, std::less<>> planned;  ///< By Rollout.
  };

  static std::string id_of(ObjectKind kind, std::string_view key);
  /// A ReplicaSet that there was, and the last Rollout that it had.
  struct PastSet {
    std::string key;
    std::string owner;  ///< Its uid.
  };
  /// That a request is about, or whose pod it is. Null where there is none.
  const PastSet* set_about(const Addressed& about) const;
  Basis basis_of(const SentRequest& request);
  const Version* version_for(const Basis& basis, ObjectKind kind, std::string_view key,
                             Others others) const;
  void index_set(const ReplicaSetView* before, const ReplicaSetView* after);
  const RolloutView* rollout_owning(const ReplicaSetView* set) const;
  /// The lender's newest content among those versions of it that `is_known` admits.
  void lend(RolloutView& rollout, const std::function<bool(const Version&)>& is_known) const;
  void apply_lender(const Commit& commit, Change& change);
  void apply_pod(const Commit& commit, Change& change);
  void apply_set(const Commit& commit, Change& change);

  const Truth& truth_;
  std::uint64_t revision_ = 0;
  std::map<std::string, RolloutView, std::less<>> rollouts_;
  std::unordered_map<std::string, std::string> rollout_keys_;  ///< By uid.
  std::unordered_set<std::string> lenders_;
  std::map<std::string, ReplicaSetView, std::less<>> sets_;
  std::unordered_map<std::string, std::vector<std::string>> sets_of_;  ///< Keys by owner's uid.
  std::unordered_map<std::string, std::string> set_keys_;              ///< By uid.
  std::unordered_map<std::string, PastSet> past_sets_;                 ///< By uid.
  std::map<std::string, ServiceView, std::less<>> services_;
  std::map<std::string, PodView, std::less<>> pods_;
  std::unordered_map<std::string, std::vector<std::string>> pods_of_;  ///< Keys by owner's uid.
  std::unordered_map<std::string, std::vector<Version>> versions_;
  std::map<std::string, Replica, std::less<>> replicas_;
  std::deque<Sent> sent_;  ///< The newest, by ascending id.

  // What the last commit changed, for its Change.
  std::optional<RolloutView> rollout_before_;
  std::optional<ReplicaSetView> set_before_;
  std::optional<PodView> pod_before_;
  std::optional<ServiceView> service_before_;
};

}  // namespace slipway::simulation
