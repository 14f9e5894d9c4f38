#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "controller/metrics.h"
#include "kubernetes/kubeconfig.h"
#include "rollout/named_object.h"

namespace slipway::controller {

/// The flags of `slipway controller`, with the names and defaults of Argo Rollouts (flags.tsv).
struct ControllerFlags {
  kubernetes::ConfigOverrides connection;
  bool namespaced = false;
  std::string instance_id;
  rollout::RouterVersions router_versions;
  std::vector<std::string> controllers;  ///< Empty: all.
  std::int64_t rollout_resync_seconds = 900;
  std::uint16_t metrics_port = 8090;
  std::uint16_t healthz_port = 8080;
  double queries_per_second = 40;
  int burst = 80;
  int rollout_threads = 10;
  bool leader_elect = true;
  Duration lease_duration = Duration::from_seconds(15);
  Duration renew_deadline = Duration::from_seconds(10);
  Duration retry_period = Duration::from_seconds(2);
  Metrics::Build build;
};

/// Runs the controller until SIGTERM or SIGINT: connects, serves /healthz and /metrics, takes the
/// lease, reconciles. On the signal it starts no new plan, waits for writes under way, gives the
/// lease up and returns 0. Losing the lease ends it with status 1, so that it starts afresh.
Result<int> run_controller(const ControllerFlags& flags);

}  // namespace slipway::controller
