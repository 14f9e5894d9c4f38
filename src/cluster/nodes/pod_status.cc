#include "cluster/nodes/pod_status.h"

#include "base/hash.h"
#include "base/text.h"

namespace slipway::cluster {

namespace {

Json time_of(Instant instant) {
  return format_rfc3339(instant);
}

/// An id that is the same each time it is made, as long as a container runtime's.
std::string content_id(std::string_view prefix, const std::string& of) {
  const Hash128 first = hash128(of);
  const Hash128 second = hash128(of + "#");
  return fmt::format("{}{:016x}{:016x}{:016x}{:016x}", prefix, first.high, first.low, second.high,
                     second.low);
}

std::string container_id(const api::Pod& pod, std::string_view container, int restarts) {
  return content_id("containerd://",
                    fmt::format("{}/{}/{}", pod.metadata.uid, container, restarts));
}

std::string image_id(std::string_view image) {
  const std::string_view name = image.substr(0, image.find('@'));
  return content_id(std::string(name.substr(0, name.rfind(':'))) + "@sha256:", std::string(image));
}

bool is_sidecar(const Json& init_container) {
  return init_container["restartPolicy"].string_or_empty() == "Always";
}

Json waiting(std::string_view reason, std::string message = {}) {
  Json detail = Json::object({
      {"reason", reason}
  });
  if (!message.empty()) detail.set("message", std::move(message));
  return Json::object({
      {"waiting", std::move(detail)}
  });
}

Json running(Instant since) {
  return Json::object({
      {"running", Json::object({{"startedAt", time_of(since)}})}
  });
}

Json terminated(int exit_code, Instant start, Instant end, const std::string& id) {
  return Json::object({
      {"terminated", Json::object({
                         {"exitCode", exit_code},
                         {"reason", exit_code == 0 ? "Completed" : "Error"},
                         {"startedAt", time_of(start)},
                         {"finishedAt", time_of(end)},
                         {"containerID", id},
                     })}
  });
}

/// Renders one pod's status; a class because every part looks at the same five things.
class Rendering {
 public:
  Rendering(const CachedPod& pod, const PodLife& life, const PodScript& script, Instant now)
      : pod_(pod), spec_(pod.content["spec"]), life_(life), script_(script), now_(now) {}

  std::string_view phase() const;
  Json conditions() const;
  Json container_statuses() const;
  Json init_container_statuses() const;

 private:
  bool initialized() const { return life_.started || spec_["initContainers"].empty(); }
  Json state_of(const std::string& name, std::string_view image) const;
  Json condition(std::string_view type, bool holds, std::string_view reason,
                 std::string message) const;
  std::string names_of(std::string_view member) const;
  bool gates_open() const;

