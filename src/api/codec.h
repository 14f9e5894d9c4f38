#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// What one field says about itself beyond its name and type. The defaults are Go's `omitempty`.
struct Facets {
  bool required = false;        ///< Always written, even when empty; missing input is an error
                                ///< only for the CRD schema, not for decoding.
  bool always_written = false;  ///< Written even when empty, though the CRD doesn't require it: Go
                                ///< has no omitempty there, or a struct that it can't leave out.
  const char* core_type = nullptr;  ///< A JSON member whose schema is this core Kubernetes type's.
  const char* schema = nullptr;     ///< More of its OpenAPI schema, as JSON members: `"minimum":0`.
};

/// The fields of one type: names, offsets, operations. Made in one .cc from the type's `fields`.
struct TypeTable;

/// The table of T. Specialised for each type that has a field list (see `field_table.h`).
template <class T>
const TypeTable& table_of();

/// How to read an object that isn't quite what its type says.
struct DecodeOptions {
  /// Keep unknown members where the type has `unknown_fields`. Who never writes an object back
  /// saves memory without.
  bool keep_unknown_fields = true;
  /// Where set, a value of the wrong type is skipped and reported here, and decoding goes on.
  std::vector<Error>* problems = nullptr;
  /// Where set, the paths of unknown members are reported here, kept or not.
  std::vector<std::string>* unknown_fields = nullptr;
};

/// The interpreter behind `decode`, `encode` and `schema_of`. `object` is a fresh one of the
/// table's type.
Result<void> decode_into(const TypeTable& table, const Json& value, void* object,
                         const DecodeOptions& options = {});
Json encode_from(const TypeTable& table, const void* object);
Json schema_from(const TypeTable& table);

/// Reads a T. Null members count as absent; unknown members are kept where T has
/// `unknown_fields`, else dropped. `apiVersion` and `kind` may be missing, as in the items of a
/// list, but must not be another kind's.
///
/// *Errors*: `invalid`, with the field's path, what was found and what was expected.
template <class T>
Result<T> decode(const Json& value, const DecodeOptions& options = {}) {
  T object{};
  TRY_DONE(decode_into(table_of<T>(), value, &object, options));
  return object;
}

/// Reads as much of a T as can be read. Members of a wrong type stay as in a fresh T, and each is
/// reported. For informers: one odd object must not stop the list that holds it.
template <class T>
T decode_tolerant(const Json& value, std::vector<Error>* problems) {
  T object{};
  const auto done = decode_into(table_of<T>(), value, &object, {.problems = problems});
  if (!done && problems) problems->push_back(done.error());
  return object;
}

/// Writes a T: empty members are left out unless they are required, unknown ones come last.
template <class T>
Json encode(const T& object) {
  return encode_from(table_of<T>(), &object);
}

/// The OpenAPI v3 schema of T, as a CustomResourceDefinition holds it, keys sorted.
template <class T>
Json schema_of() {
  return schema_from(table_of<T>());
}

}  // namespace slipway::api
