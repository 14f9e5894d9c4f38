#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway {

/// One code point read from the start of a text.
struct CodePoint {
  char32_t value = 0;      ///< U+FFFD where the bytes are no UTF-8.
  std::size_t length = 0;  ///< Bytes it takes; 1 for a byte that belongs to no sequence.
  bool valid = false;
};

/// Reads the first code point of `text`, which is not empty. Strict as RFC 3629 has it: no
/// overlong forms, no surrogates, nothing past U+10FFFF.
CodePoint first_code_point(std::string_view text);

/// The offset of the first byte that is not UTF-8, or the size of the text.
std::size_t find_invalid_utf8(std::string_view text);

/// Appends a code point; it must be none of the surrogates.
void append_utf8(char32_t code_point, std::string& out);

}  // namespace slipway
