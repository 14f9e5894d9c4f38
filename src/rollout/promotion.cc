#include "rollout/promotion.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "rollout/keys.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"

namespace slipway::rollout {
namespace {

bool is_older_than_stable(const Roles& roles) {
  return roles.new_ && roles.stable && compare_age(*roles.new_, *roles.stable) < 0;
}

}  // namespace

bool is_within_rollback_window(const api::Rollout& rollout, const Roles& roles) {
  const std::int32_t window = api::rollback_window(rollout);
  if (window <= 0 || !is_older_than_stable(roles)) return false;
  const auto between = [&](const api::ReplicaSet* replica_set) {
    return replica_set->metadata.annotation(keys::experiment_name) == nullptr &&
           compare_age(*roles.new_, *replica_set) < 0 &&
           compare_age(*replica_set, *roles.stable) < 0;
  };
  return std::ranges::count_if(roles.owned, between) < window;
}

std::optional<std::string> find_fast_rollback(const api::Rollout& rollout, const Roles& roles,
                                              Instant now) {
  if (!roles.new_ || !roles.stable) return std::nullopt;
  if (is_within_rollback_window(rollout, roles)) return "Rollback within window";
  if (roles.new_ == roles.stable) return "Fast rollback";
  const bool waits_for_its_end = is_live(parse_deadline(roles.new_->metadata), now);
  if (rollout.spec.strategy.blue_green && is_older_than_stable(roles) && waits_for_its_end) {
    return "Fast rollback";
  }
  return std::nullopt;
}

bool is_owed_its_delay(const api::Rollout& rollout, const Roles& roles) {
  if (!rollout.spec.strategy.blue_green || !is_older_than_stable(roles)) return false;
  return is_whole(*roles.new_) &&
         std::holds_alternative<Absent>(parse_deadline(roles.new_->metadata)) &&
         api::scale_down_delay(rollout) > Duration{};
}

std::optional<std::string> find_promotion(const PromotionFacts& facts) {
  if (!facts.has_stable) return "Initial deploy";
  if (!facts.enough_available) return std::nullopt;
  if (facts.canary) {
    if (facts.aborted) return std::nullopt;
    if (facts.promote_full) return "Full promotion requested";
    if (facts.fast_rollback) return facts.fast_rollback;
    if (facts.steps_done) return fmt::format("Completed all {} canary steps", facts.step_count);
    return std::nullopt;
  }
  if (!facts.active_is_new) return std::nullopt;
  if (facts.promote_full) return "Full promotion requested";
  if (facts.fast_rollback) return facts.fast_rollback;
  if (facts.aborted) return std::nullopt;
  return "Completed blue-green update";
}

}  // namespace slipway::rollout