  const CachedPod& pod_;
  const Json& spec_;
  const PodLife& life_;
  const PodScript& script_;
  Instant now_;
};

std::string_view Rendering::phase() const {
  if (life_.stage == Stage::finished) return script_.exit_code == 0 ? "Succeeded" : "Failed";
  return life_.started ? "Running" : "Pending";
}

Json Rendering::state_of(const std::string& name, std::string_view image) const {
  switch (life_.stage) {
    case Stage::creating:
      return waiting(spec_["initContainers"].empty() ? "ContainerCreating" : "PodInitializing");
    case Stage::pull_failed:
      return waiting("ErrImagePull",
                     fmt::format("failed to pull and unpack image \"{}\": not found", image));
    case Stage::pull_back_off:
      return waiting("ImagePullBackOff", fmt::format("Back-off pulling image \"{}\"", image));
    case Stage::running:
      return running(life_.started_at);
    case Stage::exited:
    case Stage::finished:
      return terminated(script_.exit_code, *life_.last_start, *life_.ended_at,
                        container_id(pod_, name, life_.restarts));
    case Stage::back_off:
      break;
  }
  return waiting("CrashLoopBackOff",
                 fmt::format("back-off {} restarting failed container={} pod={}_{}({})",
                             format_go_duration(restart_delay(life_.restarts + 1)), name,
                             pod_.metadata.name, pod_.metadata.namespace_, pod_.metadata.uid));
}

Json Rendering::container_statuses() const {
  Json statuses = Json::array();
  const Json& containers = spec_["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const std::string name(containers.at(i)["name"].string_or_empty());
    const std::string_view image = containers.at(i)["image"].string_or_empty();
    const bool running_now = life_.stage == Stage::running;
    // While it waits to be restarted, the end that it waits after is its last state.
    const bool shows_end = life_.stage == Stage::exited || life_.stage == Stage::finished;
    const int ended_run = running_now ? life_.restarts - 1 : life_.restarts;
    Json last = Json::object();
    if (life_.ended_at && !shows_end) {
      last = terminated(script_.exit_code, *life_.last_start, *life_.ended_at,
                        container_id(pod_, name, ended_run));
    }
    Json status = Json::object({
        {"name", name},
        {"image", image},
        {"imageID", life_.started ? image_id(image) : ""},
        {"ready", life_.ready},
        {"started", running_now},
        {"restartCount", life_.restarts},
        {"state", state_of(name, image)},
        {"lastState", std::move(last)},
    });
    if (life_.started) status.set("containerID", container_id(pod_, name, life_.restarts));
    statuses.push_back(std::move(status));
  }
  return statuses;
}

Json Rendering::init_container_statuses() const {
  Json statuses = Json::array();
  const Json& containers = spec_["initContainers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const std::string name(containers.at(i)["name"].string_or_empty());
    const std::string_view image = containers.at(i)["image"].string_or_empty();
    const bool sidecar = is_sidecar(containers.at(i));
    const std::string id = container_id(pod_, name, 0);
    Json state = waiting("PodInitializing");
    if (life_.started) {
      const Instant first = life_.started_at;
      state = sidecar ? running(first) : terminated(0, life_.bound_at, first, id);
      // What is said once stays: restarts of the main containers don't rerun these.
      const Json& before = pod_.content["status"]["initContainerStatuses"].at(i)["state"];
      if (before.find("running") != nullptr || before.find("terminated") != nullptr) state = before;
    }
    Json status = Json::object({
        {"name",         name                                },
        {"image",        image                               },
        {"imageID",      life_.started ? image_id(image) : ""},
        {"ready",        life_.started                       },
        {"started",      life_.started && sidecar            },
        {"restartCount", 0                                   },
        {"state",        std::move(state)                    },
        {"lastState",    Json::object()                      },
    });
    if (life_.started) status.set("containerID", id);
    statuses.push_back(std::move(status));
  }
  return statuses;
}

std::string Rendering::names_of(std::string_view member) const {
  std::string names;
  for (std::size_t i = 0; i < spec_[member].size(); ++i) {
    if (i > 0) names += ' ';
    names += spec_[member].at(i)["name"].string_or_empty();
  }
  return names;
}

/// Whether the conditions that the pod's readiness gates name hold.
bool Rendering::gates_open() const {
  const Json& gates = spec_["readinessGates"];
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const api::Condition* gate =
        find_condition(pod_.status.conditions, gates.at(i)["conditionType"].string_or_empty());
    if (gate == nullptr || gate->status != "True") return false;
  }
  return true;
}

Json Rendering::condition(std::string_view type, bool holds, std::string_view reason,
                          std::string message) const {
  const std::string_view status = holds ? "True" : "False";
  const api::Condition* before = find_condition(pod_.status.conditions, type);
  const bool same = before != nullptr && before->status == status && before->last_transition_time;
  Json made = Json::object({
      {"type",               type                                                },
      {"status",             status                                              },
      {"lastTransitionTime", time_of(same ? *before->last_transition_time : now_)},
  });
  if (!reason.empty()) made.set("reason", reason);
  if (!message.empty()) made.set("message", std::move(message));
  return made;
}

Json Rendering::conditions() const {
  const bool finished = life_.stage == Stage::finished;
  const std::string_view done = script_.exit_code == 0 ? "PodCompleted" : "PodFailed";
  const std::string unready =
      fmt::format("containers with unready status: [{}]", names_of("containers"));
  const std::string_view why = life_.ready ? "" : finished ? done : "ContainersNotReady";
  const std::string message = life_.ready || finished ? "" : unready;

  Json made = Json::array();
  made.push_back(condition("PodReadyToStartContainers", !finished, {}, {}));
  made.push_back(initialized() ? condition("Initialized", true,
                                           finished && script_.exit_code == 0 ? done : "", {})
                               : condition("Initialized", false, "ContainersNotInitialized",
                                           fmt::format("containers with incomplete status: [{}]",
                                                       names_of("initContainers"))));
  if (life_.ready && !gates_open()) {
    made.push_back(condition("Ready", false, "ReadinessGatesNotReady",
                             "the status of a pod readiness gate is not \"True\""));
  } else {
    made.push_back(condition("Ready", life_.ready, why, message));
  }
  made.push_back(condition("ContainersReady", life_.ready, why, message));
  made.push_back(condition("PodScheduled", true, {}, {}));

  const Json& before = pod_.content["status"]["conditions"];
  for (std::size_t i = 0; i < before.size(); ++i) {
    bool ours = false;
    for (const Json& condition : made.as_array()) {
      ours = ours || condition["type"] == before.at(i)["type"];
    }
    if (!ours) made.push_back(before.at(i));
  }
  return made;
}

}  // namespace

