#pragma once

#include <string>
#include <vector>

#include "api/rollout.h"

namespace slipway::rollout {

/// The fields in use that Slipway does not act on yet, in the order of the spec. A Rollout that
/// uses any is left as it is, whole: half of an update is worse than none. This list shrinks as
/// features are built; nothing else has to know.
std::vector<std::string> unsupported_features(const api::Rollout& rollout);

}  // namespace slipway::rollout
