#pragma once

#include "cluster/nodes/pod_life.h"

namespace slipway::cluster {

/// Where a pod runs.
struct Placement {
  std::string host_ip;
  std::string pod_ip;
};

/// The status of a pod at this point of its life, as a kubelet reports it: what `kubectl get` and
/// `kubectl describe` print. Goes on from the status that the pod has: a condition keeps its
/// transition time while it keeps its value, and others' conditions (readiness gates) stay.
Json render_status(const CachedPod& pod, const PodLife& life, const PodScript& script,
                   const Placement& placement, Instant now);

/// The reverse, as far as a status tells: the life of a pod that ran before this process started.
PodLife recover_life(const CachedPod& pod, Instant now);

}  // namespace slipway::cluster
