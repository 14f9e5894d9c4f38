#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"

namespace slipway::simulation {

/// A valid Rollout and the Services it names, made up: canary or blue-green, any steps, delays and
/// sizes that validation admits.
std::vector<Json> make_up_manifests(std::uint64_t seed);

}  // namespace slipway::simulation
