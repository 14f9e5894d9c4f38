#include "api/meta.h"

namespace slipway::api {
namespace {

const std::string* find(const StringMap& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

const OwnerReference* ObjectMeta::controller() const {
  for (const OwnerReference& owner : owner_references) {
    if (owner.controller == true) return &owner;
  }
  return nullptr;
}

const std::string* ObjectMeta::label(std::string_view key) const {
  return find(labels, key);
}

const std::string* ObjectMeta::annotation(std::string_view key) const {
  return find(annotations, key);
}

std::string ObjectRef::text() const {
  return std::string(kind.kind) + " " + key.text();
}

Object Object::of(const Kind& kind, Json content) {
  const Json& metadata = content["metadata"];
  const auto text = [&](std::string_view key) {
    return std::string(metadata[key].string_or_empty());
  };
  Object object;
  object.ref = {
      kind, {text("namespace"), text("name")},
       text("uid"), text("resourceVersion")
  };
  object.content = std::move(content);
  return object;
}

bool newer_version(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() > b.size();
  return a > b;
}

}  // namespace slipway::api
