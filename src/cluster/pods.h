#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/workload.h"
#include "kubernetes/informer.h"

namespace slipway::cluster {

/// A pod as the controllers and nodes keep it: typed for decisions, whole for what is written back.
struct CachedPod : api::Pod {
  Json content;
};
using PodPointer = std::shared_ptr<const CachedPod>;

/// Whether the pod still works or will: neither finished nor being deleted.
bool is_active(const api::Pod& pod);
bool is_finished(const api::Pod& pod);
bool is_ready(const api::Pod& pod);
/// Since when it is ready; nothing while it is not.
std::optional<Instant> ready_since(const api::Pod& pod);
/// From when on it counts as available: ready for `min_ready`. Nothing while it is not ready.
std::optional<Instant> available_from(const api::Pod& pod, Duration min_ready);
/// The condition of that type, or null.
const api::Condition* find_condition(const std::vector<api::Condition>& conditions,
                                     std::string_view type);

/// All pods, found by who controls them: one cache for every controller and the nodes.
class PodCache {
 public:
  using Handler = kubernetes::Informer<CachedPod>::Handler;

  PodCache(kubernetes::EventLoop& loop, kubernetes::Transport& transport, std::uint64_t seed);

  void on_change(Handler handler) { informer_.on_change(std::move(handler)); }
  void start() { informer_.start(); }
  void stop() { informer_.stop(); }
  bool synced() const { return informer_.synced(); }

  PodPointer get(const api::ObjectKey& key) const { return informer_.get(key); }
  void for_each(const std::function<void(const PodPointer&)>& visit) const {
    informer_.for_each(visit);
  }
  void for_each_in(const std::string& namespace_,
                   const std::function<void(const PodPointer&)>& visit) const {
    informer_.for_each_in(namespace_, visit);
  }
  /// Pods whose controller has this uid, by name.
  std::vector<PodPointer> controlled_by(const std::string& uid) const;
  /// Pods of that namespace that nobody controls, by name.
  std::vector<PodPointer> uncontrolled_in(const std::string& namespace_) const;

  /// Read-your-writes: takes what a write of ours returned. Other kinds' objects are ignored.
  void apply(const Json& object);

 private:
  void index(const PodPointer& before, const PodPointer& after);

  kubernetes::Informer<CachedPod> informer_;
  std::map<std::string, std::set<api::ObjectKey>> by_controller_;
  std::map<std::string, std::set<api::ObjectKey>> uncontrolled_;  ///< By namespace.
};

}  // namespace slipway::cluster
