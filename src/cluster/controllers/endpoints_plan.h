#pragma once

#include <vector>

#include "cluster/pods.h"
#include "cluster/whole_object.h"

namespace slipway::cluster {

using CachedService = WholeObject<api::kinds::service>;

/// Whether the Service picks pods by labels. Others have their endpoints written by people.
bool selects_pods(const CachedService& service);
bool selects(const CachedService& service, const api::Pod& pod);

/// The Endpoints object of a Service: addresses of selected pods that are ready, the others apart.
/// Only identity, labels and `subsets` are set. Source: kubernetes/pkg/controller/endpoint.
Json desired_endpoints(const CachedService& service, const std::vector<PodPointer>& pods);

/// Its EndpointSlices, at most 100 endpoints each; at least one, so that it is seen to be empty.
/// Names follow from the Service and their place, so that creating one twice is noticed.
std::vector<Json> desired_slices(const CachedService& service, const std::vector<PodPointer>& pods);

}  // namespace slipway::cluster
