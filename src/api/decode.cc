#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "api/field_table.h"

namespace slipway::api {
namespace {

/// Where in the object the decoder is: a chain through the stack, turned into text only for errors.
struct Place {
  const Place* outer = nullptr;
  std::string_view key = {};  ///< Of a member or a map's entry; empty for a list's item.
  std::size_t index = 0;
  bool bracketed = false;  ///< "labels[app]", "steps[2]"
};

void append_path(const Place* place, bool with_items, std::string& out) {
  if (!place) return;
  append_path(place->outer, with_items, out);
  if (place->bracketed) {
    if (!with_items) return;
    out += place->key.empty() ? fmt::format("[{}]", place->index) : fmt::format("[{}]", place->key);
    return;
  }
  if (!out.empty()) out += '.';
  out += place->key;
}

std::string path_of(const Place* place) {
  std::string out;
  append_path(place, true, out);
  return out;
}

/// The value as an error shows it: its type, and short values in full.
std::string describe(const Json& value) {
  constexpr std::size_t longest = 60;  // Enough to recognise it; errors end up in events.
  switch (value.type()) {
    case Json::Type::null:
      return "null";
    case Json::Type::array:
      return "a list";
    case Json::Type::object:
      return "an object";
    case Json::Type::string:
      if (value.as_string().size() > longest) return "a long string";
      return "string " + to_text(value);
    case Json::Type::boolean:
      return "boolean " + to_text(value);
    case Json::Type::integer:
    case Json::Type::real:
      return "number " + to_text(value);
  }
  return "something else";
}

class Decoder {
 public:
  Decoder(const TypeTable& root, const DecodeOptions& options) : root_(root), options_(options) {}

