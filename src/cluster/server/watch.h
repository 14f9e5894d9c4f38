#pragma once

#include <memory>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// Serves a watch. Refusals and events alike come on the loop, never inside this call.
std::unique_ptr<kubernetes::Stream> open_watch(Server& server, Call call,
                                               kubernetes::StreamEvents events);

/// A stream that only says no.
std::unique_ptr<kubernetes::Stream> refuse_watch(Server& server, kubernetes::Response response,
                                                 kubernetes::StreamEvents events);

/// Ends the watches of a table that is about to go.
void end_watches(Server& server, const std::string& table);

/// Silences every open watch: the server is going.
void close_watches(Server& server);

}  // namespace slipway::cluster
