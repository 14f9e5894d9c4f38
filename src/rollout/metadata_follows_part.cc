#include <algorithm>

#include <fmt/format.h>

#include "rollout/ephemeral_metadata.h"
#include "rollout/keys.h"
#include "rollout/work.h"

/// Brings templates and pods to the labels and annotations of the part they play. First the
/// ReplicaSet's template, so that whatever pods are made from then on are right; the same write
/// notes that its running pods may not be. The note goes once all of them are, so a controller that
/// dies between the two loses nothing. Compat: Argo Rollouts changes pods only in the reconcile
/// that changed the template, and forgets those that it did not get to.
namespace slipway::rollout {
namespace {

/// So that one Rollout's pods hold up no other's turn.
constexpr std::size_t pods_at_once = 50;

/// What pods may carry from before: all that the note says already, and what is taken off now.
api::PodTemplateMetadata together(api::PodTemplateMetadata first,
                                  const api::PodTemplateMetadata& second) {
  first.labels.insert(second.labels.begin(), second.labels.end());
  first.annotations.insert(second.annotations.begin(), second.annotations.end());
  return first;
}

void change_template(Work& work, const api::ReplicaSet& replica_set) {
  const Part part = part_of(work.rollout, hash_of(replica_set), work.new_hash);
  const api::PodTemplateMetadata wanted = metadata_for(work.rollout, part);
  const api::PodTemplateMetadata before = put_on(replica_set);
  const api::PodTemplateMetadata nothing;
  const bool noted = replica_set.metadata.annotation(keys::ephemeral_metadata) != nullptr;
  if (wanted == nothing && !noted) return;
  ReplicaSetChange& change = work.change(replica_set);
  const Json own =
      &replica_set == work.roles.new_ ? work.rollout.spec.template_.content()["metadata"] : Json();
  Json& metadata = change.template_to_edit().member("metadata");
  const Json as_seen = metadata;
  change_metadata(metadata, before, wanted, own);
  const bool changed = !(metadata == as_seen);
  const bool to_note = wanted == nothing ? noted : !(noted && before == wanted);
  if (!changed && !to_note) return;
  change.because("metadata of its part");
  if (wanted == nothing) {
    change.annotations_to_remove.emplace_back(keys::ephemeral_metadata);
  } else if (to_note) {
    change.annotations[std::string(keys::ephemeral_metadata)] = metadata_text(wanted);
  }
  if (!changed || (spec_replicas(replica_set) == 0 && replica_set.status.replicas == 0)) return;
  change.annotations[std::string(keys::pods_behind)] =
      metadata_text(together(pods_may_carry(replica_set), before));
}

void change_pods(Work& work, const api::ReplicaSet& replica_set) {
  const Json metadata = replica_set.spec.template_.content()["metadata"];
  std::size_t behind = 0;
  for (const auto& pod : work.seen.pods) {
    const api::OwnerReference* owner = pod->metadata.controller();
    if (!owner || owner->uid != replica_set.metadata.uid || pod->metadata.deletion_timestamp) {
      continue;
    }
    auto write = bring_up(*pod, replica_set, metadata);
    if (!write) continue;
    ++behind;
    if (work.pod_writes.size() < pods_at_once) work.pod_writes.push_back(std::move(*write));
  }
  if (behind > 0) {
    work.because(fmt::format("brings labels and annotations of {} pods of {} up to date", behind,
                             name_of(replica_set)));
    work.look_again_in(Duration{});
    return;
  }
  // Before its controller has seen the new template, it may still make a pod of the old one.
  if (!is_observed(replica_set)) return;
  ReplicaSetChange& change = work.change(replica_set);
  change.annotations_to_remove.emplace_back(keys::pods_behind);
  change.because("its pods read like its template");
}

}  // namespace

void plan_ephemeral_metadata(Work& work) {
  for (const api::ReplicaSet* owned : work.roles.owned) {
    if (owned->metadata.deletion_timestamp) continue;
    if (uses_ephemeral_metadata(work.rollout)) change_template(work, *owned);
    const ReplicaSetChange& change = work.change(*owned);
    const bool settled = !change.annotations.contains(std::string(keys::pods_behind));
    if (settled && pods_are_behind(*owned)) change_pods(work, *owned);
  }
}

}  // namespace slipway::rollout
