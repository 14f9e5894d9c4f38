#pragma once

#include <string>

#include "api/rollout.h"
#include "api/workload.h"

namespace slipway::rollout {

/// What the ReplicaSet of a new template is made with.
struct NewReplicaSet {
  std::string hash;
  std::int64_t revision = 1;
  std::int32_t replicas = 0;
};

/// "web-5d4": a fixed name, so that a second attempt meets the first one's outcome.
std::string replica_set_name(const api::Rollout& rollout, const std::string& hash);

/// What makes the Rollout an object's controller.
Json owner_reference(const api::Rollout& rollout);

/// The template that a ReplicaSet was made of: without the hash label, and without what a strategy
/// put on it.
Json own_template(const api::ReplicaSet& replica_set);

/// The object to create. The hash label is put on it, on its pods and into its selector, so that no
/// two versions share pods. Source: behaviour.md 4.2.
Json make_replica_set(const api::Rollout& rollout, const NewReplicaSet& wanted);

}  // namespace slipway::rollout
