#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "cluster/embedded_cluster.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::cluster {

/// An EmbeddedCluster in virtual time, driven like kubectl drives a real one. For tests: what a
/// person would do is one line, and what the server refuses stops the test with its words.
class TestCluster {
 public:
  explicit TestCluster(EmbeddedCluster::Options options = {});

  kubernetes::VirtualEventLoop& loop() { return loop_; }
  EmbeddedCluster& cluster() { return cluster_; }
  kubernetes::Transport& transport() { return cluster_.transport(); }

  /// Any request, answered at once.
  kubernetes::Response request(kubernetes::Method method, const std::string& target,
                               const std::string& body = {},
                               std::string_view content_type = kubernetes::media::json);
  /// Creates each object of a YAML stream, or merges it into the one there is. Objects of
  /// namespaced kinds that name none go to "default".
  void apply(std::string_view manifests);
  void merge(const api::Kind& kind, const api::ObjectKey& key, std::string_view yaml);
  void delete_object(const api::Kind& kind, const api::ObjectKey& key,
                     std::string_view propagation = "Background");

  std::optional<Json> get(const api::Kind& kind, const api::ObjectKey& key);
  /// The items of a list. `query`: "labelSelector=app%3Dweb".
  std::vector<Json> list(const api::Kind& kind, const std::string& namespace_ = {},
                         const std::string& query = {});

  void run_for(Duration duration) { loop_.run_for(duration); }
  bool run_until(const std::function<bool()>& condition,
                 Duration limit = Duration::from_seconds(60)) {
    return loop_.run_until(condition, limit);
  }
  /// How many revisions the store has gone through meanwhile: 0 says that all is settled.
  std::uint64_t writes_during(Duration duration);

 private:
  kubernetes::VirtualEventLoop loop_;
  EmbeddedCluster cluster_;
};

/// The kind of an object in a manifest, from its apiVersion and kind. Aborts on an unknown one.
const api::Kind& kind_of_manifest(const Json& object);

}  // namespace slipway::cluster
