#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/keys.h"
#include "rollout/pausing.h"
#include "rollout/promotion.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"
#include "rollout/work.h"

/// Blue-green: the new version comes up whole beside the old one, and the active Service is
/// switched in one go. Source: behaviour.md 12.2, 12.3, 15.
namespace slipway::rollout {
namespace {

const api::BlueGreenStrategy& strategy_of(const Work& work) {
  return *work.rollout.spec.strategy.blue_green;
}

const api::ReplicaSet* find_by_hash(const Work& work, const std::string& hash) {
  if (hash.empty()) return nullptr;
  const auto found = std::ranges::find_if(
      work.roles.owned, [&](const api::ReplicaSet* owned) { return hash_of(*owned) == hash; });
  return found == work.roles.owned.end() ? nullptr : *found;
}

/// As many as wanted, all available, and that many were wanted when its size was decided.
bool is_saturated(const Work& work, const api::ReplicaSet* replica_set) {
  if (replica_set == nullptr) return false;
  const Size size = size_of(replica_set);
  const std::string* noted = replica_set->metadata.annotation(keys::desired_replicas);
  return size.spec == work.desired() && size.available == work.desired() && noted &&
         parse_integer(*noted) == work.desired();
}

/// The services as they are now; the status follows them.
void read_selectors(Work& work) {
  api::BlueGreenStatus& status = work.status.blue_green;
  const api::Service* active = work.service(strategy_of(work).active_service);
  const api::Service* preview = work.service(strategy_of(work).preview_service);
  status.active_selector = active ? selected_hash(*active) : std::string();
  status.preview_selector = preview ? selected_hash(*preview) : std::string();
}

bool active_is_new(const Work& work) {
  return work.status.blue_green.active_selector == work.new_hash;
}

void switch_to(Work& work, const std::string& service_name, const std::string& hash,
               std::string& selector) {
  const api::Service* service = work.service(service_name);
  if (service == nullptr) return;
  if (auto made = make_switch(work.rollout, *service, hash)) {
    work.switches.push_back(std::move(*made));
  }
  selector = hash;
}

void plan_preview_service(Work& work) {
  if (work.halted || !work.has_new()) return;
  switch_to(work, strategy_of(work).preview_service, work.new_hash,
            work.status.blue_green.preview_selector);
}

/// How many pods the new version gets before it is active. Source: behaviour.md 15.2. Compat: one
/// that comes back while its pods still run keeps them, where Argo Rollouts cuts it down to a
/// preview and brings it up again; and where there is no stable version to wait beside, it gets
/// all.
std::int32_t wanted_of_new(const Work& work) {
  const auto& preview_count = strategy_of(work).preview_replica_count;
  if (!preview_count) return work.desired();
  const std::string& active = work.status.blue_green.active_selector;
  if (find_by_hash(work, active) == nullptr || work.roles.stable == nullptr ||
      active_is_new(work) || work.status.promote_full ||
      (work.roles.new_ && (work.roles.new_ == work.roles.stable || is_whole(*work.roles.new_)))) {
    return work.desired();
  }
  const bool paused = work.rollout.spec.paused || !work.status.pause_conditions.empty();
  const bool full = work.status.blue_green.scale_up_preview_check_point && !paused;
  return full && !work.begins_update ? work.desired() : *preview_count;
}

/// The new ReplicaSet of an aborted update: it ends after the abort delay, once the stable version
/// has all its pods and all the traffic. Source: behaviour.md 12.3.
void wind_down_aborted(Work& work, const api::ReplicaSet& newest, Duration delay) {
  const std::int32_t spec = spec_replicas(newest);
  if (spec == 0) {
    if (deadline_needs_mending(newest.metadata)) work.remove_deadline(newest, "has no pods");
    return;
  }
  work.resize(newest, spec, "the update is aborted");
  const Size stable = size_of(work.roles.stable);
  if (active_is_new(work) || stable.available < work.desired()) {
    if (deadline_needs_mending(newest.metadata)) work.remove_deadline(newest, "is still needed");
    work.because(name_of(newest) + " of the aborted update stays until the stable one serves",
                 name_of(*work.roles.stable));
    return;
  }
  const ScaleDown decision = decide_scale_down(parse_deadline(newest.metadata), delay, work.now);
  if (decision.look_again_in) work.look_again_in(*decision.look_again_in);
  switch (decision.what) {
    case ScaleDown::Do::wait:
      if (deadline_needs_mending(newest.metadata)) {
        work.set_deadline(newest, std::get<At>(parse_deadline(newest.metadata)).time,
                          "the deadline moves to its key");
      }
      break;
    case ScaleDown::Do::arrange:
    case ScaleDown::Do::repair:
      work.set_deadline(newest, deadline_after(work.now, delay), "the update is aborted");
      break;
    case ScaleDown::Do::scale_to_zero:
      work.resize(newest, 0, "abort delay is over");
      break;
  }
}

/// Two whole sets of pods at most, those not counted whose end is arranged. A version that was just
/// superseded, or a stable one that is to shrink, comes first: that takes a plan more, and no
/// write. Compat: Argo Rollouts runs three sets then.
bool has_room(const Work& work, std::int32_t wanted) {
  std::int64_t others = 0;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    if (owned == work.roles.new_) continue;
    if (owned->metadata.deletion_timestamp) {
      others += owned->status.replicas;
    } else if (owned == work.roles.stable) {
      others += std::max(spec_replicas(*owned), work.desired());
    } else if (!is_live(parse_deadline(owned->metadata), work.now)) {
      others += spec_replicas(*owned);
    }
  }
  return others <= work.desired() || others + wanted <= std::int64_t{work.desired()} * 2;
}

void size_new(Work& work) {
  if (!work.has_new()) return;
  std::int32_t wanted = wanted_of_new(work);
  const std::int32_t present = size_of(work.roles.new_).spec;
  if (wanted > present && !has_room(work, wanted)) {
    wanted = present;
    work.because(
        fmt::format("the pods of {} wait until those of versions before are on their way "
                    "out",
                    work.new_name()));
  }
  if (work.create_with) {
    work.create_with = wanted;
    return;
  }
  const api::ReplicaSet& newest = *work.roles.new_;
  const auto delay = api::abort_scale_down_delay(work.rollout);
  if (work.aborted() && work.roles.has_distinct_stable() && delay) {
    wind_down_aborted(work, newest, *delay);
    return;
  }
  work.resize(newest, wanted, "new revision");
  // A deadline that is still live is what makes going back fast: it stays until the active Service
  // is switched, so that a restart half-way forgets nothing (Compat: Argo Rollouts takes it off
  // first). Taking the newest revision number has claimed the ReplicaSet already. One that has no
  // pods waits for no end.
  const bool pending_rollback = work.fast_rollback && !active_is_new(work) && present > 0 &&
                                newest.metadata.annotation(keys::revision) &&
                                is_live(parse_deadline(newest.metadata), work.now) &&
                                !deadline_needs_mending(newest.metadata);
  if (!pending_rollback && !work.owes_delay) work.remove_deadline(newest, "is the newest revision");
}

/// While it waits for its end, an old version follows spec.replicas, so that going back finds it
/// whole. Compat: one that was never whole (a preview that was superseded) stays as it is, where
/// Argo Rollouts scales it up.
std::int32_t size_while_waiting(const Work& work, const api::ReplicaSet& other) {
  return is_whole(other) ? work.desired() : spec_replicas(other);
}

void size_others(Work& work) {
  if (find_pause(work.status, pause_reasons::inconclusive_analysis)) return;
  std::vector<const api::ReplicaSet*> ending;
  for (const api::ReplicaSet* other : work.roles.others) {
    if (spec_replicas(*other) == 0) {
      if (deadline_needs_mending(other->metadata)) work.remove_deadline(*other, "has no pods");
    } else if (work.selected.contains(hash_of(*other))) {
      work.because(name_of(*other) + " keeps its pods while a Service selects it", name_of(*other));
    } else {
      ending.push_back(other);
    }
  }
  sort_by_revision(ending);
  std::vector<Deadline> deadlines;
  for (const api::ReplicaSet* other : ending) deadlines.push_back(parse_deadline(other->metadata));
  const Duration delay = api::scale_down_delay(work.rollout);
  const auto decisions = decide_scale_downs(
      deadlines, delay, api::scale_down_delay_revision_limit(work.rollout), work.now);
  for (std::size_t i = 0; i < ending.size(); ++i) {
    const api::ReplicaSet& other = *ending[i];
    const ScaleDown& decision = decisions[i];
    if (decision.what == ScaleDown::Do::scale_to_zero) {
      work.resize(other, 0, "old revision: scale-down delay is over");
      continue;
    }
    work.look_again_in(*decision.look_again_in);
    work.because(fmt::format("{} ends in {}", name_of(other),
                             format_human_duration(*decision.look_again_in)));
    work.resize(other, size_while_waiting(work, other), "old revision follows spec.replicas");
    if (decision.what != ScaleDown::Do::wait) {
      work.set_deadline(other, deadline_after(work.now, delay), "old revision: its delay begins");
    } else if (deadline_needs_mending(other.metadata)) {
      work.set_deadline(other, std::get<At>(deadlines[i]).time, "the deadline moves to its key");
    }
  }
}

void plan_sizes(Work& work) {
  if (work.roles.stable) {
    work.resize(*work.roles.stable, work.desired(), "stable revision");
    if (work.roles.stable != work.roles.new_) {
      work.remove_deadline(*work.roles.stable, "is the stable revision");
    }
  }
  size_new(work);
  size_others(work);
}

/// All pods that were asked for serve.
bool new_is_ready(const Work& work) {
  const Size size = size_of(work.roles.new_);
  return work.roles.new_ && size.spec == size.available && size.spec == wanted_of_new(work);
}

/// Nothing to wait for: a version that is known, a person who wants it all, or no version that
/// serves now.
bool is_fast_tracked(const Work& work) {
  return work.fast_rollback || work.status.promote_full || active_is_new(work) ||
         work.roles.stable == nullptr;
}

/// Compat: a promotion by a person ends the countdown of autoPromotionSeconds too; Argo Rollouts
/// then waits for ever.
bool pause_is_over(const Work& work) {
  if (work.status.blue_green.scale_up_preview_check_point) return true;
  const bool automatic = api::auto_promotion_enabled(work.rollout);
  const std::int32_t seconds = strategy_of(work).auto_promotion_seconds;
  if (automatic && seconds <= 0) return true;
  const auto duration = automatic ? std::optional(Duration::from_seconds(seconds)) : std::nullopt;
  const Pause state = pause_state(work.status, pause_reasons::blue_green, duration, work.now).what;
  return state == Pause::is_over || state == Pause::resumed;
}

void plan_pause(Work& work) {
  if (work.aborted() || work.halted) {
    work.keeps_promotion = work.rollout.spec.paused && was_resumed(work.status);
    return;
  }
  if (!new_is_ready(work)) {
    work.keeps_promotion = was_resumed(work.status);
    return;
  }
  if (is_fast_tracked(work) || pause_is_over(work)) {
    remove_pause(work.status, pause_reasons::blue_green);
    // What the pause was held for may take more plans: a person's word, once given, stays.
    work.keeps_promotion = !active_is_new(work) && work.status.controller_pause;
    return;
  }
  add_pause(work.status, pause_reasons::blue_green, work.now);
  const bool automatic = api::auto_promotion_enabled(work.rollout);
  const Duration whole = Duration::from_seconds(strategy_of(work).auto_promotion_seconds);
  const PauseState state = pause_state(work.status, pause_reasons::blue_green,
                                       automatic ? std::optional(whole) : std::nullopt, work.now);
  if (state.look_again_in) {
    work.look_again_in(*state.look_again_in);
    work.because("promotes by itself in " + format_human_duration(*state.look_again_in), {},
                 work.command("promote"));
  } else {
    work.because("waits until a person promotes the preview", {}, work.command("promote"));
  }
}

/// Traffic goes back to the stable version: after an abort, and where the active Service lost its
/// way (selects nothing of ours, or a superseded version).
///
/// Compat: Argo Rollouts looks at the new version's pods first, so an abort because these crash
/// leaves the traffic on them; and it takes a Service without hash for a first deployment, so it
/// promotes whatever is new.
bool must_go_back(const Work& work) {
  if (!work.roles.has_distinct_stable() || work.fast_rollback) return false;
  const std::string& active = work.status.blue_green.active_selector;
  if (active == work.status.stable_rs) return false;
  if (work.aborted()) return true;
  return active != work.new_hash;
}

bool stable_can_take_over(const Work& work) {
  const Size stable = size_of(work.roles.stable);
  const Size active = size_of(find_by_hash(work, work.status.blue_green.active_selector));
  return dependable(stable) >= work.desired() || dependable(stable) > dependable(active);
}

void plan_active_service(Work& work) {
  std::string& active = work.status.blue_green.active_selector;
  const std::string& service = strategy_of(work).active_service;
  if (work.halted) return;
  if (must_go_back(work)) {
    if (stable_can_take_over(work)) {
      switch_to(work, service, work.status.stable_rs, active);
      return;
    }
    work.because("the active Service goes back once the stable revision has pods",
                 name_of(*work.roles.stable));
    // Which may be never, if these crash: an update that is not aborted is the way out.
    if (work.aborted()) return;
  }
  // Where there is nothing to go back to, traffic goes to what there is.
  if (work.aborted() && work.roles.stable) return;
  if (!new_is_ready(work) || !is_saturated(work, work.roles.new_)) {
    if (work.roles.new_ && !work.promoted()) {
      work.because("waits until all pods of " + name_of(*work.roles.new_) + " are available",
                   name_of(*work.roles.new_));
    }
    return;
  }
  if (is_fast_tracked(work) || pause_is_over(work)) {
    switch_to(work, service, work.new_hash, active);
    work.keeps_promotion = false;
  }
}

/// The preview passed: from here on it may have all its pods. Source: behaviour.md 15.5.
void plan_check_point(Work& work) {
  bool& check_point = work.status.blue_green.scale_up_preview_check_point;
  const auto& preview_count = strategy_of(work).preview_replica_count;
  if (!preview_count) {
    check_point = false;
  } else if (!check_point && !work.halted && !work.aborted() && new_is_ready(work)) {
    const bool passed = is_fast_tracked(work) || pause_is_over(work);
    check_point = passed && size_of(work.roles.new_).available >= *preview_count;
  }
}

}  // namespace

void plan_blue_green(Work& work) {
  read_selectors(work);
  plan_sizes(work);
  if (!work.begins_update) plan_history(work);
  if (work.resized && !work.begins_update) {
    work.keeps_promotion = was_resumed(work.status);
    work.because(
        fmt::format("sizes follow spec.replicas ({}) before anything else", work.desired()));
    return;
  }
  plan_preview_service(work);
  if (!work.begins_update) {
    plan_pause(work);
    plan_active_service(work);
    plan_check_point(work);
  }
  if (!work.has_new()) return;
  PromotionFacts facts;
  facts.canary = false;
  facts.has_stable = !work.status.stable_rs.empty();
  facts.aborted = work.aborted();
  facts.promote_full = work.status.promote_full;
  facts.active_is_new = active_is_new(work);
  facts.enough_available = dependable(size_of(work.roles.new_)) >= work.desired();
  facts.fast_rollback = work.fast_rollback;
  if (const auto reason = find_promotion(facts)) promote(work, *reason);
}

}  // namespace slipway::rollout
