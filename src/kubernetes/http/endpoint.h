#pragma once

#include <string>
#include <vector>

#include "kubernetes/kubeconfig.h"

namespace slipway::kubernetes {

/// The server as libcurl needs it told: what is the same for every request, worked out once.
/// Internal to this folder.
struct Endpoint {
  ConnectionConfig config;
  std::string user_agent;
  std::string url;             ///< What a request's target is appended to.
  std::string connect_to;      ///< libcurl's CONNECT_TO where url has another name; or empty.
  std::string host_header;     ///< Likewise.
  std::string proxy;           ///< Of the kubeconfig; empty: libcurl looks at the environment.
  bool direct = false;         ///< No proxy, whatever the environment says.
  std::string authority_file;  ///< Instead of the system's bundle; or empty.
  std::vector<std::string> headers;  ///< Impersonation.

  /// *Errors*: `invalid` for an address or PEM text that can't be used.
  static Result<Endpoint> make(ConnectionConfig config, std::string user_agent,
                               const Environment& environment);
};

}  // namespace slipway::kubernetes
