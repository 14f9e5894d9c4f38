#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// A whole decimal number with an optional sign and nothing else, or nothing.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// Go's %q: the text in double quotes, with escapes for what is not printable or not UTF-8.
std::string quote(std::string_view text);
std::string base64_encode(std::string_view bytes);
/// Standard base64 with its padding; line ends between are passed over, as Go does.
std::optional<std::string> base64_decode(std::string_view text);
/// Percent-encoding of everything but unreserved characters (RFC 3986).
std::string url_encode(std::string_view text);
/// The reverse; '+' is a blank when `plus_is_blank` (queries).
std::string url_decode(std::string_view text, bool plus_is_blank = true);
/// Columns a terminal needs for a UTF-8 text, ANSI escape sequences not counted. Each code point
/// counts as one, wide ones too, so that tables line up as upstream's do.
std::size_t display_width(std::string_view text);

}  // namespace slipway
