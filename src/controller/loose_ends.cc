#include "controller/loose_ends.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace slipway::controller {

bool has_same_spec(const api::Rollout& before, const api::Rollout* after) {
  return after != nullptr && after->metadata.uid == before.metadata.uid &&
         after->metadata.generation == before.metadata.generation;
}

bool has_moved_on(const api::Rollout& gathered, const api::Rollout* now) {
  return !has_same_spec(gathered, now) || now->metadata.deletion_timestamp ||
         now->status != gathered.status;
}

bool are_same(const rollout::Services& a, const rollout::Services& b) {
  const auto version = [](const auto& entry) {
    const auto& [name, service] = entry;
    return std::pair(
        std::string_view(name),
        service ? std::string_view(service->metadata.resource_version) : std::string_view());
  };
  return !a.empty() && std::ranges::equal(a, b, {}, version, version);
}

std::shared_ptr<const api::ReplicaSet> read_occupant(const Json& object) {
  Result<api::ReplicaSet> occupant = api::decode<api::ReplicaSet>(object);
  if (occupant) return std::make_shared<const api::ReplicaSet>(*std::move(occupant));
  log::error("cannot read a ReplicaSet", {
                                             {"error", occupant.error().text()}
  });
  return nullptr;
}

}  // namespace slipway::controller
