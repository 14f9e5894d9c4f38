#include "cluster/server/valid_text.h"

#include "base/utf8.h"

namespace slipway::cluster {

std::string valid_text(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (true) {
    const std::size_t good = find_invalid_utf8(text);
    valid.append(text.substr(0, good));
    if (good == text.size()) return valid;
    valid.append("\xef\xbf\xbd");
    text.remove_prefix(good + 1);
  }
}

Json valid_json(const Json& value) {
  if (value.is_string()) return Json(valid_text(value.as_string()));
  if (value.is_array()) {
    Json array = Json::array();
    for (const Json& item : value.as_array()) array.push_back(valid_json(item));
    return array;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, member] : value.as_object()) {
    object.set(valid_text(key), valid_json(member));
  }
  return object;
}

}  // namespace slipway::cluster
