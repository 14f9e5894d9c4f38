#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/canary_steps.h"
#include "rollout/conditions.h"
#include "rollout/duration.h"
#include "rollout/keys.h"
#include "rollout/pausing.h"
#include "rollout/phase.h"
#include "rollout/progress.h"
#include "rollout/scale_down.h"
#include "rollout/work.h"

/// What the status tells beside the decisions: counts, conditions, phase. Source: behaviour.md
/// 8.2.1, 15.5, 27.
namespace slipway::rollout {
namespace {

std::int32_t as_count(std::int64_t sum) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(sum, 0, std::numeric_limits<std::int32_t>::max()));
}

const api::ReplicaSet* find_active(const Work& work) {
  if (!work.rollout.spec.strategy.blue_green) return nullptr;
  const std::string& hash = work.status.blue_green.active_selector;
  if (hash.empty()) return nullptr;
  const auto found = std::ranges::find_if(
      work.roles.owned, [&](const api::ReplicaSet* owned) { return hash_of(*owned) == hash; });
  return found == work.roles.owned.end() ? nullptr : *found;
}

/// The scale subresource shows autoscalers the pods that serve: of blue-green the active ones.
void count(Work& work) {
  std::int64_t replicas = 0;
  std::int64_t ready = 0;
  std::int64_t available = 0;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    replicas += owned->status.replicas;
    ready += owned->status.ready_replicas;
    available += owned->status.available_replicas;
  }
  api::RolloutStatus& status = work.status;
  status.replicas = as_count(replicas);
  status.updated_replicas = work.roles.new_ ? as_count(work.roles.new_->status.replicas) : 0;
  if (const api::ReplicaSet* active = find_active(work)) {
    status.hpa_replicas = as_count(active->status.replicas);
    status.ready_replicas = as_count(active->status.ready_replicas);
    status.available_replicas = as_count(active->status.available_replicas);
    status.selector = api::format_selector(active->spec.selector);
    return;
  }
  status.hpa_replicas = status.replicas;
  status.ready_replicas = as_count(ready);
  status.available_replicas = as_count(available);
  status.selector = api::format_selector(*work.rollout.spec.selector);
}

/// Compat: Argo Rollouts also wants the generation observed by the write before, so that any change
/// of the spec makes a Rollout unhealthy for a moment.
bool is_healthy(const Work& work) {
  const api::RolloutStatus& status = work.status;
  if (status.updated_replicas != work.desired() || status.available_replicas != work.desired()) {
    return false;
  }
  if (const auto& blue_green = work.rollout.spec.strategy.blue_green) {
    return status.blue_green.active_selector == status.current_pod_hash &&
           (blue_green->preview_service.empty() ||
            status.blue_green.preview_selector == status.current_pod_hash);
  }
  const auto count = past_last_step(work.rollout);
  return (!count || status.current_step_index == count) &&
         status.stable_rs == status.current_pod_hash && status.replicas == work.desired();
}

bool is_paused(const Work& work) {
  return work.rollout.spec.paused || !work.status.pause_conditions.empty();
}

/// An old ReplicaSet waits for its end: that takes as long as it takes.
bool waits_for_an_end(const Work& work) {
  return std::ranges::any_of(work.roles.others, [&](const api::ReplicaSet* other) {
    return spec_replicas(*other) > 0 && is_live(parse_deadline(other->metadata), work.now);
  });
}

/// Nobody can tell how long the current step takes.
bool is_indefinite(const Work& work) {
  const api::CanaryStep* step = current_step(work.rollout, work.status);
  return is_paused(work) || (step && (step->pause || step->experiment || step->analysis));
}

std::string subject(const Work& work) {
  return work.has_new() ? "ReplicaSet " + quote(work.new_name())
                        : "Rollout " + quote(work.rollout.metadata.name);
}

Statement progressing(std::string_view status, std::string_view reason, std::string message) {
  return {condition_types::progressing, status, reason, std::move(message)};
}

void tell_of_abort(Work& work) {
  std::string text = fmt::format("Rollout aborted update to revision {}", work.new_revision);
  if (!work.abort_message.empty()) text += ": " + work.abort_message;
  if (set_condition(work.status, progressing("False", condition_reasons::aborted, text),
                    work.now)) {
    work.note("RolloutAborted", std::move(text), kubernetes::EventType::warning);
  }
}

