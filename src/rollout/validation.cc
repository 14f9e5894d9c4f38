#include "rollout/validation.h"

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/keys.h"
#include "rollout/problems.h"
#include "rollout/services.h"

namespace slipway::rollout {
namespace {

constexpr std::string_view not_negative = "must be greater than or equal to 0";

std::string as_text(const api::IntOrString& value) {
  return value.is_string ? quote(value.text) : std::to_string(value.number);
}

std::string labels_text(const api::StringMap& labels) {
  Json object = Json::object();
  for (const auto& [key, value] : labels) object.set(key, value);
  return to_text(object);
}

api::StringMap string_map(const Json& object) {
  api::StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.as_object()) {
    map.emplace(key, std::string(value.string_or_empty()));
  }
  return map;
}

void check_counts(const api::RolloutSpec& spec, const api::Rollout& rollout, Problems& problems) {
  const auto check = [&](std::string_view field, std::int64_t value) {
    if (value < 0) {
      problems.invalid(fmt::format("spec.{}", field), value, not_negative, "set 0 or more");
    }
  };
  check("replicas", spec.replicas.value_or(0));
  check("minReadySeconds", spec.min_ready_seconds);
  check("revisionHistoryLimit", spec.revision_history_limit.value_or(0));
  check("progressDeadlineSeconds", spec.progress_deadline_seconds.value_or(0));
  const std::int64_t deadline = api::progress_deadline(rollout).whole_seconds();
  if (deadline <= spec.min_ready_seconds) {
    problems.invalid("spec.progressDeadlineSeconds", deadline,
                     "must be greater than minReadySeconds",
                     "raise it, or lower spec.minReadySeconds");
  }
}

void check_selector(const api::RolloutSpec& spec, Problems& problems) {
  if (!spec.selector) {
    // A PodTemplate lends a template, but no selector.
    if (!spec.workload_ref || !spec.template_.absent()) {
      problems.required("spec.selector", "Rollout has missing field '.spec.selector'",
                        "set spec.selector.matchLabels to labels of spec.template");
    }
    return;
  }
  if (spec.selector->empty()) {
    problems.invalid("spec.selector", "{}", "empty selector is invalid for deployment",
                     "set spec.selector.matchLabels to labels of spec.template");
  }
  for (std::size_t i = 0; i < spec.selector->match_expressions.size(); ++i) {
    const auto& one = spec.selector->match_expressions[i];
    const std::string at = fmt::format("spec.selector.matchExpressions[{}]", i);
    const bool lists = one.op == "In" || one.op == "NotIn";
    if (!lists && one.op != "Exists" && one.op != "DoesNotExist") {
      problems.invalid(at + ".operator", quote(one.op), "not a valid selector operator",
                       "use In, NotIn, Exists or DoesNotExist");
    } else if (lists && one.values.empty()) {
      problems.required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'",
                        "list the values");
    } else if (!lists && !one.values.empty()) {
      problems.add(at + ".values",
                   "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                   "take the values away");
    }
  }
}

void check_anti_affinity(const api::AntiAffinity* affinity, Problems& problems) {
  if (affinity == nullptr) return;
  const auto& preferred = affinity->preferred_during_scheduling_ignored_during_execution;
  const auto& required = affinity->required_during_scheduling_ignored_during_execution;
  if (preferred.has_value() == required.has_value()) {
    problems.invalid("spec.strategy.antiAffinity", preferred ? "both" : "none",
                     "AntiAffinity must have exactly one strategy listed",
                     "set preferred or required");
  }
  if (preferred && (preferred->weight < 1 || preferred->weight > 100)) {
    problems.invalid("spec.strategy.antiAffinity.weight", preferred->weight,
                     "AntiAffinity weight must be between 1-100", "set 1 to 100");
  }
}

void check_delay(std::string_view field, const std::optional<std::int32_t>& seconds,
                 Problems& problems) {
  if (seconds.value_or(0) < 0) {
    problems.invalid(fmt::format("spec.strategy.{}", field), *seconds, not_negative,
                     "set 0 or more");
  }
}

void check_blue_green(const api::Rollout& rollout, const api::BlueGreenStrategy& blue_green,
                      Problems& problems) {
  if (blue_green.active_service == blue_green.preview_service) {
    problems.invalid("spec.strategy.activeService", quote(blue_green.active_service),
                     "This rollout uses the same service for the active and preview services, but "
                     "two different services are required.",
                     "name two Services, or leave previewService out");
  }
  const std::int32_t limit = blue_green.scale_down_delay_revision_limit.value_or(0);
  if (limit > api::revision_history_limit(rollout)) {
    problems.invalid("spec.strategy.scaleDownDelayRevisionLimit", limit,
                     "This rollout's revision history limit can not be smaller than the rollout's "
                     "scale down limit",
                     "raise spec.revisionHistoryLimit, or lower the limit");
  }
  check_anti_affinity(blue_green.anti_affinity.get(), problems);
  check_delay("scaleDownDelaySeconds", blue_green.scale_down_delay_seconds, problems);
  check_delay("abortScaleDownDelaySeconds", blue_green.abort_scale_down_delay_seconds, problems);
  check_delay("previewReplicaCount", blue_green.preview_replica_count, problems);
}

/// What the downward API can read of metadata.
bool is_readable_field(std::string_view path) {
  if (!path.starts_with("metadata")) return true;
  for (const std::string_view map : {"metadata.labels['", "metadata.annotations['"}) {
    if (path.starts_with(map) && path.ends_with("']")) return true;
  }
  return path == "metadata.name" || path == "metadata.namespace" || path == "metadata.uid" ||
         path == "metadata.labels" || path == "metadata.annotations";
}

void check_arguments(const std::vector<api::AnalysisRunArgument>& arguments, const std::string& at,
                     Problems& problems) {
  for (const api::AnalysisRunArgument& argument : arguments) {
    if (!argument.value_from || !argument.value_from->field_ref) continue;
    const std::string& path = argument.value_from->field_ref->field_path;
    if (is_readable_field(path)) continue;
    problems.invalid(at + ".analyses", quote(path),
                     "Analyses arguments must refer to valid object metadata supported by "
                     "downwardAPI",
                     "refer to metadata.name, .namespace, .uid, .labels['KEY'] or "
                     ".annotations['KEY']");
  }
}

void check_step(const api::Rollout& rollout, const api::CanaryStep& step, std::size_t index,
                Problems& problems) {
  const std::string at = fmt::format("spec.strategy.steps[{}]", index);
  const int exclusive = step.set_weight.has_value() + step.pause.has_value() +
                        step.experiment.has_value() + step.analysis.has_value();
  const int others = step.set_canary_scale.has_value() + step.set_header_route.has_value() +
                     step.set_mirror_route.has_value() + step.plugin.has_value();
  if (exclusive > 1 || exclusive + others == 0) {
    problems.invalid(at, to_text(api::encode(step)),
                     "Step must have one of the following set: experiment, setWeight, "
                     "setCanaryScale, plugin or pause",
                     exclusive > 1 ? "make two steps of it" : "say what the step does");
  }
  const std::int32_t most = api::max_traffic_weight(rollout);
  if (step.set_weight && (*step.set_weight < 0 || *step.set_weight > most)) {
    problems.invalid(at + ".setWeight", *step.set_weight,
                     fmt::format("SetWeight needs to be between 0 and {}", most),
                     fmt::format("set 0 to {}", most));
  }
  if (step.pause && !api::pause_duration(*step.pause)) {
    problems.invalid(at + ".pause.duration", as_text(*step.pause->duration),
                     "Duration needs to be greater than 0",
                     "write seconds or a duration such as \"1h30m\"");
  }
  if (step.analysis) check_arguments(step.analysis->args, at, problems);
  if (step.experiment) {
    for (const auto& analysis : step.experiment->analyses) {
      check_arguments(analysis.args, at, problems);
    }
  }
  check_traffic_step(*rollout.spec.strategy.canary, step, at, problems);
}

/// As validation reads these fields: "0%" and "0" are nothing, and any other text counts as what
/// its digits say.
bool is_zero(const std::optional<api::IntOrString>& value) {
  if (!value) return false;
  if (!value->is_string) return value->number == 0;
  std::string_view digits = value->text;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  return parse_integer(digits).value_or(0) == 0;
}

void check_canary(const api::Rollout& rollout, const api::CanaryStrategy& canary,
                  Problems& problems) {
  check_anti_affinity(canary.anti_affinity.get(), problems);
  if (is_zero(canary.max_surge) && is_zero(canary.max_unavailable)) {
    problems.invalid("spec.strategy.maxSurge", as_text(*canary.max_surge),
                     "MaxSurge and MaxUnavailable both can not be zero", "raise one of them");
  }
  if (!canary.stable_service.empty() && canary.stable_service == canary.canary_service) {
    problems.invalid("spec.strategy.stableService", quote(canary.stable_service),
                     "This rollout uses the same service for the stable and canary services, but "
                     "two different services are required.",
                     "name two Services");
  }
  check_traffic(canary, problems);
  check_delay("abortScaleDownDelaySeconds", canary.abort_scale_down_delay_seconds, problems);
  for (std::size_t i = 0; i < canary.steps.size(); ++i) {
    check_step(rollout, canary.steps[i], i, problems);
  }
}

void check_strategy(const api::Rollout& rollout, Problems& problems) {
  const api::RolloutStrategy& strategy = rollout.spec.strategy;
  // The doubled word is Argo Rollouts' path.
  constexpr std::string_view where = "spec.strategy.strategy";
  if (!strategy.canary && !strategy.blue_green) {
    problems.required(std::string(where),
                      "Rollout has missing field '.spec.strategy.canary or "
                      ".spec.strategy.blueGreen'",
                      "set one of them");
  } else if (strategy.canary && strategy.blue_green) {
    problems.invalid(std::string(where), quote("blueGreen: true canary: true"),
                     "Multiple Strategies can not be listed", "take one of them away");
  } else if (strategy.blue_green) {
    check_blue_green(rollout, *strategy.blue_green, problems);
  } else {
    check_canary(rollout, *strategy.canary, problems);
  }
}

/// The labels that pods get only while they are behind this Service (behaviour.md section 23).
const api::StringMap* labels_of_part(const api::RolloutStrategy& strategy, std::string_view field) {
  const auto labels = [](const api::Box<api::PodTemplateMetadata>& metadata) {
    return metadata ? &metadata->labels : nullptr;
  };
  if (field.ends_with(".stableService")) return labels(strategy.canary->stable_metadata);
  if (field.ends_with(".canaryService")) return labels(strategy.canary->canary_metadata);
  if (field.ends_with(".activeService")) return labels(strategy.blue_green->active_metadata);
  if (field.ends_with(".previewService")) return labels(strategy.blue_green->preview_metadata);
  return nullptr;
}

void check_service(const api::Rollout& rollout, const NamedService& named,
                   const api::Service& service, Problems& problems) {
  const std::string found = quote(named.name);
  std::optional<api::StringMap> pod_labels;
  for (const auto& [key, value] : service.spec.selector) {
    if (key == api::pod_template_hash_label) continue;
    const auto has = [&](const api::StringMap& labels) {
      const auto label = labels.find(key);
      return label != labels.end() && label->second == value;
    };
    if (rollout.spec.selector && has(rollout.spec.selector->match_labels)) continue;
    if (!pod_labels) {
      pod_labels = string_map(rollout.spec.template_.content()["metadata"]["labels"]);
    }
    const api::StringMap* of_part = labels_of_part(rollout.spec.strategy, named.field);
    if (has(*pod_labels) || (of_part && has(*of_part))) continue;
    problems.invalid(
        named.field, found,
        fmt::format("Service \"{}\" has unmatch label \"{}\" in rollout", named.name, key),
        "give the pod template the labels that the Service selects");
    return;
  }
  const std::string* manager = service.metadata.annotation(keys::managed_by);
  if (manager && *manager != rollout.metadata.name) {
    problems.invalid(named.field, found,
                     fmt::format("Service {} is managed by another Rollout", found),
                     "give each Rollout Services of its own");
  }
}

}  // namespace

