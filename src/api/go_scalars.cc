#include "api/go_scalars.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "base/time.h"

namespace slipway::api {
namespace {

/// One piece of Go's time layout: fixed characters, or so many digits.
struct LayoutPiece {
  std::string_view layout;
  bool digits;
};
constexpr LayoutPiece layout_pieces[] = {
    {"2006", true },
    {"-",    false},
    {"01",   true },
    {"-",    false},
    {"02",   true },
    {"T",    false},
    {"15",   true },
    {":",    false},
    {"04",   true },
    {":",    false},
    {"05",   true },
};
constexpr std::string_view micro_piece = ".000000";

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Moves past the piece, or says no.
bool take_piece(std::string_view& rest, const LayoutPiece& piece) {
  const std::string_view head = rest.substr(0, piece.layout.size());
  if (head.size() < piece.layout.size()) return false;
  if (piece.digits ? !all_digits(head) : head != piece.layout) return false;
  rest.remove_prefix(piece.layout.size());
  return true;
}

Failure unreadable_time(std::string_view text, bool micro, std::string_view rest,
                        std::string_view piece) {
  const std::string layout =
      std::string("2006-01-02T15:04:05") + std::string(micro ? micro_piece : "") + "Z07:00";
  return fail(ErrorCode::invalid, "",
              "parsing time " + quote(text) + " as " + quote(layout) + ": cannot parse " +
                  quote(rest) + " as " + quote(piece));
}

void append_go_object(const Json::Object& members, std::string& out) {
  std::vector<const Json::Member*> sorted;
  sorted.reserve(members.size());
  for (const Json::Member& member : members) sorted.push_back(&member);
  std::ranges::stable_sort(sorted, {},
                           [](const Json::Member* m) -> const auto& { return m->first; });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i != 0) out += ',';
    append_go_string(sorted[i]->first, out);
    out += ':';
    append_go_json(sorted[i]->second, out);
  }
  out += '}';
}

}  // namespace

std::optional<TypeProblem> find_type_problem(CoreValue wanted, const Json& value) {
  const auto fits = [&](std::int64_t lowest, std::int64_t highest) {
    return value.is_integer() && value.as_integer() >= lowest && value.as_integer() <= highest;
  };
  constexpr std::int64_t int32_min = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
  const auto unless = [](bool fine, TypeProblem problem) {
    return fine ? std::nullopt : std::optional(problem);
  };
  switch (wanted) {
    case CoreValue::string:
    case CoreValue::bytes:
      return unless(value.is_string(), TypeProblem::mismatch);
    case CoreValue::boolean:
      return unless(value.is_bool(), TypeProblem::mismatch);
    case CoreValue::int32:
      return unless(fits(int32_min, int32_max), TypeProblem::mismatch);
    case CoreValue::int64:
      return unless(value.is_integer(), TypeProblem::mismatch);
    case CoreValue::object:
      return unless(value.is_object(), TypeProblem::mismatch);
    case CoreValue::time:
    case CoreValue::micro_time:
      return unless(value.is_string(), TypeProblem::inner_mismatch);
    case CoreValue::int_or_string:
      return unless(value.is_string() || fits(int32_min, int32_max), TypeProblem::inner_mismatch);
    case CoreValue::quantity:  // Its own parser tells.
    case CoreValue::any:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string go_type_name(const CoreField& field) {
  switch (field.value) {
    case CoreValue::string:
    case CoreValue::time:
    case CoreValue::micro_time:
      return "string";
    case CoreValue::boolean:
      return "bool";
    case CoreValue::int32:
    case CoreValue::int_or_string:
      return "int32";
    case CoreValue::int64:
      return "int64";
    case CoreValue::quantity:
      return "resource.Quantity";
    case CoreValue::bytes:
      return "[]uint8";
    case CoreValue::object:
      return "v1." + std::string(field.type->go_name);
    case CoreValue::any:
      return "interface {}";
  }
  return {};
}

std::string go_kind_of(const Json& value, std::string_view go_type) {
  switch (value.type()) {
    case Json::Type::null:
      return "null";
    case Json::Type::boolean:
      return "bool";
    case Json::Type::integer:
    case Json::Type::real:
      return go_type.starts_with("int") ? "number " + go_json(value) : "number";
    case Json::Type::string:
      return "string";
    case Json::Type::array:
      return "array";
    case Json::Type::object:
      return "object";
  }
  return {};
}

Result<std::string> canonical_go_time(std::string_view text, bool micro) {
  std::string_view rest = text;
  for (const LayoutPiece& piece : layout_pieces) {
    if (!take_piece(rest, piece)) return unreadable_time(text, micro, rest, piece.layout);
  }
  if (micro) {
    const std::string_view fraction = rest.substr(0, micro_piece.size());
    if (!fraction.starts_with('.') || fraction.size() < micro_piece.size() ||
        !all_digits(fraction.substr(1))) {
      return unreadable_time(text, micro, rest, micro_piece);
    }
  }
  const Result<Instant> instant = parse_rfc3339(text);
  if (!instant) return unreadable_time(text, micro, rest, "Z07:00");
  return micro ? format_rfc3339_micro(*instant) : format_rfc3339(*instant);
}

std::optional<std::size_t> find_bad_base64(std::string_view text) {
  if (base64_decode(text)) return std::nullopt;
  const std::size_t bad = text.find_first_not_of(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n");
  return std::min(bad, text.size());
}

void append_go_json(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::Type::string:
      return append_go_string(value.as_string(), out);
    case Json::Type::object:
      return append_go_object(value.as_object(), out);
    case Json::Type::array:
      break;
    default:
      return append_text(value, out);
  }
  out += '[';
  bool first = true;
  for (const Json& item : value.as_array()) {
    if (!first) out += ',';
    first = false;
    append_go_json(item, out);
  }
  out += ']';
}

std::string go_json(const Json& value) {
  std::string text;
  append_go_json(value, text);
  return text;
}

}  // namespace slipway::api
