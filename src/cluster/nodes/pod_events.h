#pragma once

#include <vector>

#include "cluster/nodes/pod_life.h"
#include "kubernetes/events.h"

namespace slipway::cluster {

/// What a kubelet would say about the way from one point of a pod's life to a later one.
std::vector<kubernetes::EventNote> notes_between(const CachedPod& pod, const PodLife& before,
                                                 const PodLife& after);

}  // namespace slipway::cluster
