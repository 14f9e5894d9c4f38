#pragma once

#include <optional>
#include <string>

#include "kubernetes/write.h"
#include "rollout/observed.h"

namespace slipway::rollout {

/// The write that brings the Rollout's status to what is wanted; nothing where it says so already.
///
/// *Guarantees*: it is refused if anything in the status is other than it was seen (a command of a
/// person, a step that another replica took), or if the spec has changed since. What else happens
/// to the Rollout does not hold it up: somebody who touches an annotation before each of our writes
/// would keep one that rests on the resourceVersion from ever landing.
std::optional<kubernetes::Write> write_status(const Observed& seen,
                                              const api::RolloutStatus& wanted, std::string why);

}  // namespace slipway::rollout
