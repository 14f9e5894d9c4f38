#include "base/log_line.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace slipway::log {
namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warn:
      return "WARN";
    default:
      return "ERROR";
  }
}

std::string format_time(Instant now) {
  std::string text = format_rfc3339_micro(now);
  return text.erase(text.size() - 4, 3);  // Milliseconds are enough here.
}

/// Whether a value needs no quotes: nothing in it ends a line, a field or a key, or steers a
/// terminal.
bool is_plain(std::string_view value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == 0x7F) return false;
  }
  return !value.empty() && find_invalid_utf8(value) == value.size();
}

/// What is logged may come from anywhere, but JSON must be UTF-8.
std::string to_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    append_utf8(point.value, valid);
    text.remove_prefix(point.length);
  }
  return valid;
}

}  // namespace

std::string format_line(Format format, Level level, Instant now, std::string_view message,
                        std::initializer_list<Field> fields) {
  if (format == Format::json) {
    Json line = Json::object({
        {"time",  format_time(now)        },
        {"level", to_lower(name_of(level))},
        {"msg",   to_utf8(message)        },
    });
    for (const Field& field : fields) line.set(field.key, to_utf8(field.value));
    return to_text(line);
  }
  std::string line = fmt::format("{} {} {}", format_time(now), name_of(level), message);
  for (const Field& field : fields) {
    line +=
        fmt::format(" {}={}", field.key, is_plain(field.value) ? field.value : quote(field.value));
  }
  return line;
}

LineLimit::Verdict LineLimit::take(Instant now) {
  const Instant second = round_down_to_second(now);
  if (second != second_) {
    second_ = second;
    lines_ = 0;
  }
  if (lines_ == lines_a_second_) {
    ++dropped_;
    return {};
  }
  ++lines_;
  return {true, std::exchange(dropped_, 0)};
}

}  // namespace slipway::log
