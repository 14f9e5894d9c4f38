#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/scenario.h"
#include "simulation/stage.h"

namespace slipway::simulation {

/// What people and other programs may do.
struct Verb {
  std::string_view name;   ///< "set-image"
  Fault fault;             ///< What it stands for in the fault model.
  std::string_view actor;  ///< Who does it.
};
std::span<const Verb> all_verbs();

/// Draws deeds of those verbs whose faults may be: at least one new image. `lent`: something lends
/// the Rollout its template, and can be edited or deleted.
std::vector<Deed> draw_deeds(std::uint64_t seed, const Rates& rates, const FaultSet& allowed,
                             bool lent);

/// Does it, to what the store holds now.
void perform(Stage& stage, const Scenario& scenario, const Deed& deed);

/// Ends the trouble that is in the pods themselves: an image that can't run is replaced, and what
/// lends the Rollout its template is made anew where it is gone.
void mend_pods(Stage& stage, const Scenario& scenario);
/// Takes back what holds deletions up.
void let_deletions_go_on(Stage& stage);
/// Where the version that is stable can't run (it was the first, and was never mended), no share of
/// it can be waited for: a person promotes the next one in full.
void leave_broken_version(Stage& stage, const std::string& rollout);

/// What a person does who wants an update to come to its end: promotes what is paused, retries what
/// is aborted. Returns whether there was anything to do.
bool push_on(Stage& stage, const std::string& rollout);

}  // namespace slipway::simulation
