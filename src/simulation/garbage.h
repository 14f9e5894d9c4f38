#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "simulation/stage.h"

namespace slipway::simulation {

/// The deed that scatters garbage. It is not among those that are drawn: only a run that is about
/// nothing else can be judged after it.
inline constexpr std::string_view garbage_verb = "scatter-garbage";

/// Writes values that mean nothing, or something wrong, into every field that a rollout controller
/// owns: the Rollout's status and revision, its ReplicaSets' annotations and sizes, its Services'
/// selectors. Each field by a write of its own, so that one which the server refuses spoils none.
void scatter_garbage(Stage& stage, const std::string& rollout, Random& random);

}  // namespace slipway::simulation
