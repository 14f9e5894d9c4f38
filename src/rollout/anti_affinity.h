#pragma once

#include <string>

#include "api/rollout.h"
#include "base/json.h"

namespace slipway::rollout {

/// What keeps pods of a new version off the nodes that run the stable one, so that when it becomes
/// the stable one an autoscaler that removes the emptied nodes does not evict it. Source:
/// behaviour.md 24.

/// `antiAffinity` of the Rollout's strategy, or nothing.
const api::AntiAffinity* anti_affinity_of(const api::Rollout& rollout);
/// A new version's pods are to be kept off those of another, stable one.
bool wants_anti_affinity(const api::Rollout& rollout, const std::string& new_hash);
/// Gives a pod's spec one term that names the stable version: an older one is replaced.
void set_anti_affinity(const api::Rollout& rollout, Json& pod_spec);

}  // namespace slipway::rollout
