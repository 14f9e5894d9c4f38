#pragma once

#include <vector>

#include "cluster/pods.h"

namespace slipway::cluster {

/// Lets people say which pods may go first: a whole number, the lowest goes first, absent is 0.
inline constexpr std::string_view pod_deletion_cost_annotation =
    "controller.kubernetes.io/pod-deletion-cost";

/// The `count` of `candidates` whose loss hurts least, worst first. In this order: not bound to a
/// node, pending or unknown, not ready, cheap to delete, sharing its node with many of `related`
/// (active pods of ReplicaSets with the same owner), ready for a short time only (in powers of two,
/// so that chance decides among pods of much the same age), often restarted, young. Source:
/// client-go, kubernetes/pkg/controller ActivePodsWithRanks.
std::vector<PodPointer> choose_pods_to_delete(std::vector<PodPointer> candidates,
                                              const std::vector<PodPointer>& related,
                                              std::size_t count, Instant now);

}  // namespace slipway::cluster
