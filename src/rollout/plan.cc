#include "rollout/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/conditions.h"
#include "rollout/history.h"
#include "rollout/keys.h"
#include "rollout/named_objects.h"
#include "rollout/new_replica_set.h"
#include "rollout/phase.h"
#include "rollout/restart.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"
#include "rollout/status_write.h"
#include "rollout/unsupported.h"
#include "rollout/validation.h"
#include "rollout/work.h"

namespace slipway::rollout {
namespace {

/// The watch tells when it goes; each look takes a create and a read.
constexpr Duration occupied_name_poll = 15_s;

/// A status write and nothing else.
Plan with_status(const Observed& seen, const api::RolloutStatus& status, std::string why) {
  Plan plan;
  if (!(status == seen.rollout->status)) plan.status = write_status(seen, status, std::move(why));
  return plan;
}

/// Nothing is under way, so nothing is missing if it is left alone.
bool is_at_rest(const api::Rollout& rollout, const api::RolloutStatus& status) {
  return status.phase == "Healthy" &&
         status.observed_generation == std::to_string(rollout.metadata.generation);
}

/// Source: conditions-events.tsv, InvalidSpec: written again when the message changes. Returns the
/// message.
std::string tell_invalid(api::RolloutStatus& status, const Observed& seen, const Error& error) {
  std::string message = fmt::format("The Rollout \"{}\" is invalid: {}: {}",
                                    seen.rollout->metadata.name, error.where, error.message);
  const auto* present = find_condition(status, condition_types::invalid_spec);
  if (!present || present->message != message) {
    renew_condition(
        status, {condition_types::invalid_spec, "True", condition_reasons::invalid_spec, message},
        seen.now);
  }
  return message;
}

/// Reading the template is dear, and once for each spec is enough: the status remembers.
bool template_was_checked(const Observed& seen) {
  const api::Rollout& rollout = *seen.rollout;
  return rollout.status.workload_observed_generation == workload_generation(seen) &&
         rollout.status.observed_generation == std::to_string(rollout.metadata.generation) &&
         !find_condition(rollout.status, condition_types::invalid_spec);
}

std::optional<Error> find_problem(const Observed& seen) {
  if (seen.workload_error) return seen.workload_error;
  std::vector<Error> errors = validate(*seen.rollout);
  if (errors.empty() && !template_was_checked(seen)) {
    errors = validate_template(*seen.rollout);
  }
  if (errors.empty()) errors = validate_references(seen);
  if (errors.empty()) errors = validate_named_objects(*seen.rollout, seen.named_objects);
  if (errors.empty()) return std::nullopt;
  return errors.front();
}

/// What is wrong is told of a Rollout that is left alone as of any other. Its generation does not
/// count as observed, since nobody acts on it.
Plan plan_unsupported_and_invalid(const Observed& seen, const Error& error) {
  api::RolloutStatus status = seen.rollout->status;
  std::string message = tell_invalid(status, seen, error);
  tell_phase(*seen.rollout, status);
  Plan plan = with_status(seen, status, "invalid, and not supported yet");
  plan.reasons.push_back({std::move(message), error.where, error.hint});
  return plan;
}

/// What it was before something was wrong.
void forget_invalid(const api::Rollout& rollout, api::RolloutStatus& status) {
  if (!find_condition(status, condition_types::invalid_spec)) return;
  remove_condition(status, condition_types::invalid_spec);
  if (!status.current_pod_hash.empty()) return tell_phase(rollout, status);
  status.phase.clear();
  status.message.clear();
}

/// The Rollout is left as it is, and says why. One that is at rest does not even say so.
Plan plan_unsupported(const Observed& seen, const std::vector<std::string>& fields) {
  const api::Rollout& rollout = *seen.rollout;
  std::string text = "Slipway leaves this Rollout alone: it can't act yet on ";
  for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : ", ") + fields[i];
  api::RolloutStatus status = rollout.status;
  forget_invalid(rollout, status);
  if (!is_at_rest(rollout, status)) {
    const auto* present = find_condition(status, condition_types::not_supported);
    if (!present || present->message != text) {
      renew_condition(
          status, {condition_types::not_supported, "True", condition_reasons::not_supported, text},
          seen.now);
    }
    if (status.phase.empty()) {
      status.phase = "Degraded";
      status.message = fmt::format("{}: {}", condition_reasons::not_supported, text);
    }
  }
  Plan plan = with_status(seen, status, "not supported yet");
  plan.reasons.push_back({std::move(text), {}, {}});
  return plan;
}

/// An old ReplicaSet ends, whatever is wrong with the Rollout. Which ones are in use is what the
/// status says, since nothing newer has begun. Where the spec itself is sound, and only what it
/// names is missing, its delay can be relied on too. Before the first status nothing is known to be
/// old.
void end_what_is_old(Work& work, bool sound) {
  const api::RolloutStatus& status = work.rollout.status;
  const bool is_first = status.current_pod_hash.empty();
  const bool has_delay = sound && work.rollout.spec.strategy.blue_green.has_value();
  // A rolling update has none; a person who pauses it holds every size as it is.
  const auto& canary = work.rollout.spec.strategy.canary;
  const bool has_none = sound && canary && !canary->traffic_routing && !work.rollout.spec.paused;
  std::vector<const api::ReplicaSet*> without_delay;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    const Deadline deadline = parse_deadline(owned->metadata);
    const std::string hash = hash_of(*owned);
    const bool in_use = is_first || hash == status.stable_rs || hash == status.current_pod_hash ||
                        work.selected.contains(hash);
    const bool is_arranged = std::holds_alternative<At>(deadline);
    if (owned->metadata.deletion_timestamp) continue;
    if (in_use || spec_replicas(*owned) == 0 || !(is_arranged || has_delay)) {
      if (!is_arranged) work.remove_deadline(*owned, "is no time");
      if (has_none && !in_use && spec_replicas(*owned) > 0) without_delay.push_back(owned);
      continue;
    }
    const Duration delay = has_delay ? api::scale_down_delay(work.rollout) : Duration{};
    const ScaleDown decision = decide_scale_down(deadline, delay, work.now);
    if (decision.what == ScaleDown::Do::scale_to_zero) {
      work.resize(*owned, 0, "old revision: scale-down delay is over");
      continue;
    }
    work.look_again_in(*decision.look_again_in);
    if (decision.what != ScaleDown::Do::wait) {
      work.set_deadline(*owned, deadline_after(work.now, delay), "old revision: its delay begins");
    }
  }
  end_without_delay(work, std::move(without_delay));
}

