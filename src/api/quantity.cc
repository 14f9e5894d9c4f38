#include "api/quantity.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace slipway::api {
namespace {

constexpr std::string_view digit_characters = "0123456789";
constexpr std::string_view suffix_characters = "eEinumkKMGTP";
/// Nothing finer than a billionth is kept.
constexpr std::int64_t finest_exponent = -9;
/// What 64 bits hold: the most that a binary quantity can be.
constexpr std::string_view largest_binary = "9223372036854775807";

struct Suffix {
  std::string_view text;
  int exponent;
};
constexpr Suffix decimal_suffixes[] = {
    {"n", -9},
    {"u", -6},
    {"m", -3},
    {"",  0 },
    {"k", 3 },
    {"M", 6 },
    {"G", 9 },
    {"T", 12},
    {"P", 15},
    {"E", 18},
};
constexpr Suffix binary_suffixes[] = {
    {"Ki", 10},
    {"Mi", 20},
    {"Gi", 30},
    {"Ti", 40},
    {"Pi", 50},
    {"Ei", 60},
};

Failure malformed() {
  return fail(ErrorCode::invalid, "",
              "quantities must match the regular expression "
              "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

std::string_view take_while(std::string_view& text, std::string_view characters) {
  std::size_t end = text.find_first_not_of(characters);
  if (end == std::string_view::npos) end = text.size();
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

/// A text taken apart: sign, digits before and after the point, suffix.
struct Parts {
  bool negative = false;
  std::string whole;
  std::string fraction;
  std::string_view suffix;
};

/// As lenient as Go's scanner: digits may be missing altogether ("-" is zero).
std::optional<Parts> take_apart(std::string_view text) {
  Parts parts;
  if (text.starts_with('-') || text.starts_with('+')) {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  take_while(text, "0");
  parts.whole = take_while(text, digit_characters);
  if (parts.whole.empty()) parts.whole = "0";
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts.fraction = take_while(text, digit_characters);
  }
  parts.suffix = text;
  take_while(text, suffix_characters);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  take_while(text, digit_characters);
  if (!text.empty()) return std::nullopt;
  return parts;
}

/// Multiplies a decimal number by a small one.
void multiply(std::string& digits, unsigned factor) {
  unsigned carry = 0;
  for (std::size_t i = digits.size(); i-- > 0;) {
    const unsigned product = static_cast<unsigned>(digits[i] - '0') * factor + carry;
    digits[i] = static_cast<char>('0' + product % 10);
    carry = product / 10;
  }
  if (carry != 0) digits.insert(0, std::to_string(carry));
}

/// Adds one to a decimal number.
void increment(std::string& digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
  digits.insert(0, "1");
}

/// Compares two numbers of digits without leading zeros, each times ten to its power.
std::strong_ordering compare(std::string_view a, std::int64_t a_exponent, std::string_view b,
                             std::int64_t b_exponent) {
  if (a.empty() || b.empty()) return a.size() <=> b.size();
  const std::int64_t a_length = static_cast<std::int64_t>(a.size()) + a_exponent;
  const std::int64_t b_length = static_cast<std::int64_t>(b.size()) + b_exponent;
  if (a_length != b_length) return a_length <=> b_length;
  return a.compare(b) <=> 0;  // Both end in a digit that isn't zero: a prefix is the smaller one.
}

/// Whether Go's parser takes its short way, which remembers the text as it was written.
bool is_remembered(const Parts& parts, bool binary, int exponent) {
  const std::string shifted = parts.whole + parts.fraction;
  if (binary) {
    if (!parts.fraction.empty() || parts.whole == "0") return false;
    const int precision = 15 - static_cast<int>(parts.whole.size()) - exponent * 3 / 10 - 1;
    return precision >= 0 && (std::stoll(parts.whole) & 7) != 0;
  }
  const std::int64_t scale = exponent - static_cast<std::int64_t>(parts.fraction.size());
  return shifted.size() <= 18 && scale >= finest_exponent && scale % 3 == 0 &&
         !shifted.ends_with("000") && shifted.front() != '0';
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  if (text.empty()) return malformed();
  const std::optional<Parts> parts = take_apart(text);
  if (!parts) return malformed();

  std::optional<std::int64_t> exponent;
  Quantity quantity;
  for (const Suffix& suffix : decimal_suffixes) {
    if (suffix.text == parts->suffix) exponent = suffix.exponent;
  }
  for (const Suffix& suffix : binary_suffixes) {
    if (suffix.text != parts->suffix) continue;
    exponent = suffix.exponent;
    quantity.format_ = Format::binary;
  }
  if (!exponent && (parts->suffix.starts_with('e') || parts->suffix.starts_with('E'))) {
    std::string_view number = parts->suffix.substr(1);
    if (number.starts_with('+')) number.remove_prefix(1);
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc() && end == number.data() + number.size()) exponent = value;
    quantity.format_ = Format::decimal_exponent;
  }
  if (!exponent) {
    return fail(ErrorCode::invalid, "", "unable to parse quantity's suffix");
  }

  const bool binary = quantity.format_ == Format::binary;
  quantity.negative_ = parts->negative;
  quantity.digits_ = parts->whole + parts->fraction;
  quantity.exponent_ = -static_cast<std::int64_t>(parts->fraction.size());
  if (binary) {
    for (std::int64_t i = 0; i < *exponent; i += 10) multiply(quantity.digits_, 1024);
  } else {
    quantity.exponent_ += *exponent;
  }
  quantity.strip();
  quantity.round_up_to(finest_exponent);
  if (binary && compare(quantity.digits_, quantity.exponent_, largest_binary, 0) > 0) {
    quantity.digits_ = largest_binary;
    quantity.exponent_ = 0;
  }
  if (is_remembered(*parts, binary, static_cast<int>(*exponent))) quantity.as_written_ = text;
  return quantity;
}

void Quantity::strip() {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  const std::size_t end = digits_.find_last_not_of('0') + 1;
  exponent_ += static_cast<std::int64_t>(digits_.size() - end);
  digits_.resize(end);
  if (digits_.empty()) {
    exponent_ = 0;
    negative_ = false;
  }
}

void Quantity::round_up_to(std::int64_t exponent) {
  if (is_zero() || exponent_ >= exponent) return;
  // The last digit isn't zero, so cutting digits off always loses something.
  const std::int64_t cut = exponent - exponent_;
  const auto size = static_cast<std::int64_t>(digits_.size());
  digits_.resize(static_cast<std::size_t>(std::max<std::int64_t>(size - cut, 0)));
  increment(digits_);
  exponent_ = exponent;
  as_written_.clear();
  strip();
}

Quantity Quantity::rounded_up_to_milli() const {
  Quantity rounded = *this;
  rounded.round_up_to(-3);
  return rounded;
}

std::int64_t Quantity::milli() const {
  const Quantity rounded = rounded_up_to_milli();
  if (compare(rounded.digits_, rounded.exponent_ + 3, largest_binary, 0) > 0) {
    return negative_ ? INT64_MIN : INT64_MAX;
  }
  const auto zeros = static_cast<std::size_t>(rounded.is_zero() ? 0 : rounded.exponent_ + 3);
  const std::string digits = "0" + rounded.digits_ + std::string(zeros, '0');
  const std::int64_t value = std::stoll(digits);
  return negative_ ? -value : value;
}

std::string Quantity::text() const {
  if (!as_written_.empty()) return as_written_;
  if (is_zero()) return "0";
  // Below 1024, and where it has a fraction, a binary quantity is written as a decimal one.
  const bool binary =
      format_ == Format::binary && exponent_ >= 0 && compare(digits_, exponent_, "1024", 0) >= 0;
  if (binary) return binary_text();
  return decimal_text(format_ == Format::binary ? Format::decimal : format_);
}

std::string Quantity::value_text() const {
  if (is_zero()) return "0";
  return (negative_ ? "-" : "") + digits_ + "e" + std::to_string(exponent_);
}

std::string Quantity::decimal_text(Format format) const {
  const std::int64_t shift = ((exponent_ % 3) + 3) % 3;
  const std::int64_t exponent = exponent_ - shift;
  std::string text =
      (negative_ ? "-" : "") + digits_ + std::string(static_cast<std::size_t>(shift), '0');
  if (format == Format::decimal_exponent) {
    if (exponent != 0) text += "e" + std::to_string(exponent);
    return text;
  }
  // Go, too, leaves out a suffix that doesn't exist (above E).
  for (const Suffix& suffix : decimal_suffixes) {
    if (suffix.exponent == exponent) text += suffix.text;
  }
  return text;
}

std::string Quantity::binary_text() const {
  // Parsing capped it to what 64 bits hold.
  std::int64_t value = std::stoll(digits_ + std::string(static_cast<std::size_t>(exponent_), '0'));
  std::string_view suffix;
  for (const Suffix& candidate : binary_suffixes) {
    if (value % 1024 != 0) break;
    value /= 1024;
    suffix = candidate.text;
  }
  return (negative_ ? "-" : "") + std::to_string(value).append(suffix);
}

std::strong_ordering Quantity::operator<=>(const Quantity& other) const {
  if (negative_ != other.negative_) {
    return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return negative_ ? compare(other.digits_, other.exponent_, digits_, exponent_)
                   : compare(digits_, exponent_, other.digits_, other.exponent_);
}

}  // namespace slipway::api
