#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/analysis_reference.h"
#include "api/canary.h"

namespace slipway::api {

/// `spec.strategy.blueGreen`. The defaults of absent members are in `defaults.h`.
struct BlueGreenStrategy {
  std::string active_service;   ///< Its selector is switched at promotion.
  std::string preview_service;  ///< Points at the newest version. May be empty.
  std::optional<std::int32_t> preview_replica_count;
  std::optional<bool> auto_promotion_enabled;
  std::int32_t auto_promotion_seconds = 0;  ///< After the preview is ready; 0: at once.
  std::optional<IntOrString> max_unavailable;
  std::optional<std::int32_t> scale_down_delay_seconds;
  std::optional<std::int32_t> scale_down_delay_revision_limit;
  Box<RolloutAnalysis> pre_promotion_analysis;
  Box<AntiAffinity> anti_affinity;
  Box<RolloutAnalysis> post_promotion_analysis;
  Box<PodTemplateMetadata> preview_metadata;
  Box<PodTemplateMetadata> active_metadata;
  std::optional<std::int32_t> abort_scale_down_delay_seconds;  ///< 0: the preview is kept.

  static constexpr void fields(auto&& visit) {
    visit("activeService", &BlueGreenStrategy::active_service, Facets{.required = true});
    visit("previewService", &BlueGreenStrategy::preview_service);
    visit("previewReplicaCount", &BlueGreenStrategy::preview_replica_count);
    visit("autoPromotionEnabled", &BlueGreenStrategy::auto_promotion_enabled);
    visit("autoPromotionSeconds", &BlueGreenStrategy::auto_promotion_seconds);
    visit("maxUnavailable", &BlueGreenStrategy::max_unavailable);
    visit("scaleDownDelaySeconds", &BlueGreenStrategy::scale_down_delay_seconds);
    visit("scaleDownDelayRevisionLimit", &BlueGreenStrategy::scale_down_delay_revision_limit);
    visit("prePromotionAnalysis", &BlueGreenStrategy::pre_promotion_analysis);
    visit("antiAffinity", &BlueGreenStrategy::anti_affinity);
    visit("postPromotionAnalysis", &BlueGreenStrategy::post_promotion_analysis);
    visit("previewMetadata", &BlueGreenStrategy::preview_metadata);
    visit("activeMetadata", &BlueGreenStrategy::active_metadata);
    visit("abortScaleDownDelaySeconds", &BlueGreenStrategy::abort_scale_down_delay_seconds);
  }
  bool operator==(const BlueGreenStrategy&) const = default;
};

}  // namespace slipway::api
