#pragma once

#include <optional>
#include <string>

#include "api/rollout.h"

namespace slipway::rollout {

/// What happened to an update, as far as its duration is concerned.
struct DurationFacts {
  bool begins = false;         ///< A new template or new steps.
  bool first = false;          ///< The very first plan for this Rollout.
  bool retries = false;        ///< After an abort.
  bool rolls_back = false;     ///< What begins is a version that was stable.
  bool fast = false;           ///< Promoted in full, or rolled back without steps.
  bool promoted = false;       ///< The new version is the stable one.
  bool all_available = false;  ///< The new version has all its pods.
  bool aborted = false;
  bool waits_for_person = false;  ///< Paused until somebody says so.
};

/// Keeps `status.duration`: how long an update took from its start to its end, and how much of it
/// people were waited for. Source: behaviour.md 29.
void track_duration(api::Box<api::RolloutDurationStatus>& duration, const DurationFacts& facts,
                    Instant now);

/// An update that is over, for statistics.
struct EndedUpdate {
  std::string status;  ///< Promoted, FastPromoted, Aborted, Superseded, RolledBack, FastRolledBack.
  Duration total;
  Duration paused;  ///< Of it, how long people were waited for.
  bool operator==(const EndedUpdate&) const = default;
};

/// What ended between two statuses of a Rollout.
std::optional<EndedUpdate> ended_update(const api::Box<api::RolloutDurationStatus>& before,
                                        const api::Box<api::RolloutDurationStatus>& after);

}  // namespace slipway::rollout
