#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/analysis_reference.h"
#include "api/metric_provider.h"
#include "api/unknown_fields.h"

namespace slipway::api {

struct SecretKeyRef {
  std::string name;
  std::string key;

  static constexpr void fields(auto&& visit) {
    visit("name", &SecretKeyRef::name, Facets{.required = true});
    visit("key", &SecretKeyRef::key, Facets{.required = true});
  }
  bool operator==(const SecretKeyRef&) const = default;
};

/// Where a template's or run's argument takes its value from. One member is set.
struct ValueFrom {
  std::optional<SecretKeyRef> secret_key_ref;
  std::optional<FieldRef> field_ref;

  static constexpr void fields(auto&& visit) {
    visit("secretKeyRef", &ValueFrom::secret_key_ref);
    visit("fieldRef", &ValueFrom::field_ref);
  }
  bool operator==(const ValueFrom&) const = default;
};

/// An argument of an AnalysisTemplate or AnalysisRun. Without a value it must be handed in.
struct Argument {
  std::string name;
  std::optional<std::string> value;
  Box<ValueFrom> value_from;

  static constexpr void fields(auto&& visit) {
    visit("name", &Argument::name, Facets{.required = true});
    visit("value", &Argument::value);
    visit("valueFrom", &Argument::value_from);
  }
  bool operator==(const Argument&) const = default;
};

/// What is measured, how often, and what the values mean. Counts may be argument templates
/// (`{{args.count}}`), hence texts.
struct Metric {
  std::string name;
  std::string interval;              ///< A Go duration between measurements.
  std::string initial_delay;         ///< A Go duration before the first one.
  std::optional<IntOrString> count;  ///< Default: 1 without an interval, else no end.
  std::string success_condition;     ///< An expression over `result`.
  std::string failure_condition;
  std::optional<IntOrString> failure_limit;            ///< Default 0; -1: none.
  std::optional<IntOrString> inconclusive_limit;       ///< Default 0.
  std::optional<IntOrString> consecutive_error_limit;  ///< Default 4.
  MetricProvider provider;
  std::optional<IntOrString> consecutive_success_limit;  ///< Default 0: off.

  static constexpr void fields(auto&& visit) {
    visit("name", &Metric::name, Facets{.required = true});
    visit("interval", &Metric::interval);
    visit("initialDelay", &Metric::initial_delay);
    visit("count", &Metric::count);
    visit("successCondition", &Metric::success_condition);
    visit("failureCondition", &Metric::failure_condition);
    visit("failureLimit", &Metric::failure_limit);
    visit("inconclusiveLimit", &Metric::inconclusive_limit);
    visit("consecutiveErrorLimit", &Metric::consecutive_error_limit);
    visit("provider", &Metric::provider, Facets{.required = true});
    visit("consecutiveSuccessLimit", &Metric::consecutive_success_limit);
  }
  bool operator==(const Metric&) const = default;
};

/// `spec` of an AnalysisTemplate and of a ClusterAnalysisTemplate.
struct AnalysisTemplateSpec {
  std::vector<Metric> metrics;
  std::vector<Argument> args;
  std::vector<DryRun> dry_run;
  std::vector<MeasurementRetention> measurement_retention;
  std::vector<AnalysisTemplateRef> templates;  ///< Whose metrics are taken in too.
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metrics", &AnalysisTemplateSpec::metrics);
    visit("args", &AnalysisTemplateSpec::args);
    visit("dryRun", &AnalysisTemplateSpec::dry_run);
    visit("measurementRetention", &AnalysisTemplateSpec::measurement_retention);
    visit("templates", &AnalysisTemplateSpec::templates);
  }
  bool operator==(const AnalysisTemplateSpec&) const = default;
};

struct AnalysisTemplate {
  static constexpr Kind kind = kinds::analysis_template;
  ObjectMeta metadata;
  AnalysisTemplateSpec spec;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &AnalysisTemplate::metadata);
    visit("spec", &AnalysisTemplate::spec, Facets{.required = true});
  }
  bool operator==(const AnalysisTemplate&) const = default;
};

struct ClusterAnalysisTemplate {
  static constexpr Kind kind = kinds::cluster_analysis_template;
  ObjectMeta metadata;
  AnalysisTemplateSpec spec;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &ClusterAnalysisTemplate::metadata);
    visit("spec", &ClusterAnalysisTemplate::spec, Facets{.required = true});
  }
  bool operator==(const ClusterAnalysisTemplate&) const = default;
};

/// How long a finished run is kept, in seconds. The more particular member wins.
struct TTLStrategy {
  std::optional<std::int32_t> seconds_after_completion;
  std::optional<std::int32_t> seconds_after_failure;
  std::optional<std::int32_t> seconds_after_success;

  static constexpr void fields(auto&& visit) {
    visit("secondsAfterCompletion", &TTLStrategy::seconds_after_completion);
    visit("secondsAfterFailure", &TTLStrategy::seconds_after_failure);
    visit("secondsAfterSuccess", &TTLStrategy::seconds_after_success);
  }
  bool operator==(const TTLStrategy&) const = default;
};

