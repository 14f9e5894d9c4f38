#include "base/yaml.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "base/yaml_scalar.h"

namespace slipway {
namespace {

/// Whether a character is written as an escape: what YAML doesn't allow, and what a reader may take
/// for a line end or drop.
bool must_escape(char32_t c) {
  return c < 0x20 || !is_yaml_printable(c) || c == 0x85 || c == 0x2028 || c == 0x2029 ||
         c == 0xFEFF;
}

/// Whether the text holds such a character, line ends aside.
bool has_odd_character(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.value != '\n' && must_escape(point.value)) return true;
    text.remove_prefix(point.length);
  }
  return false;
}

/// Writes any text in double quotes. YAML's escapes here are JSON's, plus \U for the far planes.
void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const auto value = static_cast<std::uint32_t>(point.value);
    if (value == '"' || value == '\\') {
      out += '\\';
      out += text.front();
    } else if (value == '\n' || value == '\t') {
      out += value == '\n' ? "\\n" : "\\t";
    } else if (!must_escape(point.value)) {
      out += text.substr(0, point.length);
    } else {
      out += value < 0x10000 ? fmt::format("\\u{:04x}", value) : fmt::format("\\U{:08x}", value);
    }
    text.remove_prefix(point.length);
  }
  out += '"';
}

/// Whether a plain scalar would read back as this very text.
bool reads_plain(const std::string& text) {
  if (text.empty() || text.find_first_of("\n\t\"\\") != std::string::npos) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=~<").find(text.front()) != std::string_view::npos) {
    return false;
  }
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return false;
  if (has_odd_character(text) || text.starts_with("---") || text.starts_with("...")) return false;
  return resolve_plain_scalar(text).is_string();
}

void indent(std::size_t depth, std::string& out) {
  out.append(depth * 2, ' ');
}

bool fits_block(const std::string& text) {
  return text.find('\n') != std::string::npos && !has_odd_character(text) && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos;
}

/// A literal block. It is indented even at the root, where its lines could pass for document marks.
void append_block(const std::string& text, std::size_t depth, std::string& out) {
  depth = std::max<std::size_t>(depth, 1);
  std::string_view rest = text;
  std::size_t newlines = 0;
  while (rest.ends_with('\n')) {
    rest.remove_suffix(1);
    ++newlines;
  }
  out += newlines == 0 ? "|-\n" : newlines == 1 ? "|\n" : "|+\n";
  for (;;) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!line.empty()) indent(depth, out);
    out += line;
    out += '\n';
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  for (std::size_t i = 1; i < newlines; ++i) out += '\n';
}

void append_scalar(const Json& value, std::size_t depth, std::string& out) {
  if (!value.is_string()) {
    append_text(value, out);
    out += '\n';
    return;
  }
  const std::string& text = value.as_string();
  if (!text.empty() && fits_block(text)) {
    append_block(text, depth, out);
    return;
  }
  if (reads_plain(text)) {
    out += text;
  } else {
    append_quoted(text, out);
  }
  out += '\n';
}

bool is_nested(const Json& value) {
  return (value.is_object() || value.is_array()) && !value.empty();
}

void append_value(const Json& value, std::size_t depth, std::string& out);

void append_members(const Json::Object& members, std::size_t depth, bool first_line,
                    std::string& out) {
  for (const auto& [key, value] : members) {
    if (!first_line) indent(depth, out);
    first_line = false;
    if (reads_plain(key)) {
      out += key;
    } else {
      append_quoted(key, out);
    }
    out += ':';
    if (is_nested(value)) {
      out += '\n';
      // Lists stand at their key's own indentation, as kubectl and controller-gen write them.
      append_value(value, value.is_array() ? depth : depth + 1, out);
    } else {
      out += ' ';
      append_scalar(value, depth + 1, out);
    }
  }
}

void append_items(const Json::Array& items, std::size_t depth, bool first_line, std::string& out) {
  for (const Json& item : items) {
    if (!first_line) indent(depth, out);
    first_line = false;
    out += "- ";
    if (!is_nested(item)) {
      append_scalar(item, depth + 1, out);
    } else if (item.is_object()) {
      append_members(item.as_object(), depth + 1, true, out);
    } else {
      append_items(item.as_array(), depth + 1, true, out);
    }
  }
}

void append_value(const Json& value, std::size_t depth, std::string& out) {
  if (!is_nested(value)) {
    append_scalar(value, depth, out);
  } else if (value.is_object()) {
    append_members(value.as_object(), depth, false, out);
  } else {
    append_items(value.as_array(), depth, false, out);
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  std::string text;
  append_value(value, 0, text);
  return text;
}

}  // namespace slipway