/// The hash label of one of ours was lost: without it no watch of ReplicaSets shows it any more.
/// Nothing where all have theirs.
Plan plan_lost_labels(const Work& work) {
  Plan plan;
  for (const api::ReplicaSet* owned : work.roles.owned) {
    const std::string* label = owned->metadata.label(api::pod_template_hash_label);
    const bool lost = label == nullptr || label->empty();
    if (!lost || hash_of(*owned).empty() || owned->metadata.deletion_timestamp) continue;
    kubernetes::Write write(seen_for_write(*owned), "its hash label was lost");
    write.expect_as_seen(owners_path).expect_as_seen("/metadata/labels");
    write.set("/metadata/labels/" + std::string(api::pod_template_hash_label), hash_of(*owned));
    plan.writes.push_back(std::move(write));
    plan.reasons.push_back({"labels " + name_of(*owned) + " again", name_of(*owned), {}});
  }
  return plan;
}

/// Compat: Argo Rollouts leaves old ReplicaSets running until the spec is mended.
Plan plan_invalid(const Observed& seen, const Error& error) {
  const api::Rollout& rollout = *seen.rollout;
  api::RolloutStatus status = rollout.status;
  const std::string message = tell_invalid(status, seen, error);
  status.observed_generation = std::to_string(rollout.metadata.generation);
  status.workload_observed_generation = workload_generation(seen);
  tell_phase(rollout, status);
  Work work(seen);
  if (Plan labels = plan_lost_labels(work); !labels.writes.empty()) return labels;
  work.status = std::move(status);
  work.new_revision = revision_of(rollout.metadata);
  work.because(message, error.where, error.hint);
  end_what_is_old(work, validate(rollout).empty());
  return assemble(work);
}

