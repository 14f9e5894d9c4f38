#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/workload.h"
#include "kubernetes/write.h"

namespace slipway::rollout {

/// Whose a ReplicaSet is: what each write to one is held to.
inline constexpr const char* owners_path = "/metadata/ownerReferences";

/// A ReplicaSet as a write may start from it: all that writes to ReplicaSets touch or test. The
/// pod template, which they don't, would be dear to write out.
api::Object seen_for_write(const api::ReplicaSet& replica_set);

/// All that one plan changes of one ReplicaSet: it goes out as one write, so that the count and the
/// deadline that explains it change together or not at all.
struct ReplicaSetChange {
  const api::ReplicaSet* of = nullptr;
  std::optional<std::int32_t> replicas;
  /// `Keep`: nothing is said of it. A malformed one counts as removed.
  struct Keep {};
  struct Remove {};
  std::variant<Keep, Remove, Instant> deadline = Keep{};
  std::optional<std::int32_t> min_ready_seconds;
  api::StringMap annotations;  ///< To set.
  std::vector<std::string> annotations_to_remove;
  /// Of its pod template, the metadata and the pods' affinity: what was seen, and what is wanted.
  /// Running pods don't change by it; nothing else of a template is ever written.
  struct TemplateChange {
    Json seen;    ///< {"metadata":{...},"spec":{"affinity":{...}}}
    Json wanted;  ///< The same after the change.
  };
  std::optional<TemplateChange> pod_template;
  /// Of the Rollout, as the plan knows it: what changes size or end notes it, see keys::claim.
  std::string rollout_version = {};
  bool claims = false;  ///< Notes it, whatever else changes.
  /// The decision rests on how many of its pods serve, so the write does too.
  bool rests_on_availability = false;
  bool promoted = false;  ///< The same plan makes it stable, since so many of its pods serve.
  std::string why;        ///< The first reason is the one to tell.

  /// Says what is changed and why.
  void because(std::string_view reason) {
    if (why.empty()) why = reason;
  }
  /// The template to edit; read from the ReplicaSet the first time, which is dear.
  Json& template_to_edit();
  /// Nothing was decided to change: no need to make a write to find out.
  bool nothing() const;
  bool lowers() const;
  bool raises() const;
  /// It arranges an end or brings it.
  bool takes_out_of_service() const;
  /// It says when the ReplicaSet ends, and takes nothing from it yet.
  bool only_arranges_end() const;
};

/// The write that brings it about, or nothing where all is as wanted.
///
/// *Guarantees*: a write that changes the count or the deadline is refused if another such decision
/// came between (its deadline and claim are expected as seen); one that lowers the count or sets a
/// deadline also if the ReplicaSet was given another revision.
std::optional<kubernetes::Write> make_write(const ReplicaSetChange& change);

}  // namespace slipway::rollout
