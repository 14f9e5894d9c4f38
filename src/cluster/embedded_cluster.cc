#include "cluster/embedded_cluster.h"

#include "api/crd.h"
#include "base/log.h"
#include "cluster/controllers/discovery.h"
#include "cluster/controllers/endpoints_controller.h"
#include "cluster/controllers/garbage_collector.h"
#include "cluster/controllers/namespace_controller.h"
#include "cluster/controllers/replica_set_controller.h"

namespace slipway::cluster {

namespace {

ApiServer::Options server_options(const EmbeddedCluster::Options& options) {
  ApiServer::Options server = options.server;
  server.seed = options.seed;
  return server;
}

Nodes::Options node_options(const EmbeddedCluster::Options& options) {
  Nodes::Options nodes = options.nodes;
  nodes.version = options.server.version;
  return nodes;
}

}  // namespace

struct EmbeddedCluster::State {
  State(kubernetes::EventLoop& loop, const Options& o)
      : options(o),
        seeds(o.seed),
        server(o.like == nullptr ? ApiServer(loop, server_options(o))
                                 : ApiServer(loop, server_options(o), *o.like)),
        transport(make_direct_transport(server, loop)),
        pods(loop, *transport, seeds.next()),
        discovery(loop, *transport, seeds.next()),
        garbage(loop, *transport, discovery, seeds.next()),
        namespaces(loop, *transport, discovery, seeds.next()),
        replica_sets(loop, *transport, pods, seeds.next()),
        endpoints(loop, *transport, pods, seeds.next()),
        nodes(loop, *transport, pods, seeds.next(), node_options(o)) {}

  void install_crds();

  Options options;
  Random seeds;
  ApiServer server;
  std::unique_ptr<kubernetes::Transport> transport;
  PodCache pods;
  Discovery discovery;
  GarbageCollector garbage;
  NamespaceController namespaces;
  ReplicaSetController replica_sets;
  EndpointsController endpoints;
  Nodes nodes;
};

void EmbeddedCluster::State::install_crds() {
  for (const api::CustomResource& resource : api::custom_resources()) {
    const kubernetes::Response response = server.handle({
        .method = kubernetes::Method::post,
        .target = api::kinds::custom_resource_definition.path({}),
        .body = to_text(resource.definition),
    });
    // They are ours and the server is ours: only a bug can keep one out.
    if (response.status >= 300) {
      log::error("cannot install a CustomResourceDefinition",
                 {
                     {"file",  resource.file},
                     {"error", response.body}
      });
    }
  }
}

EmbeddedCluster::EmbeddedCluster(kubernetes::EventLoop& loop, Options options)
    : state_(std::make_unique<State>(loop, options)) {}

EmbeddedCluster::~EmbeddedCluster() {
  stop();
}

void EmbeddedCluster::start() {
  const Options& options = state_->options;
  if (options.install_crds && options.like == nullptr) state_->install_crds();
  if (options.run_controllers || options.run_nodes) state_->pods.start();
  if (options.run_controllers) {
    state_->discovery.start();
    state_->namespaces.start();
    state_->replica_sets.start();
    state_->endpoints.start();
  }
  if (options.run_nodes) state_->nodes.start();
}

void EmbeddedCluster::stop() {
  state_->nodes.stop();
  state_->endpoints.stop();
  state_->replica_sets.stop();
  state_->namespaces.stop();
  state_->garbage.stop();
  state_->discovery.stop();
  state_->pods.stop();
}

ApiServer& EmbeddedCluster::server() {
  return state_->server;
}

kubernetes::Transport& EmbeddedCluster::transport() {
  return *state_->transport;
}

}  // namespace slipway::cluster
