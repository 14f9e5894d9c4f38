#include "controller/workload_caches.h"

namespace slipway::controller {

WorkloadCaches::WorkloadCaches(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                               std::string namespace_, std::uint64_t seed,
                               std::function<void(const api::Kind&, const api::ObjectKey&)> changed)
    : loop_(loop),
      transport_(transport),
      namespace_(std::move(namespace_)),
      seed_(seed),
      changed_(std::move(changed)) {}

WorkloadCaches::Cache* WorkloadCaches::find(const api::Kind& kind) const {
  const auto found = caches_.find(kind.plural);
  return found == caches_.end() ? nullptr : found->second.get();
}

bool WorkloadCaches::watch(const api::Kind& kind) {
  if (const Cache* cache = find(kind)) return cache->synced();
  auto cache = std::make_unique<Cache>(
      loop_, transport_, kubernetes::Interest{.kind = kind, .namespace_ = namespace_},
      seed_ + caches_.size(),
      [kind](const Json& object) { return rollout::decode_workload(kind, object); });
  cache->on_change([this, kind](const Pointer& before, const Pointer& after) {
    // A Deployment's status changes with each of its pods, and means nothing here.
    if (before && after && before->metadata.uid == after->metadata.uid &&
        before->metadata.generation == after->metadata.generation &&
        before->template_ == after->template_) {
      return;
    }
    changed_(kind, (after ? after : before)->metadata.key());
  });
  cache->start();
  caches_.emplace(kind.plural, std::move(cache));
  return false;
}

WorkloadCaches::Pointer WorkloadCaches::get(const api::Kind& kind,
                                            const api::ObjectKey& key) const {
  const Cache* cache = find(kind);
  return cache == nullptr ? nullptr : cache->get(key);
}

void WorkloadCaches::apply(const api::Kind& kind, const Json& object) {
  if (Cache* cache = find(kind)) cache->apply(object);
}

void WorkloadCaches::forget(const api::Kind& kind, const api::ObjectKey& key,
                            const std::string& uid) {
  if (Cache* cache = find(kind)) cache->forget(key, uid);
}

std::string WorkloadCaches::trouble(const api::Kind& kind) const {
  const Cache* cache = find(kind);
  return cache == nullptr ? std::string() : cache->trouble();
}

}  // namespace slipway::controller
