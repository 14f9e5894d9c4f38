#include "rollout/anti_affinity.h"

#include "api/pod_template.h"

namespace slipway::rollout {
namespace {

Json term_for(const api::Rollout& rollout) {
  const Json expression = Json::object({
      {"key",      api::pod_template_hash_label           },
      {"operator", "In"                                   },
      {"values",   Json::array({rollout.status.stable_rs})},
  });
  return Json::object({
      {"labelSelector", Json::object({{"matchExpressions", Json::array({expression})}})},
      {"namespaces",    Json::array({rollout.metadata.namespace_})                     },
      {"topologyKey",   "kubernetes.io/hostname"                                       },
  });
}

}  // namespace

const api::AntiAffinity* anti_affinity_of(const api::Rollout& rollout) {
  if (const auto* canary = rollout.spec.strategy.canary.get()) return canary->anti_affinity.get();
  const auto* blue_green = rollout.spec.strategy.blue_green.get();
  return blue_green ? blue_green->anti_affinity.get() : nullptr;
}

bool wants_anti_affinity(const api::Rollout& rollout, const std::string& new_hash) {
  const std::string& stable = rollout.status.stable_rs;
  return anti_affinity_of(rollout) != nullptr && !stable.empty() && stable != new_hash;
}

void set_anti_affinity(const api::Rollout& rollout, Json& pod_spec) {
  const api::AntiAffinity& asked = *anti_affinity_of(rollout);
  api::remove_injected_terms(pod_spec);
  Json& anti_affinity = pod_spec.member("affinity").member("podAntiAffinity");
  if (asked.required_during_scheduling_ignored_during_execution) {
    anti_affinity.member("requiredDuringSchedulingIgnoredDuringExecution")
        .push_back(term_for(rollout));
  } else if (const auto& preferred = asked.preferred_during_scheduling_ignored_during_execution) {
    anti_affinity.member("preferredDuringSchedulingIgnoredDuringExecution")
        .push_back(Json::object({
            {"podAffinityTerm", term_for(rollout)},
            {"weight",          preferred->weight},
    }));
  }
}

}  // namespace slipway::rollout
