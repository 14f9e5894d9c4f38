#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/meta.h"
#include "base/time.h"
#include "kubernetes/events.h"
#include "kubernetes/write.h"
#include "rollout/duration.h"
#include "rollout/observed.h"

namespace slipway::rollout {

/// Something to tell people once it is true.
struct Event {
  api::ObjectRef about;
  kubernetes::EventNote note;
  /// Record it when so many writes of the plan were applied: `status` counts as the last. A plan
  /// that stops half-way so loses no event of what it did, and tells none of what it did not.
  std::size_t after = 0;
};

/// What an event about the Rollout is about.
api::ObjectRef reference_to(const api::Rollout& rollout);

/// One link of the answer to "what is it doing, and why": for people, logs, `explain` and `plan`.
struct Reason {
  std::string text;        ///< A sentence: "waits until a person promotes step 2 of 4 (pause)".
  std::string blocked_by;  ///< The object that must change first ("ReplicaSet shop/web-5d4").
  std::string freed_by;    ///< The command that goes on at once; empty where none does.
  bool operator==(const Reason&) const = default;
};

/// What to do next about one Rollout. A value: it can be printed, compared and replayed.
///
/// *Executing it*: send `writes` in order, then `status`, and stop at the first that is refused
/// (then refresh the objects and plan again at once) or fails. Put each response into the cache
/// before planning again. AlreadyExists on a create: read that object live, plan again with it as
/// `Observed::occupant`.
struct Plan {
  std::vector<kubernetes::Write> writes;
  std::optional<kubernetes::Write> status;
  std::vector<Event> events;
  /// Plan again after this time, even if nothing is heard of until then. Derived from what is
  /// stored alone: a restart loses no timer.
  std::optional<Duration> look_again;
  /// What is over once the status is written.
  std::optional<EndedUpdate> ended;
  /// Empty only where there is nothing to say: the Rollout is settled, or is being deleted.
  std::vector<Reason> reasons;
  /// There are orphans to adopt, or the copy of the Rollout is behind: read it from the API server
  /// and plan again with it. Nothing else is planned.
  bool read_rollout_live = false;
  /// The copy of its workload is behind the one that was decided on already: the same for that.
  bool read_workload_live = false;
  /// A ReplicaSet is about to be scaled to zero: the same for the Services, one of which another
  /// controller may have pointed at it.
  bool read_services_live = false;

  bool writes_nothing() const { return writes.empty() && !status; }
  /// All of it, one line each, for logs and `slipway plan`.
  std::string text() const;
};

/// Decides what comes next. Pure: the same Observed gives the same Plan. Level-triggered: it looks
/// at what is, never at what an earlier plan meant to do, so a plan may be cut short anywhere.
///
/// *Guarantees*: every write is conditional on what it rests on. The Rollout's spec is never
/// written. Sizes go up before others go down; a ReplicaSet is claimed by a write of its own before
/// a Service points at it; status comes last. A settled Rollout plans no write.
///
/// *Assumes*: `seen` holds all that `references` names.
Plan plan(const Observed& seen);

}  // namespace slipway::rollout
