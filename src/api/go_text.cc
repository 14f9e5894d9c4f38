#include "api/go_text.h"

#include <algorithm>

namespace slipway::api {

std::string go_text(const Json& value) {
  if (value.is_null()) return "<nil>";
  if (value.is_string()) return value.as_string();
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const Json& item : value.as_array()) parts.push_back(go_text(item));
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.as_object())
      parts.push_back(key + ":" + go_text(member));
    std::ranges::sort(parts);
  } else {
    return to_text(value);
  }
  std::string text = value.is_array() ? "[" : "map[";
  for (std::size_t i = 0; i < parts.size(); ++i) text.append(i == 0 ? "" : " ").append(parts[i]);
  return text + "]";
}

}  // namespace slipway::api
