#pragma once

#include <string>

#include "api/rollout.h"

namespace slipway::rollout {

/// `status.phase` and `status.message`: how the update stands, in a word and a sentence.
struct Phase {
  std::string phase;
  std::string message;
  bool operator==(const Phase&) const = default;
};

/// Of a Rollout with the status that is about to be written. Source: behaviour.md 27.6.
Phase find_phase(const api::Rollout& rollout, const api::RolloutStatus& status);
/// Writes it into that status, once all else is in there.
void tell_phase(const api::Rollout& rollout, api::RolloutStatus& status);

}  // namespace slipway::rollout
