#include "rollout/unsupported.h"

#include <fmt/format.h>

namespace slipway::rollout {
namespace {

class Features {
 public:
  void add_if(bool used, std::string field) {
    if (used) found_.push_back("spec." + std::move(field));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

void look_at_step(const api::CanaryStep& step, std::size_t index, Features& features) {
  const auto add_if = [&](bool used, std::string_view name) {
    if (used) {
      features.add_if(true, fmt::format("strategy.canary.steps[{}].{}", index, name));
    }
  };
  add_if(step.experiment.has_value(), "experiment");
  add_if(step.analysis.has_value(), "analysis");
  add_if(step.plugin.has_value(), "plugin");
}

}  // namespace

std::vector<std::string> unsupported_features(const api::Rollout& rollout) {
  Features features;
  if (const api::BlueGreenStrategy* blue_green = rollout.spec.strategy.blue_green.get()) {
    const std::string at = "strategy.blueGreen.";
    features.add_if(blue_green->pre_promotion_analysis.has_value(), at + "prePromotionAnalysis");
    features.add_if(blue_green->post_promotion_analysis.has_value(), at + "postPromotionAnalysis");
  }
  if (const api::CanaryStrategy* canary = rollout.spec.strategy.canary.get()) {
    const std::string at = "strategy.canary.";
    features.add_if(canary->traffic_routing.has_value(), at + "trafficRouting");
    features.add_if(canary->analysis.has_value(), at + "analysis");
    for (std::size_t i = 0; i < canary->steps.size(); ++i) {
      look_at_step(canary->steps[i], i, features);
    }
  }
  return features.take();
}

}  // namespace slipway::rollout
