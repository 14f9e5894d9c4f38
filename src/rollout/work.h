#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rollout/plan.h"
#include "rollout/replica_arithmetic.h"
#include "rollout/replica_set_change.h"
#include "rollout/replica_set_roles.h"
#include "rollout/services.h"

namespace slipway::rollout {

/// "kubectl argo rollouts promote web -n shop"
std::string command_for(const api::Rollout& rollout, std::string_view verb);

/// The desk of one planning: what was read off the Observed once, and what was decided so far. The
/// concerns (canary, blue-green, status) put their decisions here; `assemble` makes the Plan of it.
struct Work {
  explicit Work(const Observed& seen);

  const Observed& seen;
  const api::Rollout& rollout;
  const Instant now;
  Bounds bounds;
  Roles roles;
  std::set<std::string> selected;  ///< Hashes that Services select now.
  std::string new_hash;            ///< Of the new ReplicaSet, also where it is yet to be made.
  std::int64_t new_revision = 1;   ///< Its revision after this plan.
  bool gives_revision = false;     ///< It gets it by this plan.

  bool halted = false;         ///< See is_halted.
  bool resized = false;        ///< spec.replicas changed: sizes follow, nothing else moves.
  bool begins_update = false;  ///< Template or steps are other than the status knows.
  bool rolls_back_within_window = false;
  bool retries = false;  ///< A person took an abort back, and nothing was done about it yet.
  std::optional<std::string> fast_rollback;
  bool owes_delay = false;    ///< See is_owed_its_delay: this plan writes the delay.
  std::string abort_message;  ///< Where this plan aborts.

  /// The status to write: first the old one, then changed decision by decision.
  api::RolloutStatus status;
  /// A person's promotion is kept until what it allows has happened. Compat: Argo Rollouts forgets
  /// it with the next status write.
  bool keeps_promotion = false;

  std::vector<ReplicaSetChange> changes;    ///< One for each of `roles.owned`, in its order.
  std::optional<std::int32_t> create_with;  ///< The new ReplicaSet is made with so many pods.
  std::vector<ServiceSwitch> switches;
  std::vector<const api::ReplicaSet*> deletions;
  std::vector<const api::Pod*> evictions;
  std::vector<kubernetes::Write> pod_writes;        ///< Metadata of running pods.
  std::optional<kubernetes::Write> workload_write;  ///< The Deployment it takes over from shrinks.
  struct ReplicaSetNote {
    const api::ReplicaSet* of;
    kubernetes::EventNote note;
  };
  std::vector<ReplicaSetNote> replica_set_notes;    ///< Told with the change of the ReplicaSet.
  std::vector<kubernetes::EventNote> status_notes;  ///< Told with the status.
  std::optional<Duration> look_again;
  std::vector<Reason> reasons;

  std::int32_t desired() const { return bounds.desired; }
  bool aborted() const { return status.abort; }
  /// The new version is the stable one.
  bool promoted() const { return status.stable_rs == new_hash; }
  /// There is a new ReplicaSet, or this plan makes it.
  bool has_new() const { return roles.new_ != nullptr || create_with.has_value(); }
  std::string new_name() const;
  ReplicaSetChange& change(const api::ReplicaSet& replica_set);
  /// Asks for a size, and notes for which desired count that was decided. Size and count as they
  /// are already: no change.
  void resize(const api::ReplicaSet& replica_set, std::int32_t replicas, std::string_view why);
  /// Takes any deadline off, malformed ones with an event.
  void remove_deadline(const api::ReplicaSet& replica_set, std::string_view why);
  void set_deadline(const api::ReplicaSet& replica_set, Instant deadline, std::string_view why);
  /// Whether any size changes.
  bool scales() const;
  void look_again_in(Duration duration);
  void because(std::string text, std::string blocked_by = {}, std::string freed_by = {});
  void note(std::string_view reason, std::string message,
            kubernetes::EventType type = kubernetes::EventType::normal);
  /// See command_for.
  std::string command(std::string_view verb) const { return command_for(rollout, verb); }
  /// The Service of that name, or nothing where there is none.
  const api::Service* service(const std::string& name) const;

 private:
  void tell_of_mending(const api::ReplicaSet& replica_set, std::string_view outcome);
};

Size size_of(const api::ReplicaSet* replica_set);
/// "ReplicaSet shop/web-5d4"
std::string name_of(const api::ReplicaSet& replica_set);
/// The Rollout as a write to its metadata starts from it. For its status: status_write.h.
api::Object seen_for_write(const api::Rollout& rollout);

/// The strategies: what moves, given where the update stands.
void plan_canary(Work& work);
/// Old revisions of a canary without a router, all with pods, end as soon as enough pods serve
/// without them. The last pod of one that a Service still selects goes after the Service has been
/// pointed elsewhere, where the bounds leave room for it.
void end_without_delay(Work& work, std::vector<const api::ReplicaSet*> old);
void plan_blue_green(Work& work);

/// The new ReplicaSet's revision, inherited annotations and minReadySeconds; where there is none,
/// that it be made (with no pods yet: the strategy says how many).
void plan_revision(Work& work);
/// Where the update stands: a new template or new steps start afresh, a full promotion or a
/// rollback within the window skips to the end.
void plan_position(Work& work);
/// Makes the new version the stable one, and says so.
void promote(Work& work, const std::string& reason);
/// Old ReplicaSets that the history no longer needs.
void plan_history(Work& work);
void plan_restart(Work& work);
/// Labels and annotations that follow from the part a ReplicaSet plays: on its template, then on
/// its pods.
void plan_ephemeral_metadata(Work& work);

/// The workload's size, once the status is known.
void plan_workload(Work& work);

/// Everything of the status that follows from the rest: counts, conditions, phase.
void complete_status(Work& work);

/// Where this plan gives a revision: the write that notes it on the Rollout, for the version that
/// gets it, before any ReplicaSet has it. Two controllers that see different ReplicaSets can't give
/// one number twice so, and none begins a version that the spec holds no more. Empty where it is
/// noted already; nothing else is planned where it is not.
Plan plan_given_revision(const Work& work);

/// The Plan of all decisions, in the order that keeps each step safe.
Plan assemble(Work& work);

}  // namespace slipway::rollout
