#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "kubernetes/event_loop.h"

namespace slipway::controller {

/// What an endpoint answers.
struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Serves a few GET paths over plain HTTP (health and metrics), on the event loop, so that a page
/// can read the controller's state without locks. Connections are few, short and bounded.
class EndpointServer {
 public:
  using Pages = std::map<std::string, std::function<Page()>>;
  virtual ~EndpointServer() = default;
  /// The port it listens on: the one asked for, or the system's choice for 0.
  virtual std::uint16_t port() const = 0;
};

/// Listens on all interfaces, as probes and Prometheus come from outside the pod.
///
/// *Errors*: `unavailable` where the port is taken, naming it and the flag that changes it.
Result<std::unique_ptr<EndpointServer>> serve_endpoints(kubernetes::RealEventLoop& loop,
                                                        std::uint16_t port, const std::string& flag,
                                                        EndpointServer::Pages pages);

}  // namespace slipway::controller
