#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "cli/rollout_view.h"

namespace slipway::cli {

/// Where the demo stands with one Rollout. The story of each: it is installed, gets a new image, is
/// promoted where it waits for a person, and ends with the old ReplicaSet gone.
struct Chapter {
  enum class Stage { installing, installed, updating, done } stage = Stage::installing;
  std::string first_hash;                ///< Of the version installed first, once known.
  std::optional<Instant> waiting_since;  ///< Of a pause without end.
};

/// What the demo does next about a Rollout.
enum class Act {
  watch,    ///< Nothing: the controller is at work.
  update,   ///< Set the new image.
  promote,  ///< Do what a person would do.
  rest,     ///< The old ReplicaSet is gone: the chapter is over.
};

/// How long the audience sees a pause without end before it is promoted.
inline constexpr Duration pause_shown = Duration::from_seconds(3);

/// Decides the next act, and moves the chapter on. `may_update` holds an update back until it is
/// this Rollout's turn.
Act next_act(Chapter& chapter, const RolloutObjects& objects, bool may_update, Instant now);

/// The image after `image` in the story: another colour of the well-known demo, else version 2.0.
std::string next_image(const std::string& image);

}  // namespace slipway::cli
