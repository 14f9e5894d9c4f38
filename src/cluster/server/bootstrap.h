#pragma once

#include "cluster/server/server.h"

namespace slipway::cluster {

/// What every cluster has from the start: its namespaces, and the Service by which pods find the
/// API server.
void create_first_objects(Server& server);

}  // namespace slipway::cluster
