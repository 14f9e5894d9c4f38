#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"

namespace slipway::log {

/// One log line without its line end, whatever the fields hold: "2026-01-01T00:00:00.000Z INFO
/// message key=value", or an object with time, level, msg and the fields.
std::string format_line(Format format, Level level, Instant now, std::string_view message,
                        std::initializer_list<Field> fields);

/// Bounds the lines of each second: a controller in trouble must not drown its node. Not for
/// several threads at once.
class LineLimit {
 public:
  explicit LineLimit(std::uint64_t lines_a_second) : lines_a_second_(lines_a_second) {}

  struct Verdict {
    bool admitted = false;
    std::uint64_t dropped_before = 0;  ///< Lines lost since the last one admitted.
    bool operator==(const Verdict&) const = default;
  };

  /// Asks for one more line at that moment, which only needs to be of one and the same clock.
  Verdict take(Instant now);

 private:
  const std::uint64_t lines_a_second_;
  Instant second_;
  std::uint64_t lines_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace slipway::log
