#include "cli/demo/story.h"

#include <algorithm>

namespace slipway::cli {
namespace {

bool healthy(const api::Rollout& rollout) {
  return shown_phase(rollout).phase == "Healthy";
}

/// Waits for a person, not for a clock.
bool waits_for_a_person(const api::Rollout& rollout) {
  if (shown_phase(rollout).phase != "Paused" || rollout.status.pause_conditions.empty()) {
    return false;
  }
  const auto& canary = rollout.spec.strategy.canary;
  const auto index = static_cast<std::size_t>(rollout.status.current_step_index.value_or(0));
  if (!canary) return true;
  if (index >= canary->steps.size() || !canary->steps[index].pause) return false;
  return !canary->steps[index].pause->duration;
}

/// Whether the first version has neither size nor pods left.
bool gone(const RolloutObjects& objects, const std::string& hash) {
  return std::none_of(
      objects.replica_sets.begin(), objects.replica_sets.end(),
      [&](const api::ReplicaSet& replica_set) {
        const std::string* label = replica_set.metadata.label(api::pod_template_hash_label);
        return label != nullptr && *label == hash &&
               (replica_set.spec.replicas.value_or(1) > 0 || replica_set.status.replicas > 0);
      });
}

}  // namespace

Act next_act(Chapter& chapter, const RolloutObjects& objects, bool may_update, Instant now) {
  using Stage = Chapter::Stage;
  const api::Rollout& rollout = objects.rollout;
  if (chapter.stage == Stage::installing && healthy(rollout)) {
    chapter.stage = Stage::installed;
    chapter.first_hash = rollout.status.stable_rs;
  }
  if (chapter.stage == Stage::installed && may_update) {
    chapter.stage = Stage::updating;
    return Act::update;
  }
  if (chapter.stage != Stage::updating) {
    return chapter.stage == Stage::done ? Act::rest : Act::watch;
  }
  if (waits_for_a_person(rollout)) {
    if (!chapter.waiting_since) chapter.waiting_since = now;
    if (now - *chapter.waiting_since < pause_shown) return Act::watch;
    chapter.waiting_since.reset();
    return Act::promote;
  }
  chapter.waiting_since.reset();
  const bool promoted = rollout.status.stable_rs != chapter.first_hash && healthy(rollout);
  if (!promoted || !gone(objects, chapter.first_hash)) return Act::watch;
  chapter.stage = Stage::done;
  return Act::rest;
}

std::string next_image(const std::string& image) {
  const std::size_t colon = image.rfind(':');
  const std::size_t slash = image.rfind('/');
  const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  const std::string name = tagged ? image.substr(0, colon) : image;
  const std::string tag = tagged ? image.substr(colon + 1) : "";
  if (tag == "blue") return name + ":yellow";
  return name + (tag == "2.0" ? ":3.0" : ":2.0");
}

}  // namespace slipway::cli
