#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/kinds.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::cluster {

/// All kinds that an API server has, custom resources included: asked at the start, and again
/// whenever a CustomResourceDefinition comes, changes or goes.
class Discovery {
 public:
  /// Called on the loop after the kinds have changed.
  using Changed = std::function<void()>;

  Discovery(kubernetes::EventLoop& loop, kubernetes::Transport& transport, std::uint64_t seed);
  ~Discovery();

  void on_change(Changed changed);
  void start();
  void stop();
  /// Whether the kinds are those of the server, as far as is known.
  bool synced() const;

  /// Kinds whose objects can be listed, watched and deleted, each in one version (the group's
  /// preferred). The texts that a Kind points to live as long as the Discovery.
  const std::vector<api::Kind>& kinds() const;
  /// The kind that an owner reference means, whatever version of the group it names; null if the
  /// server has none such.
  const api::Kind* find(std::string_view api_version, std::string_view kind) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The kinds of one APIResourceList that can be listed, watched and deleted. `keep` makes a text
/// last.
std::vector<api::Kind> read_resource_list(
    const Json& list, const std::function<std::string_view(std::string_view)>& keep);

}  // namespace slipway::cluster
