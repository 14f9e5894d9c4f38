#pragma once

#include <vector>

#include "cluster/server/resource.h"

namespace slipway::cluster {

/// Every kind that is served from the start, in the order of discovery's groups.
std::vector<ResourcePtr> builtin_resources();

}  // namespace slipway::cluster
