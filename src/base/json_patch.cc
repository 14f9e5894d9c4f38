#include "base/json_patch.h"

#include <algorithm>

#include "base/text.h"

namespace slipway {
namespace {

Failure refuse(std::string_view path, std::string message) {
  return fail(ErrorCode::refused, std::string(path), std::move(message),
              "read the object again and decide anew");
}

Failure malformed(std::string message) {
  return fail(ErrorCode::invalid, "", std::move(message), "see RFC 6902");
}

/// Bounds on what a hostile patch can cost: kube-apiserver takes as many operations, and no path of
/// a real object is as deep as the deepest that parse_json reads.
constexpr std::size_t operations_max = 10'000;
constexpr std::size_t depth_max = 200;
/// Values that `copy` may make in all: each copy can double the document.
constexpr std::size_t copied_values_max = 1'000'000;

struct Extent {
  std::size_t values = 1;
  std::size_t depth = 0;
};

Extent measure(const Json& value) {
  Extent extent;
  const auto include = [&](const Json& inner) {
    const Extent of_inner = measure(inner);
    extent.values += of_inner.values;
    extent.depth = std::max(extent.depth, of_inner.depth + 1);
  };
  if (value.is_array()) {
    for (const Json& item : value.as_array()) include(item);
  } else if (value.is_object()) {
    for (const Json::Member& member : value.as_object()) include(member.second);
  }
  return extent;
}

/// The container that holds the last token of a path, and that token.
struct Place {
  Json* parent;
  std::string token;
};

std::optional<std::size_t> index_of(std::string_view token, std::size_t limit) {
  if (token.empty() || (token.size() > 1 && token.front() == '0') || token.size() > 9) {
    return std::nullopt;
  }
  const auto index = parse_integer(token);
  if (!index || *index < 0 || token.front() == '+') return std::nullopt;
  const auto position = static_cast<std::size_t>(*index);
  return position < limit ? std::optional(position) : std::nullopt;
}

Result<Place> find_place(Json& document, std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return refuse(path, "a path must begin with a slash");
  }
  const std::size_t last = path.rfind('/');
  Json* parent = &document;
  std::string_view way = path.substr(0, last);
  while (!way.empty()) {
    way.remove_prefix(1);
    const std::size_t end = std::min(way.find('/'), way.size());
    const std::string token = unescape_pointer(way.substr(0, end));
    way.remove_prefix(end);
    if (parent->is_array()) {
      const auto index = index_of(token, parent->size());
      if (!index) return refuse(path, "no item " + quote(token));
      parent = &parent->as_array()[*index];
    } else {
      parent = parent->find(token);
      if (parent == nullptr) return refuse(path, "its parent is missing");
    }
  }
  if (!parent->is_object() && !parent->is_array()) return refuse(path, "its parent holds nothing");
  return Place{parent, unescape_pointer(path.substr(last + 1))};
}

/// The value at a path; nothing where an object exists and its member does not. A missing item of a
/// list is an error, as in evanphx/json-patch.
Result<Json*> find_value(Json& document, std::string_view path) {
  if (path.empty()) return &document;
  const Place place = TRY(find_place(document, path));
  if (place.parent->is_object()) return place.parent->find(place.token);
  const auto index = index_of(place.token, place.parent->size());
  if (!index) return refuse(path, "no item " + quote(place.token));
  return &place.parent->as_array()[*index];
}

Result<void> check_depth(std::string_view path, const Json& value) {
  const auto tokens = static_cast<std::size_t>(std::ranges::count(path, '/'));
  if (tokens + measure(value).depth <= depth_max) return {};
  return malformed("the patch nests more than 200 levels deep");
}

Result<void> add(Json& document, std::string_view path, Json value) {
  TRY_DONE(check_depth(path, value));
  if (path.empty()) {
    document = std::move(value);
    return {};
  }
  const Place place = TRY(find_place(document, path));
  if (place.parent->is_object()) {
    place.parent->set(place.token, std::move(value));
    return {};
  }
  Json::Array& items = place.parent->as_array();
  if (place.token == "-") {
    items.push_back(std::move(value));
    return {};
  }
  const auto index = index_of(place.token, items.size() + 1);
  if (!index) return refuse(path, "no such place in the list");
  items.insert(items.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

Result<Json> take(Json& document, std::string_view path) {
  const Place place = TRY(find_place(document, path));
  if (place.parent->is_object()) {
    Json* found = place.parent->find(place.token);
    if (found == nullptr) return refuse(path, "nothing there to remove");
    Json taken = std::move(*found);
    place.parent->erase(place.token);
    return taken;
  }
  Json::Array& items = place.parent->as_array();
  const auto index = index_of(place.token, items.size());
  if (!index) return refuse(path, "nothing there to remove");
  Json taken = std::move(items[*index]);
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(*index));
  return taken;
}

Result<void> replace(Json& document, std::string_view path, const Json& value) {
  TRY_DONE(check_depth(path, value));
  if (path.empty()) {
    document = value;
    return {};
  }
  const Place place = TRY(find_place(document, path));
  if (place.parent->is_object()) {
    place.parent->set(place.token, value);
    return {};
  }
  const auto index = index_of(place.token, place.parent->size());
  if (!index) return refuse(path, "nothing there to replace");
  place.parent->as_array()[*index] = value;
  return {};
}

Result<void> test(Json& document, std::string_view path, const Json& value) {
  const Json* found = TRY(find_value(document, path));
  const bool holds = found == nullptr ? value.is_null() : *found == value;
  if (holds) return {};
  return refuse(path, "test failed: found " + (found == nullptr ? "nothing" : to_text(*found)) +
                          ", expected " + to_text(value));
}

Result<void> move(Json& document, const std::string& from, const std::string& path) {
  Json moved = TRY(take(document, from));
  return add(document, path, std::move(moved));
}

Result<void> copy(Json& document, const std::string& from, const std::string& path,
                  std::size_t& copied_values) {
  const Json* source = TRY(find_value(document, from));
  if (source == nullptr) return refuse(from, "nothing there to copy");
  copied_values += measure(*source).values;
  if (copied_values > copied_values_max) return malformed("the patch copies too much");
  return add(document, path, Json(*source));
}

/// A member of an operation that must be there and be text.
Result<std::string> text_member(const Json& operation, std::string_view name) {
  const Json* member = operation.find(name);
  if (member != nullptr && member->is_string()) return member->as_string();
  return malformed("found an operation without " + quote(name));
}

Result<void> apply_one(Json& document, const Json& operation, std::size_t& copied_values) {
  if (!operation.is_object()) return malformed("found an operation that is no object");
  const std::string name = TRY(text_member(operation, "op"));
  const std::string path = TRY(text_member(operation, "path"));
  if (name == "add" || name == "replace" || name == "test") {
    const Json* value = operation.find("value");
    if (value == nullptr) return malformed(quote(name) + " needs a value");
    if (name == "add") return add(document, path, *value);
    return name == "test" ? test(document, path, *value) : replace(document, path, *value);
  }
  if (name == "remove") {
    TRY(take(document, path));
    return {};
  }
  if (name == "move") return move(document, TRY(text_member(operation, "from")), path);
  if (name == "copy") {
    return copy(document, TRY(text_member(operation, "from")), path, copied_values);
  }
  return refuse(path, "unknown operation " + quote(name));
}

}  // namespace

Result<Json> apply_json_patch(Json document, const Json& patch) {
  if (!patch.is_array()) return malformed("a JSON patch is a list of operations");
  if (patch.size() > operations_max) return malformed("the patch has more than 10000 operations");
  std::size_t copied_values = 0;
  for (const Json& operation : patch.as_array()) {
    TRY_DONE(apply_one(document, operation, copied_values));
  }
  return document;
}

Json apply_merge_patch(Json document, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!document.is_object()) document = Json::object();
  for (const auto& [key, value] : patch.as_object()) {
    if (value.is_null()) {
      document.erase(key);
    } else {
      Json& slot = document.member(key);
      slot = apply_merge_patch(std::move(slot), value);
    }
  }
  return document;
}

Json make_merge_patch(const Json& from, const Json& to) {
  if (!from.is_object() || !to.is_object()) return to;
  Json patch = Json::object();
  for (const auto& [key, value] : to.as_object()) {
    const Json* old = from.find(key);
    if (old == nullptr) {
      patch.set(key, value);
    } else if (!(*old == value)) {
      patch.set(key, make_merge_patch(*old, value));
    }
  }
  for (const auto& [key, value] : from.as_object()) {
    if (to.find(key) == nullptr) patch.set(key, nullptr);
  }
  return patch;
}

}  // namespace slipway
