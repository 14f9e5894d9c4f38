#include "cluster/pods.h"

namespace slipway::cluster {

namespace {

Result<CachedPod> decode_pod(const Json& json) {
  CachedPod pod{TRY(api::decode<api::Pod>(json)), json};
  // Who may write which field is of no interest here, and often longer than the rest.
  if (Json* metadata = pod.content.find("metadata")) metadata->erase("managedFields");
  return pod;
}

}  // namespace

bool is_finished(const api::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

bool is_active(const api::Pod& pod) {
  return !is_finished(pod) && !pod.metadata.deletion_timestamp;
}

const api::Condition* find_condition(const std::vector<api::Condition>& conditions,
                                     std::string_view type) {
  for (const api::Condition& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

bool is_ready(const api::Pod& pod) {
  const api::Condition* ready = find_condition(pod.status.conditions, "Ready");
  return ready != nullptr && ready->status == "True";
}

std::optional<Instant> ready_since(const api::Pod& pod) {
  const api::Condition* ready = find_condition(pod.status.conditions, "Ready");
  if (ready == nullptr || ready->status != "True") return std::nullopt;
  return ready->last_transition_time.value_or(Instant{});
}

std::optional<Instant> available_from(const api::Pod& pod, Duration min_ready) {
  const std::optional<Instant> since = ready_since(pod);
  if (!since) return std::nullopt;
  return *since + min_ready;
}

PodCache::PodCache(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                   std::uint64_t seed)
    : informer_(loop, transport, {.kind = api::kinds::pod}, seed, decode_pod) {
  informer_.on_change([this](const auto& before, const auto& after) { index(before, after); });
}

void PodCache::index(const PodPointer& before, const PodPointer& after) {
  const auto bucket =
      [this](const CachedPod& pod) -> std::pair<decltype(by_controller_)&, const std::string&> {
    if (const api::OwnerReference* owner = pod.metadata.controller()) {
      return {by_controller_, owner->uid};
    }
    return {uncontrolled_, pod.metadata.namespace_};
  };
  if (before != nullptr) {
    const auto [buckets, name] = bucket(*before);
    const auto found = buckets.find(name);
    found->second.erase(before->metadata.key());
    if (found->second.empty()) buckets.erase(found);
  }
  if (after != nullptr) {
    const auto [buckets, name] = bucket(*after);
    buckets[name].insert(after->metadata.key());
  }
}

std::vector<PodPointer> PodCache::controlled_by(const std::string& uid) const {
  std::vector<PodPointer> pods;
  if (const auto found = by_controller_.find(uid); found != by_controller_.end()) {
    for (const api::ObjectKey& key : found->second) pods.push_back(informer_.get(key));
  }
  return pods;
}

std::vector<PodPointer> PodCache::uncontrolled_in(const std::string& namespace_) const {
  std::vector<PodPointer> pods;
  if (const auto found = uncontrolled_.find(namespace_); found != uncontrolled_.end()) {
    for (const api::ObjectKey& key : found->second) pods.push_back(informer_.get(key));
  }
  return pods;
}

void PodCache::apply(const Json& object) {
  if (object["kind"].string_or_empty() == "Pod") informer_.apply(object);
}

}  // namespace slipway::cluster
