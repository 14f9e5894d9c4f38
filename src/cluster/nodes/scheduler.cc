#include "cluster/nodes/scheduler.h"

namespace slipway::cluster {

namespace {

bool has_labels(const NodeView& node, const Json& selector) {
  if (!selector.is_object()) return true;
  for (const auto& [key, value] : selector.as_object()) {
    const auto found = node.labels.find(key);
    if (found == node.labels.end() || found->second != value.string_or_empty()) return false;
  }
  return true;
}

}  // namespace

Placed choose_node(const CachedPod& pod, const std::vector<NodeView>& nodes) {
  const Json& selector = pod.content["spec"]["nodeSelector"];
  const NodeView* best = nullptr;
  int cordoned = 0;
  int not_ready = 0;
  int unlike = 0;
  for (const NodeView& node : nodes) {
    if (!node.schedulable) {
      ++cordoned;
    } else if (!node.ready) {
      ++not_ready;
    } else if (!has_labels(node, selector)) {
      ++unlike;
    } else if (best == nullptr || node.pods < best->pods) {
      best = &node;
    }
  }
  if (best != nullptr) return {best->name, {}};
  if (nodes.empty()) return {{}, "no nodes available to schedule pods"};

  std::string message = fmt::format("0/{} nodes are available:", nodes.size());
  const auto add = [&](int count, std::string_view why) {
    if (count == 0) return;
    if (!message.ends_with(':')) message += ',';
    message += fmt::format(" {} {}", count, why);
  };
  add(not_ready, "node(s) were not ready");
  add(unlike, "node(s) didn't match Pod's node affinity/selector");
  add(cordoned, "node(s) were unschedulable");
  return {{}, message + "."};
}

}  // namespace slipway::cluster
