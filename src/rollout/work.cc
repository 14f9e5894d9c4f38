#include "rollout/work.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/keys.h"
#include "rollout/new_replica_set.h"
#include "rollout/scale_down.h"

namespace slipway::rollout {
namespace {

Roles roles_of(const Observed& seen) {
  return find_roles(seen, [&] {
    if (seen.hashes) return seen.hashes->pod_template;
    return api::pod_template_hash(seen.rollout->spec.template_.content(),
                                  seen.rollout->status.collision_count);
  });
}

}  // namespace

Work::Work(const Observed& observed)
    : seen(observed),
      rollout(*observed.rollout),
      now(observed.now),
      bounds{api::desired_replicas(rollout), api::max_surge(rollout),
             api::max_unavailable(rollout)},
      roles(roles_of(observed)),
      selected(selected_hashes(observed)),
      status(rollout.status) {
  changes.resize(roles.owned.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i].of = roles.owned[i];
    changes[i].rollout_version = rollout.metadata.resource_version;
  }
  if (roles.new_) {
    new_hash = hash_of(*roles.new_);
  } else {
    new_hash = seen.hashes ? seen.hashes->pod_template
                           : api::pod_template_hash(rollout.spec.template_.content(),
                                                    rollout.status.collision_count);
  }
}

std::string Work::new_name() const {
  return roles.new_ ? roles.new_->metadata.name : replica_set_name(rollout, new_hash);
}

ReplicaSetChange& Work::change(const api::ReplicaSet& replica_set) {
  const auto found = std::ranges::find(changes, &replica_set, &ReplicaSetChange::of);
  return *found;
}

void Work::resize(const api::ReplicaSet& replica_set, std::int32_t replicas, std::string_view why) {
  const std::string count = std::to_string(desired());
  const std::string* noted = replica_set.metadata.annotation(keys::desired_replicas);
  const bool same_size = replicas == spec_replicas(replica_set);
  if (same_size && (replicas == 0 || (noted && *noted == count))) return;
  ReplicaSetChange& change = this->change(replica_set);
  if (!same_size) {
    change.replicas = replicas;
    change.because(why);
  }
  if (!noted || *noted != count) {
    change.annotations[std::string(keys::desired_replicas)] = count;
    change.because("spec.replicas is " + count);
  }
  if (replicas == 0) remove_deadline(replica_set, why);
}

void Work::tell_of_mending(const api::ReplicaSet& replica_set, std::string_view outcome) {
  const api::ObjectMeta& metadata = replica_set.metadata;
  if (!deadline_needs_mending(metadata)) return;
  const Deadline deadline = parse_deadline(metadata);
  std::string text;
  if (const auto* malformed = std::get_if<Malformed>(&deadline)) {
    text = fmt::format("ReplicaSet {} had a scale-down-deadline that is no time ({}): {}",
                       metadata.name, quote(malformed->text), outcome);
  } else {
    text = fmt::format("ReplicaSet {} had its scale-down-deadline in annotation {}: {}",
                       metadata.name, keys::scale_down_deadline_as_documented, outcome);
  }
  replica_set_notes.push_back({
      &replica_set, {kubernetes::EventType::warning, "ScaleDownDeadlineMended", text}
  });
}

void Work::remove_deadline(const api::ReplicaSet& replica_set, std::string_view why) {
  if (std::holds_alternative<Absent>(parse_deadline(replica_set.metadata))) return;
  ReplicaSetChange& change = this->change(replica_set);
  if (!std::holds_alternative<ReplicaSetChange::Keep>(change.deadline)) return;
  change.deadline = ReplicaSetChange::Remove{};
  change.because(why);
  tell_of_mending(replica_set, "removed");
}

void Work::set_deadline(const api::ReplicaSet& replica_set, Instant deadline,
                        std::string_view why) {
  ReplicaSetChange& change = this->change(replica_set);
  change.deadline = deadline;
  change.because(why);
  tell_of_mending(replica_set, "set to " + format_rfc3339(deadline));
}

bool Work::scales() const {
  return create_with.value_or(0) > 0 ||
         std::ranges::any_of(changes, [](const ReplicaSetChange& change) {
           return change.lowers() || change.raises();
         });
}

void Work::look_again_in(Duration duration) {
  // An instant that is due is looked at by the plan that follows this one's writes, or at once.
  const Duration wait = std::max(duration, Duration{});
  look_again = look_again ? std::min(*look_again, wait) : wait;
}

void Work::because(std::string text, std::string blocked_by, std::string freed_by) {
  reasons.push_back({std::move(text), std::move(blocked_by), std::move(freed_by)});
}

void Work::note(std::string_view reason, std::string message, kubernetes::EventType type) {
  status_notes.push_back({type, std::string(reason), std::move(message)});
}

const api::Service* Work::service(const std::string& name) const {
  const auto found = seen.services.find(name);
  return found == seen.services.end() ? nullptr : found->second.get();
}

std::string command_for(const api::Rollout& rollout, std::string_view verb) {
  return fmt::format("kubectl argo rollouts {} {} -n {}", verb, rollout.metadata.name,
                     rollout.metadata.namespace_);
}

Size size_of(const api::ReplicaSet* replica_set) {
  if (replica_set == nullptr) return {};
  return {spec_replicas(*replica_set), replica_set->status.available_replicas};
}

std::string name_of(const api::ReplicaSet& replica_set) {
  return "ReplicaSet " + replica_set.metadata.key().text();
}

}  // namespace slipway::rollout
