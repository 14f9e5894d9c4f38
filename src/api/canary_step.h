#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/analysis_reference.h"
#include "api/box.h"
#include "api/meta.h"

namespace slipway::api {

/// Labels and annotations put on pods beyond their template's.
struct PodTemplateMetadata {
  StringMap labels;
  StringMap annotations;

  static constexpr void fields(auto&& visit) {
    visit("labels", &PodTemplateMetadata::labels);
    visit("annotations", &PodTemplateMetadata::annotations);
  }
  bool operator==(const PodTemplateMetadata&) const = default;
};

/// A pause between steps.
struct RolloutPause {
  /// Seconds, or a Go duration ("1h"). Without one: until a person promotes.
  std::optional<IntOrString> duration;

  static constexpr void fields(auto&& visit) { visit("duration", &RolloutPause::duration); }
  bool operator==(const RolloutPause&) const = default;
};

/// A Service for one template of an Experiment.
struct TemplateService {
  std::string name;  ///< Default: the ReplicaSet's name.

  static constexpr void fields(auto&& visit) { visit("name", &TemplateService::name); }
  bool operator==(const TemplateService&) const = default;
};

/// One template of an experiment step: pods of the stable or canary version beside the rollout's.
struct RolloutExperimentTemplate {
  std::string name;
  std::string spec_ref;  ///< "canary" or "stable"
  std::optional<std::int32_t> replicas;
  Box<PodTemplateMetadata> metadata;
  Box<LabelSelector> selector;
  std::optional<std::int32_t> weight;  ///< Share of traffic, with a router.
  Box<TemplateService> service;

  static constexpr void fields(auto&& visit) {
    visit("name", &RolloutExperimentTemplate::name, Facets{.required = true});
    visit("specRef", &RolloutExperimentTemplate::spec_ref, Facets{.required = true});
    visit("replicas", &RolloutExperimentTemplate::replicas);
    visit("metadata", &RolloutExperimentTemplate::metadata);
    visit("selector", &RolloutExperimentTemplate::selector,
          Facets{.schema = R"("x-kubernetes-map-type":"atomic")"});
    visit("weight", &RolloutExperimentTemplate::weight);
    visit("service", &RolloutExperimentTemplate::service);
  }
  bool operator==(const RolloutExperimentTemplate&) const = default;
};

/// One analysis of an experiment step.
struct RolloutExperimentStepAnalysisTemplateRef {
  std::string name;
  std::string template_name;
  std::optional<bool> cluster_scope;  ///< Default false.
  std::vector<AnalysisRunArgument> args;
  bool required_for_completion = false;  ///< The experiment waits for it to end.

  static constexpr void fields(auto&& visit) {
    using Self = RolloutExperimentStepAnalysisTemplateRef;
    visit("name", &Self::name, Facets{.required = true});
    visit("templateName", &Self::template_name, Facets{.required = true});
    visit("clusterScope", &Self::cluster_scope);
    visit("args", &Self::args);
    visit("requiredForCompletion", &Self::required_for_completion);
  }
  bool operator==(const RolloutExperimentStepAnalysisTemplateRef&) const = default;
};

/// A step that runs an Experiment and waits for its end.
struct RolloutExperimentStep {
  std::vector<RolloutExperimentTemplate> templates;
  std::string duration;  ///< A Go duration. Default: until the analyses end.
  std::vector<RolloutExperimentStepAnalysisTemplateRef> analyses;
  std::vector<DryRun> dry_run;
  Box<AnalysisRunMetadata> analysis_run_metadata;
  std::optional<std::int32_t> scale_down_delay_seconds;

  static constexpr void fields(auto&& visit) {
    visit("templates", &RolloutExperimentStep::templates, Facets{.required = true});
    visit("duration", &RolloutExperimentStep::duration);
    visit("analyses", &RolloutExperimentStep::analyses);
    visit("dryRun", &RolloutExperimentStep::dry_run);
    visit("analysisRunMetadata", &RolloutExperimentStep::analysis_run_metadata);
    visit("scaleDownDelaySeconds", &RolloutExperimentStep::scale_down_delay_seconds);
  }
  bool operator==(const RolloutExperimentStep&) const = default;
};

/// Sets the canary's size apart from its weight. At most one member is set.
struct SetCanaryScale {
  std::optional<std::int32_t> weight;    ///< Percent of `spec.replicas`.
  std::optional<std::int32_t> replicas;  ///< Pods.
  bool match_traffic_weight = false;     ///< Back to following setWeight.

