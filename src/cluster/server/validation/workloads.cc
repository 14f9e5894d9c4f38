#include <algorithm>

#include "base/text.h"
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
void validate_pod_owner(const Json& spec, FieldErrors& errors) {
  validate_not_negative(spec, "replicas", "spec", errors);
  validate_not_negative(spec, "minReadySeconds", "spec", errors);
  const Json& selector = spec["selector"];
  const std::size_t before = errors.size();
  if (selector.is_null()) {
    errors.push_back(required_field("spec.selector"));
  } else {
    validate_label_selector(selector, "spec.selector", errors);
    if (errors.size() > before) {
      errors.push_back(invalid_field("spec.selector", selector, "invalid label selector"));
    } else if (selector["matchLabels"].empty() && selector["matchExpressions"].empty()) {
      // The real server calls a ReplicaSet so, too.
      errors.push_back(
          invalid_field("spec.selector", selector, "empty selector is invalid for deployment"));
    }
  }
  // No selector selects nothing; one that can't be read isn't asked.
  const Json& labels = spec["template"]["metadata"]["labels"];
  const bool is_readable = selector.is_null() || errors.size() == before;
  if (is_readable && (selector.is_null() || !selector_matches(selector, labels))) {
    errors.push_back(invalid_field("spec.template.metadata.labels", labels,
                                   "`selector` does not match template `labels`"));
  }
  validate_pod_template(spec["template"], "spec.template", errors);
  const Json& policy = spec["template"]["spec"]["restartPolicy"];
  if (policy.string_or_empty() == "OnFailure" || policy.string_or_empty() == "Never") {
    errors.push_back(unsupported_field("spec.template.spec.restartPolicy", policy, {"Always"}));
  }
}

/// A count, or a share in percent.
void validate_share(const Json& share, const std::string& field, bool is_bounded,
                    FieldErrors& errors) {
  if (share.is_integer()) {
    if (share.as_integer() < 0) {
      errors.push_back(invalid_field(field, share, "must be greater than or equal to 0"));
    }
    return;
  }
  if (!share.is_string()) return;
  const std::string& text = share.as_string();
  const auto percent =
      text.ends_with('%') ? parse_integer(text.substr(0, text.size() - 1)) : std::nullopt;
  if (!percent || *percent < 0) {
    errors.push_back(invalid_field(
        field, share,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
        "'93%', regex used for validation is '[0-9]+%')"));
  } else if (is_bounded && *percent > 100) {
    errors.push_back(invalid_field(field, share, "must not be greater than 100%"));
  }
}

/// A strategy of this type alone, as Go prints one.
Json go_strategy(const Json& type) {
  return Json::object({
      {"Type",          type  },
      {"RollingUpdate", Json()}
  });
}

bool is_no_share(const Json& share) {
  return share.is_integer() ? share.as_integer() == 0 : share.string_or_empty() == "0%";
}

void validate_rolling_update(const Json& rolling, FieldErrors& errors) {
  const std::string field = "spec.strategy.rollingUpdate";
  validate_share(rolling["maxUnavailable"], field + ".maxUnavailable", true, errors);
  validate_share(rolling["maxSurge"], field + ".maxSurge", false, errors);
  if (is_no_share(rolling["maxUnavailable"]) && is_no_share(rolling["maxSurge"])) {
    errors.push_back(invalid_field(field + ".maxUnavailable", rolling["maxUnavailable"],
                                   "may not be 0 when `maxSurge` is 0"));
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
  validate_pod_owner(replica_set["spec"], errors);
}

void validate_deployment(const Json& deployment, FieldErrors& errors) {
  const Json& spec = deployment["spec"];
  validate_pod_owner(spec, errors);
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
  } else if (type.string_or_empty() == "RollingUpdate") {
    validate_rolling_update(spec["strategy"]["rollingUpdate"], errors);
  } else {
    errors.push_back(
        unsupported_field("spec.strategy", go_strategy(type), {"Recreate", "RollingUpdate"}));
  }
}

void validate_replica_set_status(const Json& replica_set, FieldErrors& errors) {
  const Json& status = replica_set["status"];
  const std::int64_t replicas = status["replicas"].integer_or(0);
  for (const std::string_view key : {"replicas", "fullyLabeledReplicas", "readyReplicas",
                                     "availableReplicas", "observedGeneration"}) {
    validate_not_negative(status, key, "status", errors);
  }
  const auto check = [&](const std::string& key, std::string_view bound, std::int64_t limit) {
    const std::int64_t count = status[key].integer_or(0);
    if (count <= limit) return;
    errors.push_back(invalid_field("status." + key, Json(static_cast<long>(count)),
                                   "cannot be greater than " + std::string(bound)));
  };
  check("fullyLabeledReplicas", "status.replicas", replicas);
  check("readyReplicas", "status.replicas", replicas);
  check("availableReplicas", "status.replicas", replicas);
  check("availableReplicas", "readyReplicas", status["readyReplicas"].integer_or(0));
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
