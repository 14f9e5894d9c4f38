#pragma once

#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// What one field says about itself beyond its name and type. The defaults are Go's `omitempty`.
struct Facets {
  bool required = false;         ///< Always written, even when empty; missing input is an error
                                 ///< only for the CRD schema, not for decoding.
  bool always_written = false;   ///< Written even when empty, though the CRD doesn't require it: Go
                                 ///< has no omitempty there, or a struct that it can't leave out.
  const char* schema = nullptr;  ///< More of its OpenAPI schema, as JSON members: `"minimum":0`.
};

/// The fields of one type: names, offsets, operations. Made in one .cc from the type's `fields`.
struct TypeTable;

/// The table of T. Specialised for each type that has a field list (see `field_table.h`).
template <class T>
const TypeTable& table_of();

Result<void> decode_into(const TypeTable& table, const Json& value, void* object);
Json encode_from(const TypeTable& table, const void* object);
Json schema_from(const TypeTable& table);

/// Reads a T. Null members count as absent; unknown members are kept where T has
/// `unknown_fields`, else dropped.
///
/// *Errors*: `invalid`, with the field's path, what was found and what was expected.
template <class T>
Result<T> decode(const Json& value) {
  T object{};
  TRY_DONE(decode_into(table_of<T>(), value, &object));
  return object;
}

/// Writes a T: empty members are left out unless they are required, unknown ones come last.
template <class T>
Json encode(const T& object) {
  return encode_from(table_of<T>(), &object);
}

/// The OpenAPI v3 schema of T, as a CustomResourceDefinition holds it.
template <class T>
Json schema_of() {
  return schema_from(table_of<T>());
}

}  // namespace slipway::api
