#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/box.h"
#include "api/meta.h"
#include "api/unknown_fields.h"

namespace slipway::api {

/// Why the controller paused a rollout, and since when.
struct PauseCondition {
  std::string reason;  ///< InconclusiveAnalysisRun, InconclusiveExperiment, CanaryPauseStep,
                       ///< BlueGreenPause
  std::optional<Instant> start_time;

  static constexpr void fields(auto&& visit) {
    visit("reason", &PauseCondition::reason, Facets{.required = true});
    visit("startTime", &PauseCondition::start_time, Facets{.required = true});
  }
  bool operator==(const PauseCondition&) const = default;
};

/// A condition of a Rollout or an Experiment.
struct RolloutCondition {
  std::string type;    ///< InvalidSpec, Available, Progressing, Paused, Completed, Healthy, ...
  std::string status;  ///< True, False, Unknown
  std::optional<Instant> last_update_time;      ///< When anything of it was last written.
  std::optional<Instant> last_transition_time;  ///< When `status` last changed.
  std::string reason;
  std::string message;

  static constexpr void fields(auto&& visit) {
    visit("type", &RolloutCondition::type, Facets{.required = true});
    visit("status", &RolloutCondition::status, Facets{.required = true});
    visit("lastUpdateTime", &RolloutCondition::last_update_time, Facets{.required = true});
    visit("lastTransitionTime", &RolloutCondition::last_transition_time, Facets{.required = true});
    visit("reason", &RolloutCondition::reason, Facets{.required = true});
    visit("message", &RolloutCondition::message, Facets{.required = true});
  }
  bool operator==(const RolloutCondition&) const = default;
};

/// An AnalysisRun that a rollout waits for or watches.
struct RolloutAnalysisRunStatus {
  std::string name;
  std::string status;  ///< The run's phase.
  std::string message;

  static constexpr void fields(auto&& visit) {
    visit("name", &RolloutAnalysisRunStatus::name, Facets{.required = true});
    visit("status", &RolloutAnalysisRunStatus::status, Facets{.required = true});
    visit("message", &RolloutAnalysisRunStatus::message);
  }
  bool operator==(const RolloutAnalysisRunStatus&) const = default;
};

/// The weight that one service or ReplicaSet was given.
struct WeightDestination {
  std::int32_t weight = 0;  ///< Of `maxTrafficWeight`.
  std::string service_name;
  std::string pod_template_hash;

  static constexpr void fields(auto&& visit) {
    visit("weight", &WeightDestination::weight, Facets{.required = true});
    visit("serviceName", &WeightDestination::service_name);
    visit("podTemplateHash", &WeightDestination::pod_template_hash);
  }
  bool operator==(const WeightDestination&) const = default;
};

/// How traffic is split now.
struct TrafficWeights {
  WeightDestination canary;
  WeightDestination stable;
  std::vector<WeightDestination> additional;  ///< Of experiment steps.
  std::optional<bool> verified;  ///< Whether the router confirmed it; absent: it can't tell.

  static constexpr void fields(auto&& visit) {
    visit("canary", &TrafficWeights::canary, Facets{.required = true});
    visit("stable", &TrafficWeights::stable, Facets{.required = true});
    visit("additional", &TrafficWeights::additional);
    visit("verified", &TrafficWeights::verified);
  }
  bool operator==(const TrafficWeights&) const = default;
};

/// What a plugin step did so far.
struct StepPluginStatus {
  std::int32_t index = 0;  ///< Of the canary step.
  std::string name;
  std::string operation;  ///< Run, Terminate, Abort
  std::string phase;      ///< Running, Successful, Failed, Error
  std::string message;
  std::optional<Instant> started_at;
  std::optional<Instant> updated_at;
  std::optional<Instant> finished_at;
  std::string backoff;  ///< A Go duration: when to call again.
  std::int32_t executions = 0;
  bool disabled = false;
  Json status;  ///< The plugin's own; null where there is none.

