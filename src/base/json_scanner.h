#pragma once

#include <cstddef>
#include <string_view>

namespace slipway {

/// A part of a text, from its first byte to one past its last.
struct JsonExtent {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Finds where JSON values begin and end, and checks no more than that takes: for those who hand
/// the pieces to the strict reader, or who know where the text comes from. Malformed text brings it
/// to a wrong place, never past the end.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  std::size_t position() const { return at_; }
  std::string_view text(JsonExtent extent) const {
    return text_.substr(extent.begin, extent.end - extent.begin);
  }

  /// The next character that is no blank, 0 at the end.
  char peek() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  /// Steps over `c`; false where something else stands.
  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  /// Steps over one value. Empty where there is none; to the end where it does not end.
  JsonExtent skip_value();

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  static bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || is_blank(c); }
  void skip_string();
  void skip_nested();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace slipway
