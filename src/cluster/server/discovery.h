#pragma once

#include <string_view>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// /api, /apis, /apis/GROUP, /api/VERSION and /apis/GROUP/VERSION, in the aggregated form too where
/// `accept` asks for it. Nothing for paths that name no group or version that is served.
std::optional<kubernetes::Response> serve_discovery(Server& server, const RequestPath& path,
                                                    std::string_view accept);

/// "P1RzHs8/mWQ=": what discovery says of how a kind is stored.
std::string storage_version_hash(std::string_view group, std::string_view version,
                                 std::string_view kind);

}  // namespace slipway::cluster
