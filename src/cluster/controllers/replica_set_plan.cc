#include "cluster/controllers/replica_set_plan.h"

#include "cluster/controllers/pod_ranking.h"

namespace slipway::cluster {

using kubernetes::Write;

namespace {

constexpr std::size_t burst = 500;

api::Object object_of(const PodPointer& pod) {
  return api::Object::of(api::kinds::pod, pod->content);
}

bool is_mine(const api::Pod& pod, const api::ReplicaSet& replica_set) {
  const api::OwnerReference* owner = pod.metadata.controller();
  return owner != nullptr && owner->uid == replica_set.metadata.uid;
}

Json owner_reference(const api::ReplicaSet& replica_set) {
  return Json::object({
      {"apiVersion",         "apps/v1"                },
      {"kind",               "ReplicaSet"             },
      {"name",               replica_set.metadata.name},
      {"uid",                replica_set.metadata.uid },
      {"controller",         true                     },
      {"blockOwnerDeletion", true                     },
  });
}

Write adopt(const PodPointer& pod, const api::ReplicaSet& replica_set) {
  Json owners = pod->content["metadata"]["ownerReferences"];
  owners.push_back(owner_reference(replica_set));
  Write write(object_of(pod), "matches the selector of ReplicaSet " + replica_set.metadata.name);
  write.expect_as_seen("/metadata/ownerReferences")
      .expect_as_seen("/metadata/labels")
      .set("/metadata/ownerReferences", std::move(owners));
  return write;
}

Write release(const PodPointer& pod, const api::ReplicaSet& replica_set) {
  Json owners = Json::array();
  for (const Json& owner : pod->content["metadata"]["ownerReferences"].as_array()) {
    if (owner["uid"].string_or_empty() != replica_set.metadata.uid) owners.push_back(owner);
  }
  Write write(object_of(pod), "left the selector of ReplicaSet " + replica_set.metadata.name);
  write.expect_as_seen("/metadata/ownerReferences").expect_as_seen("/metadata/labels");
  if (owners.empty()) {
    write.remove("/metadata/ownerReferences");
  } else {
    write.set("/metadata/ownerReferences", std::move(owners));
  }
  return write;
}

/// Kubernetes cuts the base of a generated name so that the whole stays a DNS label.
std::string pod_name(const std::string& base, Random& names) {
  constexpr std::size_t base_limit = 58;
  return (base + "-").substr(0, base_limit) + names.name_suffix();
}

Write create_pod(const api::ReplicaSet& replica_set, const Json& pod_template, Random& names) {
  Json metadata = Json::object();
  metadata.set("name", pod_name(replica_set.metadata.name, names));
  metadata.set("generateName", replica_set.metadata.name + "-");
  metadata.set("namespace", replica_set.metadata.namespace_);
  for (const std::string_view inherited : {"labels", "annotations", "finalizers"}) {
    if (const Json* value = pod_template["metadata"].find(inherited)) {
      metadata.set(inherited, *value);
    }
  }
  metadata.set("ownerReferences", Json::array({owner_reference(replica_set)}));
  return Write::create(api::kinds::pod,
                       Json::object({
                           {"apiVersion", "v1"                },
                           {"kind",       "Pod"               },
                           {"metadata",   std::move(metadata) },
                           {"spec",       pod_template["spec"]},
  }),
                       "ReplicaSet " + replica_set.metadata.name + " lacks pods");
}

std::vector<Write> plan_ownership(const ObservedReplicaSet& observed) {
  const api::ReplicaSet& replica_set = *observed.replica_set;
  std::vector<Write> writes;
  for (const PodPointer& pod : observed.pods) {
    const bool mine = is_mine(*pod, replica_set);
    const bool matches = api::matches(replica_set.spec.selector, pod->metadata.labels);
    if (mine && !matches) writes.push_back(release(pod, replica_set));
    if (!mine && matches && is_active(*pod)) writes.push_back(adopt(pod, replica_set));
  }
  return writes;
}

std::vector<PodPointer> active_pods(const ObservedReplicaSet& observed) {
  std::vector<PodPointer> pods;
  for (const PodPointer& pod : observed.pods) {
    if (is_mine(*pod, *observed.replica_set) && is_active(*pod)) pods.push_back(pod);
  }
  return pods;
}

}  // namespace

std::vector<Write> plan_pods(const ObservedReplicaSet& observed, Random& names) {
  const api::ReplicaSet& replica_set = *observed.replica_set;
  if (replica_set.metadata.deletion_timestamp) return {};
  std::vector<Write> writes = plan_ownership(observed);
  if (!writes.empty()) return writes;

  const std::vector<PodPointer> pods = active_pods(observed);
  const auto wanted = static_cast<std::size_t>(std::max(0, replica_set.spec.replicas.value_or(1)));
  if (pods.size() < wanted) {
    const Json pod_template = replica_set.spec.template_.content();
    const std::size_t missing = std::min(wanted - pods.size(), burst);
    for (std::size_t i = 0; i < missing; ++i) {
      writes.push_back(create_pod(replica_set, pod_template, names));
    }
  } else if (pods.size() > wanted) {
    const std::size_t surplus = std::min(pods.size() - wanted, burst);
    for (const PodPointer& pod :
         choose_pods_to_delete(pods, observed.related, surplus, observed.now)) {
      writes.push_back(Write::delete_object(
          object_of(pod), "ReplicaSet " + replica_set.metadata.name + " has too many pods"));
    }
  }
  return writes;
}

ReplicaSetStatusPlan plan_status(const ObservedReplicaSet& observed,
                                 const std::optional<PodFailure>& failure) {
  const api::ReplicaSet& replica_set = *observed.replica_set;
  const std::vector<PodPointer> pods = active_pods(observed);
  const Duration min_ready = Duration::from_seconds(replica_set.spec.min_ready_seconds);
  api::LabelSelector template_labels;
  if (!pods.empty()) {
    const Json pod_template = replica_set.spec.template_.content();
    if (const Json& labels = pod_template["metadata"]["labels"]; labels.is_object()) {
      for (const auto& [key, value] : labels.as_object()) {
        template_labels.match_labels[key] = value.string_or_empty();
      }
    }
  }

  ReplicaSetStatusPlan plan;
  plan.status.observed_generation = replica_set.metadata.generation;
  plan.status.replicas = static_cast<std::int32_t>(pods.size());
  for (const PodPointer& pod : pods) {
    if (api::matches(template_labels, pod->metadata.labels)) ++plan.status.fully_labeled_replicas;
    const std::optional<Instant> available = available_from(*pod, min_ready);
    if (!available) continue;
    ++plan.status.ready_replicas;
    if (*available <= observed.now) {
      ++plan.status.available_replicas;
    } else if (!plan.look_again || *available - observed.now < *plan.look_again) {
      plan.look_again = *available - observed.now;
    }
  }

  constexpr std::string_view failure_type = "ReplicaFailure";
  for (const api::Condition& condition : replica_set.status.conditions) {
    if (condition.type != failure_type) plan.status.conditions.push_back(condition);
  }
  if (failure) {
    const api::Condition* before = find_condition(replica_set.status.conditions, failure_type);
    const bool same = before != nullptr && before->reason == failure->reason;
    plan.status.conditions.push_back(
        {std::string(failure_type), "True",
         same ? before->last_transition_time : round_down_to_second(observed.now), failure->reason,
         failure->message});
  }
  return plan;
}

}  // namespace slipway::cluster
