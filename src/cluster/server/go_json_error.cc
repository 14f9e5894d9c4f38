#include "cluster/server/go_json_error.h"

#include "base/text.h"

namespace slipway::cluster {
namespace {

/// Walks a text as Go's scanner does and keeps its first complaint.
class GoScanner {
 public:
  explicit GoScanner(std::string_view text) : text_(text) {}

  std::string complaint() {
    if (value(0)) {
      blanks();
      if (at_ < text_.size()) wrong("after top-level value");
    }
    return error_;
  }

 private:
  static constexpr int depth_max = 10'000;  // Go's own limit.

  bool wrong(std::string_view where) {
    if (!error_.empty()) return false;
    error_ = at_ < text_.size() ? "invalid character " +
                                      go_quoted_character(static_cast<unsigned char>(text_[at_])) +
                                      " " + std::string(where)
                                : "unexpected end of JSON input";
    return false;
  }
  void blanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }
  bool peek(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  bool value(int depth) {
    blanks();
    if (depth > depth_max) {
      error_ = "exceeded max depth";
      return false;
    }
    if (peek('{')) return object(depth);
    if (peek('[')) return array(depth);
    if (peek('"')) return string();
    if (peek('t')) return literal("true");
    if (peek('f')) return literal("false");
    if (peek('n')) return literal("null");
    if (peek('-') || digit()) return number();
    return wrong("looking for beginning of value");
  }

  bool object(int depth) {
    ++at_;
    blanks();
    if (peek('}')) return ++at_, true;
    while (true) {
      if (!peek('"')) return wrong("looking for beginning of object key string");
      if (!string()) return false;
      blanks();
      if (!peek(':')) return wrong("after object key");
      ++at_;
      if (!value(depth + 1)) return false;
      blanks();
      if (peek('}')) return ++at_, true;
      if (!peek(',')) return wrong("after object key:value pair");
      ++at_;
      blanks();
    }
  }

  bool array(int depth) {
    ++at_;
    blanks();
    if (peek(']')) return ++at_, true;
    while (true) {
      if (!value(depth + 1)) return false;
      blanks();
      if (peek(']')) return ++at_, true;
      if (!peek(',')) return wrong("after array element");
      ++at_;
    }
  }

  bool string() {
    for (++at_; at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') return ++at_, true;
      if (c < 0x20) return wrong("in string literal");
      if (c != '\\') continue;
      ++at_;
      if (peek('u')) {
        for (int i = 0; i < 4; ++i) {
          ++at_;
          if (at_ >= text_.size() || !std::isxdigit(static_cast<unsigned char>(text_[at_]))) {
            return wrong("in \\u hexadecimal character escape");
          }
        }
      } else if (at_ >= text_.size() ||
                 std::string_view("bfnrt\\/\"").find(text_[at_]) == std::string::npos) {
        return wrong("in string escape code");
      }
    }
    return wrong("in string literal");
  }

  bool literal(std::string_view word) {
    for (const char c : word) {
      if (!peek(c)) {
        return wrong("in literal " + std::string(word) + " (expecting '" + std::string(1, c) +
                     "')");
      }
      ++at_;
    }
    return true;
  }

  bool number() {
    if (peek('-')) ++at_;
    if (!digit()) return wrong("in numeric literal");
    if (peek('0')) {
      ++at_;
    } else {
      while (digit()) ++at_;
    }
    if (peek('.')) {
      ++at_;
      if (!digit()) return wrong("after decimal point in numeric literal");
      while (digit()) ++at_;
    }
    if (peek('e') || peek('E')) {
      ++at_;
      if (peek('+') || peek('-')) ++at_;
      if (!digit()) return wrong("in exponent of numeric literal");
      while (digit()) ++at_;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

std::string go_json_error(std::string_view text) {
  return GoScanner(text).complaint();
}

std::string go_quoted_character(unsigned char byte) {
  if (byte == '\'') return "'\\''";
  if (byte == '"') return "'\"'";
  if (byte < 0x80) {
    const std::string quoted = quote(std::string(1, static_cast<char>(byte)));
    return "'" + quoted.substr(1, quoted.size() - 2) + "'";
  }
  if (byte < 0xa0) {
    static constexpr char digits[] = "0123456789abcdef";
    return std::string("'\\u00") + digits[byte >> 4] + digits[byte & 15] + "'";
  }
  // Go takes the byte for a code point of Latin-1.
  return {'\'', static_cast<char>(0xc0 | (byte >> 6)), static_cast<char>(0x80 | (byte & 0x3f)),
          '\''};
}

std::string_view go_kind(const Json& value) {
  switch (value.type()) {
    case Json::Type::object:
      return "object";
    case Json::Type::array:
      return "array";
    case Json::Type::string:
      return "string";
    case Json::Type::boolean:
      return "bool";
    default:
      return "number";
  }
}

}  // namespace slipway::cluster