Json owners_of(const api::ReplicaSet& replica_set, const std::string& without_uid) {
  Json owners = Json::array();
  for (const api::OwnerReference& owner : replica_set.metadata.owner_references) {
    if (owner.uid != without_uid) owners.push_back(api::encode(owner));
  }
  return owners;
}

/// Orphans that match are taken in, strays let go. Until that is done the roles are not what they
/// will be, so nothing else is decided.
Plan plan_ownership(const Work& work) {
  const api::Rollout& rollout = work.rollout;
  Plan plan;
  if (!work.roles.orphans.empty() && !work.seen.rollout_is_live) {
    plan.read_rollout_live = true;
    return plan;
  }
  for (const api::ReplicaSet* stray : work.roles.strays) {
    kubernetes::Write write(seen_for_write(*stray), "its labels match the selector no more");
    write.expect_as_seen(owners_path).expect_as_seen("/metadata/labels");
    write.set(owners_path, owners_of(*stray, rollout.metadata.uid));
    plan.writes.push_back(std::move(write));
    plan.reasons.push_back({"lets go of " + name_of(*stray), name_of(*stray), {}});
  }
  for (const api::ReplicaSet* orphan : work.roles.orphans) {
    Json owners = owners_of(*orphan, {});
    owners.push_back(owner_reference(rollout));
    kubernetes::Write write(seen_for_write(*orphan), "adopted: the selector matches its labels");
    write.expect_as_seen(owners_path).expect_as_seen("/metadata/labels");
    write.set(owners_path, std::move(owners));
    plan.writes.push_back(std::move(write));
    plan.reasons.push_back({"adopts " + name_of(*orphan), name_of(*orphan), {}});
  }
  return plan;
}

/// Somebody else's object has the name that ours should get: the next hash is tried. Source:
/// behaviour.md 4.2.
Plan plan_collision(const Work& work) {
  api::RolloutStatus status = work.rollout.status;
  status.collision_count = status.collision_count.value_or(0) + 1;
  return with_status(work.seen, status,
                     "ReplicaSet name " + work.new_name() + " is taken: next hash");
}

/// Tells who waits for an update of the workload that the Rollout has seen it. Until that is
/// written down nothing else moves. Source: behaviour.md 22.3.
///
/// A later one that is written down already is what another controller, or this one before its
/// cache went back, has decided on: the workload is read before anything else is decided, or an old
/// template would be rolled out again. One that is live and yet earlier was made anew.
Plan plan_workload_generation(const Work& work) {
  Plan plan;
  const std::string generation = workload_generation(work.seen);
  const std::string* noted = work.rollout.metadata.annotation(keys::workload_generation);
  if (generation.empty() || (noted && *noted == generation)) return plan;
  const auto decided_on = noted ? parse_integer(*noted) : std::nullopt;
  if (decided_on && *decided_on > work.seen.workload->metadata.generation &&
      !work.seen.workload_is_live) {
    plan.read_workload_live = true;
    return plan;
  }
  const std::string path = kubernetes::annotation_path(keys::workload_generation);
  kubernetes::Write write(seen_for_write(work.rollout), "the workload's generation");
  write.expect_as_seen(path).set(path, generation);
  plan.writes.push_back(std::move(write));
  plan.reasons.push_back({"notes generation " + generation + " of the workload", {}, {}});
  return plan;
}

