#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/core_schema.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// How a JSON value fails to be a Go value, which decides the words of the error.
enum class TypeProblem : std::uint8_t {
  mismatch,        ///< Reported by the decoder, with the struct's field.
  inner_mismatch,  ///< Reported by the type's own decoding, which knows no field.
};

/// Whether the value can be read as that; nothing where it can.
std::optional<TypeProblem> find_type_problem(CoreValue wanted, const Json& value);

/// "string", "int32", "v1.Container", as Go's decoder names what it wanted.
std::string go_type_name(const CoreField& field);
/// "string", "bool", "array", "object", "number", or "number 1.5" where an integer was wanted.
std::string go_kind_of(const Json& value, std::string_view go_type);

/// The moment in UTC as Go prints it; `micro` means with six decimals, which must be there.
///
/// *Errors*: `invalid`, in the words of Go's time.Parse.
Result<std::string> canonical_go_time(std::string_view text, bool micro);

/// The place of the first byte that makes a text no base64, or nothing.
std::optional<std::size_t> find_bad_base64(std::string_view text);

/// Any JSON as Go's encoding/json writes it: sorted keys, `<`, `>` and `&` escaped.
void append_go_json(const Json& value, std::string& out);
std::string go_json(const Json& value);

}  // namespace slipway::api
