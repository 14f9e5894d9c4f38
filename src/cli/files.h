#pragma once

#include <string>

#include "base/result.h"

namespace slipway::cli {

/// The whole text of a file that a person named.
Result<std::string> read_file(const std::string& path);

}  // namespace slipway::cli
