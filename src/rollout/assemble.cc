#include <algorithm>

#include <fmt/format.h>

#include "rollout/canary_steps.h"
#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/new_replica_set.h"
#include "rollout/revisions.h"
#include "rollout/status_write.h"
#include "rollout/work.h"

/// From decisions to a Plan: what is written, in which order, and what is told of it.
namespace slipway::rollout {
namespace {

/// A status that differs in nothing but counts, while pods come and go, is written no more often
/// than this: an update of a hundred pods would write a hundred of them. Pods mostly come up
/// sooner, so a step costs one status write; autoscalers look every 15 s. Compat: Argo Rollouts
/// writes each count.
constexpr Duration count_interval = 10_s;
/// The same where the plan itself resizes, which changes the counts again. Under the load of many
/// Rollouts such a plan comes late; only one that is refused again and again comes for long.
constexpr Duration count_interval_while_resizing = 5_min;

/// Appends to the plan; events are told once the write before them is applied.
class Assembly {
 public:
  explicit Assembly(const Work& work) : about_(reference_to(work.rollout)) {}

  void write(kubernetes::Write write) { plan_.writes.push_back(std::move(write)); }
  void tell(kubernetes::EventNote note, bool with_status = false) {
    plan_.events.push_back({about_, std::move(note), plan_.writes.size() + (with_status ? 1 : 0)});
  }
  Plan& plan() { return plan_; }