  /// Each `decode_` returns whether the value fitted. What doesn't fit is reported, and leaves its
  /// target as it was or, for objects, lists and maps, holding the parts that do fit.
  bool decode_object(const TypeTable& table, const Json& value, char* object, const Place* place) {
    if (!value.is_object()) return misfit(place, value, "an object");
    bool fits = true;
    std::size_t next = 0;
    for (const auto& [key, member] : value.as_object()) {
      const Place here{place, key};
      const Field* field = find_field(table, key, next);
      if (field) {
        if (member.is_null()) continue;
        fits &= decode_value(*field->type, member, object + field->offset, &here);
      } else if (table.kind && (key == "kind" || key == "apiVersion")) {
        fits &= check_kind(*table.kind, key, member, &here);
      } else {
        keep_unknown(table, key, member, object, &here);
      }
      if (!fits && !options_.problems) return false;
    }
    return fits || options_.problems;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  /// Finds the field of that key, looking first where `next` predicts: servers write fields in the
  /// order of declaration, so the first look nearly always hits.
  static const Field* find_field(const TypeTable& table, std::string_view key, std::size_t& next) {
    const std::size_t count = table.fields.size();
    for (std::size_t tried = 0; tried < count; ++tried) {
      if (next >= count) next = 0;
      const Field& field = table.fields[next++];
      if (field.key == key) return &field;
    }
    return nullptr;
  }

  bool decode_value(const ValueType& type, const Json& value, void* target, const Place* place) {
    switch (type.shape) {
      case Shape::boolean:
        if (!value.is_bool()) return misfit(place, value, "a boolean");
        *static_cast<bool*>(target) = value.as_bool();
        return true;
      case Shape::int32:
        return decode_integer<std::int32_t>(value, target, place);
      case Shape::int64:
        return decode_integer<std::int64_t>(value, target, place);
      case Shape::string:
        if (!value.is_string()) return misfit(place, value, "a string");
        *static_cast<std::string*>(target) = value.as_string();
        return true;
      case Shape::instant:
        return decode_instant(value, target, place);
      case Shape::int_or_string:
        return decode_int_or_string(value, target, place);
      case Shape::json:
        *static_cast<Json*>(target) = value;
        return true;
      case Shape::pod_template:
        // A string is what JsonParseOptions::unread leaves: the text of the value.
        if (!value.is_object() && !value.string_or_empty().starts_with('{')) {
          return misfit(place, value, "an object");
        }
        *static_cast<PodTemplate*>(target) = PodTemplate(value);
        return true;
      case Shape::object:
        return decode_object(type.table(), value, static_cast<char*>(target), place);
      case Shape::optional: {
        const bool fits = decode_value(*type.inner, value, type.add(target), place);
        if (!fits) type.drop(target);
        return fits;
      }
      case Shape::list:
        return decode_list(type, value, target, place);
      case Shape::map:
        return decode_map(type, value, target, place);
    }
    return false;
  }

  template <class Integer>
  bool decode_integer(const Json& value, void* target, const Place* place) {
    using Limits = std::numeric_limits<Integer>;
    const char* expected = sizeof(Integer) == 4 ? "an integer from -2147483648 to 2147483647"
                                                : "an integer of at most 64 bits";
    std::int64_t number = 0;
    if (value.is_integer()) {
      number = value.as_integer();
    } else if (value.is_number()) {
      const double real = value.as_double();
      if (std::trunc(real) != real) return misfit(place, value, "an integer");
      // 2^63 is the first double past the range; all doubles in the range convert exactly.
      if (!(real >= -0x1p63 && real < 0x1p63)) return misfit(place, value, expected);
      number = static_cast<std::int64_t>(real);
    } else {
      return misfit(place, value, "an integer");
    }
    if (number < Limits::min() || number > Limits::max()) return misfit(place, value, expected);
    *static_cast<Integer*>(target) = static_cast<Integer>(number);
    return true;
  }

  bool decode_instant(const Json& value, void* target, const Place* place) {
    if (value.is_string()) {
      if (const auto time = parse_rfc3339(value.as_string())) {
        *static_cast<Instant*>(target) = *time;
        return true;
      }
    }
    return misfit(place, value, "an RFC 3339 time such as \"2026-01-01T00:00:00Z\"");
  }

  bool decode_int_or_string(const Json& value, void* target, const Place* place) {
    auto& out = *static_cast<IntOrString*>(target);
    if (value.is_string()) {
      out = IntOrString::of(value.as_string());
      return true;
    }
    if (!value.is_number()) return misfit(place, value, "an integer or a string");
    std::int32_t number = 0;
    if (!decode_integer<std::int32_t>(value, &number, place)) return false;
    out = IntOrString::of(number);
    return true;
  }

  bool decode_list(const ValueType& type, const Json& value, void* list, const Place* place) {
    if (!value.is_array()) return misfit(place, value, "a list");
    std::size_t index = 0;
    for (const Json& item : value.as_array()) {
      const Place here{place, {}, index++, true};
      void* target = type.add(list);
      // Go reads null items as the type's zero value.
      if (item.is_null() || decode_value(*type.inner, item, target, &here)) continue;
      type.drop(list);
      if (!options_.problems) return false;
    }
    return true;
  }

  bool decode_map(const ValueType& type, const Json& value, void* map, const Place* place) {
    if (!value.is_object()) return misfit(place, value, "an object");
    for (const auto& [key, member] : value.as_object()) {
      const Place here{place, key, 0, true};
      void* target = type.insert(map, key);
      if (member.is_null() || decode_value(*type.inner, member, target, &here)) continue;
      type.erase(map, key);
      if (!options_.problems) return false;
    }
    return true;
  }

  bool check_kind(const Kind& kind, std::string_view key, const Json& value, const Place* place) {
    if (value.is_null()) return true;
    const std::string want = key == "kind" ? std::string(kind.kind) : kind.api_version();
    if (value.string_or_empty() == want) return true;
    return misfit(place, value, "\"" + want + "\"");
  }

  void keep_unknown(const TypeTable& table, const std::string& key, const Json& value, char* object,
                    const Place* place) {
    if (options_.unknown_fields) options_.unknown_fields->push_back(path_of(place));
    if (table.unknown_fields < 0 || !options_.keep_unknown_fields) return;
    reinterpret_cast<UnknownFields*>(object + table.unknown_fields)->add(key, value);
  }

  bool misfit(const Place* place, const Json& found, std::string_view expected) {
    Error error{ErrorCode::invalid, path_of(place),
                fmt::format("found {}, expected {}", describe(found), expected), hint(place)};
    if (options_.problems) {
      options_.problems->push_back(std::move(error));
    } else {
      error_ = std::move(error);
    }
    return false;
  }

  std::string hint(const Place* place) const {
    if (!root_.kind) return "correct this field";
    std::string path;
    append_path(place, false, path);
    return fmt::format("correct this field; see `kubectl explain {}{}{}`", root_.kind->plural,
                       path.empty() ? "" : ".", path);
  }

  const TypeTable& root_;
  const DecodeOptions& options_;
  std::optional<Error> error_;  ///< Of a decoder that stops at the first one.
};

}  // namespace

Result<void> decode_into(const TypeTable& table, const Json& value, void* object,
                         const DecodeOptions& options) {
  Decoder decoder(table, options);
  decoder.decode_object(table, value, static_cast<char*>(object), nullptr);
  if (decoder.error()) return Failure(*decoder.error());
  return {};
}

}  // namespace slipway::api
