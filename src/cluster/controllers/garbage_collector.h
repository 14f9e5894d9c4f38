#pragma once

#include <memory>

#include "cluster/controllers/discovery.h"

namespace slipway::cluster {

/// Deletes what its owners left behind, and carries out deletion in the foreground and orphaning,
/// for every kind that the server has. Decides in `ownership.h`; nothing is decided before all
/// kinds have been listed. Events are not looked at: they own nothing and nobody owns them.
class GarbageCollector {
 public:
  /// `discovery` must outlive the collector and be started by its owner.
  GarbageCollector(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                   Discovery& discovery, std::uint64_t seed);
  ~GarbageCollector();

  void stop();
  /// Objects known.
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
