#include "controller/rollout_samples.h"

#include "api/defaults.h"

namespace slipway::controller {
namespace {

std::string phase_of(const api::RolloutStatus& status) {
  std::string phase = "Progressing";
  for (const api::RolloutCondition& condition : status.conditions) {
    if (condition.type == "InvalidSpec") return "InvalidSpec";
    if (condition.type != "Progressing") continue;
    if (condition.reason == "NewReplicaSetAvailable") phase = "Completed";
    if (condition.reason == "RolloutPaused") phase = "Paused";
    if (condition.reason == "ReplicaSetCreateError") phase = "Error";
    if (condition.reason == "ProgressDeadlineExceeded") phase = "Timeout";
    if (condition.reason == "RolloutAborted") phase = "Abort";
  }
  return phase;
}

/// The last that is configured, in upstream's order.
std::string router_of(const api::Rollout& rollout) {
  const auto& canary = rollout.spec.strategy.canary;
  if (!canary || !canary->traffic_routing) return {};
  const api::RolloutTrafficRouting& routing = *canary->traffic_routing;
  if (routing.app_mesh) return "AppMesh";
  if (routing.smi) return "SMI";
  if (routing.nginx) return "Nginx";
  if (routing.istio) return "Istio";
  if (routing.ambassador) return "Ambassador";
  return routing.alb ? "ALB" : "";
}

}  // namespace

RolloutSample sample_of(const api::Rollout& rollout) {
  const auto& strategy = rollout.spec.strategy;
  return {.namespace_ = rollout.metadata.namespace_,
          .name = rollout.metadata.name,
          .strategy = strategy.blue_green ? "blueGreen"
                      : strategy.canary   ? "canary"
                                          : "none",
          .traffic_router = router_of(rollout),
          .phase = phase_of(rollout.status),
          .available = rollout.status.available_replicas,
          .unavailable = rollout.status.replicas - rollout.status.available_replicas,
          .desired = api::desired_replicas(rollout),
          .updated = rollout.status.updated_replicas};
}

std::vector<RolloutSample> samples_of(const kubernetes::Informer<api::Rollout>& rollouts) {
  std::vector<RolloutSample> samples;
  rollouts.for_each([&](const auto& rollout) { samples.push_back(sample_of(*rollout)); });
  return samples;
}

}  // namespace slipway::controller
