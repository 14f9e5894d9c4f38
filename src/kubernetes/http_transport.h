#pragma once

#include <functional>
#include <memory>

#include "kubernetes/event_loop.h"
#include "kubernetes/kubeconfig.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

struct HttpTransportOptions {
  std::string user_agent;
  /// Client-side limit; 0: none. Watches don't count, and background requests count apart.
  double queries_per_second = 0;
  int burst = 0;
};

/// Transport over HTTP (libcurl on the event loop): HTTP/2 where the server has it, TLS 1.2 or
/// newer, client certificates, bearer tokens and token files (read again when they rotate), exec
/// credential plugins (run without blocking the loop, refreshed before they expire and after a
/// 401), proxies and impersonation.
Result<std::unique_ptr<Transport>> make_http_transport(RealEventLoop& loop, ConnectionConfig config,
                                                       HttpTransportOptions options);

}  // namespace slipway::kubernetes
