#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/rollout.h"
#include "controller/user_index.h"
#include "kubernetes/informer.h"
#include "rollout/named_objects.h"

namespace slipway::controller {

/// What is read of an object that a Rollout names beside its Services and its workload.
struct NamedCopy {
  api::ObjectMeta metadata;            ///< Its identity alone.
  std::shared_ptr<const Json> object;  ///< Its `spec` alone.
};

/// The analysis templates, Ingresses and routes that Rollouts name. A kind is watched from the
/// first Rollout on that names one: who uses no such feature pays nothing, and needs no rights.
class NamedObjectCaches {
 public:
  struct Scope {
    /// Empty: all. What lies elsewhere is not looked at, and counts as missing, as it does for Argo
    /// Rollouts' namespaced controller.
    std::string namespace_;
    rollout::RouterVersions versions;
  };
  using Wake = std::function<void(const api::ObjectKey& rollout)>;

  /// `wake` is told of each Rollout that named an object that came, went or has another spec.
  NamedObjectCaches(kubernetes::EventLoop& loop, kubernetes::Transport& transport, Scope scope,
                    std::uint64_t seed, Wake wake);

  /// What the Rollout names, as far as the caches have it. Starts to watch what is not watched yet.
  rollout::NamedObjects look_up(const api::Rollout& rollout);
  /// Why these are not the answer yet; empty text: a cache fills. Nothing where they are. Of a kind
  /// that the server does not have there is no object.
  std::optional<std::string> waits_for(const rollout::NamedObjects& objects) const;
  void forget(const api::ObjectKey& rollout) { users_.remove(rollout); }
  /// Objects, those that Rollouts name, and Rollouts that name any.
  std::size_t size() const;

 private:
  using Cache = kubernetes::Informer<NamedCopy>;
  using KindName = std::pair<std::string, std::string>;  ///< Group and kind, of any version.

  const Cache* find(const rollout::NamedObject& object) const;
  Cache* watch(const rollout::NamedObject& object);
  bool is_in_scope(const rollout::NamedObject& object) const;

  kubernetes::EventLoop& loop_;
  kubernetes::Transport& transport_;
  const Scope scope_;
  const std::uint64_t seed_;
  const Wake wake_;
  std::map<KindName, std::unique_ptr<Cache>> caches_;
  UserIndex<rollout::NamedObject> users_;
};

}  // namespace slipway::controller
