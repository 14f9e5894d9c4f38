#include "simulation/properties/json_difference.h"

#include <algorithm>
#include <utility>

namespace slipway::simulation {
namespace {

void compare(const Json& before, const Json& after, std::string& path,
             const std::function<void(const Difference&)>& found) {
  if (before.shares_with(after)) return;
  if (!before.is_object() || !after.is_object()) {
    if (!(before == after)) found({path, &before, &after});
    return;
  }
  const auto inside = [&](const std::string& key, const auto& look) {
    const std::size_t length = path.size();
    path += '/';
    path += escape_pointer(key);
    look();
    path.resize(length);
  };
  for (const auto& [key, was] : before.as_object()) {
    const Json* now = after.find(key);
    if (now != nullptr && now->shares_with(was)) continue;
    inside(key, [&, &was = was] {
      if (now == nullptr) {
        found({path, &was, nullptr});
      } else {
        compare(was, *now, path, found);
      }
    });
  }
  for (const auto& [key, now] : after.as_object()) {
    if (before.find(key) != nullptr) continue;
    inside(key, [&, &now = now] { found({path, nullptr, &now}); });
  }
}

}  // namespace

void for_each_difference(const Json& before, const Json& after,
                         const std::function<void(const Difference&)>& found) {
  std::string path;
  compare(before, after, path, found);
}

bool holds(const Json& present, const Json& wanted) {
  if (wanted.is_object()) {
    return std::ranges::all_of(wanted.as_object(), [&](const Json::Member& member) {
      return holds(present[member.first], member.second);
    });
  }
  if (!wanted.is_array() || !present.is_array() || present.size() != wanted.size()) {
    return present == wanted;
  }
  return std::ranges::equal(present.as_array(), wanted.as_array(), holds);
}

bool is_bookkeeping(std::string_view path) {
  return path == "/metadata/resourceVersion" || path == "/metadata/generation" ||
         path == "/metadata/managedFields";
}

}  // namespace slipway::simulation
