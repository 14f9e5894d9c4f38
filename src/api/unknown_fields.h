#pragma once

#include "api/box.h"
#include "base/json.h"

namespace slipway::api {

/// Members of an object that its type doesn't know, as they were read: another version of the API
/// may know them, so they are written back after the known ones. 8 bytes when there are none. Part
/// of equality.
///
/// A type keeps them by having a last member `UnknownFields unknown_fields;`, which its `fields`
/// doesn't list. Types without one drop them.
class UnknownFields {
 public:
  bool empty() const { return !members_; }
  void add(std::string key, Json value) {
    if (!members_) members_.emplace(Json::object());
    members_->as_object().emplace_back(std::move(key), std::move(value));
  }
  /// The member of that key, or nothing.
  const Json* find(std::string_view key) const { return members_ ? members_->find(key) : nullptr; }
  /// All of them as a JSON object, or nothing.
  const Json* members() const { return members_.get(); }

  bool operator==(const UnknownFields&) const = default;

 private:
  Box<Json> members_;
};

}  // namespace slipway::api
