#include "base/text.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

/// What the containers of a pod add up to.
struct PodSummary {
  std::string reason;
  std::int64_t restarts = 0;
  Json last_restart;  ///< RFC 3339, or null.
  std::size_t ready = 0;
};

const Json* find_condition(const Json& pod, std::string_view type) {
  const Json& conditions = pod["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions.at(i)["type"].string_or_empty() == type) return &conditions.at(i);
  }
  return nullptr;
}

void count_restarts(const Json& status, PodSummary& summary) {
  summary.restarts += status["restartCount"].integer_or(0);
  const Json& ended = status["lastState"]["terminated"]["finishedAt"];
  if (ended.string_or_empty() > summary.last_restart.string_or_empty())
    summary.last_restart = ended;
}

/// "Error", "ExitCode:3", "Signal:9" of a container that ended.
std::string end_of(const Json& terminated) {
  const std::string_view reason = terminated["reason"].string_or_empty();
  if (!reason.empty()) return std::string(reason);
  if (const std::int64_t signal = terminated["signal"].integer_or(0); signal != 0) {
    return "Signal:" + std::to_string(signal);
  }
  return "ExitCode:" + std::to_string(terminated["exitCode"].integer_or(0));
}

/// Reads the init containers. Returns whether one of them is still at work.
bool summarise_init_containers(const Json& pod, PodSummary& summary) {
  const Json& statuses = pod["status"]["initContainerStatuses"];
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const Json& status = statuses.at(i);
    count_restarts(status, summary);
    const Json& state = status["state"];
    const Json& terminated = state["terminated"];
    if (terminated.is_object() && terminated["exitCode"].integer_or(0) == 0) continue;
    const std::string_view waiting = state["waiting"]["reason"].string_or_empty();
    if (terminated.is_object()) {
      summary.reason = "Init:" + end_of(terminated);
    } else if (!waiting.empty() && waiting != "PodInitializing") {
      summary.reason = "Init:" + std::string(waiting);
    } else {
      summary.reason =
          "Init:" + std::to_string(i) + "/" + std::to_string(pod["spec"]["initContainers"].size());
    }
    return true;
  }
  return false;
}

void summarise_containers(const Json& pod, PodSummary& summary) {
  bool running = false;
  const Json& statuses = pod["status"]["containerStatuses"];
  for (std::size_t i = statuses.size(); i-- > 0;) {
    const Json& status = statuses.at(i);
    count_restarts(status, summary);
    const Json& state = status["state"];
    const std::string_view waiting = state["waiting"]["reason"].string_or_empty();
    if (!waiting.empty()) {
      summary.reason = waiting;
    } else if (state["terminated"].is_object()) {
      summary.reason = end_of(state["terminated"]);
    } else if (status["ready"].bool_or(false) && state["running"].is_object()) {
      running = true;
      ++summary.ready;
    }
  }
  if (summary.reason == "Completed" && running) {
    const Json* ready = find_condition(pod, "Ready");
    summary.reason =
        ready != nullptr && (*ready)["status"].string_or_empty() == "True" ? "Running" : "NotReady";
  }
}

PodSummary summarise(const Json& pod) {
  PodSummary summary;
  const Json& status = pod["status"];
  summary.reason = status["reason"].string_or_empty();
  if (summary.reason.empty()) summary.reason = status["phase"].string_or_empty();
  const Json* scheduled = find_condition(pod, "PodScheduled");
  if (scheduled != nullptr && (*scheduled)["reason"].string_or_empty() == "SchedulingGated") {
    summary.reason = "SchedulingGated";
  }
  if (!summarise_init_containers(pod, summary)) summarise_containers(pod, summary);
  const std::string_view phase = status["phase"].string_or_empty();
  if (!pod["metadata"]["deletionTimestamp"].is_null()) {
    if (status["reason"].string_or_empty() == "NodeLost") {
      summary.reason = "Unknown";
    } else if (phase != "Failed" && phase != "Succeeded") {
      summary.reason = "Terminating";
    }
  }
  return summary;
}

std::string readiness_gates(const Json& pod) {
  const Json& gates = pod["spec"]["readinessGates"];
  if (gates.empty()) return "<none>";
  std::size_t met = 0;
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const Json* found = find_condition(pod, gates.at(i)["conditionType"].string_or_empty());
    if (found != nullptr && (*found)["status"].string_or_empty() == "True") ++met;
  }
  return std::to_string(met) + "/" + std::to_string(gates.size());
}

std::vector<Json> pod_cells(const Json& pod, Instant now) {
  const PodSummary summary = summarise(pod);
  std::string restarts = std::to_string(summary.restarts);
  if (summary.restarts != 0 && !summary.last_restart.is_null()) {
    restarts += " (" + age_text(summary.last_restart, now) + " ago)";
  }
  return {pod["metadata"]["name"],
          std::to_string(summary.ready) + "/" + std::to_string(pod["spec"]["containers"].size()),
          summary.reason,
          restarts,
          age_cell(pod, now),
          text_or_none(pod["status"]["podIP"].string_or_empty()),
          text_or_none(pod["spec"]["nodeName"].string_or_empty()),
          text_or_none(pod["status"]["nominatedNodeName"].string_or_empty()),
          readiness_gates(pod)};
}

}  // namespace

Columns pod_columns() {
  return {
      {name_column(),
       {.name = "Ready",
        .description = "The aggregate readiness state of this pod for accepting traffic."},
       {.name = "Status", .description = "The aggregate status of the containers in this pod."},
       {.name = "Restarts",
        .description = "The number of times the containers in this pod have been restarted and "
                       "when the last container in this pod has restarted."},
       age_column(),
       {.name = "IP",
        .description = "podIP address allocated to the pod. Routable at least within the cluster. "
                       "Empty if not yet allocated.",
        .priority = 1},
       {.name = "Node",
        .description =
            "NodeName indicates in which node this pod is scheduled. If empty, this pod is a "
            "candidate for scheduling by the scheduler defined in schedulerName. Once this field "
            "is set, the kubelet for this node becomes responsible for the lifecycle of this pod. "
            "This field should not be used to express a desire for the pod to be scheduled on a "
            "specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/"
            "assign-pod-node/#nodename",
        .priority = 1},
       {.name = "Nominated Node",
        .description =
            "nominatedNodeName is set only when this pod preempts other pods on the node, but it "
            "cannot be scheduled right away as preemption victims receive their graceful "
            "termination periods. This field does not guarantee that the pod will be scheduled on "
            "this node. Scheduler may decide to place the pod elsewhere if other nodes become "
            "available sooner. Scheduler may also decide to give the resources on this node to a "
            "higher priority pod that is created after preemption. As a result, this field may be "
            "different than PodSpec.nodeName when the pod is scheduled.",
        .priority = 1},
       {.name = "Readiness Gates",
        .description =
            "If specified, all readiness gates will be evaluated for pod readiness. A pod is "
            "ready when all its containers are ready AND all conditions specified in the "
            "readiness gates have status equal to \"True\" More info: "
            "https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates",
        .priority = 1}},
      pod_cells
  };
}

Columns pod_template_columns() {
  return {
      {name_column(),
       {.name = "Containers", .description = "Names of each container in the template."},
       {.name = "Images", .description = "Images referenced by each container in the template."},
       {.name = "Pod Labels", .description = "The labels of the template."}},
      [](const Json& object, Instant) {
        const Json& spec = object["template"]["spec"];
        return std::vector<Json>{object["metadata"]["name"], container_names(spec),
                                 container_images(spec),
                                 map_cell(object["template"]["metadata"]["labels"])};
       }
  };
}

}  // namespace slipway::cluster
