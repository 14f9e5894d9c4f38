#pragma once

#include "cluster/server/resource.h"

namespace slipway::cluster {

/// events.k8s.io/v1 Event: the core group's events under other field names.
ResourcePtr make_event_alias(const Resource& core_events);

}  // namespace slipway::cluster