/// A person's pause, resume or retry, before anything else is said of progress.
void tell_of_commands(Work& work) {
  api::RolloutStatus& status = work.status;
  const bool told_paused =
      has_reason(status, condition_types::progressing, condition_reasons::paused);
  if (has_reason(status, condition_types::progressing, condition_reasons::aborted)) {
    set_condition(status,
                  progressing("Unknown", condition_reasons::retry, "Retrying Rollout after abort"),
                  work.now);
  } else if (is_paused(work) && !told_paused && !work.promoted()) {
    set_condition(status, progressing("Unknown", condition_reasons::paused, "Rollout is paused"),
                  work.now);
  } else if (!is_paused(work) && told_paused) {
    set_condition(status, progressing("Unknown", condition_reasons::resumed, "Rollout is resumed"),
                  work.now);
  }
}

void tell_of_pause(Work& work) {
  if (is_true(work.status, condition_types::paused) == is_paused(work)) return;
  set_condition(work.status,
                {condition_types::paused, is_paused(work) ? "True" : "False",
                 condition_reasons::paused, "Rollout is paused"},
                work.now);
}

void tell_of_progress(Work& work, bool became_unhealthy) {
  api::RolloutStatus& status = work.status;
  const Instant now = work.now;
  tell_of_commands(work);
  if (is_healthy(work)) {
    set_condition(status,
                  progressing("True", condition_reasons::new_replica_set_available,
                              subject(work) + " has successfully progressed."),
                  now);
    return;
  }
  if (is_paused(work) && !work.promoted()) return;
  if (work.seen.create_error && !work.has_new()) {
    std::string text = fmt::format("Failed to create new replica set {}: {}",
                                   quote(work.new_name()), work.seen.create_error->message);
    if (set_condition(status, progressing("False", condition_reasons::create_error, text), now)) {
      work.note(condition_reasons::create_error, std::move(text), kubernetes::EventType::warning);
    }
    return;
  }
  if (work.create_with) {
    renew_condition(status,
                    progressing("True", condition_reasons::new_replica_set_created,
                                "Created new replica set " + quote(work.new_name())),
                    now);
    return;
  }
  if (!find_condition(status, condition_types::progressing)) {
    set_condition(status,
                  progressing("True", condition_reasons::found_new_replica_set,
                              "Found new replica set " + quote(work.new_name())),
                  now);
    return;
  }
  if (became_unhealthy && work.promoted()) {
    renew_condition(status,
                    progressing("True", condition_reasons::not_available,
                                "Rollout does not have minimum availability"),
                    now);
    return;
  }
  if (became_unhealthy || made_progress(work.rollout.status, status)) {
    renew_condition(
        status, progressing("True", condition_reasons::updated, subject(work) + " is progressing."),
        now);
    return;
  }
  if (is_indefinite(work) || waits_for_an_end(work)) return;
  const ProgressClock clock = progress_clock(status, api::progress_deadline(work.rollout), now);
  if (clock.timed_out) {
    set_condition(status,
                  progressing("False", condition_reasons::deadline_exceeded,
                              subject(work) + " has timed out progressing."),
                  now);
  } else if (clock.left) {
    work.look_again_in(*clock.left);
  }
}

bool has_minimum_availability(const Work& work) {
  if (work.rollout.spec.strategy.blue_green) {
    const api::ReplicaSet* active = find_active(work);
    if (active == nullptr) return false;
    const Size size = size_of(active);
    const std::string* noted = active->metadata.annotation(keys::desired_replicas);
    return size.spec == work.desired() && size.available == work.desired() && noted &&
           parse_integer(*noted) == work.desired();
  }
  return work.status.available_replicas >= work.desired();
}

const api::Condition* find_replica_failure(const Work& work) {
  const auto failure_of = [](const api::ReplicaSet* replica_set) -> const api::Condition* {
    if (replica_set == nullptr) return nullptr;
    const auto& conditions = replica_set->status.conditions;
    const auto found =
        std::ranges::find(conditions, condition_types::replica_failure, &api::Condition::type);
    return found == conditions.end() ? nullptr : &*found;
  };
  if (const api::Condition* failure = failure_of(work.roles.new_)) return failure;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    if (const api::Condition* failure = failure_of(owned)) return failure;
  }
  return nullptr;
}

void tell_of_the_rest(Work& work) {
  api::RolloutStatus& status = work.status;
  const bool available = has_minimum_availability(work);
  set_condition(
      status,
      {condition_types::available, available ? "True" : "False", condition_reasons::available,
       available ? "Rollout has minimum availability"
                 : "Rollout does not have minimum availability"},
      work.now);
  if (const api::Condition* failure = find_replica_failure(work)) {
    set_condition(
        status,
        {condition_types::replica_failure, failure->status, failure->reason, failure->message},
        work.now);
  } else {
    remove_condition(status, condition_types::replica_failure);
  }
  const bool completed = !status.stable_rs.empty() && status.stable_rs == status.current_pod_hash;
  const bool changed = set_condition(status,
                                     {condition_types::completed, completed ? "True" : "False",
                                      condition_reasons::completed, "RolloutCompleted"},
                                     work.now);
  if (changed && !completed) {
    work.note("RolloutNotCompleted",
              fmt::format("Rollout not completed, started update to revision {} ({})",
                          work.new_revision, status.current_pod_hash));
  }
}