std::vector<Error> validate(const api::Rollout& rollout) {
  Problems problems;
  check_counts(rollout.spec, rollout, problems);
  check_selector(rollout.spec, problems);
  check_strategy(rollout, problems);
  return problems.take();
}

std::vector<Error> validate_template(const api::Rollout& rollout) {
  Problems problems;
  if (rollout.spec.workload_ref && rollout.spec.template_.absent()) return problems.take();
  const Json content = rollout.spec.template_.content();
  const api::StringMap labels = string_map(content["metadata"]["labels"]);
  if (rollout.spec.selector && !api::matches(*rollout.spec.selector, labels)) {
    problems.invalid("spec.template.metadata.labels", labels_text(labels),
                     "`selector` does not match template `labels`",
                     "give the template the labels that spec.selector asks for");
  }
  const Json& pod = content["spec"];
  if (pod["containers"].empty()) {
    problems.required("spec.template.spec.containers", "a pod needs a container",
                      "name at least one container and its image");
  }
  const std::string_view restart = pod["restartPolicy"].string_or_empty();
  if (!restart.empty() && restart != "Always") {
    problems.add("spec.template.spec.restartPolicy",
                 fmt::format("Unsupported value: {}: supported values: \"Always\"",
                             quote(std::string(restart))),
                 "take it away");
  }
  if (!pod["activeDeadlineSeconds"].is_null()) {
    problems.add("spec.template.spec.activeDeadlineSeconds",
                 "Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported", "take it away");
  }
  return problems.take();
}

std::vector<Error> validate_references(const Observed& seen) {
  Problems problems;
  for (const NamedService& named : named_services(*seen.rollout)) {
    const auto found = seen.services.find(named.name);
    if (found == seen.services.end() || !found->second) {
      problems.invalid(named.field, quote(named.name),
                       fmt::format("service {} not found", quote(named.name)),
                       "create the Service; the Rollout then goes on by itself");
    } else {
      check_service(*seen.rollout, named, *found->second, problems);
    }
  }
  return problems.take();
}

}  // namespace slipway::rollout
