#pragma once

#include <cstdint>
#include <memory>

#include "cluster/api_server.h"
#include "cluster/nodes/nodes.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::cluster {

/// A whole Kubernetes in one object: the API server, the controllers that a rollout needs
/// (ReplicaSet, garbage collection, namespaces, Endpoints and EndpointSlices) and simulated nodes,
/// on the loop it is given. On a virtual loop all of it runs in virtual time, and the same seed
/// replays the same run.
class EmbeddedCluster {
 public:
  struct Options {
    std::uint64_t seed = 1;  ///< Of uids, generated names, and how long pods take.
    Nodes::Options nodes = {};
    ApiServer::Options server = {};  ///< Its seed and version are those given here.
    /// Install the CustomResourceDefinitions of Rollout and its like.
    bool install_crds = true;
    /// Starts with the kinds and objects of this server, CustomResourceDefinitions included: far
    /// cheaper than to install them anew.
    const ApiServer* like = nullptr;
    /// Off: objects stay as they are written, until something else moves them.
    bool run_controllers = true;
    bool run_nodes = true;
  };

  /// `loop` must outlive the cluster.
  EmbeddedCluster(kubernetes::EventLoop& loop, Options options);
  explicit EmbeddedCluster(kubernetes::EventLoop& loop) : EmbeddedCluster(loop, Options{}) {}
  ~EmbeddedCluster();

  /// Installs what the options say and starts the controllers and nodes. Requests are answered
  /// before, too.
  void start();
  /// Stops controllers and nodes; the API server goes on.
  void stop();

  ApiServer& server();
  /// Direct calls of the API server, on the loop.
  kubernetes::Transport& transport();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::cluster