  static constexpr void fields(auto&& visit) {
    visit("weight", &SetCanaryScale::weight);
    visit("replicas", &SetCanaryScale::replicas);
    visit("matchTrafficWeight", &SetCanaryScale::match_traffic_weight);
  }
  bool operator==(const SetCanaryScale&) const = default;
};

/// How a text is matched. One member is set.
struct StringMatch {
  std::string exact;
  std::string prefix;
  std::string regex;

  static constexpr void fields(auto&& visit) {
    visit("exact", &StringMatch::exact);
    visit("prefix", &StringMatch::prefix);
    visit("regex", &StringMatch::regex);
  }
  bool operator==(const StringMatch&) const = default;
};

struct HeaderRoutingMatch {
  std::string header_name;
  Box<StringMatch> header_value;

  static constexpr void fields(auto&& visit) {
    visit("headerName", &HeaderRoutingMatch::header_name, Facets{.required = true});
    visit("headerValue", &HeaderRoutingMatch::header_value, Facets{.required = true});
  }
  bool operator==(const HeaderRoutingMatch&) const = default;
};

/// Sends requests with these headers to the canary. Without `match`: removes the route.
struct SetHeaderRoute {
  std::string name;  ///< One of trafficRouting.managedRoutes.
  std::vector<HeaderRoutingMatch> match;

  static constexpr void fields(auto&& visit) {
    visit("name", &SetHeaderRoute::name);
    visit("match", &SetHeaderRoute::match);
  }
  bool operator==(const SetHeaderRoute&) const = default;
};

struct RouteMatch {
  Box<StringMatch> method;
  Box<StringMatch> path;
  std::map<std::string, StringMatch, std::less<>> headers;

  static constexpr void fields(auto&& visit) {
    visit("method", &RouteMatch::method);
    visit("path", &RouteMatch::path);
    visit("headers", &RouteMatch::headers);
  }
  bool operator==(const RouteMatch&) const = default;
};

/// Copies matching requests to the canary, whose answers are dropped. Without `match`: removes the
/// route.
struct SetMirrorRoute {
  std::string name;  ///< One of trafficRouting.managedRoutes.
  std::vector<RouteMatch> match;
  std::optional<std::int32_t> percentage;  ///< Of the matching requests. Default 100.

  static constexpr void fields(auto&& visit) {
    visit("name", &SetMirrorRoute::name, Facets{.required = true});
    visit("match", &SetMirrorRoute::match);
    visit("percentage", &SetMirrorRoute::percentage);
  }
  bool operator==(const SetMirrorRoute&) const = default;
};

/// A step that a plugin carries out.
struct PluginStep {
  std::string name;
  Json config;  ///< Null where there is none; the plugin's own otherwise.

  static constexpr void fields(auto&& visit) {
    visit("name", &PluginStep::name, Facets{.required = true});
    visit("config", &PluginStep::config);
  }
  bool operator==(const PluginStep&) const = default;
};

/// One entry of `spec.strategy.canary.steps`. Validation admits exactly one set member, so code
/// behind it may assert so.
struct CanaryStep {
  std::optional<std::int32_t> set_weight;  ///< Canary's share, 0 to `maxTrafficWeight`.
  Box<RolloutPause> pause;
  Box<RolloutExperimentStep> experiment;
  Box<RolloutAnalysis> analysis;  ///< Runs to its end; a failure aborts.
  Box<SetCanaryScale> set_canary_scale;
  Box<SetHeaderRoute> set_header_route;
  Box<SetMirrorRoute> set_mirror_route;
  Box<PluginStep> plugin;

  static constexpr void fields(auto&& visit) {
    visit("setWeight", &CanaryStep::set_weight);
    visit("pause", &CanaryStep::pause);
    visit("experiment", &CanaryStep::experiment);
    visit("analysis", &CanaryStep::analysis);
    visit("setCanaryScale", &CanaryStep::set_canary_scale);
    visit("setHeaderRoute", &CanaryStep::set_header_route);
    visit("setMirrorRoute", &CanaryStep::set_mirror_route);
    visit("plugin", &CanaryStep::plugin);
  }
  bool operator==(const CanaryStep&) const = default;
};

}  // namespace slipway::api
