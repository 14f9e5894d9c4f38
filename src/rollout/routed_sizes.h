#pragma once

#include "api/rollout.h"
#include "rollout/replica_arithmetic.h"

namespace slipway::rollout {

/// What the sizes of the two versions rest on where a router splits the traffic.
struct RoutedFacts {
  std::optional<std::int32_t> index;  ///< status.currentStepIndex
  bool whole = false;  ///< The new version gets all: promoted, promoted in full, the first one.
  bool aborted = false;
  Size canary;  ///< Without a ReplicaSet: no pods.
  Size stable;
  /// status.canary.weights: what the router was told last. Nothing where it was told nothing.
  std::optional<Split> told;
};

/// How many pods each version shall have when a router, and not the number of pods, splits the
/// traffic. Source: behaviour.md 11.1 to 11.3.
///
/// Without dynamicStableScale the stable version keeps all its pods, so an abort costs no time.
/// With it each side has what its share of the traffic needs, and while an update is taken back the
/// canary gives up pods as the stable version gets them.
Split routed_split(const api::Rollout& rollout, const RoutedFacts& facts);

/// The setCanaryScale in force while the update stands at `index`; nothing: the canary's size
/// follows its weight. Source: behaviour.md 11.2.
const api::SetCanaryScale* canary_scale_at(const api::Rollout& rollout,
                                           std::optional<std::int32_t> index, bool aborted);

/// The weight that an aborted canary keeps while the stable version, scaled down by
/// dynamicStableScale, gets its pods back: that of the last step which needs fewer pods than the
/// canary still has to carry. Source: behaviour.md 11.3.
std::int32_t weight_on_the_way_back(const api::Rollout& rollout, const Size& canary,
                                    const Size& stable);

}  // namespace slipway::rollout
