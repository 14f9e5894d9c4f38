#include "rollout/canary_steps.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"

namespace slipway::rollout {
namespace {

std::string duration_text(const api::IntOrString& duration) {
  return duration.is_string ? duration.text : std::to_string(duration.number);
}

std::string scale_text(const api::SetCanaryScale& scale) {
  if (scale.weight) return fmt::format("setCanaryScale{{weight: {}}}", *scale.weight);
  if (scale.match_traffic_weight) return "setCanaryScale{matchTrafficWeight: true}";
  return fmt::format("setCanaryScale{{replicas: {}}}", scale.replicas.value_or(0));
}

}  // namespace

std::int32_t step_count(const api::Rollout& rollout) {
  const api::CanaryStrategy* canary = rollout.spec.strategy.canary.get();
  return canary ? static_cast<std::int32_t>(canary->steps.size()) : 0;
}

const api::CanaryStep* current_step(const api::Rollout& rollout, const api::RolloutStatus& status) {
  const std::int32_t index = std::max(0, status.current_step_index.value_or(0));
  if (index >= step_count(rollout)) return nullptr;
  return &rollout.spec.strategy.canary->steps[static_cast<std::size_t>(index)];
}

std::optional<std::int32_t> first_step(const api::Rollout& rollout) {
  if (step_count(rollout) == 0) return std::nullopt;
  return 0;
}

std::optional<std::int32_t> past_last_step(const api::Rollout& rollout) {
  if (step_count(rollout) == 0) return std::nullopt;
  return step_count(rollout);
}

std::int32_t weight_at(const api::Rollout& rollout, std::optional<std::int32_t> index) {
  const std::int32_t count = step_count(rollout);
  std::int32_t at = std::max(0, index.value_or(0));
  if (at >= count) return api::max_traffic_weight(rollout);
  for (; at >= 0; --at) {
    const auto& step = rollout.spec.strategy.canary->steps[static_cast<std::size_t>(at)];
    if (step.set_weight) return *step.set_weight;
  }
  return 0;
}

std::string step_text(const api::CanaryStep& step) {
  if (step.set_weight) return fmt::format("setWeight: {}", *step.set_weight);
  if (step.pause) {
    return step.pause->duration ? "pause: " + duration_text(*step.pause->duration) : "pause";
  }
  if (step.experiment) return "experiment";
  if (step.analysis) return "analysis";
  if (step.set_canary_scale) return scale_text(*step.set_canary_scale);
  if (step.set_header_route) return "setHeaderRoute";
  if (step.set_mirror_route) return "setMirrorRoute";
  if (step.plugin) return "plugin: " + step.plugin->name;
  return "invalid";
}

bool canary_is_ready(const std::optional<api::ReplicaProgressThreshold>& threshold,
                     std::int32_t wanted, const Size& canary) {
  if (!threshold || threshold->value < 0) {
    return canary.spec == canary.available && canary.available == wanted;
  }
  if (threshold->type != "Percent") {
    return canary.available >= std::min(threshold->value, wanted);
  }
  return std::int64_t{canary.available} * 100 >= std::int64_t{threshold->value} * wanted;
}

}  // namespace slipway::rollout
