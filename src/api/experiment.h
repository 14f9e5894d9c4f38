#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/analysis.h"
#include "api/canary_step.h"
#include "api/pod_template.h"
#include "api/rollout_status.h"
#include "api/unknown_fields.h"

namespace slipway::api {

/// One ReplicaSet of an Experiment.
struct TemplateSpec {
  std::string name;
  std::optional<std::int32_t> replicas;  ///< Default 1.
  std::int32_t min_ready_seconds = 0;
  std::optional<LabelSelector> selector;
  PodTemplate template_;
  Box<TemplateService> service;

  static constexpr void fields(auto&& visit) {
    visit("name", &TemplateSpec::name, Facets{.required = true});
    visit("replicas", &TemplateSpec::replicas);
    visit("minReadySeconds", &TemplateSpec::min_ready_seconds);
    visit("selector", &TemplateSpec::selector,
          Facets{.required = true, .schema = R"("x-kubernetes-map-type":"atomic")"});
    visit("template", &TemplateSpec::template_, Facets{.required = true});
    visit("service", &TemplateSpec::service);
  }
  bool operator==(const TemplateSpec&) const = default;
};

/// One analysis of an Experiment.
struct ExperimentAnalysisTemplateRef {
  std::string name;
  std::string template_name;
  std::optional<bool> cluster_scope;  ///< Default false.
  std::vector<Argument> args;
  bool required_for_completion = false;  ///< The experiment waits for it to end.

  static constexpr void fields(auto&& visit) {
    using Self = ExperimentAnalysisTemplateRef;
    visit("name", &Self::name, Facets{.required = true});
    visit("templateName", &Self::template_name, Facets{.required = true});
    visit("clusterScope", &Self::cluster_scope);
    visit("args", &Self::args);
    visit("requiredForCompletion", &Self::required_for_completion);
  }
  bool operator==(const ExperimentAnalysisTemplateRef&) const = default;
};

/// `spec` of an Experiment. The defaults of absent members are in `defaults.h`.
struct ExperimentSpec {
  std::vector<TemplateSpec> templates;
  std::string duration;  ///< A Go duration from when all are available. Default: no end.
  std::optional<std::int32_t> progress_deadline_seconds;
  bool terminate = false;  ///< Set from outside: end now.
  std::vector<ExperimentAnalysisTemplateRef> analyses;
  std::optional<std::int32_t> scale_down_delay_seconds;
  std::vector<DryRun> dry_run;
  std::vector<MeasurementRetention> measurement_retention;
  Box<AnalysisRunMetadata> analysis_run_metadata;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("templates", &ExperimentSpec::templates, Facets{.required = true});
    visit("duration", &ExperimentSpec::duration);
    visit("progressDeadlineSeconds", &ExperimentSpec::progress_deadline_seconds);
    visit("terminate", &ExperimentSpec::terminate);
    visit("analyses", &ExperimentSpec::analyses);
    visit("scaleDownDelaySeconds", &ExperimentSpec::scale_down_delay_seconds);
    visit("dryRun", &ExperimentSpec::dry_run);
    visit("measurementRetention", &ExperimentSpec::measurement_retention);
    visit("analysisRunMetadata", &ExperimentSpec::analysis_run_metadata);
  }
  bool operator==(const ExperimentSpec&) const = default;
};

/// What one template's ReplicaSet came to.
struct TemplateStatus {
  std::string name;
  std::int32_t replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::optional<std::int32_t> collision_count;
  std::string status;  ///< Progressing, Running, Successful, Failed, Error
  std::string message;
  std::optional<Instant> last_transition_time;  ///< When `status` last changed.
  std::string service_name;
  std::string pod_template_hash;

  static constexpr void fields(auto&& visit) {
    visit("name", &TemplateStatus::name, Facets{.required = true});
    visit("replicas", &TemplateStatus::replicas, Facets{.required = true});
    visit("updatedReplicas", &TemplateStatus::updated_replicas, Facets{.required = true});
    visit("readyReplicas", &TemplateStatus::ready_replicas, Facets{.required = true});
    visit("availableReplicas", &TemplateStatus::available_replicas, Facets{.required = true});
    visit("collisionCount", &TemplateStatus::collision_count);
    visit("status", &TemplateStatus::status);
    visit("message", &TemplateStatus::message);
    visit("lastTransitionTime", &TemplateStatus::last_transition_time);
    visit("serviceName", &TemplateStatus::service_name);
    visit("podTemplateHash", &TemplateStatus::pod_template_hash);
  }
  bool operator==(const TemplateStatus&) const = default;
};

/// One AnalysisRun of an Experiment.
struct ExperimentAnalysisRunStatus {
  std::string name;          ///< As in `spec.analyses`.
  std::string analysis_run;  ///< Name of the AnalysisRun.
  std::string phase;
  std::string message;

  static constexpr void fields(auto&& visit) {
    visit("name", &ExperimentAnalysisRunStatus::name, Facets{.required = true});
    visit("analysisRun", &ExperimentAnalysisRunStatus::analysis_run, Facets{.required = true});
    visit("phase", &ExperimentAnalysisRunStatus::phase, Facets{.required = true});
    visit("message", &ExperimentAnalysisRunStatus::message);
  }
  bool operator==(const ExperimentAnalysisRunStatus&) const = default;
};

/// `status` of an Experiment.
struct ExperimentStatus {
  std::string phase;  ///< Pending, Running, Successful, Failed, Error, Inconclusive
  std::string message;
  std::vector<TemplateStatus> template_statuses;
  std::optional<Instant> available_at;  ///< When all templates became available.
  std::vector<RolloutCondition> conditions;
  std::vector<ExperimentAnalysisRunStatus> analysis_runs;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("phase", &ExperimentStatus::phase);
    visit("message", &ExperimentStatus::message);
    visit("templateStatuses", &ExperimentStatus::template_statuses);
    visit("availableAt", &ExperimentStatus::available_at);
    visit("conditions", &ExperimentStatus::conditions);
    visit("analysisRuns", &ExperimentStatus::analysis_runs);
  }
  bool operator==(const ExperimentStatus&) const = default;
};

/// ReplicaSets that run side by side for a while, and analyses of them.
struct Experiment {
  static constexpr Kind kind = kinds::experiment;
  ObjectMeta metadata;
  ExperimentSpec spec;
  ExperimentStatus status;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &Experiment::metadata);
    visit("spec", &Experiment::spec, Facets{.required = true});
    visit("status", &Experiment::status);
  }
  bool operator==(const Experiment&) const = default;
};

}  // namespace slipway::api
