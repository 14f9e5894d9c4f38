#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/embedded_cluster.h"

namespace slipway::cluster {

struct ServeOptions {
  std::string address = "127.0.0.1:6443";  ///< Loopback only. Port 0: any free one.
  std::string kubeconfig;                  ///< Written, with mode 0600, once the cluster serves.
  int nodes = 3;
  PodTiming timing = {};
  std::uint64_t seed = 0;  ///< 0: one from the operating system.
};

/// An embedded cluster that others can reach: served over HTTPS with a kubeconfig of its own.
class ServedCluster {
 public:
  /// Starts to serve on this loop. When this returns, connections are accepted and the kubeconfig
  /// is on disk (if the options name a file).
  ///
  /// *Errors*: `invalid`: an address that cannot be served on, a file that cannot be written.
  static Result<std::unique_ptr<ServedCluster>> start(kubernetes::RealEventLoop& loop,
                                                      const ServeOptions& options);
  ~ServedCluster();

  /// "https://127.0.0.1:6443"
  std::string url() const;
  /// What the file holds.
  const std::string& kubeconfig() const;
  EmbeddedCluster& cluster();
  /// Ends watches and connections, then calls `done`.
  void stop(std::function<void()> done);

 private:
  struct State;
  explicit ServedCluster(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// `slipway cluster`: serves until the process gets SIGTERM or SIGINT, then returns 0. The
/// kubeconfig stays where it is.
Result<int> serve_cluster(const ServeOptions& options);

}  // namespace slipway::cluster
