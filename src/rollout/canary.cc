#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "rollout/canary_services.h"
#include "rollout/canary_steps.h"
#include "rollout/keys.h"
#include "rollout/pausing.h"
#include "rollout/promotion.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"
#include "rollout/work.h"

/// The canary without a router: the share of pods is the share of traffic. Source: behaviour.md 8
/// to 10, 12.1, 14.
namespace slipway::rollout {
namespace {

const api::CanaryStrategy& strategy_of(const Work& work) {
  return *work.rollout.spec.strategy.canary;
}

/// What is asked for beside the two versions, and what one that is being deleted still has.
std::int32_t others_spec(const Work& work) {
  std::int64_t sum = 0;
  for (const api::ReplicaSet* other : work.roles.others) sum += spec_replicas(*other);
  for (const api::ReplicaSet* owned : work.roles.owned) {
    if (owned->metadata.deletion_timestamp) sum += owned->status.replicas;
  }
  return static_cast<std::int32_t>(std::min<std::int64_t>(sum, 2'147'483'647));
}

/// The share the new version shall have while the update stands at that step.
std::int32_t wanted_weight(const Work& work, std::optional<std::int32_t> index) {
  const api::RolloutStatus& status = work.status;
  if (status.promote_full || status.stable_rs.empty() || work.promoted()) {
    return api::max_traffic_weight(work.rollout);
  }
  return work.aborted() ? 0 : weight_at(work.rollout, index);
}

Split wanted_split(const Work& work) {
  if (!work.roles.has_distinct_stable()) return {work.desired(), 0};
  return split_for_weight(work.desired(), wanted_weight(work, work.status.current_step_index),
                          api::max_traffic_weight(work.rollout), work.bounds.max_surge);
}

void resize_new(Work& work, std::int32_t replicas) {
  if (work.create_with) {
    work.create_with = replicas;
  } else if (work.roles.new_) {
    work.resize(*work.roles.new_, replicas, work.aborted() ? "the update is aborted" : "canary");
    work.change(*work.roles.new_).rests_on_availability = true;
  }
}

std::int64_t dependable_in_all(const Work& work) {
  std::int64_t serving = 0;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    if (!owned->metadata.deletion_timestamp) serving += dependable(size_of(owned));
  }
  return std::min<std::int64_t>(serving, 2'147'483'647);
}

void shrink_others(Work& work) {
  std::vector<const api::ReplicaSet*> shrinking;
  for (const api::ReplicaSet* other : work.roles.others) {
    const bool empty = spec_replicas(*other) == 0;
    if (deadline_needs_mending(other->metadata)) {
      work.remove_deadline(*other, empty ? "has no pods" : "ends without delay");
    }
    if (!empty) shrinking.push_back(other);
  }
  end_without_delay(work, std::move(shrinking));
}

/// Compat: Argo Rollouts scales the side that is given up to zero before its Service has been
/// pointed elsewhere, so for a moment the Service has no pods. Once the steps are done, or the
/// update is aborted, the last pod waits for the Service here, where a surge makes room for it.
/// Where none does, the Service moves first: see move_services_off_the_emptied.
Split keep_selected(const Work& work, Split next) {
  const bool between_steps = current_step(work.rollout, work.status) && !work.aborted();
  const std::int64_t cap = std::int64_t{work.bounds.desired} + work.bounds.max_surge;
  // Room for all that the other side wants, not only for what it has: else it would never get it.
  const Split want = wanted_split(work);
  const std::int64_t wanted =
      std::max(std::int64_t{want.canary} + want.stable, std::int64_t{next.canary} + next.stable);
  if (between_steps || wanted + others_spec(work) >= cap) return next;
  const auto keep = [&](std::int32_t& size, const api::ReplicaSet* replica_set) {
    if (size > 0 || size_of(replica_set).spec == 0 || !stays_selected(work, replica_set)) return;
    size = 1;
  };
  if (work.roles.has_distinct_stable()) {
    keep(next.stable, work.roles.stable);
    keep(next.canary, work.roles.new_);
  }
  return next;
}

void plan_sizes(Work& work) {
  if (work.halted) return;
  if (!work.has_new()) return;
  const Split next = keep_selected(
      work, step_towards(work.bounds, wanted_split(work), size_of(work.roles.new_),
                         work.roles.has_distinct_stable() ? size_of(work.roles.stable) : Size{},
                         others_spec(work)));
  if (work.roles.has_distinct_stable()) {
    work.resize(*work.roles.stable, next.stable, "stable");
    work.change(*work.roles.stable).rests_on_availability = true;
    work.remove_deadline(*work.roles.stable, "is the stable revision");
  }
  resize_new(work, next.canary);
  if (work.roles.new_) work.remove_deadline(*work.roles.new_, "is the newest revision");
  // While others have pods, neither of the two shrinks: what can be spared is spared once.
  shrink_others(work);
}

PromotionFacts promotion_facts(const Work& work) {
  const Size canary = size_of(work.roles.new_);
  const auto& threshold = strategy_of(work).replica_progress_threshold;
  PromotionFacts facts;
  facts.canary = true;
  facts.has_stable = !work.status.stable_rs.empty();
  facts.aborted = work.aborted();
  facts.promote_full = work.status.promote_full;
  facts.enough_available = work.roles.new_ && is_observed(*work.roles.new_) &&
                           (dependable(canary) >= work.desired() ||
                            (threshold && canary_is_ready(threshold, work.desired(), canary)));
  facts.step_count = step_count(work.rollout);
  facts.steps_done = work.status.current_step_index.value_or(facts.step_count) >= facts.step_count;
  facts.fast_rollback = work.fast_rollback;
  return facts;
}

bool try_promote(Work& work) {
  if (!work.has_new()) return false;
  const auto reason = find_promotion(promotion_facts(work));
  if (!reason) return false;
  promote(work, *reason);
  return true;
}

/// Source: behaviour.md 9.2.
bool at_desired_counts(const Work& work) {
  const Roles& roles = work.roles;
  if (roles.new_ == nullptr || !is_observed(*roles.new_)) return false;
  const Split want = wanted_split(work);
  if (!canary_is_ready(strategy_of(work).replica_progress_threshold, want.canary,
                       size_of(roles.new_))) {
    return false;
  }
  if (roles.has_distinct_stable()) {
    const std::int32_t spec = spec_replicas(*roles.stable);
    if (spec != want.stable || spec != roles.stable->status.replicas) return false;
  }
  return std::ranges::all_of(roles.others, [](const api::ReplicaSet* other) {
    return other->status.available_replicas == 0;
  });
}

std::string step_name(const Work& work, const api::CanaryStep& step) {
  return fmt::format("step {}/{} ({})", work.status.current_step_index.value_or(0) + 1,
                     step_count(work.rollout), step_text(step));
}

PauseState state_of(const Work& work, const api::RolloutPause& pause) {
  const auto duration = api::pause_duration(pause);
  return pause_state(work.status, pause_reasons::canary_step,
                     duration ? *duration : std::optional<Duration>(), work.now);
}

bool is_complete(Work& work, const api::CanaryStep& step) {
  if (step.pause) {
    const Pause state = state_of(work, *step.pause).what;
    return state == Pause::is_over || state == Pause::resumed;
  }
  return step.set_weight && at_desired_counts(work);
}

/// One step at most: each is written down before the sizes of the next are asked for.
void complete_step(Work& work) {
  const api::CanaryStep* step = current_step(work.rollout, work.status);
  if (step == nullptr) return;
  if (work.rollout.spec.paused) {
    // What a person promoted meanwhile holds once the pause is taken back.
    work.keeps_promotion = step->pause && was_resumed(work.status);
    return;
  }
  if (!is_complete(work, *step)) return;
  work.note("RolloutStepCompleted", fmt::format("Rollout step {}/{} completed ({})",
                                                work.status.current_step_index.value_or(0) + 1,
                                                step_count(work.rollout), step_text(*step)));
  remove_pause(work.status, pause_reasons::canary_step);
  if (work.status.pause_conditions.empty()) work.status.controller_pause = false;
  work.status.current_step_index = work.status.current_step_index.value_or(0) + 1;
}

/// The clock of a pause starts when all sizes are as the steps before it ask.
void begin_pause(Work& work) {
  const api::CanaryStep* step = current_step(work.rollout, work.status);
  if (step == nullptr) return;
  if (!step->pause) {
    work.because("waits until the pods of " + step_name(work, *step) + " are available",
                 work.roles.new_ ? name_of(*work.roles.new_) : std::string());
    return;
  }
  if (work.rollout.spec.paused) return;
  if (!work.scales() && state_of(work, *step->pause).what == Pause::absent) {
    add_pause(work.status, pause_reasons::canary_step, work.now);
  }
  const PauseState state = state_of(work, *step->pause);
  if (state.look_again_in) {
    work.look_again_in(*state.look_again_in);
    work.because(fmt::format("waits {} more at {}", format_human_duration(*state.look_again_in),
                             step_name(work, *step)),
                 {}, work.command("promote"));
  } else if (state.what == Pause::waits) {
    work.because("waits at " + step_name(work, *step) + " until a person promotes", {},
                 work.command("promote"));
  }
}

void advance(Work& work) {
  if (try_promote(work)) return;
  // No step is taken before there is anything to share with.
  if (work.status.stable_rs.empty()) return;
  if (work.aborted()) {
    work.because("is aborted: goes back to the stable revision and stays there", {},
                 work.command("retry rollout"));
    return;
  }
  if (!work.begins_update) complete_step(work);
  if (!work.begins_update && try_promote(work)) return;
  begin_pause(work);
}

}  // namespace

void end_without_delay(Work& work, std::vector<const api::ReplicaSet*> old) {
  if (old.empty()) return;
  sort_by_revision(old);
  std::int64_t room = std::int64_t{work.bounds.desired} + work.bounds.max_surge - 1;
  std::vector<std::int32_t> kept;
  std::vector<Size> rest;
  for (const api::ReplicaSet* other : old) {
    kept.push_back(work.selected.contains(hash_of(*other)) && room-- > 0 ? 1 : 0);
    const Size size = size_of(other);
    rest.push_back({size.spec - kept.back(), std::max(0, size.available - kept.back())});
  }
  const auto targets =
      shrink_old(work.bounds, rest, static_cast<std::int32_t>(dependable_in_all(work)));
  for (std::size_t i = 0; i < old.size(); ++i) {
    const api::ReplicaSet& other = *old[i];
    if (targets[i] + kept[i] < spec_replicas(other)) {
      work.resize(other, targets[i] + kept[i], "old revision");
      work.change(other).rests_on_availability = true;
    } else {
      work.because(name_of(other) + (kept[i] == 1 ? " keeps a pod while a Service selects it"
                                                  : " keeps its pods until enough others serve"),
                   name_of(other));
    }
  }
}

void plan_canary(Work& work) {
  if (!work.resized) plan_canary_services(work, wanted_split(work));
  plan_sizes(work);
  move_services_off_the_emptied(work);
  if (!work.begins_update) plan_history(work);
  if (work.resized && !work.begins_update) {
    work.because(
        fmt::format("sizes follow spec.replicas ({}) before anything else", work.desired()));
    return;
  }
  advance(work);
}

}  // namespace slipway::rollout
