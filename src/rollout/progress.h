#pragma once

#include <optional>

#include "api/rollout.h"

namespace slipway::rollout {

/// Something moved between two statuses: pods came up, old ones went, a step was done.
bool made_progress(const api::RolloutStatus& before, const api::RolloutStatus& after);

/// How the progress deadline stands. Source: behaviour.md 27.4.
struct ProgressClock {
  bool timed_out = false;
  std::optional<Duration> left;  ///< Until it runs out; nothing where it does not run.
};
/// Judged by the Progressing condition as it was written last. It does not run while the update is
/// paused or aborted.
ProgressClock progress_clock(const api::RolloutStatus& status, Duration deadline, Instant now);

}  // namespace slipway::rollout
