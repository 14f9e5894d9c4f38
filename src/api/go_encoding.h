#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/core_schema.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// The values of one struct while it is encoded, by the position of their fields. They point into
/// the JSON that is read, or to constants that a rule puts in.
class Slots {
 public:
  static constexpr std::size_t most_fields = 64;

  explicit Slots(const CoreType& type) : type_(&type) {
    std::fill_n(values_.begin(), type.fields.size(), nullptr);
  }

  const CoreType& type() const { return *type_; }
  const Json*& operator[](std::size_t index) { return values_[index]; }
  /// The field's value, or null (the JSON value). The key must be one of the type's.
  const Json& get(std::string_view key) const;
  /// `value` must outlive the encoding; nothing means absent.
  void set(std::string_view key, const Json* value);
  /// Absent, or the zero of a field that isn't a pointer.
  bool is_zero(std::string_view key) const;

 private:
  const CoreType* type_;
  std::array<const Json*, most_fields> values_;  ///< Set as far as the type has fields.
};

struct GoEncoding {
  /// Fill in what an API server does: the table's defaults and the rules of `core_rules.h`.
  bool defaults = false;
  /// Fill in too, and make all that means the same look the same: quantities by value, empty lists
  /// as absent, host ports spelled out where the pod is on the host's network.
  bool by_meaning = false;
  /// Left out of every object's labels, where not empty.
  std::string_view ignored_label = {};
  /// Write absent creation timestamps as null, as apimachinery up to v0.33 did.
  bool null_creation_timestamp = false;
  /// Gets the paths of unknown fields: "spec.template.spec.containers[0].odd".
  std::vector<std::string>* unknown_fields = nullptr;
};

/// Decodes the value into Go's struct of that type and encodes it again: fields in Go's order, maps
/// by key, unknown fields dropped, Go's omission rules, quantities and times canonical.
///
/// *Errors*: `invalid`, the first field whose type is wrong, in Go's words.
Result<Json> encode_as_go(const CoreType& type, const Json& value, const GoEncoding& how);

/// The same as compact text. A field whose type is wrong counts as absent, so any input has a text.
std::string encode_as_go_text(const CoreType& type, const Json& value, const GoEncoding& how);

/// The array of such values, or null for null.
std::string encode_list_as_go_text(const CoreType& type, const Json& list, const GoEncoding& how);

}  // namespace slipway::api
