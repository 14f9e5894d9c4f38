#include "base/yaml.h"
#include "base/yaml_scalar.h"

namespace slipway {
namespace {

bool has_control(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) return true;
  }
  return false;
}

/// Whether a plain scalar would read back as this very text.
bool reads_plain(const std::string& text) {
  if (text.empty() || text.find_first_of("\n\t\"\\") != std::string::npos) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=~<").find(text.front()) != std::string_view::npos) {
    return false;
  }
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return false;
  if (has_control(text) || text.starts_with("---") || text.starts_with("...")) return false;
  // YAML 1.1 readers take these for booleans though Go's does not.
  for (const char* word : {"y", "Y", "n", "N"}) {
    if (text == word) return false;
  }
  return resolve_plain_scalar(text).is_string();
}

void indent(std::size_t depth, std::string& out) {
  out.append(depth * 2, ' ');
}

bool fits_block(const std::string& text) {
  return text.find('\n') != std::string::npos && !has_control(text) && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos;
}

void append_block(const std::string& text, std::size_t depth, std::string& out) {
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
    append_text(value, out);  // JSON's double quotes are YAML's.
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
      append_text(Json(key), out);
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
