#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/blue_green.h"
#include "api/canary.h"
#include "api/meta.h"
#include "api/pod_template.h"
#include "api/rollout_status.h"
#include "api/unknown_fields.h"

namespace slipway::api {

/// How many finished AnalysisRuns and Experiments are kept.
struct AnalysisRunStrategy {
  std::optional<std::int32_t> successful_run_history_limit;
  std::optional<std::int32_t> unsuccessful_run_history_limit;

  static constexpr void fields(auto&& visit) {
    visit("successfulRunHistoryLimit", &AnalysisRunStrategy::successful_run_history_limit);
    visit("unsuccessfulRunHistoryLimit", &AnalysisRunStrategy::unsuccessful_run_history_limit);
  }
  bool operator==(const AnalysisRunStrategy&) const = default;
};

/// Going back to a version at most this many revisions old skips steps and analysis.
struct RollbackWindowSpec {
  std::int32_t revisions = 0;  ///< 0: off.

  static constexpr void fields(auto&& visit) { visit("revisions", &RollbackWindowSpec::revisions); }
  bool operator==(const RollbackWindowSpec&) const = default;
};

/// `spec.workloadRef`: the object whose pod template the Rollout takes over.
struct RolloutWorkloadRef {
  std::string api_version;
  std::string kind;  ///< Deployment, ReplicaSet, PodTemplate
  std::string name;
  std::string scale_down;  ///< never (default), onsuccess, progressively

  static constexpr void fields(auto&& visit) {
    visit("apiVersion", &RolloutWorkloadRef::api_version);
    visit("kind", &RolloutWorkloadRef::kind);
    visit("name", &RolloutWorkloadRef::name);
    visit("scaleDown", &RolloutWorkloadRef::scale_down);
  }
  bool operator==(const RolloutWorkloadRef&) const = default;
};

/// `spec.strategy`. Validation admits exactly one set member.
struct RolloutStrategy {
  Box<BlueGreenStrategy> blue_green;
  Box<CanaryStrategy> canary;

  static constexpr void fields(auto&& visit) {
    visit("blueGreen", &RolloutStrategy::blue_green);
    visit("canary", &RolloutStrategy::canary);
  }
  bool operator==(const RolloutStrategy&) const = default;
};

/// `spec` of a Rollout. The defaults of absent members are in `defaults.h`. Source: Argo Rollouts
/// API reference, `RolloutSpec`.
struct RolloutSpec {
  std::optional<std::int32_t> replicas;
  std::optional<LabelSelector> selector;  ///< Immutable. Absent only with `workload_ref`.
  PodTemplate template_;                  ///< Absent only with `workload_ref`.
  Box<RolloutWorkloadRef> workload_ref;
  std::int32_t min_ready_seconds = 0;  ///< A pod counts as available when ready for so long.
  std::optional<RollbackWindowSpec> rollback_window;
  RolloutStrategy strategy;
  std::optional<std::int32_t> revision_history_limit;  ///< Old ReplicaSets kept.
  bool paused = false;                                 ///< Set by people: hold everything.
  std::optional<std::int32_t> progress_deadline_seconds;
  bool progress_deadline_abort = false;  ///< Abort when the progress deadline has passed.
  std::optional<Instant> restart_at;     ///< Pods older than this are replaced.
  std::optional<AnalysisRunStrategy> analysis;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("replicas", &RolloutSpec::replicas);
    visit("selector", &RolloutSpec::selector,
          Facets{.schema =
                     R"("x-kubernetes-map-type":"atomic","x-kubernetes-validations":)"
                     R"([{"message":".spec.selector is immutable","rule":"self == oldSelf"}])"});
    visit("template", &RolloutSpec::template_);
    visit("workloadRef", &RolloutSpec::workload_ref);
    visit("minReadySeconds", &RolloutSpec::min_ready_seconds);
    visit("rollbackWindow", &RolloutSpec::rollback_window);
    visit("strategy", &RolloutSpec::strategy);
    visit("revisionHistoryLimit", &RolloutSpec::revision_history_limit);
    visit("paused", &RolloutSpec::paused);
    visit("progressDeadlineSeconds", &RolloutSpec::progress_deadline_seconds);
    visit("progressDeadlineAbort", &RolloutSpec::progress_deadline_abort);
    visit("restartAt", &RolloutSpec::restart_at);
    visit("analysis", &RolloutSpec::analysis);
  }
  bool operator==(const RolloutSpec&) const = default;
};

/// A workload whose updates go out step by step.
struct Rollout {
  static constexpr Kind kind = kinds::rollout;
  ObjectMeta metadata;
  RolloutSpec spec;
  RolloutStatus status;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &Rollout::metadata);
    visit("spec", &Rollout::spec, Facets{.required = true});
    visit("status", &Rollout::status);
  }
  bool operator==(const Rollout&) const = default;
};

}  // namespace slipway::api