/// `spec` of an AnalysisRun: templates resolved, arguments filled in.
struct AnalysisRunSpec {
  std::vector<Metric> metrics;
  std::vector<Argument> args;
  bool terminate = false;  ///< Set from outside: end now, as Successful unless something failed.
  std::vector<DryRun> dry_run;
  std::vector<MeasurementRetention> measurement_retention;
  std::optional<TTLStrategy> ttl_strategy;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metrics", &AnalysisRunSpec::metrics, Facets{.required = true});
    visit("args", &AnalysisRunSpec::args);
    visit("terminate", &AnalysisRunSpec::terminate);
    visit("dryRun", &AnalysisRunSpec::dry_run);
    visit("measurementRetention", &AnalysisRunSpec::measurement_retention);
    visit("ttlStrategy", &AnalysisRunSpec::ttl_strategy);
  }
  bool operator==(const AnalysisRunSpec&) const = default;
};

/// How many measurements ended how. Metrics in a dry run are counted apart.
struct RunSummary {
  std::int32_t count = 0;
  std::int32_t successful = 0;
  std::int32_t failed = 0;
  std::int32_t inconclusive = 0;
  std::int32_t error = 0;

  static constexpr void fields(auto&& visit) {
    visit("count", &RunSummary::count);
    visit("successful", &RunSummary::successful);
    visit("failed", &RunSummary::failed);
    visit("inconclusive", &RunSummary::inconclusive);
    visit("error", &RunSummary::error);
  }
  bool operator==(const RunSummary&) const = default;
};

/// One measurement of one metric.
struct Measurement {
  std::string phase;
  std::string message;
  std::optional<Instant> started_at;
  std::optional<Instant> finished_at;
  std::string value;
  StringMap metadata;                ///< The provider's own notes.
  std::optional<Instant> resume_at;  ///< When to look again at one that isn't finished.

  static constexpr void fields(auto&& visit) {
    visit("phase", &Measurement::phase, Facets{.required = true});
    visit("message", &Measurement::message);
    visit("startedAt", &Measurement::started_at);
    visit("finishedAt", &Measurement::finished_at);
    visit("value", &Measurement::value);
    visit("metadata", &Measurement::metadata);
    visit("resumeAt", &Measurement::resume_at);
  }
  bool operator==(const Measurement&) const = default;
};

/// All that is known of one metric of a run.
struct MetricResult {
  std::string name;
  std::string phase;
  std::vector<Measurement> measurements;  ///< The newest ones, oldest first.
  std::string message;
  std::int32_t count = 0;
  std::int32_t successful = 0;
  std::int32_t failed = 0;
  std::int32_t inconclusive = 0;
  std::int32_t error = 0;
  std::int32_t consecutive_error = 0;
  bool dry_run = false;
  StringMap metadata;
  std::int32_t consecutive_success = 0;

  static constexpr void fields(auto&& visit) {
    visit("name", &MetricResult::name, Facets{.required = true});
    visit("phase", &MetricResult::phase, Facets{.required = true});
    visit("measurements", &MetricResult::measurements);
    visit("message", &MetricResult::message);
    visit("count", &MetricResult::count);
    visit("successful", &MetricResult::successful);
    visit("failed", &MetricResult::failed);
    visit("inconclusive", &MetricResult::inconclusive);
    visit("error", &MetricResult::error);
    visit("consecutiveError", &MetricResult::consecutive_error);
    visit("dryRun", &MetricResult::dry_run);
    visit("metadata", &MetricResult::metadata);
    visit("consecutiveSuccess", &MetricResult::consecutive_success);
  }
  bool operator==(const MetricResult&) const = default;
};

/// `status` of an AnalysisRun.
struct AnalysisRunStatus {
  std::string phase;  ///< Pending, Running, Successful, Failed, Error, Inconclusive
  std::string message;
  std::vector<MetricResult> metric_results;
  std::optional<Instant> started_at;
  RunSummary run_summary;
  Box<RunSummary> dry_run_summary;
  std::optional<Instant> completed_at;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("phase", &AnalysisRunStatus::phase, Facets{.required = true});
    visit("message", &AnalysisRunStatus::message);
    visit("metricResults", &AnalysisRunStatus::metric_results);
    visit("startedAt", &AnalysisRunStatus::started_at);
    visit("runSummary", &AnalysisRunStatus::run_summary, Facets{.always_written = true});
    visit("dryRunSummary", &AnalysisRunStatus::dry_run_summary);
    visit("completedAt", &AnalysisRunStatus::completed_at);
  }
  bool operator==(const AnalysisRunStatus&) const = default;
};

struct AnalysisRun {
  static constexpr Kind kind = kinds::analysis_run;
  ObjectMeta metadata;
  AnalysisRunSpec spec;
  AnalysisRunStatus status;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &AnalysisRun::metadata);
    visit("spec", &AnalysisRun::spec, Facets{.required = true});
    visit("status", &AnalysisRun::status);
  }
  bool operator==(const AnalysisRun&) const = default;
};

}  // namespace slipway::api