  static constexpr void fields(auto&& visit) {
    visit("index", &StepPluginStatus::index, Facets{.required = true});
    visit("name", &StepPluginStatus::name, Facets{.required = true});
    visit("operation", &StepPluginStatus::operation, Facets{.required = true});
    visit("phase", &StepPluginStatus::phase);
    visit("message", &StepPluginStatus::message);
    visit("startedAt", &StepPluginStatus::started_at);
    visit("updatedAt", &StepPluginStatus::updated_at);
    visit("finishedAt", &StepPluginStatus::finished_at);
    visit("backoff", &StepPluginStatus::backoff);
    visit("executions", &StepPluginStatus::executions);
    visit("disabled", &StepPluginStatus::disabled);
    visit("status", &StepPluginStatus::status);
  }
  bool operator==(const StepPluginStatus&) const = default;
};

/// `status.canary`
struct CanaryStatus {
  Box<RolloutAnalysisRunStatus> current_step_analysis_run_status;
  Box<RolloutAnalysisRunStatus> current_background_analysis_run_status;
  std::string current_experiment;  ///< Name of the Experiment of the current step.
  Box<TrafficWeights> weights;
  std::string stable_ping_pong;  ///< "ping" or "pong"
  std::vector<StepPluginStatus> step_plugin_statuses;

  static constexpr void fields(auto&& visit) {
    visit("currentStepAnalysisRunStatus", &CanaryStatus::current_step_analysis_run_status);
    visit("currentBackgroundAnalysisRunStatus",
          &CanaryStatus::current_background_analysis_run_status);
    visit("currentExperiment", &CanaryStatus::current_experiment);
    visit("weights", &CanaryStatus::weights);
    visit("stablePingPong", &CanaryStatus::stable_ping_pong);
    visit("stepPluginStatuses", &CanaryStatus::step_plugin_statuses);
  }
  bool operator==(const CanaryStatus&) const = default;
};

/// `status.blueGreen`
struct BlueGreenStatus {
  std::string preview_selector;  ///< Pod template hash that the preview service selects.
  std::string active_selector;   ///< Pod template hash that the active service selects.
  bool scale_up_preview_check_point = false;  ///< The preview may grow beyond its preview count.
  Box<RolloutAnalysisRunStatus> pre_promotion_analysis_run_status;
  Box<RolloutAnalysisRunStatus> post_promotion_analysis_run_status;

  static constexpr void fields(auto&& visit) {
    visit("previewSelector", &BlueGreenStatus::preview_selector);
    visit("activeSelector", &BlueGreenStatus::active_selector);
    visit("scaleUpPreviewCheckPoint", &BlueGreenStatus::scale_up_preview_check_point);
    visit("prePromotionAnalysisRunStatus", &BlueGreenStatus::pre_promotion_analysis_run_status);
    visit("postPromotionAnalysisRunStatus", &BlueGreenStatus::post_promotion_analysis_run_status);
  }
  bool operator==(const BlueGreenStatus&) const = default;
};

struct AwsResourceRef {
  std::string name;
  std::string arn;
  std::string full_name;

  static constexpr void fields(auto&& visit) {
    visit("name", &AwsResourceRef::name, Facets{.required = true});
    visit("arn", &AwsResourceRef::arn, Facets{.required = true});
    visit("fullName", &AwsResourceRef::full_name, Facets{.always_written = true});
  }
  bool operator==(const AwsResourceRef&) const = default;
};

/// The load balancer behind one Ingress.
struct ALBStatus {
  AwsResourceRef load_balancer;
  AwsResourceRef canary_target_group;
  AwsResourceRef stable_target_group;
  std::string ingress;

  static constexpr void fields(auto&& visit) {
    visit("loadBalancer", &ALBStatus::load_balancer, Facets{.always_written = true});
    visit("canaryTargetGroup", &ALBStatus::canary_target_group, Facets{.always_written = true});
    visit("stableTargetGroup", &ALBStatus::stable_target_group, Facets{.always_written = true});
    visit("ingress", &ALBStatus::ingress);
  }
  bool operator==(const ALBStatus&) const = default;
};

/// How long an update took, for metrics.
struct RolloutDurationStatus {
  std::optional<Instant> rollout_started_at;
  std::optional<Instant> manual_pause_started_at;  ///< Set while a person's pause lasts.
  std::optional<std::int64_t> total_manual_pause_duration_seconds;
  std::optional<Instant> finished_at;
  std::optional<std::string> completion_status;  ///< Promoted, FastPromoted, Aborted, Superseded,
                                                 ///< RolledBack, FastRolledBack

