#include "rollout/routed_sizes.h"

#include <algorithm>

#include "api/defaults.h"
#include "rollout/canary_steps.h"

namespace slipway::rollout {
namespace {

const api::CanaryStrategy& strategy_of(const api::Rollout& rollout) {
  return *rollout.spec.strategy.canary;
}

/// The pods that so much traffic needs.
std::int32_t pods_for(const api::Rollout& rollout, std::int32_t weight) {
  const std::int64_t all = api::max_traffic_weight(rollout);
  const std::int64_t desired = api::desired_replicas(rollout);
  return static_cast<std::int32_t>((weight * desired + all - 1) / all);
}

std::int32_t at_least_min_pods_for(const api::Rollout& rollout, std::int32_t weight) {
  return api::at_least_min_pods(rollout, pods_for(rollout, weight));
}

/// The share that the sizes are made for.
std::int32_t wanted_weight(const api::Rollout& rollout, const RoutedFacts& facts,
                           const api::SetCanaryScale* scale) {
  if (facts.whole) return api::max_traffic_weight(rollout);
  if (scale != nullptr)
    return scale->weight.value_or(0);  // With a count: none for the stable part.
  if (!facts.aborted) return weight_at(rollout, facts.index);
  if (!strategy_of(rollout).dynamic_stable_scale) return 0;
  return weight_on_the_way_back(rollout, facts.canary, facts.stable);
}

}  // namespace

const api::SetCanaryScale* canary_scale_at(const api::Rollout& rollout,
                                           std::optional<std::int32_t> index, bool aborted) {
  const api::CanaryStrategy& strategy = strategy_of(rollout);
  const std::int32_t at = std::max(0, index.value_or(0));
  const bool stays = strategy.abort_scale_down_delay_seconds == 0;
  if (!strategy.traffic_routing || at >= step_count(rollout) || (aborted && !stays)) return nullptr;
  for (std::int32_t i = at; i >= 0; --i) {
    const auto& scale = strategy.steps[static_cast<std::size_t>(i)].set_canary_scale;
    if (scale) return scale->match_traffic_weight ? nullptr : &*scale;
  }
  return nullptr;
}

std::int32_t weight_on_the_way_back(const api::Rollout& rollout, const Size& canary,
                                    const Size& stable) {
  const api::CanaryStrategy& strategy = strategy_of(rollout);
  const std::int32_t missing = api::desired_replicas(rollout) - stable.available;
  const bool ends_by_delay = strategy.abort_scale_down_delay_seconds.value_or(0) != 0;
  const std::int32_t carried = ends_by_delay ? missing : std::max(missing, canary.available);
  for (auto step = strategy.steps.rbegin(); step != strategy.steps.rend(); ++step) {
    if (step->set_weight && pods_for(rollout, *step->set_weight) < carried) {
      return *step->set_weight;
    }
  }
  return 0;
}

Split routed_split(const api::Rollout& rollout, const RoutedFacts& facts) {
  const api::SetCanaryScale* scale =
      facts.whole ? nullptr : canary_scale_at(rollout, facts.index, facts.aborted);
  const std::int32_t weight = wanted_weight(rollout, facts, scale);
  const bool counted = scale != nullptr && scale->replicas;
  Split split{counted ? *scale->replicas : at_least_min_pods_for(rollout, weight),
              api::desired_replicas(rollout)};
  if (!strategy_of(rollout).dynamic_stable_scale) return split;
  std::int32_t stable = pods_for(rollout, api::max_traffic_weight(rollout) - weight);
  if (facts.told) {  // No side gives up pods before its traffic has gone.
    stable = std::max(stable, pods_for(rollout, facts.told->stable));
    if (facts.aborted) {
      split.canary = std::max(split.canary, pods_for(rollout, facts.told->canary));
    }
  }
  split.stable = api::at_least_min_pods(rollout, stable);
  split.canary = api::at_least_min_pods(rollout, split.canary);
  return split;
}

}  // namespace slipway::rollout
