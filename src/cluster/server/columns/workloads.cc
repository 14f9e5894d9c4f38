#include "base/text.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

const Json& name_of(const Json& object) {
  return object["metadata"]["name"];
}

Json number(const Json& owner, std::string_view key) {
  return Json(static_cast<long>(owner[key].integer_or(0)));
}

std::string number_text(const Json& owner, std::string_view key) {
  return std::to_string(owner[key].integer_or(0));
}

Column containers_column() {
  return {.name = "Containers",
          .description = "Names of each container in the template.",
          .priority = 1};
}

Column images_column() {
  return {.name = "Images",
          .description = "Images referenced by each container in the template.",
          .priority = 1};
}

}  // namespace

Columns replica_set_columns() {
  return {
      {name_column(),
       {.name = "Desired",
        .type = "integer",
        .description =
            "Replicas is the number of desired pods. This is a pointer to distinguish between "
            "explicit zero and unspecified. Defaults to 1. More info: "
            "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset"},
       {.name = "Current",
        .type = "integer",
        .description = "Replicas is the most recently observed number of non-terminating pods. "
                       "More info: "
                       "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset"},
       {.name = "Ready",
        .type = "integer",
        .description = "The number of non-terminating pods targeted by this ReplicaSet with a "
                       "Ready Condition."},
       age_column(),
       containers_column(),
       images_column(),
       {.name = "Selector",
        .description =
            "Selector is a label query over pods that should match the replica count. If the "
            "selector is empty, it is defaulted to the labels present on the pod template. Label "
            "keys and values that must match in order to be controlled by this replica set. More "
            "info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
            "#label-selectors",
        .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& spec = object["spec"];
        const Json& status = object["status"];
        return std::vector<Json>{name_of(object),
                                 number(spec, "replicas"),
                                 number(status, "replicas"),
                                 number(status, "readyReplicas"),
                                 age_cell(object, now),
                                 container_names(spec["template"]["spec"]),
                                 container_images(spec["template"]["spec"]),
                                 selector_cell(spec["selector"])};
       }
  };
}

Columns deployment_columns() {
  return {
      {name_column(),
       {.name = "Ready", .description = "Number of the pod with ready state"},
       {.name = "Up-to-date", .description = "Pods of the newest template."},
       {.name = "Available", .description = "Pods ready for at least minReadySeconds."},
       age_column(),
       containers_column(),
       images_column(),
       {.name = "Selector", .description = "Which pods are the Deployment's.", .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& spec = object["spec"];
        const Json& status = object["status"];
        return std::vector<Json>{
            name_of(object),
            number_text(status, "readyReplicas") + "/" + number_text(spec, "replicas"),
            number(status, "updatedReplicas"),
            number(status, "availableReplicas"),
            age_cell(object, now),
            container_names(spec["template"]["spec"]),
            container_images(spec["template"]["spec"]),
            selector_cell(spec["selector"])};
       }
  };
}

namespace {

bool has_condition(const Json& job, std::string_view type) {
  const Json& conditions = job["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Json& one = conditions.at(i);
    if (one["type"].string_or_empty() == type && one["status"].string_or_empty() == "True") {
      return true;
    }
  }
  return false;
}

std::string job_status(const Json& job) {
  if (has_condition(job, "Complete")) return "Complete";
  if (has_condition(job, "Failed")) return "Failed";
  if (!job["metadata"]["deletionTimestamp"].is_null()) return "Terminating";
  if (has_condition(job, "Suspended")) return "Suspended";
  if (has_condition(job, "FailureTarget")) return "FailureTarget";
  return has_condition(job, "SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

std::string job_completions(const Json& job) {
  const Json& spec = job["spec"];
  const std::string done = number_text(job["status"], "succeeded");
  if (spec["completions"].is_integer()) return done + "/" + number_text(spec, "completions");
  const std::int64_t parallelism = spec["parallelism"].integer_or(0);
  return done + "/1" + (parallelism > 1 ? " of " + std::to_string(parallelism) : "");
}

std::string job_duration(const Json& job, Instant now) {
  const Result<Instant> start = parse_rfc3339(job["status"]["startTime"].string_or_empty());
  if (!start) return "";
  const Result<Instant> end = parse_rfc3339(job["status"]["completionTime"].string_or_empty());
  return format_human_duration((end ? *end : now) - *start);
}

}  // namespace

Columns job_columns() {
  return {
      {name_column(),
       {.name = "Status", .description = "Status of the job."},
       {.name = "Completions", .description = "Pods that succeeded, of those wanted."},
       {.name = "Duration", .description = "Time required to complete the job."},
       age_column(),
       containers_column(),
       images_column(),
       {.name = "Selector", .description = "Which pods are the Job's.", .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& spec = object["spec"];
        return std::vector<Json>{name_of(object),
                                 job_status(object),
                                 job_completions(object),
                                 job_duration(object, now),
                                 age_cell(object, now),
                                 container_names(spec["template"]["spec"]),
                                 container_images(spec["template"]["spec"]),
                                 selector_cell(spec["selector"])};
       }
  };
}

namespace {

/// "cpu: 40%/80%" of each metric, as far as utilisation goes.
std::string autoscaler_targets(const Json& object) {
  std::vector<std::string> texts;
  const Json& metrics = object["spec"]["metrics"];
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Json& metric = metrics.at(i);
    const Json& resource = metric["resource"];
    if (!resource.is_object()) {
      texts.emplace_back("<unknown>");
      continue;
    }
    const Json& current =
        object["status"]["currentMetrics"].at(i)["resource"]["current"]["averageUtilization"];
    texts.push_back(std::string(resource["name"].string_or_empty()) + ": " +
                    (current.is_integer() ? std::to_string(current.as_integer()) + "%"
                                          : std::string("<unknown>")) +
                    "/" + number_text(resource["target"], "averageUtilization") + "%");
  }
  return list_cell(texts, 2);
}

}  // namespace

Columns autoscaler_columns() {
  return {
      {name_column(),
       {.name = "Reference", .description = "What is scaled."},
       {.name = "Targets", .description = "What each metric is, and should be."},
       {.name = "MinPods", .description = "The fewest pods."},
       {.name = "MaxPods", .description = "The most pods."},
       {.name = "Replicas", .description = "The pods there are."},
       age_column()},
      [](const Json& object, Instant now) {
        const Json& target = object["spec"]["scaleTargetRef"];
        const Json& least = object["spec"]["minReplicas"];
        return std::vector<Json>{
            name_of(object),
            std::string(target["kind"].string_or_empty()) + "/" +
                std::string(target["name"].string_or_empty()),
            autoscaler_targets(object),
            least.is_integer() ? std::to_string(least.as_integer()) : std::string("<unset>"),
            number(object["spec"], "maxReplicas"),
            number(object["status"], "currentReplicas"),
            age_cell(object, now)};
       }
  };
}

namespace {

std::string count_or_percent(const Json& value) {
  if (value.is_null()) return "N/A";
  return value.is_string() ? value.as_string() : to_text(value);
}

}  // namespace

Columns disruption_budget_columns() {
  return {
      {name_column(),
       {.name = "Min Available", .description = "Pods that must stay."},
       {.name = "Max Unavailable", .description = "Pods that may go."},
       {.name = "Allowed Disruptions",
        .type = "integer",
        .description = "Pods that may go right now."},
       age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object), count_or_percent(object["spec"]["minAvailable"]),
                                 count_or_percent(object["spec"]["maxUnavailable"]),
                                 number(object["status"], "disruptionsAllowed"),
                                 age_cell(object, now)};
       }
  };
}

}  // namespace slipway::cluster
