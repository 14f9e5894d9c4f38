#pragma once

#include <string>

#include "rollout/plan.h"

namespace slipway::rollout {

/// Why a Rollout does not move, for people.
struct Explanation {
  std::string text;        ///< One sentence.
  std::string blocked_by;  ///< The object or field that must change first; may be empty.
  std::string freed_by;    ///< The command that goes on at once, or what to do; may be empty.
  bool operator==(const Explanation&) const = default;
};

/// Of all reasons that the plan gives, the one that holds the Rollout up. `plan` must be the plan
/// of `seen`. Where pods were observed, a blocking ReplicaSet is followed down to the pod.
Explanation explain(const Observed& seen, const Plan& plan);

}  // namespace slipway::rollout
