#include <array>
#include <charconv>
#include <cmath>

#include "base/json.h"

namespace slipway {
namespace {

constexpr char hex[] = "0123456789abcdef";

void append_escape(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    default:
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

void append_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    append_escape(c, out);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

/// A whole number past 2^53: the shortest digits that read back equal, then zeros. C++ would go on
/// with digits that mean nothing, 2^64 as 18446744073709551616 and not 18446744073709552000.
void append_large_whole(double value, std::string& out) {
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  const std::size_t mark = written.find('e');
  int zeros = 0;
  std::from_chars(text + mark + 2, end, zeros);
  for (const char c : written.substr(0, mark)) {
    if (c != '.') out += c;
    if (c >= '0' && c <= '9') --zeros;
  }
  out.append(static_cast<std::size_t>(zeros + 1), '0');
}

/// As Go's encoding/json: plain decimals between 1e-6 and 1e21, shortest exponents elsewhere. JSON
/// has no infinities: they are written as null.
void append_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[64];
  const double size = std::fabs(value);
  if (size >= 0x1p53 && size < 1e21) {
    append_large_whole(value, out);
    return;
  }
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  const auto end =
      std::to_chars(text, text + sizeof text, value,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed)
          .ptr;
  std::string_view written(text, static_cast<std::size_t>(end - text));
  // Go writes 1e-7 where C++ writes 1e-07.
  if (exponent && written.size() >= 4 && written[written.size() - 4] == 'e' &&
      written[written.size() - 3] == '-' && written[written.size() - 2] == '0') {
    out.append(written.substr(0, written.size() - 2));
    out += written.back();
    return;
  }
  out += written;
}

void append_scalar(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::Type::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case Json::Type::integer: {
      char text[24];
      const auto end = std::to_chars(text, text + sizeof text, value.as_integer()).ptr;
      out.append(text, static_cast<std::size_t>(end - text));
      break;
    }
    case Json::Type::real:
      append_double(value.as_double(), out);
      break;
    case Json::Type::string:
      append_string(value.as_string(), out);
      break;
    default:
      out += "null";
  }
}

void append_pretty(const Json& value, std::size_t depth, std::string& out) {
  const std::size_t count = value.size();
  if (count == 0 && (value.is_object() || value.is_array())) {
    out += value.is_object() ? "{}" : "[]";
    return;
  }
  if (!value.is_object() && !value.is_array()) {
    append_scalar(value, out);
    return;
  }
  out += value.is_object() ? "{\n" : "[\n";
  for (std::size_t i = 0; i < count; ++i) {
    out.append((depth + 1) * 2, ' ');
    if (value.is_object()) {
      const Json::Member& member = value.as_object()[i];
      append_string(member.first, out);
      out += ": ";
      append_pretty(member.second, depth + 1, out);
    } else {
      append_pretty(value.as_array()[i], depth + 1, out);
    }
    out += i + 1 == count ? "\n" : ",\n";
  }
  out.append(depth * 2, ' ');
  out += value.is_object() ? "}" : "]";
}

}  // namespace

void append_text(const Json& value, std::string& out) {
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.as_object()) {
      if (!first) out += ',';
      first = false;
      append_string(key, out);
      out += ':';
      append_text(member, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const Json& item : value.as_array()) {
      if (!first) out += ',';
      first = false;
      append_text(item, out);
    }
    out += ']';
  } else {
    append_scalar(value, out);
  }
}

std::string to_text(const Json& value) {
  std::string text;
  append_text(value, text);
  return text;
}

std::string to_pretty_text(const Json& value) {
  std::string text;
  append_pretty(value, 0, text);
  return text;
}

void append_go_string(std::string_view text, std::string& out) {
  // All that could need an escape; 0xe2 starts the two separators.
  static constexpr auto suspicious = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
    for (const char c : std::string_view("\"\\<>&\xe2"))
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();
  constexpr std::string_view line_separator = "\xe2\x80\xa8";
  constexpr std::string_view paragraph_separator = "\xe2\x80\xa9";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!suspicious[c]) continue;
    const bool markup = c == '<' || c == '>' || c == '&';
    const std::string_view rest = text.substr(i);
    const bool separator =
        rest.starts_with(line_separator) || rest.starts_with(paragraph_separator);
    if (c == 0xe2 && !separator) continue;
    out.append(text, plain, i - plain);
    if (markup) {
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else if (separator) {
      out += rest.starts_with(line_separator) ? "\\u2028" : "\\u2029";
      i += line_separator.size() - 1;
    } else {
      append_escape(c, out);
    }
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

}  // namespace slipway