  static constexpr void fields(auto&& visit) {
    visit("rolloutStartedAt", &RolloutDurationStatus::rollout_started_at);
    visit("manualPauseStartedAt", &RolloutDurationStatus::manual_pause_started_at);
    visit("totalManualPauseDurationSeconds",
          &RolloutDurationStatus::total_manual_pause_duration_seconds);
    visit("finishedAt", &RolloutDurationStatus::finished_at);
    visit("completionStatus", &RolloutDurationStatus::completion_status);
  }
  bool operator==(const RolloutDurationStatus&) const = default;
};

/// `status` of a Rollout. Formats are Argo Rollouts' to the letter, so that either controller can
/// go on where the other stopped.
struct RolloutStatus {
  bool abort = false;  ///< Set by people too: go back to stable.
  std::vector<PauseCondition> pause_conditions;
  bool controller_pause = false;  ///< The controller added the pause conditions (and not a person).
  std::optional<Instant> aborted_at;
  std::string current_pod_hash;   ///< Of the pod template being rolled out.
  std::string current_step_hash;  ///< Of the canary steps.
  std::int32_t replicas = 0;      ///< All pods.
  std::int32_t updated_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::optional<std::int32_t> current_step_index;  ///< Size of the steps: all are done.
  std::optional<std::int32_t> collision_count;
  std::string observed_generation;  ///< A number as text.
  std::vector<RolloutCondition> conditions;
  CanaryStatus canary;
  BlueGreenStatus blue_green;
  std::int32_t hpa_replicas = 0;  ///< What the scale subresource reports.
  std::string selector;           ///< For the scale subresource, in text form.
  std::string stable_rs;          ///< Hash of the version that an abort goes back to.
  std::optional<Instant> restarted_at;
  bool promote_full = false;  ///< Set by people: skip steps, pauses and analysis.
  std::string phase;          ///< Healthy, Degraded, Progressing, Paused
  std::string message;        ///< Why it has that phase.
  std::string workload_observed_generation;
  Box<ALBStatus> alb;  ///< Superseded by `albs`.
  std::vector<ALBStatus> albs;
  Box<RolloutDurationStatus> duration;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("abort", &RolloutStatus::abort);
    visit("pauseConditions", &RolloutStatus::pause_conditions);
    visit("controllerPause", &RolloutStatus::controller_pause);
    visit("abortedAt", &RolloutStatus::aborted_at);
    visit("currentPodHash", &RolloutStatus::current_pod_hash);
    visit("currentStepHash", &RolloutStatus::current_step_hash);
    visit("replicas", &RolloutStatus::replicas);
    visit("updatedReplicas", &RolloutStatus::updated_replicas);
    visit("readyReplicas", &RolloutStatus::ready_replicas);
    visit("availableReplicas", &RolloutStatus::available_replicas);
    visit("currentStepIndex", &RolloutStatus::current_step_index);
    visit("collisionCount", &RolloutStatus::collision_count);
    visit("observedGeneration", &RolloutStatus::observed_generation);
    visit("conditions", &RolloutStatus::conditions);
    visit("canary", &RolloutStatus::canary, Facets{.always_written = true});
    visit("blueGreen", &RolloutStatus::blue_green, Facets{.always_written = true});
    visit("HPAReplicas", &RolloutStatus::hpa_replicas);
    visit("selector", &RolloutStatus::selector);
    visit("stableRS", &RolloutStatus::stable_rs);
    visit("restartedAt", &RolloutStatus::restarted_at);
    visit("promoteFull", &RolloutStatus::promote_full);
    visit("phase", &RolloutStatus::phase);
    visit("message", &RolloutStatus::message);
    visit("workloadObservedGeneration", &RolloutStatus::workload_observed_generation);
    visit("alb", &RolloutStatus::alb);
    visit("albs", &RolloutStatus::albs);
    visit("duration", &RolloutStatus::duration);
  }
  bool operator==(const RolloutStatus&) const = default;
};

}  // namespace slipway::api
