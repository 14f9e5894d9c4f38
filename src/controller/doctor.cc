#include "controller/doctor.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "rollout/keys.h"
#include "rollout/scale_down.h"

namespace slipway::controller {
namespace {

using kubernetes::Write;

/// A controller that works ends an overdue ReplicaSet within seconds; this allows for one that is
/// just being restarted.
constexpr Duration overdue_grace = 2_min;
/// A ReplicaSet that has just become old has its deadline within two reconciles.
constexpr Duration fresh_grace = 2_min;

constexpr std::string_view replicas_path = "/spec/replicas";

/// Removes each spelling of the deadline, as seen.
void remove_deadlines(Write& write) {
  write.remove(kubernetes::annotation_path(rollout::keys::scale_down_deadline));
  write.remove(kubernetes::annotation_path(rollout::keys::scale_down_deadline_as_documented));
}

class Examination {
 public:
  explicit Examination(const Patient& patient) : patient_(patient) {
    for (const api::Rollout& rollout : patient.rollouts) {
      rollouts_[rollout.metadata.uid] = &rollout;
    }
  }

  std::vector<Finding> run() {
    for (const api::ReplicaSet& replica_set : patient_.replica_sets) examine(replica_set);
    return std::move(findings_);
  }

 private:
  void examine(const api::ReplicaSet& replica_set) {
    const api::OwnerReference* controller = replica_set.metadata.controller();
    if (controller == nullptr || controller->kind != "Rollout") return;
    if (replica_set.metadata.deletion_timestamp) return;
    const auto owner = rollouts_.find(controller->uid);
    if (owner == rollouts_.end()) {
      examine_orphan(replica_set, *controller);
    } else if (in_use(*owner->second, replica_set)) {
      examine_in_use(replica_set);
    } else if (replica_set.spec.replicas.value_or(1) == 0) {
      examine_ended(replica_set);
    } else {
      examine_old(*owner->second, replica_set);
    }
  }

  static bool in_use(const api::Rollout& rollout, const api::ReplicaSet& replica_set) {
    const std::string* hash = replica_set.metadata.label(api::pod_template_hash_label);
    if (hash == nullptr || hash->empty()) return true;  // Nobody can tell: leave it alone.
    const api::RolloutStatus& status = rollout.status;
    const auto& weights = status.canary.weights;
    return *hash == status.current_pod_hash || *hash == status.stable_rs ||
           *hash == status.blue_green.active_selector ||
           *hash == status.blue_green.preview_selector ||
           (weights && (*hash == weights->canary.pod_template_hash ||
                        *hash == weights->stable.pod_template_hash));
  }

  /// Pods run for a Rollout that no longer exists. The garbage collector ends these, unless the
  /// owner was deleted with `--cascade=orphan` or recreated under the same name.
  void examine_orphan(const api::ReplicaSet& replica_set, const api::OwnerReference& controller) {
    if (replica_set.spec.replicas.value_or(1) == 0) return;
    add(Finding::Kind::orphan, replica_set,
        fmt::format("runs {} pods for Rollout {} (uid {}), which is gone",
                    replica_set.spec.replicas.value_or(1), controller.name, controller.uid),
        "delete it, or apply a Rollout that adopts it: only a person can tell which", std::nullopt);
  }

  void examine_in_use(const api::ReplicaSet& replica_set) {
    const rollout::Deadline deadline = rollout::parse_deadline(replica_set.metadata);
    if (const auto* malformed = std::get_if<rollout::Malformed>(&deadline)) {
      Write write(api::seen(replica_set), "doctor: the deadline is no time");
      remove_deadlines(write);
      add(Finding::Kind::malformed_deadline, replica_set,
          fmt::format("is in use, and its scale-down-deadline is {}, which is no time (Argo "
                      "Rollouts 1.7.0 and 1.7.1 wrote such ones)",
                      quote(malformed->text)),
          "remove the annotation", std::move(write));
    }
  }