/// The scale-downs of an abort must not land after a retry: the ReplicaSet is claimed before
/// traffic may come back to it.
void claim_after_retry(Work& work) {
  if (!work.retries || work.roles.new_ == nullptr || named_services(work.rollout).empty()) return;
  ReplicaSetChange& change = work.change(*work.roles.new_);
  change.claims = true;
  change.because("back in service after an abort");
}

/// The last decision about that object rests on a newer version of the Rollout than this one.
bool is_ahead(const api::ObjectMeta& metadata, const api::Rollout& rollout) {
  const std::string* claim = metadata.annotation(keys::claim);
  return claim && parse_integer(*claim) && parse_integer(rollout.metadata.resource_version) &&
         api::newer_version(*claim, rollout.metadata.resource_version);
}

/// The copy of the Rollout is behind what was decided already, here or by another controller: it is
/// read before anything else is decided, or the two would undo each other's work. One that is live
/// and yet behind is of a store that went back, a restored backup: then the claims are mended.
/// Nothing where it is not behind.
Plan plan_catching_up(const Work& work) {
  Plan plan;
  const auto look_at = [&](const api::Object& object, const api::ObjectMeta& metadata) {
    if (!is_ahead(metadata, work.rollout)) return;
    const std::string path = kubernetes::annotation_path(keys::claim);
    kubernetes::Write write(object, "its claim is of a version that never was");
    if (!metadata.owner_references.empty()) write.expect_as_seen(owners_path);
    write.expect_as_seen(path).set(path, work.rollout.metadata.resource_version);
    plan.writes.push_back(std::move(write));
  };
  for (const api::ReplicaSet* owned : work.roles.owned) {
    look_at(seen_for_write(*owned), owned->metadata);
  }
  for (const auto& [name, service] : work.seen.services) {
    const std::string* manager = service ? service->metadata.annotation(keys::managed_by) : nullptr;
    if (manager == nullptr || *manager != work.rollout.metadata.name) continue;
    look_at(api::seen(*service), service->metadata);
  }
  if (plan.writes.empty() || work.seen.rollout_is_live) return plan;
  Plan reads;
  reads.read_rollout_live = true;
  return reads;
}

/// The occupant is ours, and only the list of ReplicaSets doesn't show it yet. Its template may
/// read otherwise than it was sent, if admission had a hand in it.
bool is_missing_from_list(const Observed& seen) {
  const api::ReplicaSet& occupant = *seen.occupant;
  const api::OwnerReference* owner = occupant.metadata.controller();
  return owner && owner->uid == seen.rollout->metadata.uid &&
         !occupant.metadata.deletion_timestamp && !hash_of(occupant).empty() &&
         std::ranges::none_of(seen.replica_sets, [&](const auto& replica_set) {
           return replica_set->metadata.uid == occupant.metadata.uid;
         });
}

Plan plan_valid(const Observed& seen) {
  Work work(seen);
  if (!work.roles.orphans.empty() || !work.roles.strays.empty()) return plan_ownership(work);
  if (Plan reads = plan_catching_up(work); !reads.writes_nothing() || reads.read_rollout_live) {
    return reads;
  }
  if (Plan noted = plan_workload_generation(work);
      !noted.writes.empty() || noted.read_workload_live) {
    return noted;
  }
  if (Plan labels = plan_lost_labels(work); !labels.writes.empty()) return labels;
  if (!work.roles.new_ && seen.occupant &&
      seen.occupant->metadata.name == replica_set_name(work.rollout, work.new_hash)) {
    if (!seen.occupant->metadata.deletion_timestamp) return plan_collision(work);
    Plan plan;
    plan.look_again = occupied_name_poll;
    plan.reasons.push_back(
        {"waits until the old ReplicaSet of the same name is gone", name_of(*seen.occupant), {}});
    return plan;
  }
  plan_revision(work);
  if (Plan given = plan_given_revision(work); !given.writes.empty()) return given;
  plan_position(work);
  claim_after_retry(work);
  if (work.rollout.spec.strategy.canary) {
    plan_canary(work);
  } else {
    plan_blue_green(work);
  }
  plan_ephemeral_metadata(work);
  plan_restart(work);
  complete_status(work);
  plan_workload(work);
  return assemble(work);
}

}  // namespace

