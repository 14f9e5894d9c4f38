#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace slipway::cluster {

/// The text with U+FFFD for each byte that is no UTF-8, as Go's JSON encoder writes texts.
std::string valid_text(std::string_view text);

/// The same for all texts and keys of a value.
Json valid_json(const Json& value);

}  // namespace slipway::cluster
