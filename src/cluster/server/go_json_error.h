#pragma once

#include <string>
#include <string_view>

namespace slipway::cluster {

/// What Go's encoding/json says about a text that is no JSON: "invalid character 'n' looking for
/// beginning of object key string". Empty where Go finds nothing wrong.
std::string go_json_error(std::string_view text);

/// A byte as Go's errors show it: `'n'`, `'®'`.
std::string go_quoted_character(unsigned char byte);

}  // namespace slipway::cluster
