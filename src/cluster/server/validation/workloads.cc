#include <algorithm>

#include "cluster/server/metadata.h"
#include "cluster/server/validation/validation.h"

namespace slipway::cluster {
namespace {

bool contains(const Json& list, std::string_view text) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.at(i).string_or_empty() == text) return true;
  }
  return false;
}

bool requirement_holds(const Json& requirement, const Json& labels) {
  const Json* label = labels.find(requirement["key"].string_or_empty());
  const std::string_view op = requirement["operator"].string_or_empty();
  if (op == "Exists") return label != nullptr;
  if (op == "DoesNotExist") return label == nullptr;
  const bool listed = label != nullptr && contains(requirement["values"], label->string_or_empty());
  if (op == "In") return listed;
  return op == "NotIn" && !listed;
}

/// The parts that ReplicaSets and Deployments share.
void validate_pod_owner(const Json& spec, bool empty_selector_allowed, std::string_view kind,
                        FieldErrors& errors) {
  validate_not_negative(spec, "replicas", "spec", errors);
  validate_not_negative(spec, "minReadySeconds", "spec", errors);
  const Json& selector = spec["selector"];
  if (selector.is_null()) {
    errors.push_back(required_field("spec.selector"));
    return;
  }
  validate_label_selector(selector, "spec.selector", errors);
  if (!empty_selector_allowed && selector["matchLabels"].empty() &&
      selector["matchExpressions"].empty()) {
    errors.push_back(invalid_field("spec.selector", selector,
                                   "empty selector is invalid for " + std::string(kind)));
  }
  const Json& labels = spec["template"]["metadata"]["labels"];
  if (!selector_matches(selector, labels)) {
    errors.push_back(invalid_field("spec.template.metadata.labels", labels,
                                   "`selector` does not match template `labels`"));
  }
  validate_pod_template(spec["template"], "spec.template", errors);
  const Json& policy = spec["template"]["spec"]["restartPolicy"];
  if (policy.string_or_empty() == "OnFailure" || policy.string_or_empty() == "Never") {
    errors.push_back(unsupported_field("spec.template.spec.restartPolicy", policy, {"Always"}));
  }
}

}  // namespace

bool selector_matches(const Json& selector, const Json& labels) {
  if (const Json& wanted = selector["matchLabels"]; wanted.is_object()) {
    for (const auto& [key, value] : wanted.as_object()) {
      const Json* label = labels.find(key);
      if (label == nullptr || *label != value) return false;
    }
  }
  const Json& expressions = selector["matchExpressions"];
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    if (!requirement_holds(expressions.at(i), labels)) return false;
  }
  return true;
}

void validate_label_selector(const Json& selector, const std::string& field, FieldErrors& errors) {
  validate_labels(selector["matchLabels"], field + ".matchLabels", errors);
  const Json& expressions = selector["matchExpressions"];
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const Json& expression = expressions.at(i);
    const std::string at = field + ".matchExpressions[" + std::to_string(i) + "]";
    const std::string_view op = expression["operator"].string_or_empty();
    const bool has_values = !expression["values"].empty();
    if (op == "In" || op == "NotIn") {
      if (!has_values) {
        errors.push_back(
            required_field(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (has_values) {
        errors.push_back(forbidden_field(
            at + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
    } else {
      errors.push_back(
          invalid_field(at + ".operator", expression["operator"], "not a valid selector operator"));
    }
    const std::string why = qualified_name_complaint(expression["key"].string_or_empty());
    if (!why.empty()) errors.push_back(invalid_field(at + ".key", expression["key"], why));
  }
}

void validate_not_negative(const Json& owner, std::string_view key, const std::string& field,
                           FieldErrors& errors) {
  const Json& value = owner[key];
  if (value.integer_or(0) < 0) {
    errors.push_back(
        invalid_field(field + "." + std::string(key), value, "must be greater than or equal to 0"));
  }
}

void validate_unchanged(const Json& object, const Json& old, std::string_view pointer,
                        FieldErrors& errors) {
  const Json* now = object.find_pointer(pointer);
  const Json* before = old.find_pointer(pointer);
  const Json& present = now == nullptr ? Json() : *now;
  if (present == (before == nullptr ? Json() : *before)) return;
  std::string field(pointer.substr(1));
  std::ranges::replace(field, '/', '.');
  errors.push_back(invalid_field(std::move(field), present, "field is immutable"));
}

void validate_replica_set(const Json& replica_set, FieldErrors& errors) {
  validate_pod_owner(replica_set["spec"], false, "replicaset", errors);
}

void validate_deployment(const Json& deployment, FieldErrors& errors) {
  const Json& spec = deployment["spec"];
  validate_pod_owner(spec, false, "deployment", errors);
  validate_not_negative(spec, "revisionHistoryLimit", "spec", errors);
  const Json& deadline = spec["progressDeadlineSeconds"];
  if (deadline.is_integer()) {
    validate_not_negative(spec, "progressDeadlineSeconds", "spec", errors);
    if (deadline.as_integer() <= spec["minReadySeconds"].integer_or(0)) {
      errors.push_back(invalid_field("spec.progressDeadlineSeconds", deadline,
                                     "must be greater than minReadySeconds"));
    }
  }
  const Json& type = spec["strategy"]["type"];
  if (type.string_or_empty() == "Recreate") {
    if (!spec["strategy"]["rollingUpdate"].is_null()) {
      errors.push_back(forbidden_field("spec.strategy.rollingUpdate",
                                       "may not be specified when strategy `type` is 'Recreate'"));
    }
  } else if (type.string_or_empty() != "RollingUpdate") {
    errors.push_back(unsupported_field("spec.strategy.type", type, {"Recreate", "RollingUpdate"}));
  }
}

void validate_selector_update(const Json& object, const Json& old, FieldErrors& errors) {
  validate_unchanged(object, old, "/spec/selector", errors);
}

void validate_job(const Json& job, FieldErrors& errors) {
  const Json& spec = job["spec"];
  for (const std::string_view key : {"parallelism", "completions", "activeDeadlineSeconds",
                                     "backoffLimit", "ttlSecondsAfterFinished"}) {
    validate_not_negative(spec, key, "spec", errors);
  }
  if (spec["selector"].is_null()) {
    errors.push_back(required_field("spec.selector"));
  } else {
    validate_label_selector(spec["selector"], "spec.selector", errors);
  }
  validate_pod_template(spec["template"], "spec.template", errors);
  const Json& policy = spec["template"]["spec"]["restartPolicy"];
  if (policy.string_or_empty() == "Always") {
    errors.push_back({"FieldValueRequired", "spec.template.spec.restartPolicy",
                      "Required value: valid values: \"OnFailure\", \"Never\""});
  }
}

void validate_job_update(const Json& job, const Json& old, FieldErrors& errors) {
  validate_unchanged(job, old, "/spec/selector", errors);
  validate_unchanged(job, old, "/spec/template", errors);
  validate_unchanged(job, old, "/spec/completions", errors);
}

void validate_disruption_budget(const Json& budget, FieldErrors& errors) {
  const Json& spec = budget["spec"];
  if (!spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null()) {
    errors.push_back(
        invalid_field("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
  }
  validate_label_selector(spec["selector"], "spec.selector", errors);
}

}  // namespace slipway::cluster
