#include "base/json_scanner.h"

#include <algorithm>

namespace slipway {

JsonExtent JsonScanner::skip_value() {
  const char first = peek();
  const std::size_t begin = at_;
  if (first == '"') {
    skip_string();
  } else if (first == '{' || first == '[') {
    skip_nested();
  } else {
    while (at_ < text_.size() && !ends_scalar(text_[at_])) ++at_;
  }
  return {begin, at_};
}

void JsonScanner::skip_string() {
  // Copies: a char may be part of any member, which would be stored and read again at every step.
  const std::string_view text = text_;
  std::size_t at = at_ + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  at_ = std::min(at + 1, text.size());
}

void JsonScanner::skip_nested() {
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      skip_string();
      continue;
    }
    ++at_;
    // Which bracket closes which is the strict reader's business.
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return;
  }
}

}  // namespace slipway
