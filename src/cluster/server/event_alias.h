#pragma once

#include "cluster/server/resource.h"

namespace slipway::cluster {

/// events.k8s.io/v1 Event: the core group's events under other field names.
ResourcePtr make_event_alias(const Resource& core_events);

/// A core Event in that form.
Json event_under_alias(const Json& core);

}  // namespace slipway::cluster
