#pragma once

#include <cstdint>
#include <vector>

namespace slipway::rollout {

/// One ReplicaSet as far as arithmetic cares. One that does not exist has no pods.
struct Size {
  std::int32_t spec = 0;       ///< Pods asked for.
  std::int32_t available = 0;  ///< Pods that serve.
  bool operator==(const Size&) const = default;
};

/// Pods that can be counted on. Compat: those that are on their way out can't; Argo Rollouts counts
/// them in places.
std::int32_t dependable(const Size& size);

/// How many pods the two versions have, or shall have.
struct Split {
  std::int32_t canary = 0;
  std::int32_t stable = 0;
  bool operator==(const Split&) const = default;
};

/// What an update may do to the number of pods.
struct Bounds {
  std::int32_t desired = 0;          ///< `spec.replicas`
  std::int32_t max_surge = 0;        ///< Pods beyond that.
  std::int32_t max_unavailable = 0;  ///< Pods short of that.
};

/// The split that comes nearest to `weight` of `max_weight` without a router, so that the share of
/// pods is the share of traffic. With a surge it may take one pod more than desired, to give a
/// small share at all. Source: behaviour.md 10.2.
Split split_for_weight(std::int32_t desired, std::int32_t weight, std::int32_t max_weight,
                       std::int32_t max_surge);

/// The sizes to ask for next on the way to `want`: as far as the bounds allow now. Whoever waits
/// for the pods and asks again arrives. Source: behaviour.md 10.3.
///
/// `others` is what all further ReplicaSets ask for together: while they have pods, neither version
/// gives up pods that serve, as they go first.
///
/// *Guarantees*: what is raised keeps the sum of all within desired + surge. What is lowered keeps
/// the dependable pods at desired - unavailable, or takes only pods that don't serve.
Split step_towards(const Bounds& bounds, const Split& want, const Size& canary, const Size& stable,
                   std::int32_t others);

/// The sizes of old ReplicaSets, newest revision first, when they must make room without delay
/// (basic canary). Pods that don't serve go at once, then as many as can be spared of
/// `dependable_in_all`, which counts the pods of all ReplicaSets. Source: behaviour.md 12.1.
std::vector<std::int32_t> shrink_old(const Bounds& bounds, const std::vector<Size>& newest_first,
                                     std::int32_t dependable_in_all);

}  // namespace slipway::rollout
