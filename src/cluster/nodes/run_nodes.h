#pragma once

#include <string>

#include "base/result.h"
#include "cluster/nodes/nodes.h"
#include "kubernetes/kubeconfig.h"

namespace slipway::cluster {

struct RunNodesOptions {
  kubernetes::ConfigOverrides connection;
  int nodes = 3;
  /// Work even where nodes exist that are no simulated ones. Their pending pods would be bound to
  /// nodes that run nothing, so this is for people who know.
  bool beside_real_nodes = false;
  std::string version;  ///< The program's, for the user agent.
};

/// Why simulated nodes must not join a cluster with these Nodes: one of them is real. Pure.
Result<void> check_for_real_nodes(const Json::Array& nodes);

/// `slipway nodes`: plays the nodes of any API server that has none, until SIGTERM or SIGINT, then
/// returns 0. Node objects and pods stay; whoever starts it again goes on where they are.
///
/// *Errors*: `invalid`: a kubeconfig that cannot be used, a count out of range, a cluster with real
/// nodes; `unavailable`: the server does not answer at the start. Later outages are waited out.
Result<int> run_nodes(const RunNodesOptions& options);

}  // namespace slipway::cluster
