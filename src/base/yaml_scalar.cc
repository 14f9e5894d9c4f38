#include "base/yaml_scalar.h"

#include <charconv>
#include <limits>

namespace slipway {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

std::optional<Json> integer(std::string_view digits, int base, bool negative) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || error != std::errc() || stopped != end) return std::nullopt;
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (number > limit + (negative ? 1 : 0))
    return Json(negative ? -static_cast<double>(number) : static_cast<double>(number));
  const auto magnitude = static_cast<std::int64_t>(number);
  return Json(static_cast<long>(negative && magnitude > 0 ? -magnitude : magnitude));
}

std::optional<Json> real(std::string_view text, bool negative) {
  // Only digits, one point and an exponent: from_chars would also take "inf" and "nan".
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  if (text.front() == 'e' || text.front() == 'E') return std::nullopt;
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return Json(negative ? -number : number);
}

std::optional<Json> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  if (is_one_of(text, {".inf", ".Inf", ".INF"})) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return Json(negative ? -infinity : infinity);
  }
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    if (text.front() == '_') return std::nullopt;
    for (const char c : text) {
      if (c != '_') plain += c;
    }
    text = plain;
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    return integer(text.substr(2), 16, negative);
  }
  if (text.starts_with("0b") || text.starts_with("0B")) {
    return integer(text.substr(2), 2, negative);
  }
  if (text.starts_with("0o") || text.starts_with("0O")) {
    return integer(text.substr(2), 8, negative);
  }
  if (text.size() > 1 && text.front() == '0') {
    if (auto octal = integer(text.substr(1), 8, negative)) return octal;
  }
  if (auto decimal = integer(text, 10, negative)) return decimal;
  return real(text, negative);
}

}  // namespace

Json resolve_plain_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Json();
  // `y` and `n` too: kubernetes/kubernetes issue 102308 is a property `y` that became `true`.
  if (is_one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"})) {
    return Json(true);
  }
  if (is_one_of(text,
                {"false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"})) {
    return Json(false);
  }
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return Json(std::numeric_limits<double>::quiet_NaN());
  }
  const char first = text.front();
  const bool numeric =
      (first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.';
  if (numeric) {
    if (auto found = number(text)) return *found;
  }
  return Json(text);
}

bool is_yaml_printable(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return (c < 0x7F) || c == 0x85 || (c >= 0xA0 && c != 0xFFFE && c != 0xFFFF);
}

}  // namespace slipway
