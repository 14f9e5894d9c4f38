#include "rollout/phase.h"

#include "api/defaults.h"
#include "rollout/conditions.h"

namespace slipway::rollout {
namespace {

Phase progressing(std::string message) {
  return {"Progressing", std::move(message)};
}

/// Of progress alone: under any other type such a reason is none that a controller wrote, and would
/// stay for ever.
bool says_degraded(const api::RolloutCondition& condition) {
  return condition.type == condition_types::invalid_spec ||
         (condition.type == condition_types::progressing &&
          (condition.reason == condition_reasons::aborted ||
           condition.reason == condition_reasons::deadline_exceeded));
}

/// Compared in whole seconds, as the status is written.
bool is_restarting(const api::Rollout& rollout, const api::RolloutStatus& status) {
  if (!rollout.spec.restart_at) return false;
  return !status.restarted_at || round_down_to_second(*rollout.spec.restart_at) !=
                                     round_down_to_second(*status.restarted_at);
}

}  // namespace

Phase find_phase(const api::Rollout& rollout, const api::RolloutStatus& status) {
  for (const api::RolloutCondition& condition : status.conditions) {
    if (says_degraded(condition)) return {"Degraded", condition.reason + ": " + condition.message};
  }
  if (rollout.spec.paused) return {"Paused", "manually paused"};
  if (!status.pause_conditions.empty()) return {"Paused", status.pause_conditions.front().reason};
  if (is_restarting(rollout, status)) return progressing("rollout is restarting");
  if (status.updated_replicas < api::desired_replicas(rollout)) {
    return progressing("more replicas need to be updated");
  }
  if (status.available_replicas < status.updated_replicas) {
    return progressing("updated replicas are still becoming available");
  }
  const bool promoted = status.stable_rs == status.current_pod_hash && !status.stable_rs.empty();
  if (rollout.spec.strategy.blue_green) {
    const std::string& active = status.blue_green.active_selector;
    if (active.empty() || active != status.current_pod_hash) {
      return progressing("active service cutover pending");
    }
    if (!promoted) return progressing("waiting for post-promotion verification to complete");
    return {"Healthy", {}};
  }
  const api::CanaryStrategy* canary = rollout.spec.strategy.canary.get();
  const bool has_router = canary && canary->traffic_routing;
  if (!has_router && status.replicas > status.updated_replicas) {
    return progressing("old replicas are pending termination");
  }
  if (!promoted) return progressing("waiting for all steps to complete");
  return {"Healthy", {}};
}

void tell_phase(const api::Rollout& rollout, api::RolloutStatus& status) {
  Phase phase = find_phase(rollout, status);
  status.phase = std::move(phase.phase);
  status.message = std::move(phase.message);
}

}  // namespace slipway::rollout
