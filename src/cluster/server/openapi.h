#pragma once

#include <optional>
#include <string_view>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// /openapi/v3, its documents by group and version, and /openapi/v2. Nothing for other paths.
std::optional<kubernetes::Response> serve_openapi(Server& server, const RequestPath& path,
                                                  std::string_view accept);

/// /openapi/v2, for kubectl before 1.27. It names the kinds that can be patched and that dry runs
/// are known, and describes none: upon which such a client skips its own validation.
kubernetes::Response serve_openapi_v2(const Server& server, std::string_view accept);

}  // namespace slipway::cluster
