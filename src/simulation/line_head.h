#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::simulation {

/// What a line of a watch is about. The parts are views into the line.
struct LineHead {
  std::string_view type;  ///< "MODIFIED"
  std::string_view kind;
  std::string_view namespace_;
  std::string_view name;
  std::string_view resource_version;
};

/// Reads the head of a line, and steps over most of the object: each line is looked at by each
/// watch that it goes through, and reading it whole would cost more than delivering it.
///
/// *Assumes*: the line comes from the embedded API server, so it is JSON, and has no escapes in
/// what is read here. Nothing where it is about no object with a name.
std::optional<LineHead> read_line_head(std::string_view line);

}  // namespace slipway::simulation
