#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace slipway::simulation {

/// A valid Rollout and the Services it names, made up: canary or blue-green, any steps, delays and
/// sizes that validation admits. In one of eight another object lends the pod template.
std::vector<Json> make_up_manifests(std::uint64_t seed);

/// Rollouts of others in the same cluster, as simple as can be.
inline constexpr std::size_t neighbours_max = 3;
std::vector<Json> make_up_neighbours();
std::string neighbour_name(std::size_t index);

}  // namespace slipway::simulation
