#pragma once

#include <memory>
#include <optional>

#include "api/rollout.h"
#include "api/workload.h"
#include "base/result.h"
#include "rollout/observed.h"
#include "rollout/workload.h"

/// What one plan of a Rollout leaves open for the next.
namespace slipway::controller {

/// What the last plan learnt from the server for the next.
struct LiveReads {
  std::shared_ptr<const api::Rollout> rollout;
  std::shared_ptr<const rollout::Workload> workload;
  rollout::Services services;
  std::shared_ptr<const api::ReplicaSet> occupant;
  std::optional<Error> create_error;
};

/// An object that must be read before its Rollout is planned again: the last write to it was
/// refused or got no answer, or the copy of it is behind.
struct Doubt {
  api::ObjectRef target;
  std::optional<ErrorCode> code;  ///< Of that write.
};

/// What it names is what it named: a status was written, say.
bool has_same_spec(const api::Rollout& before, const api::Rollout* after);

/// While its pods were listed, which may take long, the Rollout went, or got another spec or
/// status, as with each command: what was gathered for a plan is out of date.
bool has_moved_on(const api::Rollout& gathered, const api::Rollout* now);

/// What a person must mend: a quota, a role, a webhook, a template.
inline bool turned_down(ErrorCode code) {
  return code == ErrorCode::invalid || code == ErrorCode::forbidden;
}

/// The object is not as it was seen: planned anew once it was read.
inline bool world_moved(ErrorCode code) {
  return code == ErrorCode::refused || code == ErrorCode::not_found ||
         code == ErrorCode::already_exists;
}

/// All of these are there in the same versions, and there are some.
bool are_same(const rollout::Services& a, const rollout::Services& b);

/// Whether a copy is kept that a live read can mend. Pods are listed afresh for each plan that
/// looks at them.
inline bool is_cached(const api::Kind& kind) {
  return kind != api::kinds::pod;
}

/// Who has the name that a ReplicaSet should get. Nothing, with a line in the log, where that can't
/// be read.
std::shared_ptr<const api::ReplicaSet> read_occupant(const Json& object);

}  // namespace slipway::controller
