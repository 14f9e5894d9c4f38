#pragma once

#include <expected>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// Answers a request that is no watch.
kubernetes::Response answer(Server& server, const kubernetes::Request& request);

/// Reads a request as a call of a resource, or says why it is none.
std::expected<Call, kubernetes::Response> read_call(Server& server,
                                                    const kubernetes::Request& request);

/// Whether the request asks for a stream of events.
bool asks_for_watch(const kubernetes::Request& request);

}  // namespace slipway::cluster