  void examine_ended(const api::ReplicaSet& replica_set) {
    const rollout::Deadline deadline = rollout::parse_deadline(replica_set.metadata);
    if (std::holds_alternative<rollout::Absent>(deadline)) return;
    Write write(api::seen(replica_set), "doctor: a deadline without pods");
    write.expect_as_seen(replicas_path);
    remove_deadlines(write);
    add(Finding::Kind::stray_deadline, replica_set,
        "has no pods, and still a scale-down-deadline, over which Argo Rollouts reconciles in a "
        "hot loop (upstream issue 4971)",
        "remove the annotation", std::move(write));
  }

  void examine_old(const api::Rollout& rollout, const api::ReplicaSet& replica_set) {
    const rollout::Deadline deadline = rollout::parse_deadline(replica_set.metadata);
    const int pods = replica_set.spec.replicas.value_or(1);
    if (const auto* malformed = std::get_if<rollout::Malformed>(&deadline)) {
      add(Finding::Kind::zombie, replica_set,
          fmt::format("is an old version of Rollout {} that runs {} pods; its scale-down-deadline "
                      "is {}, which is no time, so nothing ends it (Argo Rollouts 1.7.0 and 1.7.1 "
                      "wrote such ones: upstream issues 3762 and 3836)",
                      rollout.metadata.name, pods, quote(malformed->text)),
          "scale it to 0 and remove the annotation", end(replica_set));
      return;
    }
    if (const auto* at = std::get_if<rollout::At>(&deadline)) {
      if (patient_.now - at->time <= overdue_grace) return;
      add(Finding::Kind::overdue, replica_set,
          fmt::format("is an old version of Rollout {} that runs {} pods; its scale-down-deadline "
                      "passed {} ago, so no controller looks after it",
                      rollout.metadata.name, pods, format_human_duration(patient_.now - at->time)),
          "scale it to 0 and remove the annotation, and see whether a controller runs",
          end(replica_set));
      return;
    }
    examine_without_deadline(rollout, replica_set, pods);
  }

  /// In an update that goes on, or is paused, old versions may rightly wait without a deadline.
  void examine_without_deadline(const api::Rollout& rollout, const api::ReplicaSet& replica_set,
                                int pods) {
    const api::RolloutStatus& status = rollout.status;
    const bool settled = status.phase == "Healthy" && !rollout.spec.paused &&
                         status.stable_rs == status.current_pod_hash;
    const auto& created = replica_set.metadata.creation_timestamp;
    if (!settled || !created || patient_.now - *created <= fresh_grace) return;
    add(Finding::Kind::zombie, replica_set,
        fmt::format("is an old version that runs {} pods though Rollout {} is Healthy; nothing has "
                    "arranged its end",
                    pods, rollout.metadata.name),
        "scale it to 0", end(replica_set));
  }

  static Write end(const api::ReplicaSet& replica_set) {
    Write write(api::seen(replica_set), "doctor: an old version that nothing ends");
    write.expect_as_seen(replicas_path).set(replicas_path, 0);
    remove_deadlines(write);
    return write;
  }

  void add(Finding::Kind kind, const api::ReplicaSet& replica_set, std::string explanation,
           std::string advice, std::optional<Write> fix) {
    findings_.push_back({kind, api::seen(replica_set).ref, std::move(explanation),
                         std::move(advice), std::move(fix)});
  }

  const Patient& patient_;
  std::map<std::string, const api::Rollout*> rollouts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::zombie:
      return "zombie";
    case Finding::Kind::overdue:
      return "overdue";
    case Finding::Kind::malformed_deadline:
      return "malformed deadline";
    case Finding::Kind::stray_deadline:
      return "stray deadline";
    default:
      return "orphan";
  }
}

std::vector<Finding> diagnose(const Patient& patient) {
  return Examination(patient).run();
}

}  // namespace slipway::controller
