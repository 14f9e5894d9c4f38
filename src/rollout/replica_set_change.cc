#include "rollout/replica_set_change.h"

#include <set>

#include "rollout/keys.h"
#include "rollout/replica_set_roles.h"

namespace slipway::rollout {
namespace {

using kubernetes::annotation_path;

/// A member that is left out when it is zero, as the server does.
void set_unless_zero(Json& object, std::string_view key, std::int64_t value) {
  if (value != 0) object.set(key, value);
}

bool changes_deadline(const ReplicaSetChange& change) {
  return !std::holds_alternative<ReplicaSetChange::Keep>(change.deadline);
}

/// Removes or sets what is there now; both spellings go, only the bare one is written.
void change_deadline(const ReplicaSetChange& change, kubernetes::Write& write) {
  const api::ObjectMeta& metadata = change.of->metadata;
  if (const Instant* at = std::get_if<Instant>(&change.deadline)) {
    const std::string text = format_rfc3339(*at);
    const std::string* present = metadata.annotation(keys::scale_down_deadline);
    if (present == nullptr || *present != text)
      write.set(annotation_path(keys::scale_down_deadline), text);
  } else if (metadata.annotation(keys::scale_down_deadline)) {
    write.remove(annotation_path(keys::scale_down_deadline));
  }
  if (metadata.annotation(keys::scale_down_deadline_as_documented)) {
    write.remove(annotation_path(keys::scale_down_deadline_as_documented));
  }
}

bool changes_template(const ReplicaSetChange& change) {
  return change.pod_template && !(change.pod_template->seen == change.pod_template->wanted);
}

void change_at(const std::string& path, const Json& seen, const Json& wanted,
               kubernetes::Write& write) {
  if (seen == wanted) return;
  write.expect_as_seen(path);
  wanted.is_null() ? write.remove(path) : write.set(path, wanted);
}

/// Key by key, so that what other people put there stays.
void change_template(const ReplicaSetChange::TemplateChange& change, kubernetes::Write& write) {
  for (const std::string_view map : {"labels", "annotations"}) {
    const Json& seen = change.seen["metadata"][map];
    const Json& wanted = change.wanted["metadata"][map];
    std::set<std::string> keys;
    for (const Json* side : {&seen, &wanted}) {
      if (!side->is_object()) continue;
      for (const auto& [key, value] : side->as_object()) keys.insert(key);
    }
    const std::string path = "/spec/template/metadata/" + std::string(map) + "/";
    for (const std::string& key : keys) {
      change_at(path + escape_pointer(key), seen[key], wanted[key], write);
    }
  }
  change_at("/spec/template/spec/affinity", change.seen["spec"]["affinity"],
            change.wanted["spec"]["affinity"], write);
}

void note_claim(const ReplicaSetChange& change, kubernetes::Write& write) {
  if (change.rollout_version.empty()) return;
  const std::string path = annotation_path(keys::claim);
  write.expect_as_seen(path).set(path, change.rollout_version);
}

void remove_annotations(const ReplicaSetChange& change, kubernetes::Write& write) {
  for (const std::string& key : change.annotations_to_remove) {
    if (change.of->metadata.annotation(key)) write.remove(annotation_path(key));
  }
}

void set_annotations(const ReplicaSetChange& change, kubernetes::Write& write) {
  for (const auto& [key, value] : change.annotations) {
    const std::string* present = change.of->metadata.annotation(key);
    if (present && *present == value) continue;
    write.expect_as_seen(annotation_path(key)).set(annotation_path(key), value);
  }
}

}  // namespace

api::Object seen_for_write(const api::ReplicaSet& replica_set) {
  Json spec = Json::object({
      {"replicas", spec_replicas(replica_set)}
  });
  set_unless_zero(spec, "minReadySeconds", replica_set.spec.min_ready_seconds);
  Json status = Json::object({
      {"replicas", replica_set.status.replicas}
  });
  set_unless_zero(status, "availableReplicas", replica_set.status.available_replicas);
  Json content = Json::object({
      {"apiVersion", api::ReplicaSet::kind.api_version()},
      {"kind",       api::ReplicaSet::kind.kind         },
      {"metadata",   api::encode(replica_set.metadata)  },
      {"spec",       std::move(spec)                    },
      {"status",     std::move(status)                  },
  });
  return api::Object::of(api::ReplicaSet::kind, std::move(content));
}

bool ReplicaSetChange::nothing() const {
  return !claims && !replicas && !changes_deadline(*this) && !min_ready_seconds &&
         annotations.empty() && annotations_to_remove.empty() && !changes_template(*this);
}

Json& ReplicaSetChange::template_to_edit() {
  if (!pod_template) {
    const Json content = of->spec.template_.content();
    Json spec = Json::object();
    if (const Json* affinity = content["spec"].find("affinity")) spec.set("affinity", *affinity);
    const Json& metadata = content["metadata"];
    const Json part = Json::object({
        {"metadata", metadata.is_null() ? Json::object() : metadata},
        {"spec",     std::move(spec)                               },
    });
    pod_template = TemplateChange{part, part};
  }
  return pod_template->wanted;
}

bool ReplicaSetChange::lowers() const {
  return replicas && *replicas < spec_replicas(*of);
}

bool ReplicaSetChange::raises() const {
  return replicas && *replicas > spec_replicas(*of);
}

bool ReplicaSetChange::takes_out_of_service() const {
  return lowers() || std::holds_alternative<Instant>(deadline);
}

bool ReplicaSetChange::only_arranges_end() const {
  return std::holds_alternative<Instant>(deadline) && !lowers() && !raises();
}

std::optional<kubernetes::Write> make_write(const ReplicaSetChange& change) {
  if (change.nothing()) return std::nullopt;
  api::Object seen = seen_for_write(*change.of);
  if (changes_template(change)) {
    seen.content.member("spec").set("template", change.pod_template->seen);
  }
  kubernetes::Write write(seen, change.why);
  // Whose it is was read first of all: who let go of it meanwhile is not overruled.
  write.expect_as_seen(owners_path);
  if (change.replicas || changes_deadline(change)) {
    write.expect_as_seen("/spec/replicas")
        .expect_as_seen(annotation_path(keys::scale_down_deadline))
        .expect_as_seen(annotation_path(keys::claim));
  }
  if (change.takes_out_of_service()) write.expect_as_seen(annotation_path(keys::revision));
  if ((change.rests_on_availability && change.lowers()) || change.promoted) {
    write.expect_as_seen("/status/availableReplicas");
  }
  if (change.replicas && *change.replicas != spec_replicas(*change.of)) {
    write.set("/spec/replicas", *change.replicas);
  }
  if (changes_deadline(change)) change_deadline(change, write);
  if (change.claims || !write.changes_nothing()) note_claim(change, write);
  if (change.min_ready_seconds && *change.min_ready_seconds != change.of->spec.min_ready_seconds) {
    constexpr std::string_view path = "/spec/minReadySeconds";
    write.expect_as_seen(path);
    // The server keeps no zero, so neither may a write: the next one expects what is kept.
    if (*change.min_ready_seconds == 0) {
      write.remove(path);
    } else {
      write.set(path, *change.min_ready_seconds);
    }
  }
  if (changes_template(change)) change_template(*change.pod_template, write);
  set_annotations(change, write);
  remove_annotations(change, write);
  if (write.changes_nothing()) return std::nullopt;
  return write;
}

}  // namespace slipway::rollout
