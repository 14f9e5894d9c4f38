#include "cli/pod_status.h"

#include <fmt/format.h>

namespace slipway::cli {
namespace {

using api::ContainerStateDetail;
using api::ContainerStatus;

std::string exit_text(const ContainerStateDetail& terminated) {
  return terminated.signal != 0 ? fmt::format("Signal:{}", terminated.signal)
                                : fmt::format("ExitCode:{}", terminated.exit_code);
}

bool is_sidecar(const api::Pod& pod, const std::string& name) {
  for (const api::Container& container : pod.spec.init_containers) {
    if (container.name == name) return container.restart_policy == "Always";
  }
  return false;
}

/// Takes the status of the first init container that still holds the pod up. Returns whether one
/// does.
bool summarise_init(const api::Pod& pod, PodSummary& summary) {
  const auto& statuses = pod.status.init_container_statuses;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const ContainerStatus& container = statuses[i];
    summary.restarts += container.restart_count;
    const auto& state = container.state;
    if (state.terminated && state.terminated->exit_code == 0) continue;
    if (is_sidecar(pod, container.name) && container.started.value_or(false) && container.ready) {
      continue;
    }
    if (state.terminated) {
      const std::string& reason = state.terminated->reason;
      summary.status = "Init:" + (reason.empty() ? exit_text(*state.terminated) : reason);
    } else if (state.waiting && !state.waiting->reason.empty() &&
               state.waiting->reason != "PodInitializing") {
      summary.status = "Init:" + state.waiting->reason;
    } else {
      summary.status = fmt::format("Init:{}/{}", i, pod.spec.init_containers.size());
    }
    return true;
  }
  return false;
}

void summarise_containers(const api::Pod& pod, PodSummary& summary) {
  bool some_running = false;
  summary.restarts = 0;
  const auto& statuses = pod.status.container_statuses;
  for (auto container = statuses.rbegin(); container != statuses.rend(); ++container) {
    summary.restarts += container->restart_count;
    const auto& state = container->state;
    if (state.waiting && !state.waiting->reason.empty()) {
      summary.status = state.waiting->reason;
    } else if (state.terminated) {
      const std::string& reason = state.terminated->reason;
      summary.status = reason.empty() ? exit_text(*state.terminated) : reason;
    } else if (container->ready && state.running) {
      some_running = true;
      ++summary.ready;
    }
  }
  if (summary.status == "Completed" && some_running) summary.status = "Running";
}

}  // namespace

PodSummary summarise(const api::Pod& pod) {
  PodSummary summary;
  summary.status = pod.status.reason.empty() ? pod.status.phase : pod.status.reason;
  summary.total = static_cast<int>(pod.spec.containers.size());
  if (!summarise_init(pod, summary)) summarise_containers(pod, summary);
  if (pod.metadata.deletion_timestamp) {
    summary.status = pod.status.reason == "NodeLost" ? "Unknown" : "Terminating";
  }
  return summary;
}

}  // namespace slipway::cli
