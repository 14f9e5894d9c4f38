#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "api/pod_template.h"
#include "base/text.h"
#include "rollout/anti_affinity.h"
#include "rollout/canary_steps.h"
#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/pausing.h"
#include "rollout/promotion.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"
#include "rollout/work.h"

/// Where an update stands: which revision is new, whether it begins afresh, skips ahead, goes back.
namespace slipway::rollout {
namespace {

/// Whether the Rollout says that its revision was given to another version than the new one. Argo
/// Rollouts leaves no note of that: then it is the version that the status calls current, and where
/// that is another one, or none, a number too many does no harm.
bool was_given_to_another(const Work& work) {
  const std::string* given_to = work.rollout.metadata.annotation(keys::revision_for);
  return (given_to ? *given_to : work.rollout.status.current_pod_hash) != work.new_hash;
}

/// The number for a version that becomes the newest: above those of all ReplicaSets, those included
/// that only the Rollout tells of. One that was given to this very version is not given anew.
std::int64_t next_revision(const Work& work, const api::ReplicaSet* newest) {
  const std::int64_t wanted = wanted_revision(work.roles.owned, newest);
  const std::int64_t given = revision_of(work.rollout.metadata);
  return std::max(wanted, was_given_to_another(work) ? given + 1 : given);
}

void raise_revision(Work& work, const api::ReplicaSet& newest) {
  const std::int64_t revision = revision_of(newest.metadata);
  const bool is_highest = revision >= wanted_revision(work.roles.owned, &newest);
  const bool superseded =
      was_given_to_another(work) && revision < revision_of(work.rollout.metadata);
  work.new_revision = revision;
  if (is_highest && !superseded) return;
  const std::int64_t wanted = next_revision(work, &newest);
  work.new_revision = wanted;
  work.gives_revision = true;
  // This write also claims the ReplicaSet: no scale-down decided before it can land after it.
  ReplicaSetChange& change = work.change(newest);
  change.annotations[std::string(keys::revision)] = std::to_string(wanted);
  if (revision > 0) {
    change.annotations[std::string(keys::revision_history)] = extended_history(newest.metadata);
  }
  change.because("revision " + std::to_string(wanted));
}

void pass_on_annotations(Work& work, const api::ReplicaSet& newest) {
  for (auto& [key, value] : inherited_annotations(work.rollout)) {
    const std::string* present = newest.metadata.annotation(key);
    if (present && *present == value) continue;
    ReplicaSetChange& change = work.change(newest);
    change.annotations[key] = value;
    change.because("annotations of the Rollout");
  }
}

/// The term names the version that was the stable one when the ReplicaSet was made.
void refresh_anti_affinity(Work& work, const api::ReplicaSet& newest) {
  if (!wants_anti_affinity(work.rollout, work.new_hash)) return;
  ReplicaSetChange& change = work.change(newest);
  Json& pod = change.template_to_edit().member("spec");
  if (!api::has_injected_term(pod["affinity"])) return;
  set_anti_affinity(work.rollout, pod);
  if (!change.nothing()) change.because("anti-affinity follows the stable version");
}

/// spec.replicas is another than the sizes were decided for.
bool was_resized(const Work& work) {
  const auto differs = [&](const api::ReplicaSet* replica_set) {
    if (replica_set == nullptr || spec_replicas(*replica_set) == 0) return false;
    const std::string* noted = replica_set->metadata.annotation(keys::desired_replicas);
    return noted && parse_integer(*noted).value_or(-1) != work.desired();
  };
  return differs(work.roles.new_) || differs(work.roles.stable);
}

void drop_abort(api::RolloutStatus& status) {
  status.abort = false;
  status.aborted_at.reset();
}

/// A new template or new steps: nothing of the last update counts any more.
void begin_update(Work& work) {
  api::RolloutStatus& status = work.status;
  clear_pauses(status);
  drop_abort(status);
  status.restarted_at = work.rollout.spec.restart_at;
  status.promote_full = false;
  status.canary.current_step_analysis_run_status.reset();
  status.canary.current_background_analysis_run_status.reset();
  status.canary.step_plugin_statuses.clear();
  status.blue_green.pre_promotion_analysis_run_status.reset();
  status.blue_green.post_promotion_analysis_run_status.reset();
  status.blue_green.scale_up_preview_check_point = false;
  status.current_step_index = first_step(work.rollout);
  if (step_count(work.rollout) == 0) return;
  // Also where somebody deleted its ReplicaSet, which is made anew.
  if (work.promoted()) {
    status.current_step_index = past_last_step(work.rollout);
    work.note("SkipSteps", "Rollback to stable ReplicaSets");
  } else if (work.rolls_back_within_window && spec_replicas(*work.roles.new_) > 0) {
    status.current_step_index = past_last_step(work.rollout);
    work.note("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
  }
}

/// What people wrote into the status: abort, promote full.
void obey_commands(Work& work) {
  api::RolloutStatus& status = work.status;
  if (status.promote_full || work.rolls_back_within_window) {
    clear_pauses(status);
    drop_abort(status);
    status.current_step_index = past_last_step(work.rollout);
  }
  // There is nothing to go back to from the stable version itself.
  if (status.abort && work.promoted()) drop_abort(status);
  if (!status.abort) {
    status.aborted_at.reset();
    return;
  }
  if (!status.aborted_at) status.aborted_at = round_down_to_second(work.now);
  clear_pauses(status);
  status.current_step_index = first_step(work.rollout);
}

/// The status named no ReplicaSet of ours, and what serves is known all the same.
void mend_stable(Work& work) {
  if (work.roles.stable == nullptr) return;
  const std::string hash = hash_of(*work.roles.stable);
  if (hash == work.status.stable_rs) return;
  work.note("StableRevisionMended",
            fmt::format("status.stableRS named no ReplicaSet ({}): it is {}, which has the traffic",
                        quote(work.status.stable_rs), hash),
            kubernetes::EventType::warning);
  work.status.stable_rs = hash;
}

std::string step_hash_of(const Work& work) {
  return work.seen.hashes ? work.seen.hashes->steps : hash_of_steps(work.rollout);
}

/// The steps' hash is dear, and the same as ever while the spec is the one the status was made for.
bool steps_may_have_changed(const Work& work) {
  const api::RolloutStatus& status = work.rollout.status;
  return status.current_step_hash.empty() ||
         status.observed_generation != std::to_string(work.rollout.metadata.generation);
}

}  // namespace

void plan_revision(Work& work) {
  const api::ReplicaSet* newest = work.roles.new_;
  if (newest == nullptr) {
    work.new_revision = next_revision(work, nullptr);
    work.gives_revision = true;
    if (!work.seen.create_error) work.create_with = 0;
    return;
  }
  raise_revision(work, *newest);
  pass_on_annotations(work, *newest);
  if (newest->spec.min_ready_seconds != work.rollout.spec.min_ready_seconds) {
    ReplicaSetChange& change = work.change(*newest);
    change.min_ready_seconds = work.rollout.spec.min_ready_seconds;
    change.because("spec.minReadySeconds");
  }
  refresh_anti_affinity(work, *newest);
}

void plan_position(Work& work) {
  api::RolloutStatus& status = work.status;
  mend_stable(work);
  remove_condition(status, condition_types::invalid_spec);
  remove_condition(status, condition_types::not_supported);
  for (api::PauseCondition& pause : status.pause_conditions) {
    if (!pause.start_time) pause.start_time = round_up_to_second(work.now);
  }

  work.halted = is_halted(work.rollout);
  work.resized = was_resized(work);
  work.rolls_back_within_window = is_within_rollback_window(work.rollout, work.roles);
  work.fast_rollback = find_fast_rollback(work.rollout, work.roles, work.now);

  const bool canary = work.rollout.spec.strategy.canary.has_value();
  const bool new_template =
      !status.current_pod_hash.empty() && status.current_pod_hash != work.new_hash;
  bool new_steps = false;
  if (!canary) {
    status.current_step_hash.clear();
    status.canary = {};
  } else {
    status.blue_green = {};
    if (work.seen.hashes || steps_may_have_changed(work)) {
      std::string hash = step_hash_of(work);
      new_steps = status.current_step_hash != hash;
      status.current_step_hash = std::move(hash);
    }
  }
  status.current_pod_hash = work.new_hash;
  work.begins_update = new_template || new_steps;
  if (new_template && !work.fast_rollback && is_owed_its_delay(work.rollout, work.roles)) {
    work.set_deadline(*work.roles.new_,
                      deadline_after(work.now, api::scale_down_delay(work.rollout)),
                      "going back within its delay");
    work.owes_delay = true;
  }
  if (work.begins_update) begin_update(work);
  work.retries = !work.begins_update && !status.abort &&
                 has_reason(status, condition_types::progressing, condition_reasons::aborted);
  obey_commands(work);
  if (step_count(work.rollout) == 0) status.current_step_index.reset();
  if (status.current_step_index) {
    status.current_step_index = std::clamp(*status.current_step_index, 0, step_count(work.rollout));
  }
}

void promote(Work& work, const std::string& reason) {
  api::RolloutStatus& status = work.status;
  clear_pauses(status);
  drop_abort(status);
  status.promote_full = false;
  status.blue_green.scale_up_preview_check_point = false;
  status.current_step_index = past_last_step(work.rollout);
  if (status.stable_rs == work.new_hash) return;
  if (!status.stable_rs.empty() && work.roles.new_) {
    work.change(*work.roles.new_).promoted = true;
  }
  status.stable_rs = work.new_hash;
  work.note("RolloutCompleted", fmt::format("Rollout completed update to revision {} ({}): {}",
                                            work.new_revision, work.new_hash, reason));
}

}  // namespace slipway::rollout
