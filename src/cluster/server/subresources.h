#pragma once

#include "cluster/server/server.h"

namespace slipway::cluster {

// Subresources that are no part of the object: they read or change it in their own form.

/// autoscaling/v1 Scale of an object: GET, PUT, PATCH.
kubernetes::Response serve_scale(Server& server, Call& call);
/// POST pods/NAME/binding: gives a pod to a node.
kubernetes::Response bind_pod(Server& server, Call& call);
/// POST pods/NAME/eviction: deletes a pod unless a PodDisruptionBudget forbids it.
kubernetes::Response evict_pod(Server& server, Call& call);

}  // namespace slipway::cluster
