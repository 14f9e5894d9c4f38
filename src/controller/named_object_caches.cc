#include "controller/named_object_caches.h"

#include <ranges>

namespace slipway::controller {
namespace {

Result<NamedCopy> decode_named(const Json& object) {
  const kubernetes::Identity identity = kubernetes::Identity::of(object);
  NamedCopy copy;
  copy.metadata.namespace_ = identity.key.namespace_;
  copy.metadata.name = identity.key.name;
  copy.metadata.uid = identity.uid;
  copy.metadata.resource_version = identity.resource_version;
  copy.object = std::make_shared<const Json>(Json::object({
      {"spec", object["spec"]}
  }));
  return copy;
}

}  // namespace

NamedObjectCaches::NamedObjectCaches(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                                     Scope scope, std::uint64_t seed, Wake wake)
    : loop_(loop),
      transport_(transport),
      scope_(std::move(scope)),
      seed_(seed),
      wake_(std::move(wake)) {}

bool NamedObjectCaches::is_in_scope(const rollout::NamedObject& object) const {
  return scope_.namespace_.empty() || object.namespace_ == scope_.namespace_;
}

const NamedObjectCaches::Cache* NamedObjectCaches::find(const rollout::NamedObject& object) const {
  const auto found = caches_.find({object.group, object.kind});
  return found == caches_.end() ? nullptr : found->second.get();
}

NamedObjectCaches::Cache* NamedObjectCaches::watch(const rollout::NamedObject& object) {
  const auto kind = rollout::kind_of(object, scope_.versions);
  if (!kind || !is_in_scope(object)) return nullptr;
  auto& cache = caches_[{object.group, object.kind}];
  if (cache != nullptr) return cache.get();
  cache = std::make_unique<Cache>(
      loop_, transport_, kubernetes::Interest{.kind = *kind, .namespace_ = scope_.namespace_},
      seed_ + caches_.size(), decode_named);
  cache->on_change(
      [this, group = object.group, kind_name = object.kind](const auto& before, const auto& after) {
        if (before && after && *before->object == *after->object) return;
        const api::ObjectMeta& metadata = (after ? after : before)->metadata;
        for (const api::ObjectKey& user :
             users_.users_of({group, kind_name, metadata.namespace_, metadata.name})) {
          wake_(user);
        }
      });
  cache->start();
  return cache.get();
}

rollout::NamedObjects NamedObjectCaches::look_up(const api::Rollout& rollout) {
  rollout::NamedObjects named = rollout::gather_named_objects(
      rollout, [this](const rollout::NamedObject& object) -> std::shared_ptr<const Json> {
        Cache* cache = watch(object);
        const auto found = cache ? cache->get({object.namespace_, object.name}) : Cache::Pointer();
        return found ? found->object : nullptr;
      });
  users_.set(rollout.metadata.key(), std::views::keys(named));
  return named;
}

std::optional<std::string> NamedObjectCaches::waits_for(
    const rollout::NamedObjects& objects) const {
  for (const auto& [object, found] : objects) {
    const Cache* cache = is_in_scope(object) ? find(object) : nullptr;
    if (cache != nullptr && !cache->synced() && !cache->unserved()) return cache->trouble();
  }
  return std::nullopt;
}

std::size_t NamedObjectCaches::size() const {
  std::size_t objects = 0;
  for (const auto& cache : std::views::values(caches_)) objects += cache->size();
  return objects + users_.size();
}

}  // namespace slipway::controller
