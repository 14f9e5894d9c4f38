#include "base/json_patch.h"

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

/// The value at a path; nothing where its parent exists and it does not.
Result<Json*> find_value(Json& document, std::string_view path) {
  if (path.empty()) return &document;
  const Place place = TRY(find_place(document, path));
  if (place.parent->is_object()) return place.parent->find(place.token);
  const auto index = index_of(place.token, place.parent->size());
  return index ? &place.parent->as_array()[*index] : nullptr;
}

Result<void> add(Json& document, std::string_view path, Json value) {
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

Result<void> apply_one(Json& document, const Json& operation) {
  if (!operation.is_object()) return malformed("found an operation that is no object");
  const std::string_view name = operation["op"].string_or_empty();
  const Json* path_value = operation.find("path");
  if (path_value == nullptr || !path_value->is_string()) {
    return malformed("found an operation without a path");
  }
  const std::string& path = path_value->as_string();
  const Json* value = operation.find("value");
  if (name == "add" || name == "replace" || name == "test") {
    if (value == nullptr) return malformed(quote(name) + " needs a value");
    if (name == "add") return add(document, path, *value);
    return name == "test" ? test(document, path, *value) : replace(document, path, *value);
  }
  if (name == "remove") {
    TRY(take(document, path));
    return {};
  }
  if (name == "move" || name == "copy") {
    const Json* from = operation.find("from");
    if (from == nullptr || !from->is_string()) return malformed(quote(name) + " needs a from");
    if (name == "move") {
      Json moved = TRY(take(document, from->as_string()));
      return add(document, path, std::move(moved));
    }
    const Json* source = TRY(find_value(document, from->as_string()));
    if (source == nullptr) return refuse(from->as_string(), "nothing there to copy");
    return add(document, path, Json(*source));
  }
  return refuse(path, "unknown operation " + quote(name));
}

}  // namespace

Result<Json> apply_json_patch(Json document, const Json& patch) {
  if (!patch.is_array()) return malformed("a JSON patch is a list of operations");
  for (const Json& operation : patch.as_array()) TRY_DONE(apply_one(document, operation));
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
