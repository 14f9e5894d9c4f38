#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/box.h"
#include "api/meta.h"

namespace slipway::api {

/// Labels and annotations for AnalysisRuns that a Rollout or an Experiment makes.
struct AnalysisRunMetadata {
  StringMap labels;
  StringMap annotations;

  static constexpr void fields(auto&& visit) {
    visit("labels", &AnalysisRunMetadata::labels);
    visit("annotations", &AnalysisRunMetadata::annotations);
  }
  bool operator==(const AnalysisRunMetadata&) const = default;
};

/// Metrics whose failure doesn't fail the run. The name may be a regular expression or `*`.
struct DryRun {
  std::string metric_name;

  static constexpr void fields(auto&& visit) {
    visit("metricName", &DryRun::metric_name, Facets{.required = true});
  }
  bool operator==(const DryRun&) const = default;
};

/// How many measurements of a metric a run keeps. Without one: the newest 10.
struct MeasurementRetention {
  std::string metric_name;
  std::int32_t limit = 0;  ///< 0 or less leaves the default.

  static constexpr void fields(auto&& visit) {
    visit("metricName", &MeasurementRetention::metric_name, Facets{.required = true});
    visit("limit", &MeasurementRetention::limit, Facets{.required = true});
  }
  bool operator==(const MeasurementRetention&) const = default;
};

/// Names an AnalysisTemplate in the Rollout's namespace, or a ClusterAnalysisTemplate.
struct AnalysisTemplateRef {
  std::string template_name;
  std::optional<bool> cluster_scope;  ///< Default false.

  static constexpr void fields(auto&& visit) {
    visit("templateName", &AnalysisTemplateRef::template_name, Facets{.always_written = true});
    visit("clusterScope", &AnalysisTemplateRef::cluster_scope);
  }
  bool operator==(const AnalysisTemplateRef&) const = default;
};

/// A field of the Rollout by path: `metadata.labels['app']`.
struct FieldRef {
  std::string field_path;

  static constexpr void fields(auto&& visit) {
    visit("fieldPath", &FieldRef::field_path, Facets{.required = true});
  }
  bool operator==(const FieldRef&) const = default;
};

/// Where a Rollout's analysis argument takes its value from. One member is set.
struct ArgumentValueFrom {
  std::optional<std::string> pod_template_hash_value;  ///< "Stable" or "Latest"
  std::optional<FieldRef> field_ref;

  static constexpr void fields(auto&& visit) {
    visit("podTemplateHashValue", &ArgumentValueFrom::pod_template_hash_value);
    visit("fieldRef", &ArgumentValueFrom::field_ref);
  }
  bool operator==(const ArgumentValueFrom&) const = default;
};

/// An argument that a Rollout hands to its AnalysisRuns.
struct AnalysisRunArgument {
  std::string name;
  std::string value;
  Box<ArgumentValueFrom> value_from;

  static constexpr void fields(auto&& visit) {
    visit("name", &AnalysisRunArgument::name, Facets{.required = true});
    visit("value", &AnalysisRunArgument::value);
    visit("valueFrom", &AnalysisRunArgument::value_from);
  }
  bool operator==(const AnalysisRunArgument&) const = default;
};

/// Which templates a Rollout runs together as one AnalysisRun, and with what arguments.
struct RolloutAnalysis {
  std::vector<AnalysisTemplateRef> templates;
  std::vector<AnalysisRunArgument> args;
  std::vector<DryRun> dry_run;
  std::vector<MeasurementRetention> measurement_retention;
  Box<AnalysisRunMetadata> analysis_run_metadata;

  static constexpr void fields(auto&& visit) {
    visit("templates", &RolloutAnalysis::templates);
    visit("args", &RolloutAnalysis::args);
    visit("dryRun", &RolloutAnalysis::dry_run);
    visit("measurementRetention", &RolloutAnalysis::measurement_retention);
    visit("analysisRunMetadata", &RolloutAnalysis::analysis_run_metadata);
  }
  bool operator==(const RolloutAnalysis&) const = default;
};

/// Analysis that runs beside the canary steps, from a step on.
struct RolloutAnalysisBackground : RolloutAnalysis {
  using Base = RolloutAnalysis;
  std::optional<std::int32_t> starting_step;  ///< Index of a step. Default 0: from the beginning.

  static constexpr void fields(auto&& visit) {
    RolloutAnalysis::fields(visit);
    visit("startingStep", &RolloutAnalysisBackground::starting_step);
  }
  bool operator==(const RolloutAnalysisBackground&) const = default;
};

}  // namespace slipway::api