 private:
  api::ObjectRef about_;
  Plan plan_;
};

/// Compat: Argo Rollouts creates it empty and scales it later.
void create(const Work& work, Assembly& assembly) {
  if (!work.create_with) return;
  const NewReplicaSet wanted{work.new_hash, work.new_revision, *work.create_with};
  assembly.write(kubernetes::Write::create(api::ReplicaSet::kind,
                                           make_replica_set(work.rollout, wanted),
                                           fmt::format("revision {}", work.new_revision)));
  assembly.tell(
      {kubernetes::EventType::normal, "NewReplicaSetCreated",
       fmt::format("Created ReplicaSet {} (revision {})", work.new_name(), work.new_revision)});
  if (*work.create_with > 0) {
    assembly.tell({kubernetes::EventType::normal, "ScalingReplicaSet",
                   fmt::format("Scaled up ReplicaSet {} (revision {}) from 0 to {}",
                               work.new_name(), work.new_revision, *work.create_with)});
  }
}

void tell_of_scaling(const Work& work, const ReplicaSetChange& change, Assembly& assembly) {
  if (!change.lowers() && !change.raises()) return;
  const api::ReplicaSet& of = *change.of;
  const std::int64_t revision =
      change.of == work.roles.new_ ? work.new_revision : revision_of(of.metadata);
  assembly.tell({kubernetes::EventType::normal, "ScalingReplicaSet",
                 fmt::format("Scaled {} ReplicaSet {} (revision {}) from {} to {}",
                             change.raises() ? "up" : "down", of.metadata.name, revision,
                             spec_replicas(of), *change.replicas)});
}

enum class Stage { arrange_ends, serve, shrink };

Stage stage_of(const ReplicaSetChange& change) {
  if (change.only_arranges_end()) return Stage::arrange_ends;
  return change.lowers() ? Stage::shrink : Stage::serve;
}

void change_replica_sets(const Work& work, Stage stage, Assembly& assembly) {
  for (const ReplicaSetChange& change : work.changes) {
    if (change.nothing() || stage_of(change) != stage) continue;
    // What goes needs no change, which would only make its deletion rest on an older version.
    if (std::ranges::find(work.deletions, change.of) != work.deletions.end()) continue;
    auto write = make_write(change);
    if (!write) continue;
    assembly.write(std::move(*write));
    tell_of_scaling(work, change, assembly);
    for (const auto& [of, note] : work.replica_set_notes) {
      if (of == change.of) assembly.tell(note);
    }
  }
}

void write_revision(const Work& work, Assembly& assembly) {
  if (!work.has_new()) return;
  const std::string* given_to = work.rollout.metadata.annotation(keys::revision_for);
  const bool is_given = revision_of(work.rollout.metadata) == work.new_revision &&
                        (!work.gives_revision || (given_to && *given_to == work.new_hash));
  if (is_given) return;
  const std::string revision = std::to_string(work.new_revision);
  kubernetes::Write write(seen_for_write(work.rollout), "revision " + revision);
  write.expect_as_seen("/metadata/generation");
  for (const auto& [key, value] : {
           std::pair{keys::revision,     &revision     },
           std::pair{keys::revision_for, &work.new_hash}
  }) {
    const std::string path = kubernetes::annotation_path(key);
    write.expect_as_seen(path).set(path, *value);
  }
  assembly.write(std::move(write));
  assembly.tell(
      {kubernetes::EventType::normal, "RolloutUpdated", "Rollout updated to revision " + revision});
}

/// Pods of it are on their way up or down.
bool in_motion(const api::ReplicaSet& replica_set) {
  const std::int32_t spec = spec_replicas(replica_set);
  const api::ReplicaSetStatus& status = replica_set.status;
  return !is_observed(replica_set) || status.replicas != spec || status.available_replicas != spec;
}

/// Whether nothing differs but counts and what is told of them.
bool only_counts_differ(const api::RolloutStatus& before, api::RolloutStatus after) {
  const auto* was = find_condition(before, condition_types::progressing);
  const auto* is = find_condition(after, condition_types::progressing);
  if (!was || !is || was->status != "True" || is->reason != condition_reasons::updated ||
      before.conditions.size() != after.conditions.size()) {
    return false;
  }
  after.replicas = before.replicas;
  after.updated_replicas = before.updated_replicas;
  after.ready_replicas = before.ready_replicas;
  after.available_replicas = before.available_replicas;
  after.hpa_replicas = before.hpa_replicas;
  after.message = before.message;
  api::RolloutStatus told = before;
  for (const std::string_view type : {condition_types::progressing, condition_types::available}) {
    remove_condition(told, type);
    remove_condition(after, type);
  }
  return after == told;
}

/// How long the status can wait, or nothing: it is written now.
std::optional<Duration> can_wait(const Work& work) {
  if (!only_counts_differ(work.rollout.status, work.status)) return std::nullopt;
  const bool resizes = std::ranges::any_of(work.changes, [](const ReplicaSetChange& change) {
    return change.raises() || change.lowers();
  });
  if (!resizes && std::ranges::none_of(work.roles.owned, [](const api::ReplicaSet* owned) {
        return in_motion(*owned);
      })) {
    return std::nullopt;
  }
  const auto* told = find_condition(work.rollout.status, condition_types::progressing);
  const Instant last = told->last_update_time.value_or(Instant{});
  const Instant due = last + (resizes ? count_interval_while_resizing : count_interval);
  if (due <= work.now || last > work.now) return std::nullopt;
  return due - work.now;
}

std::string status_text(const Work& work) {
  const api::RolloutStatus& status = work.status;
  std::string text = status.phase;
  if (status.current_step_index && step_count(work.rollout) > 0) {
    text += fmt::format(", step {}/{}", *status.current_step_index, step_count(work.rollout));
  }
  if (!status.message.empty()) text += ": " + status.message;
  return text;
}

bool plan_status(Work& work, Assembly& assembly) {
  if (work.status == work.rollout.status) return false;
  if (const auto wait = can_wait(work)) {
    work.look_again_in(*wait);
    return false;
  }
  auto write = write_status(work.seen, work.status, status_text(work));
  if (!write) return false;
  assembly.plan().status = std::move(write);
  assembly.plan().ended = ended_update(work.rollout.status.duration, work.status.duration);
  for (const kubernetes::EventNote& note : work.status_notes) assembly.tell(note, true);
  return true;
}

/// What a Service selects is never scaled to zero, but a cache may not have heard yet what another
/// controller, or a person, has made of the Service.
bool must_look_at_services(const Work& work) {
  if (work.seen.services_are_live || work.seen.services.empty()) return false;
  return std::ranges::any_of(work.changes, [](const ReplicaSetChange& change) {
    return change.lowers() && *change.replicas == 0;
  });
}

}  // namespace

api::Object seen_for_write(const api::Rollout& rollout) {
  return api::Object::of(api::Rollout::kind, Json::object({
                                                 {"apiVersion", api::Rollout::kind.api_version()},
                                                 {"kind",       api::Rollout::kind.kind         },
                                                 {"metadata",   api::encode(rollout.metadata)   },
  }));
}

Plan plan_given_revision(const Work& work) {
  if (!work.gives_revision) return {};
  Assembly assembly(work);
  write_revision(work, assembly);
  return std::move(assembly.plan());
}

Plan assemble(Work& work) {
  if (must_look_at_services(work)) {
    Plan reads;
    reads.read_services_live = true;
    return reads;
  }
  Assembly assembly(work);
  // What ends has its deadline before its successor has pods, so that both never count together.
  change_replica_sets(work, Stage::arrange_ends, assembly);
  create(work, assembly);
  change_replica_sets(work, Stage::serve, assembly);
  for (const ServiceSwitch& one : work.switches) {
    assembly.write(one.write);
    assembly.tell(one.note);
  }
  change_replica_sets(work, Stage::shrink, assembly);
  if (!plan_status(work, assembly)) {
    // These change the Rollout, which the status write has just seen, or may be turned down for
    // long: not in one plan with it.
    write_revision(work, assembly);
    if (work.workload_write) assembly.write(std::move(*work.workload_write));
    for (kubernetes::Write& write : work.pod_writes) assembly.write(std::move(write));
    for (const api::Pod* pod : work.evictions) {
      assembly.write(kubernetes::Write::evict(api::seen(*pod), "restart"));
    }
    for (const api::ReplicaSet* old : work.deletions) {
      assembly.write(
          kubernetes::Write::delete_object(seen_for_write(*old), "beyond revisionHistoryLimit"));
    }
  }
  Plan plan = std::move(assembly.plan());
  plan.look_again = work.look_again;
  plan.reasons = std::move(work.reasons);
  return plan;
}

}  // namespace slipway::rollout