void plan_history(Work& work) {
  for (const api::ReplicaSet* old : find_expendable(
           work.roles.others, api::revision_history_limit(work.rollout), work.selected)) {
    if (work.change(*old).nothing()) work.deletions.push_back(old);
  }
}

void plan_restart(Work& work) {
  if (work.halted) return;
  const Restart restart = decide_restart(work.seen, work.roles, work.bounds.max_unavailable);
  if (restart.look_again_in) work.look_again_in(*restart.look_again_in);
  if (restart.done) work.status.restarted_at = work.rollout.spec.restart_at;
  if (restart.left > 0) {
    work.because(fmt::format("restarts: {} pods are still to be replaced", restart.left));
  }
  // Which pods a smaller size ends is not ours to choose, so none is evicted beside one.
  if (std::ranges::any_of(work.changes, &ReplicaSetChange::lowers)) return;
  for (const api::Pod* pod : restart.evict) {
    // One decision about an object at a time: who is written is evicted by the next plan.
    const bool is_written = std::ranges::any_of(work.pod_writes, [&](const kubernetes::Write& one) {
      return one.target().uid == pod->metadata.uid;
    });
    if (!is_written) work.evictions.push_back(pod);
  }
}

void plan_workload(Work& work) {
  const auto& workload = work.seen.workload;
  if (workload == nullptr || workload->kind != api::kinds::deployment || !work.has_new()) return;
  const bool shrinking = work.roles.new_ && work.change(*work.roles.new_).lowers();
  const auto size = workload_size({.mode = scale_down_mode(work.rollout),
                                   .first_revision = work.new_revision == 1,
                                   .promoted = work.promoted(),
                                   .healthy = work.status.phase == "Healthy",
                                   .shrinking = shrinking,
                                   .desired = work.desired(),
                                   .ready = work.status.ready_replicas});
  if (!size) return;
  work.workload_write = resize_workload(*workload, *size);
}

Plan plan(const Observed& seen) {
  if (seen.rollout->metadata.deletion_timestamp) return {};
  const auto problem = find_problem(seen);
  if (const auto unsupported = unsupported_features(*seen.rollout); !unsupported.empty()) {
    return problem ? plan_unsupported_and_invalid(seen, *problem)
                   : plan_unsupported(seen, unsupported);
  }
  if (problem) return plan_invalid(seen, *problem);
  if (seen.occupant && is_missing_from_list(seen)) {
    Observed complete = seen;
    complete.replica_sets.push_back(seen.occupant);
    return plan_valid(complete);
  }
  return plan_valid(seen);
}

api::ObjectRef reference_to(const api::Rollout& rollout) {
  return {api::Rollout::kind, rollout.metadata.key(), rollout.metadata.uid,
          rollout.metadata.resource_version};
}

std::string Plan::text() const {
  std::string text;
  for (const Reason& reason : reasons) text += "reason: " + reason.text + "\n";
  for (const kubernetes::Write& write : writes) text += write.text() + "\n";
  if (status) text += status->text() + "\n";
  for (const Event& event : events) {
    text +=
        fmt::format("event after {}: {} {}: {}\n", event.after,
                    kubernetes::to_string(event.note.type), event.note.reason, event.note.message);
  }
  if (read_rollout_live) text += "reads the Rollout live\n";
  if (read_workload_live) text += "reads its workload live\n";
  if (read_services_live) text += "reads its Services live\n";
  if (look_again) text += "looks again in " + format_go_duration(*look_again) + "\n";
  return text;
}

}  // namespace slipway::rollout
