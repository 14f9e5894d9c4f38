#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace slipway::simulation {

/// One place where two objects differ: the deepest that names it. Lists are compared as a whole.
struct Difference {
  std::string path;              ///< A JSON pointer.
  const Json* before = nullptr;  ///< Null: not there.
  const Json* after = nullptr;
};

/// Calls `found` for each difference.
void for_each_difference(const Json& before, const Json& after,
                         const std::function<void(const Difference&)>& found);

/// All of `wanted` is there, and perhaps more: what the server adds as defaults, say. Lists have
/// the same length.
bool holds(const Json& present, const Json& wanted);

/// What the server writes down by itself with each change.
bool is_bookkeeping(std::string_view path);

}  // namespace slipway::simulation
