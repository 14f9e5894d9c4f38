#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/analysis_reference.h"
#include "api/canary_step.h"
#include "api/traffic_routing.h"

namespace slipway::api {

struct PreferredDuringSchedulingIgnoredDuringExecution {
  std::int32_t weight = 0;  ///< 1 to 100.

  static constexpr void fields(auto&& visit) {
    visit("weight", &PreferredDuringSchedulingIgnoredDuringExecution::weight,
          Facets{.required = true});
  }
  bool operator==(const PreferredDuringSchedulingIgnoredDuringExecution&) const = default;
};

struct RequiredDuringSchedulingIgnoredDuringExecution {
  static constexpr void fields(auto&&) {}
  bool operator==(const RequiredDuringSchedulingIgnoredDuringExecution&) const = default;
};

/// Keeps pods of the old and the new version apart. One member is set.
struct AntiAffinity {
  std::optional<PreferredDuringSchedulingIgnoredDuringExecution>
      preferred_during_scheduling_ignored_during_execution;
  std::optional<RequiredDuringSchedulingIgnoredDuringExecution>
      required_during_scheduling_ignored_during_execution;

  static constexpr void fields(auto&& visit) {
    visit("preferredDuringSchedulingIgnoredDuringExecution",
          &AntiAffinity::preferred_during_scheduling_ignored_during_execution);
    visit("requiredDuringSchedulingIgnoredDuringExecution",
          &AntiAffinity::required_during_scheduling_ignored_during_execution);
  }
  bool operator==(const AntiAffinity&) const = default;
};

/// Two services that take turns as stable and canary service.
struct PingPongSpec {
  std::string ping_service;
  std::string pong_service;

  static constexpr void fields(auto&& visit) {
    visit("pingService", &PingPongSpec::ping_service, Facets{.required = true});
    visit("pongService", &PingPongSpec::pong_service, Facets{.required = true});
  }
  bool operator==(const PingPongSpec&) const = default;
};

/// How much of a step's pods must be available before the next step.
struct ReplicaProgressThreshold {
  std::string type;  ///< "Percent" or "Pods"
  std::int32_t value = 0;

  static constexpr void fields(auto&& visit) {
    visit("type", &ReplicaProgressThreshold::type, Facets{.required = true});
    visit("value", &ReplicaProgressThreshold::value, Facets{.required = true});
  }
  bool operator==(const ReplicaProgressThreshold&) const = default;
};

/// `spec.strategy.canary`. The defaults of absent members are in `defaults.h`.
struct CanaryStrategy {
  std::string canary_service;
  std::string stable_service;
  std::vector<CanaryStep> steps;
  Box<RolloutTrafficRouting> traffic_routing;
  std::optional<IntOrString> max_unavailable;  ///< Pods or percent of `spec.replicas`.
  std::optional<IntOrString> max_surge;        ///< Pods or percent of `spec.replicas`.
  Box<RolloutAnalysisBackground> analysis;
  Box<AntiAffinity> anti_affinity;
  Box<PodTemplateMetadata> canary_metadata;
  Box<PodTemplateMetadata> stable_metadata;
  std::optional<std::int32_t> scale_down_delay_seconds;
  std::optional<std::int32_t> scale_down_delay_revision_limit;
  std::optional<std::int32_t> abort_scale_down_delay_seconds;  ///< 0: the canary is kept.
  bool dynamic_stable_scale = false;  ///< Shrink stable as the canary grows (needs a router).
  Box<PingPongSpec> ping_pong;
  std::optional<std::int32_t> min_pods_per_replica_set;  ///< With a router only.
  std::optional<ReplicaProgressThreshold> replica_progress_threshold;

  static constexpr void fields(auto&& visit) {
    visit("canaryService", &CanaryStrategy::canary_service);
    visit("stableService", &CanaryStrategy::stable_service);
    visit("steps", &CanaryStrategy::steps);
    visit("trafficRouting", &CanaryStrategy::traffic_routing);
    visit("maxUnavailable", &CanaryStrategy::max_unavailable);
    visit("maxSurge", &CanaryStrategy::max_surge);
    visit("analysis", &CanaryStrategy::analysis);
    visit("antiAffinity", &CanaryStrategy::anti_affinity);
    visit("canaryMetadata", &CanaryStrategy::canary_metadata);
    visit("stableMetadata", &CanaryStrategy::stable_metadata);
    visit("scaleDownDelaySeconds", &CanaryStrategy::scale_down_delay_seconds);
    visit("scaleDownDelayRevisionLimit", &CanaryStrategy::scale_down_delay_revision_limit);
    visit("abortScaleDownDelaySeconds", &CanaryStrategy::abort_scale_down_delay_seconds);
    visit("dynamicStableScale", &CanaryStrategy::dynamic_stable_scale);
    visit("pingPong", &CanaryStrategy::ping_pong);
    visit("minPodsPerReplicaSet", &CanaryStrategy::min_pods_per_replica_set);
    visit("replicaProgressThreshold", &CanaryStrategy::replica_progress_threshold);
  }
  bool operator==(const CanaryStrategy&) const = default;
};

}  // namespace slipway::api
