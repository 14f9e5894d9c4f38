#pragma once

#include "cli/commands.h"

namespace slipway::cli {

struct DoctorOptions {
  bool all_namespaces = false;
  bool fix = false;
};

/// Sweeps a namespace, or the cluster, for zombie ReplicaSets and bad annotations, explains each
/// and mends them when asked to. Returns the exit status: 0 when nothing (more) is wrong, else 1.
Result<int> doctor(Session& session, const DoctorOptions& options, Streams streams);

}  // namespace slipway::cli
