#pragma once

#include "api/meta.h"

namespace slipway::cluster {

/// An object of a kind that has no type of its own here: metadata to find it by, and its JSON.
template <const api::Kind& of_kind>
struct WholeObject {
  static constexpr api::Kind kind = of_kind;
  api::ObjectMeta metadata;
  Json content;

  static Result<WholeObject> read(const Json& json) {
    WholeObject object{TRY(api::decode<api::ObjectMeta>(json["metadata"])), json};
    if (Json* metadata = object.content.find("metadata")) metadata->erase("managedFields");
    return object;
  }
  api::Object seen() const { return api::Object::of(kind, content); }
};

}  // namespace slipway::cluster
