#include "controller/stored_statuses.h"

namespace slipway::controller {

Result<api::Rollout> StoredStatuses::decode(const Json& json) {
  Result<api::Rollout> rollout = api::decode<api::Rollout>(json);
  if (!rollout) return rollout;
  const api::ObjectKey key = rollout->metadata.key();
  const Json& stored = json["status"];
  if (stored == api::encode(rollout->status)) {
    odd_.erase(key);
  } else {
    odd_.insert_or_assign(
        key, Stored{rollout->metadata.resource_version, std::make_shared<const Json>(stored)});
  }
  return rollout;
}

std::shared_ptr<const Json> StoredStatuses::status_of(const api::Rollout& rollout) const {
  const auto found = odd_.find(rollout.metadata.key());
  const bool is_it =
      found != odd_.end() && found->second.version == rollout.metadata.resource_version;
  return is_it ? found->second.status : nullptr;
}

}  // namespace slipway::controller
