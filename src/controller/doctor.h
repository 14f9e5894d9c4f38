#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/rollout.h"
#include "api/workload.h"
#include "base/time.h"
#include "kubernetes/write.h"

namespace slipway::controller {

/// One thing that is wrong with a cluster, or looks so.
struct Finding {
  enum class Kind {
    zombie,              ///< An old ReplicaSet that nothing will ever end.
    overdue,             ///< Its deadline passed long ago, and it still runs.
    malformed_deadline,  ///< An annotation that is no time, or stands under a wrong key.
    stray_deadline,      ///< A deadline on a ReplicaSet in use, or on one without pods.
    orphan,              ///< It runs for a Rollout that is gone.
  };
  Kind kind;
  api::ObjectRef about;
  std::string explanation;  ///< What is there, why it is wrong, where it comes from.
  std::string advice;       ///< What `--fix` does, or what a person must decide.
  std::optional<kubernetes::Write> fix;
};

std::string_view to_string(Finding::Kind kind);

/// What the doctor looks at: all Rollouts and ReplicaSets of the namespaces in question.
struct Patient {
  Instant now;
  std::vector<api::Rollout> rollouts;
  std::vector<api::ReplicaSet> replica_sets;
};

/// Examines a cluster. Pure; the order follows the ReplicaSets'. A ReplicaSet in use (current,
/// stable, active, preview, or the source of an Experiment) is never scaled by a fix.
std::vector<Finding> diagnose(const Patient& patient);

}  // namespace slipway::controller
