#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/kinds.h"
#include "api/meta.h"
#include "api/pod_template.h"
#include "api/rollout.h"
#include "base/result.h"
#include "kubernetes/write.h"

namespace slipway::rollout {

struct Observed;

/// An object whose pod template a Rollout takes over: a Deployment, a ReplicaSet, a PodTemplate.
/// Only what a rollout decides on. Source: behaviour.md 22.
struct Workload {
  api::Kind kind;
  api::ObjectMeta metadata;
  std::optional<std::int32_t> replicas;        ///< None of a PodTemplate.
  std::optional<api::LabelSelector> selector;  ///< None of a PodTemplate.
  api::PodTemplate template_;
};
Result<Workload> decode_workload(const api::Kind& kind, const Json& object);

inline api::ObjectRef reference_to(const Workload& workload) {
  return {workload.kind, workload.metadata.key(), workload.metadata.uid};
}

/// Which object `spec.workloadRef` names.
struct WorkloadName {
  api::Kind kind;
  std::string name;
  bool operator==(const WorkloadName&) const = default;
};
/// Nothing where the Rollout names none, or one of a kind that can't be taken over.
std::optional<WorkloadName> named_workload(const api::Rollout& rollout);

/// Puts the workload's template (and its selector, where the Rollout has none) into the Rollout, in
/// memory. What is wrong with the reference becomes `Observed::workload_error`. Nothing to do for a
/// Rollout with a template of its own.
void resolve_workload(Observed& seen);

/// "3" of the workload that was seen; empty without one.
std::string workload_generation(const Observed& seen);

enum class WorkloadScaleDown { never, on_success, progressively };
/// An unknown text is `never`. Source: conditions-events.tsv.
WorkloadScaleDown scale_down_mode(const api::Rollout& rollout);

/// What the size of the workload depends on.
struct WorkloadFacts {
  WorkloadScaleDown mode = WorkloadScaleDown::never;
  bool first_revision = false;  ///< Later ones find it gone already.
  bool promoted = false;
  bool healthy = false;
  bool shrinking = false;  ///< The new ReplicaSet is asked for fewer pods than it has.
  std::int32_t desired = 1;
  std::int32_t ready = 0;  ///< Pods of the Rollout.
};
/// The size that a Deployment shall have whose pods the Rollout's take over from; nothing where it
/// is left alone.
std::optional<std::int32_t> workload_size(const WorkloadFacts& facts);

/// Changes a Deployment's size, held to the one that was seen.
std::optional<kubernetes::Write> resize_workload(const Workload& workload, std::int32_t replicas);

}  // namespace slipway::rollout
