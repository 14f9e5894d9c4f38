#include "rollout/observed.h"

#include <algorithm>

#include "api/pod_template.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/restart.h"
#include "rollout/services.h"

namespace slipway::rollout {
std::string hash_of_steps(const api::Rollout& rollout) {
  const api::CanaryStrategy* canary = rollout.spec.strategy.canary.get();
  if (canary == nullptr) return {};
  Json steps;
  for (const api::CanaryStep& step : canary->steps) steps.push_back(api::encode(step));
  return api::step_hash(steps);
}

Hashes hashes_of(const api::Rollout& rollout) {
  return {api::pod_template_hash(rollout.spec.template_.content(), rollout.status.collision_count),
          hash_of_steps(rollout)};
}

References references(const api::Rollout& rollout) {
  References names;
  for (const NamedService& named : named_services(rollout)) names.services.push_back(named.name);
  std::ranges::sort(names.services);
  const auto repeated = std::ranges::unique(names.services);
  names.services.erase(repeated.begin(), repeated.end());
  names.workload = named_workload(rollout);
  return names;
}

bool needs_pods(const Observed& seen) {
  return is_restart_pending(*seen.rollout) ||
         std::ranges::any_of(seen.replica_sets, [&](const auto& replica_set) {
           const api::OwnerReference* owner = replica_set->metadata.controller();
           return owner && owner->uid == seen.rollout->metadata.uid &&
                  pods_are_behind(*replica_set);
         });
}

}  // namespace slipway::rollout
