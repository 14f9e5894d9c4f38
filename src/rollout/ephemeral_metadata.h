#pragma once

#include <optional>

#include "api/canary_step.h"
#include "api/rollout.h"
#include "api/workload.h"
#include "kubernetes/write.h"

namespace slipway::rollout {

/// Labels and annotations that pods carry only while their ReplicaSet plays a part: stableMetadata,
/// canaryMetadata, activeMetadata, previewMetadata. Source: behaviour.md 23.

/// The strategy names any. Where it names none (any more), what was put on stays, as with Argo
/// Rollouts: a cluster that was taken over sees no write for it.
bool uses_ephemeral_metadata(const api::Rollout& rollout);

enum class Part { stable, newest, old };
/// What pods of a ReplicaSet in that part shall carry beyond their template.
api::PodTemplateMetadata metadata_for(const api::Rollout& rollout, Part part);
/// The part of the ReplicaSet of that hash, as the stored status has it.
Part part_of(const api::Rollout& rollout, const std::string& hash, const std::string& new_hash);

/// What a ReplicaSet's annotation says was put on. An unreadable one says nothing.
api::PodTemplateMetadata put_on(const api::ReplicaSet& replica_set);
/// As that annotation has it.
std::string metadata_text(const api::PodTemplateMetadata& metadata);

/// Changes a pod template's metadata from carrying `before` to carrying `wanted`. A key that was
/// covered gets back the value that `own` (the metadata of the template without any) has for it.
/// Compat: Argo Rollouts takes such a key away.
void change_metadata(Json& metadata, const api::PodTemplateMetadata& before,
                     const api::PodTemplateMetadata& wanted, const Json& own);

/// The ReplicaSet's template was changed, and not all of its pods are known to read like it.
bool pods_are_behind(const api::ReplicaSet& replica_set);
/// What its pods may carry from before the last change: the keys count.
api::PodTemplateMetadata pods_may_carry(const api::ReplicaSet& replica_set);
/// What makes the pod read like its ReplicaSet's template in all keys that were ever put on;
/// nothing where it does. `template_metadata` is that template's metadata.
std::optional<kubernetes::Write> bring_up(const api::Pod& pod, const api::ReplicaSet& replica_set,
                                          const Json& template_metadata);

}  // namespace slipway::rollout
