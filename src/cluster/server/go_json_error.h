#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace slipway::cluster {

/// What Go's encoding/json says about a text that is no JSON: "invalid character 'n' looking for
/// beginning of object key string". Empty where Go finds nothing wrong.
std::string go_json_error(std::string_view text);

/// What Go's errors call a value's type: "object", "array", "number".
std::string_view go_kind(const Json& value);

/// A byte as Go's errors show it: `'n'`, `'®'`.
std::string go_quoted_character(unsigned char byte);

}  // namespace slipway::cluster
