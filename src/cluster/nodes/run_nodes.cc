#include "cluster/nodes/run_nodes.h"

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "cluster/nodes/node_object.h"
#include "kubernetes/client.h"
#include "kubernetes/http_transport.h"

namespace slipway::cluster {

namespace {

constexpr int nodes_max = 100;

/// Asks once, and waits for the answer: what follows rests on it.
Result<Json::Array> list_nodes(kubernetes::RealEventLoop& loop, kubernetes::Transport& transport) {
  std::optional<Result<Json::Array>> answer;
  kubernetes::Client(transport).list(
      api::kinds::node, "", "", [&](Result<Json::Array> result) { answer = std::move(result); });
  while (!answer) loop.run_one();
  return std::move(*answer);
}

}  // namespace

Result<void> check_for_real_nodes(const Json::Array& nodes) {
  for (const Json& node : nodes) {
    const Json& metadata = node["metadata"];
    if (metadata["labels"][simulated_label].string_or_empty() == "true") continue;
    return fail(ErrorCode::invalid, fmt::format("Node {}", metadata["name"].string_or_empty()),
                "is a real node, expected a cluster that has none",
                "simulated nodes would take its pods and run nothing; check --kubeconfig and "
                "--context, or say --beside-real-nodes");
  }
  return {};
}

Result<int> run_nodes(const RunNodesOptions& options) {
  if (options.nodes < 1 || options.nodes > nodes_max) {
    return fail(ErrorCode::invalid, "--nodes", fmt::format("found {}", options.nodes),
                fmt::format("ask for 1 to {} simulated nodes", nodes_max));
  }
  const kubernetes::ConnectionConfig config =
      TRY(kubernetes::load_connection_config(options.connection, kubernetes::Environment::real()));
  const std::unique_ptr<kubernetes::RealEventLoop> loop = kubernetes::make_real_event_loop();
  const auto transport = TRY(kubernetes::make_http_transport(
      *loop, config, {.user_agent = "slipway-nodes/" + options.version}));
  const Json::Array present = TRY(list_nodes(*loop, *transport));
  if (!options.beside_real_nodes) TRY_DONE(check_for_real_nodes(present));

  Random seeds(random_seed());
  PodCache pods(*loop, *transport, seeds.next());
  Nodes nodes(*loop, *transport, pods, seeds.next(), {.count = options.nodes});
  pods.start();
  nodes.start();
  log::info("simulated nodes serve",
            {
                {"server", transport->server()},
                {"nodes",  options.nodes      }
  });
  loop->on_termination([&] { loop->stop(); });
  loop->run();
  nodes.stop();
  pods.stop();
  return 0;
}

}  // namespace slipway::cluster
