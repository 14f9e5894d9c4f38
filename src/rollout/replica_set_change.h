#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "api/workload.h"
#include "kubernetes/write.h"

namespace slipway::rollout {

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
  /// The decision rests on how many of its pods serve, so the write does too.
  bool rests_on_availability = false;
  std::string why;  ///< The first reason is the one to tell.

  /// Says what is changed and why.
  void because(std::string_view reason) {
    if (why.empty()) why = reason;
  }
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
/// *Guarantees*: a write that lowers the count or sets a deadline is refused if the ReplicaSet was
/// taken back into service meanwhile (its deadline, revision and claim are expected as seen).
std::optional<kubernetes::Write> make_write(const ReplicaSetChange& change);

}  // namespace slipway::rollout
