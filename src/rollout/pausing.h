#pragma once

#include <optional>
#include <string_view>

#include "api/rollout.h"

namespace slipway::rollout {

/// Why a controller pauses: the reasons of `status.pauseConditions`.
namespace pause_reasons {
inline constexpr std::string_view canary_step = "CanaryPauseStep";
inline constexpr std::string_view blue_green = "BlueGreenPause";
inline constexpr std::string_view inconclusive_analysis = "InconclusiveAnalysisRun";
inline constexpr std::string_view inconclusive_experiment = "InconclusiveExperiment";
}  // namespace pause_reasons

const api::PauseCondition* find_pause(const api::RolloutStatus& status, std::string_view reason);

/// Begins a pause, unless it runs. Its start is written in whole seconds, rounded up, so that no
/// pause ends early. Compat: Argo Rollouts cuts it.
void add_pause(api::RolloutStatus& status, std::string_view reason, Instant now);
void remove_pause(api::RolloutStatus& status, std::string_view reason);
/// Ends all of them, as a full promotion, an abort and a new template do.
void clear_pauses(api::RolloutStatus& status);

/// A person promoted: clients take the list away and leave `controllerPause`.
bool was_resumed(const api::RolloutStatus& status);

/// What becomes of one pause that the controller began.
enum class Pause {
  absent,   ///< It has not begun.
  waits,    ///< For a person, or for its time.
  is_over,  ///< Its time has come.
  resumed,  ///< A person ended it.
};
struct PauseState {
  Pause what = Pause::absent;
  std::optional<Duration> look_again_in;  ///< Set where it waits for a time.
  bool operator==(const PauseState&) const = default;
};

/// `duration`: how long the pause lasts by itself; nothing: until a person promotes.
PauseState pause_state(const api::RolloutStatus& status, std::string_view reason,
                       std::optional<Duration> duration, Instant now);

/// Nothing may be scaled or switched: a person said so, or an analysis could not tell.
bool is_halted(const api::Rollout& rollout);

}  // namespace slipway::rollout
