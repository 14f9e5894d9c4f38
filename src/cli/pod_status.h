#pragma once

#include <string>

#include "api/workload.h"

namespace slipway::cli {

/// What `kubectl get pods` shows of a pod.
struct PodSummary {
  std::string status;  ///< "Running", "CrashLoopBackOff", "Init:1/2", "Terminating"
  int ready = 0;
  int total = 0;
  int restarts = 0;
  bool operator==(const PodSummary&) const = default;
};

/// Source: kubectl's classic pod printer (cli-output.md, section 3).
PodSummary summarise(const api::Pod& pod);

}  // namespace slipway::cli
