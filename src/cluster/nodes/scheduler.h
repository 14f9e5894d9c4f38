#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/pods.h"

namespace slipway::cluster {

/// What a scheduler needs to know of one node.
struct NodeView {
  std::string name;
  api::StringMap labels;
  bool schedulable = true;  ///< Not cordoned.
  bool ready = true;
  std::size_t pods = 0;  ///< Bound to it and not finished.
  bool operator==(const NodeView&) const = default;
};

struct Placed {
  std::string node;     ///< Empty: no node fits.
  std::string message;  ///< Then why, in the words of kube-scheduler.
};

/// The node for a pod: among those that are ready, not cordoned and have the labels of its
/// `nodeSelector`, the one with the fewest pods, the first by name among equals. Resources,
/// affinity and taints are not looked at: simulated nodes have room.
Placed choose_node(const CachedPod& pod, const std::vector<NodeView>& nodes);

}  // namespace slipway::cluster
