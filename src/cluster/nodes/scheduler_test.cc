#include "cluster/nodes/scheduler.h"

#include <doctest/doctest.h>

#include "cluster/pods_for_test.h"

namespace slipway::cluster {

TEST_CASE("a pod goes where the fewest are, among the nodes that will have it") {
  const NodeView busy{.name = "a", .labels = {{"disk", "ssd"}}, .pods = 5};
  const NodeView idle{.name = "b", .pods = 2};
  const NodeView also_idle{.name = "c", .pods = 2};
  const NodeView cordoned{.name = "d", .schedulable = false};
  const NodeView broken{.name = "e", .ready = false};
  struct Row {
    const char* name;
    const char* selector;
    std::vector<NodeView> nodes;
    Placed want;
  };
  const Row rows[] = {
      {"fewest pods",   "{}",          {busy, idle},             {"b", ""}                                  },
      {"first by name", "{}",          {idle, also_idle},        {"b", ""}                                  },
      {"labels",        "{disk: ssd}", {busy, idle},             {"a", ""}                                  },
      {"none",          "{}",          {},                       {"", "no nodes available to schedule pods"}},
      {"none fits",
       "{disk: tape}",                 {busy, cordoned, broken},
       {"",
        "0/3 nodes are available: 1 node(s) were not ready, 1 node(s) didn't match Pod's node "
        "affinity/selector, 1 node(s) were unschedulable."}                                                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const PodPointer pod = make_pod_for_test(
        "metadata: {name: p}\nspec: {nodeSelector: " + std::string(row.selector) + "}\n");
    const Placed placed = choose_node(*pod, row.nodes);
    CHECK(placed.node == row.want.node);
    CHECK(placed.message == row.want.message);
  }
}

}  // namespace slipway::cluster
