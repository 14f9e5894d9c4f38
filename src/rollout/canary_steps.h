#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/rollout.h"
#include "rollout/replica_arithmetic.h"

namespace slipway::rollout {

/// Steps of a canary; 0 for blue-green.
std::int32_t step_count(const api::Rollout& rollout);

/// The step that status.currentStepIndex names (absent: the first), or nothing when all are done.
const api::CanaryStep* current_step(const api::Rollout& rollout, const api::RolloutStatus& status);

/// Index of the first step: absent where there are none, as Argo Rollouts writes it.
std::optional<std::int32_t> first_step(const api::Rollout& rollout);
/// The index that says that all steps are done.
std::optional<std::int32_t> past_last_step(const api::Rollout& rollout);

/// The canary's weight while the update stands at `index`: that of the last setWeight at or before
/// it, else 0; all of it once the steps are done.
std::int32_t weight_at(const api::Rollout& rollout, std::optional<std::int32_t> index);

/// "setWeight: 20", "pause: 1h", "pause": as people read it in events and trees.
std::string step_text(const api::CanaryStep& step);

/// Whether enough of the canary's pods serve for a step that asks for `wanted`. Without a
/// threshold: exactly as many as wanted, all of them available. Source: behaviour.md 9.2. Compat: a
/// threshold of more pods than wanted is met by those wanted; in Argo Rollouts never.
bool canary_is_ready(const std::optional<api::ReplicaProgressThreshold>& threshold,
                     std::int32_t wanted, const Size& canary);

}  // namespace slipway::rollout