/// Returns whether it was healthy and is no more.
bool tell_of_health(Work& work) {
  api::RolloutStatus& status = work.status;
  if (!is_paused(work) && is_healthy(work)) {
    set_condition(
        status,
        {condition_types::healthy, "True", condition_reasons::healthy, "Rollout is healthy"},
        work.now);
    return false;
  }
  if (!find_condition(status, condition_types::healthy)) return false;
  return set_condition(
      status,
      {condition_types::healthy, "False", condition_reasons::healthy, "Rollout is not healthy"},
      work.now);
}

/// Source: behaviour.md 27.5.
void abort_if_timed_out(Work& work) {
  if (!work.rollout.spec.progress_deadline_abort || work.aborted() || work.promoted() ||
      work.begins_update || is_indefinite(work) || waits_for_an_end(work) ||
      made_progress(work.rollout.status, work.status)) {
    return;
  }
  const ProgressClock clock =
      progress_clock(work.rollout.status, api::progress_deadline(work.rollout), work.now);
  if (!clock.timed_out) return;
  work.abort_message = subject(work) + " has timed out progressing.";
  work.note("RolloutAborted", work.abort_message, kubernetes::EventType::warning);
  work.status.abort = true;
  work.status.aborted_at = round_down_to_second(work.now);
  clear_pauses(work.status);
}

/// Nothing but a person ends it: a manual pause, a pause without time.
bool waits_for_person(const Work& work) {
  if (work.rollout.spec.paused) return true;
  if (work.status.pause_conditions.empty()) return false;
  if (find_pause(work.status, pause_reasons::blue_green)) {
    return !api::auto_promotion_enabled(work.rollout);
  }
  const api::CanaryStep* step = current_step(work.rollout, work.status);
  return !step || !step->pause || !step->pause->duration;
}

void keep_duration(Work& work) {
  DurationFacts facts;
  facts.begins = work.begins_update;
  facts.first = work.rollout.status.current_pod_hash.empty();
  facts.retries = work.retries;
  facts.rolls_back = work.fast_rollback.has_value() || work.new_hash == work.status.stable_rs;
  facts.fast = work.rollout.status.promote_full || work.fast_rollback.has_value();
  facts.promoted = work.status.stable_rs == work.new_hash;
  facts.all_available = size_of(work.roles.new_).available >= work.desired();
  facts.aborted = work.aborted();
  facts.waits_for_person = waits_for_person(work);
  track_duration(work.status.duration, facts, work.now);
}

void tell_of_pauses_in_events(Work& work) {
  const auto& before = work.rollout.status.pause_conditions;
  const auto& after = work.status.pause_conditions;
  if (before.empty() && !after.empty()) {
    work.note("RolloutPaused", fmt::format("Rollout is paused ({})", after.front().reason));
  } else if (!before.empty() && after.empty() && !work.aborted()) {
    work.note("RolloutResumed", "Rollout is resumed");
  }
}

}  // namespace

void complete_status(Work& work) {
  api::RolloutStatus& status = work.status;
  count(work);
  if (status.pause_conditions.empty() && !work.keeps_promotion) status.controller_pause = false;
  status.observed_generation = std::to_string(work.rollout.metadata.generation);
  status.workload_observed_generation = workload_generation(work.seen);
  abort_if_timed_out(work);
  const bool became_unhealthy = tell_of_health(work);
  if (work.aborted()) {
    tell_of_abort(work);
  } else {
    tell_of_progress(work, became_unhealthy);
    tell_of_pause(work);
  }
  tell_of_the_rest(work);
  keep_transition_times(work.rollout.status, status);
  tell_phase(work.rollout, status);
  keep_duration(work);
  tell_of_pauses_in_events(work);
  if (status.phase == "Paused" && work.rollout.spec.paused) {
    work.because("a person paused it", {}, work.command("promote"));
  } else if (status.phase == "Progressing" && work.reasons.empty()) {
    work.because(status.message, work.roles.new_ ? name_of(*work.roles.new_) : std::string());
  } else if (status.phase == "Degraded" && work.reasons.empty()) {
    work.because(status.message);
  }
}

}  // namespace slipway::rollout
