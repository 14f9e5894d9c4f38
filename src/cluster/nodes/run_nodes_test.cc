#include "cluster/nodes/run_nodes.h"

#include <doctest/doctest.h>

#include "cluster/nodes/node_object.h"

namespace slipway::cluster {
namespace {

Json real_node() {
  return Json::object({
      {"kind",     "Node"                                                                                     },
      {"metadata", Json::object({{"name", "worker"},
                                 {"labels", Json::object({{"kubernetes.io/os", "linux"}})}})},
  });
}

}  // namespace

TEST_CASE("simulated nodes join a cluster that has no others, and leave a real one alone") {
  const Json simulated = make_node_object(node_address(0), "v1.34.0", Instant{});
  CHECK(check_for_real_nodes({}));
  CHECK(check_for_real_nodes({simulated}));
  const Result<void> refused = check_for_real_nodes({simulated, real_node()});
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().where == "Node worker");
  CHECK(refused.error().hint.find("--beside-real-nodes") != std::string::npos);
}

TEST_CASE("simulated nodes say what is wrong with how they are started") {
  RunNodesOptions options;
  options.nodes = 0;
  const Result<int> none = run_nodes(options);
  REQUIRE(!none);
  CHECK(none.error().where == "--nodes");

  options.nodes = 3;
  options.connection.kubeconfig = "/nowhere/kubeconfig";
  const Result<int> nowhere = run_nodes(options);
  REQUIRE(!nowhere);
  CHECK(nowhere.error().text().find("/nowhere/kubeconfig") != std::string::npos);
}

}  // namespace slipway::cluster