Json render_status(const CachedPod& pod, const PodLife& life, const PodScript& script,
                   const Placement& placement, Instant now) {
  const Rendering rendering(pod, life, script, now);
  Json status = pod.content["status"];
  status.set("phase", rendering.phase());
  status.set("conditions", rendering.conditions());
  status.set("containerStatuses", rendering.container_statuses());
  if (!pod.content["spec"]["initContainers"].empty()) {
    status.set("initContainerStatuses", rendering.init_container_statuses());
  }
  status.set("hostIP", placement.host_ip);
  status.set("hostIPs", Json::array({
                            Json::object({{"ip", placement.host_ip}}
                            )
  }));
  status.set("podIP", placement.pod_ip);
  status.set("podIPs", Json::array({
                           Json::object({{"ip", placement.pod_ip}}
                           )
  }));
  status.set("startTime", time_of(life.bound_at));
  return status;
}

PodLife recover_life(const CachedPod& pod, Instant now) {
  const Json& status = pod.content["status"];
  PodLife life = begin_life(pod.status.start_time.value_or(now));
  const Json& container = status["containerStatuses"].at(0);
  const auto time_at = [](const Json& value) -> std::optional<Instant> {
    const Result<Instant> time = parse_rfc3339(value.string_or_empty());
    return time ? std::optional(*time) : std::nullopt;
  };
  const auto remember_end = [&](const Json& ended) {
    life.last_start = time_at(ended["startedAt"]).value_or(life.bound_at);
    life.ended_at = time_at(ended["finishedAt"]).value_or(now);
    life.started_at = *life.last_start;
  };

  life.restarts = static_cast<int>(container["restartCount"].integer_or(0));
  life.ready = container["ready"].bool_or(false);
  const Json& state = container["state"];
  const Json& last = container["lastState"]["terminated"];
  life.started = !container["containerID"].string_or_empty().empty();
  if (last.is_object()) remember_end(last);
  if (is_finished(pod)) {
    remember_end(state["terminated"]);
    life.stage = Stage::finished;
    life.since = *life.ended_at;
  } else if (state["running"].is_object()) {
    life.stage = Stage::running;
    life.started_at = life.since = time_at(state["running"]["startedAt"]).value_or(now);
  } else if (state["terminated"].is_object()) {
    remember_end(state["terminated"]);
    life.stage = Stage::exited;
    life.since = *life.ended_at;
  } else if (last.is_object()) {
    life.stage = Stage::back_off;
    life.since = *life.ended_at;
  }
  return life;
}

}  // namespace slipway::cluster
