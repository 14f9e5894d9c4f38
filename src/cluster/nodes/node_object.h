#pragma once

#include "base/json.h"
#include "base/time.h"

namespace slipway::cluster {

/// One simulated machine.
struct NodeAddress {
  std::string name;     ///< "node-1"
  std::string host_ip;  ///< "10.127.0.1"
  int index = 0;        ///< From 0.
};
NodeAddress node_address(int index);

/// Marks the Node objects of simulated machines: its value is "true".
inline constexpr std::string_view simulated_label = "slipway.dev/simulated";

/// The Node object of such a machine: ready, with room for 500 pods, as `kubectl get nodes`
/// and `kubectl describe node` show it. `version` is the kubelet's ("v1.34.0").
Json make_node_object(const NodeAddress& address, const std::string& version, Instant now);

/// The n-th address of the range that this node gives to its pods, 10.128.0.1 being the first
/// node's first. There are 65,534 a node.
std::string pod_address(const NodeAddress& address, std::uint32_t n);

}  // namespace slipway::cluster
