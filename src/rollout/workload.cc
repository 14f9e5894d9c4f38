#include "rollout/workload.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "rollout/observed.h"

namespace slipway::rollout {
namespace {

constexpr std::string_view hint_of_kind =
    "name a Deployment or ReplicaSet of apps/v1, or a PodTemplate of v1";

Error problem(const std::string& found, std::string message, std::string_view hint) {
  return {ErrorCode::invalid, "spec.workloadRef",
          fmt::format("Invalid value: {}: {}", quote(found), message), std::string(hint)};
}

/// The pod spec is not looked at. Source: behaviour.md 22.2.
bool has_own_template(const api::Rollout& rollout) {
  if (rollout.spec.template_.absent()) return false;
  const Json content = rollout.spec.template_.content();
  return !content["metadata"]["labels"].empty() || !content["metadata"]["annotations"].empty();
}

std::optional<Error> find_problem(const Observed& seen) {
  const api::RolloutWorkloadRef& reference = *seen.rollout->spec.workload_ref;
  if (has_own_template(*seen.rollout)) {
    return problem(reference.name, "template must be empty for workload reference rollout",
                   "take spec.template or spec.workloadRef away");
  }
  const auto named = named_workload(*seen.rollout);
  if (!named) {
    return problem(reference.name,
                   fmt::format("workload of type {}/{} is not supported", reference.api_version,
                               reference.kind),
                   hint_of_kind);
  }
  if (seen.workload == nullptr) {
    const std::string group(named->kind.group);
    return problem(reference.name,
                   fmt::format("{}{}{} {} not found", named->kind.plural, group.empty() ? "" : ".",
                               group, quote(reference.name)),
                   "create it; the Rollout then goes on by itself");
  }
  return std::nullopt;
}

}  // namespace

Result<Workload> decode_workload(const api::Kind& kind, const Json& object) {
  Workload workload;
  workload.kind = kind;
  workload.metadata = TRY(api::decode<api::ObjectMeta>(object["metadata"]));
  if (kind == api::kinds::pod_template) {
    workload.template_ = api::PodTemplate(object["template"]);
    return workload;
  }
  const Json& spec = object["spec"];
  workload.replicas = static_cast<std::int32_t>(spec["replicas"].integer_or(1));
  workload.selector = TRY(api::decode<api::LabelSelector>(spec["selector"]));
  workload.template_ = api::PodTemplate(spec["template"]);
  return workload;
}

std::optional<WorkloadName> named_workload(const api::Rollout& rollout) {
  if (!rollout.spec.workload_ref) return std::nullopt;
  const api::RolloutWorkloadRef& reference = *rollout.spec.workload_ref;
  // Any version of the group: the server converts.
  const std::string_view version = reference.api_version;
  const std::size_t slash = version.find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
  for (const api::Kind& kind :
       {api::kinds::deployment, api::kinds::replica_set, api::kinds::pod_template}) {
    if (kind.group == group && kind.kind == reference.kind) {
      return WorkloadName{kind, reference.name};
    }
  }
  return std::nullopt;
}

void resolve_workload(Observed& seen) {
  if (!seen.rollout->spec.workload_ref) return;
  seen.workload_error = find_problem(seen);
  if (seen.workload_error) return;
  api::Rollout resolved = *seen.rollout;
  resolved.spec.template_ = seen.workload->template_;
  if (!resolved.spec.selector) resolved.spec.selector = seen.workload->selector;
  seen.rollout = std::make_shared<const api::Rollout>(std::move(resolved));
}

std::string workload_generation(const Observed& seen) {
  return seen.workload ? std::to_string(seen.workload->metadata.generation) : std::string();
}

WorkloadScaleDown scale_down_mode(const api::Rollout& rollout) {
  if (!rollout.spec.workload_ref) return WorkloadScaleDown::never;
  const std::string& mode = rollout.spec.workload_ref->scale_down;
  if (mode == "onsuccess") return WorkloadScaleDown::on_success;
  return mode == "progressively" ? WorkloadScaleDown::progressively : WorkloadScaleDown::never;
}

std::optional<std::int32_t> workload_size(const WorkloadFacts& facts) {
  if (facts.mode == WorkloadScaleDown::never || !facts.first_revision) return std::nullopt;
  if (facts.promoted && facts.healthy) return 0;
  if (facts.mode == WorkloadScaleDown::progressively && (facts.ready > 0 || facts.shrinking)) {
    return std::max(0, facts.desired - facts.ready);
  }
  return std::nullopt;
}

std::optional<kubernetes::Write> resize_workload(const Workload& workload, std::int32_t replicas) {
  Json content = Json::object({
      {"apiVersion", workload.kind.api_version()                                },
      {"kind",       workload.kind.kind                                         },
      {"metadata",   api::encode(workload.metadata)                             },
      {"spec",       Json::object({{"replicas", workload.replicas.value_or(1)}})},
  });
  kubernetes::Write write(api::Object::of(workload.kind, std::move(content)),
                          "the Rollout's pods take over from it");
  // Not to its generation, which rises with each annotation too: who touches the Deployment before
  // each write would keep it as it is for ever.
  write.expect_as_seen("/spec/replicas").set("/spec/replicas", replicas);
  if (write.changes_nothing()) return std::nullopt;
  return write;
}

}  // namespace slipway::rollout
