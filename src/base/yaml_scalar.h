#pragma once

#include "base/json.h"

namespace slipway {

/// What an unquoted YAML scalar means to Kubernetes: YAML 1.1 as Go's yaml.v2 reads it (null, ~,
/// yes/no/on/off/y/n, 0x1f, 0o17, 017, 1_000, 1.5e3, .inf); text where nothing else fits.
Json resolve_plain_scalar(const std::string& text);

/// Whether a character may stand in a YAML text without an escape (c-printable of the YAML
/// specification, the byte order mark included).
bool is_yaml_printable(char32_t c);

}  // namespace slipway
