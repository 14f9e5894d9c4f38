#pragma once

#include <string>

#include "cli/commands.h"

namespace slipway::cli {

struct DemoOptions {
  std::string manifest;  ///< File of the canary Rollout; empty: the built-in example.
  bool plain = false;    ///< Lines instead of a live page, also on a terminal.
};

/// Shows a canary and a blue-green update from start to end, with the real controller on an
/// embedded cluster in this process. Returns 0 only if both old ReplicaSets are gone in the end.
Result<int> demo(const DemoOptions& options, Streams streams);

}  // namespace slipway::cli
