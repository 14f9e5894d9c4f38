#pragma once

#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"

namespace slipway {

/// A text of odd characters: quotes, line ends, blanks, things that look like other types.
inline std::string random_text_for_test(Random& random) {
  static constexpr std::string_view pieces[] = {
      "a",    "Zebra", " ",  "  ",  "\n",     "\n\n",   "\t",     "\"",   "'",    "\\", ":",
      ": ",   " #",    "#",  "-",   "- ",     "[",      "]",      "{",    "}",    ",",  "&",
      "*",    "!",     "|",  ">",   "%",      "@",      "`",      "?",    "=",    "<<", "~",
      "null", "yes",   "no", "y",   "true",   "off",    "0",      "07",   "0x1f", "1_", ".5",
      "1e3",  "-7",    ".",  "---", "é",      "€",      "😀",     "\x01", "\x7f", "/",  "+",
      "_",    "...\n", "\r", "e",   "\u0085", "\u2028", "\ufeff",
  };
  std::string text;
  for (auto left = random.below(5); left > 0; --left) {
    if (random.below(8) == 0) {
      const auto point = static_cast<char32_t>(random.below(0x11000));
      if (point < 0xD800 || point > 0xDFFF) append_utf8(point, text);
    } else {
      text += pieces[random.below(std::size(pieces))];
    }
  }
  return text;
}

/// A value of any shape, at most `depth` levels deep, keys unique. Nulls inside objects only if
/// asked for: merge patches can't tell them.
inline Json random_json_for_test(Random& random, std::size_t depth, bool nulls = true) {
  switch (random.below(depth == 0 ? 6 : 9)) {
    case 0:
      return nulls ? Json() : Json(false);
    case 1:
      return Json(random.below(2) == 0);
    case 2:
      return Json(static_cast<long>(random.next() >> random.below(64)));
    case 3:
      return Json((random.fraction() - 0.5) *
                  static_cast<double>(random.next() >> random.below(64)));
    case 4:
    case 5:
      return Json(random_text_for_test(random));
    case 6: {
      Json items = Json::array();
      for (auto left = random.below(4); left > 0; --left) {
        items.push_back(random_json_for_test(random, depth - 1, nulls));
      }
      return items;
    }
    default: {
      Json object = Json::object();
      for (auto left = random.below(5); left > 0; --left) {
        object.set(random_text_for_test(random), random_json_for_test(random, depth - 1, nulls));
      }
      return object;
    }
  }
}

}  // namespace slipway
