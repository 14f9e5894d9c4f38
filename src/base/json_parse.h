#pragma once

#include <expected>

#include "base/json.h"

namespace slipway {

/// What is wrong with a JSON text, and at which byte.
struct JsonFault {
  std::string what;
  std::size_t offset = 0;
};

/// What parse_json rests on, for a reader of parts, which knows better where a part stands. All
/// others call parse_json.
std::expected<Json, JsonFault> read_json(std::string_view text, const JsonParseOptions& options);

/// The error that callers see.
Failure malformed_json(const JsonFault& fault);

}  // namespace slipway
