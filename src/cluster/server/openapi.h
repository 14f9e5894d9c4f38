#pragma once

#include <optional>
#include <string_view>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// /openapi/v3, its documents by group and version, and /openapi/v2. Nothing for other paths.
std::optional<kubernetes::Response> serve_openapi(Server& server, const RequestPath& path,
                                                  std::string_view accept);

}  // namespace slipway::cluster
