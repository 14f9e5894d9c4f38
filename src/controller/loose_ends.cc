#include "controller/loose_ends.h"

#include "base/log.h"

namespace slipway::controller {

std::shared_ptr<const api::ReplicaSet> read_occupant(const Json& object) {
  Result<api::ReplicaSet> occupant = api::decode<api::ReplicaSet>(object);
  if (occupant) return std::make_shared<const api::ReplicaSet>(*std::move(occupant));
  log::error("cannot read a ReplicaSet", {
                                             {"error", occupant.error().text()}
  });
  return nullptr;
}

}  // namespace slipway::controller
