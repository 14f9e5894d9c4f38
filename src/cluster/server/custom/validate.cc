#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/time.h"
#include "cluster/server/custom/schema.h"

namespace slipway::cluster {
namespace {

std::string_view type_of(const Json& value) {
  switch (value.type()) {
    case Json::Type::null:
      return "null";
    case Json::Type::boolean:
      return "boolean";
    case Json::Type::integer:
      return "integer";
    case Json::Type::real:
      return "number";
    case Json::Type::string:
      return "string";
    case Json::Type::array:
      return "array";
    case Json::Type::object:
      return "object";
  }
  return {};
}

/// Unicode code points, as maxLength counts.
std::int64_t length_of(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
}

std::string number_text(double value) {
  return to_text(value == std::floor(value) && std::abs(value) < 1e15
                     ? Json(static_cast<long>(value))
                     : Json(value));
}

/// One walk over a value and its schema, in the words of kube-openapi's validator.
class Validator {
 public:
  explicit Validator(FieldErrors& errors) : errors_(errors) {}

  void check(const Schema& schema, const Json& value, const std::string& path) {
    if (!check_type(schema, value, path) && !schema.int_or_string) return;
    if (value.is_null()) return;
    check_combinations(schema, value, path);
    check_enumeration(schema, value, path);
    if (value.is_string()) check_text(schema, value.as_string(), path);
    if (value.is_number()) check_number(schema, value, path);
    if (value.is_array()) check_array(schema, value, path);
    if (value.is_object()) check_object(schema, value, path);
  }

 private:
  void wrong_type(const Json& value, const std::string& path, std::string_view wanted) {
    const std::string_view found = type_of(value);
    errors_.push_back({"FieldValueTypeInvalid", path,
                       "Invalid value: " + quote(found) + ": " + path +
                           " in body must be of type " + std::string(wanted) + ": " +
                           quote(found)});
  }

  void wrong(const Json& value, const std::string& path, const std::string& why) {
    errors_.push_back(invalid_field(path, value, path + " in body " + why));
  }

  bool check_type(const Schema& schema, const Json& value, const std::string& path) {
    if (value.is_null() && schema.nullable) return true;
    if (schema.int_or_string) {
      if (value.is_integer() || value.is_string()) return true;
      wrong_type(value, path, "integer,string");
      return false;
    }
    const std::string_view found = type_of(value);
    if (schema.type.empty() || schema.type == found) return true;
    if (schema.type == "number" && value.is_number()) return true;
    // 1.0 is an integer to JSON schema.
    if (schema.type == "integer" && value.is_number() &&
        value.as_double() == std::floor(value.as_double())) {
      return true;
    }
    wrong_type(value, path, schema.type);
    return false;
  }

  void check_enumeration(const Schema& schema, const Json& value, const std::string& path) {
    if (!schema.enumeration.is_array()) return;
    std::vector<std::string> texts;
    for (const Json& allowed : schema.enumeration.as_array()) {
      if (allowed == value) return;
      texts.push_back(allowed.is_string() ? allowed.as_string() : to_text(allowed));
    }
    errors_.push_back(unsupported_field(path, value, {texts.begin(), texts.end()}));
  }

  /// Stops at the first complaint, as the real validator does with texts.
  void check_text(const Schema& schema, const std::string& text, const std::string& path) {
    const Json value{std::string_view(text)};
    if (schema.length_max && length_of(text) > *schema.length_max) {
      errors_.push_back(too_long_field(path, *schema.length_max));
    } else if (schema.length_min && length_of(text) < *schema.length_min) {
      wrong(value, path,
            "should be at least " + std::to_string(*schema.length_min) + " chars long");
    } else if (schema.pattern && !re2::RE2::PartialMatch(text, *schema.pattern)) {
      wrong(value, path, "should match '" + schema.pattern_text + "'");
    } else if ((schema.format == "date-time" || schema.format == "datetime") &&
               !parse_rfc3339(text)) {
      FieldError error = invalid_field(
          path, value, path + " in body must be of type " + schema.format + ": " + quote(text));
      error.reason = "FieldValueTypeInvalid";
      errors_.push_back(std::move(error));
    }
  }

  void check_number(const Schema& schema, const Json& value, const std::string& path) {
    const double number = value.as_double();
    if (schema.multiple_of && std::fmod(number, *schema.multiple_of) != 0) {
      wrong(value, path, "should be a multiple of " + number_text(*schema.multiple_of));
    }
    if (schema.maximum &&
        (schema.exclusive_maximum ? number >= *schema.maximum : number > *schema.maximum)) {
      wrong(
          value, path,
          (schema.exclusive_maximum ? "should be less than " : "should be less than or equal to ") +
              number_text(*schema.maximum));
    }
    if (schema.minimum &&
        (schema.exclusive_minimum ? number <= *schema.minimum : number < *schema.minimum)) {
      wrong(value, path,
            (schema.exclusive_minimum ? "should be greater than "
                                      : "should be greater than or equal to ") +
                number_text(*schema.minimum));
    }
  }

  void check_array(const Schema& schema, const Json& value, const std::string& path) {
    const auto size = static_cast<std::int64_t>(value.size());
    if (schema.items) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        check(*schema.items, value.at(i), path + "[" + std::to_string(i) + "]");
      }
    }
    if (schema.items_min && size < *schema.items_min) {
      wrong(Json(static_cast<long>(size)), path,
            "should have at least " + std::to_string(*schema.items_min) + " items");
    }
    if (schema.items_max && size > *schema.items_max) {
      errors_.push_back(too_many_field(path, size, *schema.items_max));
    }
    if (schema.unique_items && has_duplicates(value)) {
      wrong(value, path, "shouldn't contain duplicates");
    }
    check_list_type(schema, value, path);
  }

  static bool has_duplicates(const Json& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (list.at(i) == list.at(k)) return true;
      }
    }
    return false;
  }

  /// The part of an item by which its list tells items apart.
  static Json item_key(const Schema& schema, const Json& item) {
    if (schema.list_type == "set") return item;
    Json key = Json::object();
    for (const std::string& name : schema.list_map_keys) {
      if (const Json* part = item.find(name)) key.set(name, *part);
    }
    return key;
  }

  void check_list_type(const Schema& schema, const Json& value, const std::string& path) {
    if (schema.list_type != "set" && schema.list_type != "map") return;
    std::vector<Json> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Json key = item_key(schema, value.at(i));
      if (std::ranges::find(seen, key) != seen.end()) {
        errors_.push_back(duplicate_field(path + "[" + std::to_string(i) + "]", key));
      }
      seen.push_back(std::move(key));
    }
  }

  void check_object(const Schema& schema, const Json& value, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const auto& [key, member] : value.as_object()) {
      if (path.empty() && (key == "metadata" || key == "kind" || key == "apiVersion")) continue;
      const auto property = schema.properties.find(key);
      if (property != schema.properties.end()) {
        check(property->second, member, prefix + key);
      } else if (schema.additional) {
        check(*schema.additional, member, prefix + key);
      }
    }
    for (const std::string& name : schema.required) {
      if (value.find(name) == nullptr) errors_.push_back(required_field(prefix + name));
    }
    const auto size = static_cast<std::int64_t>(value.size());
    if (schema.properties_max && size > *schema.properties_max) {
      errors_.push_back(too_many_field(path, size, *schema.properties_max));
    }
    if (schema.properties_min && size < *schema.properties_min) {
      wrong(Json(static_cast<long>(size)), path,
            "should have at least " + std::to_string(*schema.properties_min) + " properties");
    }
  }

  static FieldErrors errors_of(const Schema& schema, const Json& value, const std::string& path) {
    FieldErrors errors;
    Validator(errors).check(schema, value, path);
    return errors;
  }

  void combination_error(const std::string& path, const std::string& why) {
    errors_.push_back(
        {"FieldValueInvalid", "<nil>", "Invalid value: \"\": " + quote(path) + " " + why});
  }

  void append(FieldErrors errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

  void check_combinations(const Schema& schema, const Json& value, const std::string& path) {
    if (!schema.any_of.empty()) {
      std::vector<FieldErrors> found;
      for (const Schema& one : schema.any_of) found.push_back(errors_of(one, value, path));
      if (std::ranges::none_of(found, &FieldErrors::empty)) {
        combination_error(path, "must validate at least one schema (anyOf)");
        append(std::move(found.front()));
      }
    }
    if (!schema.one_of.empty()) {
      std::vector<FieldErrors> found;
      for (const Schema& one : schema.one_of) found.push_back(errors_of(one, value, path));
      const auto valid = std::ranges::count_if(found, &FieldErrors::empty);
      if (valid != 1) {
        combination_error(path, "must validate one and only one schema (oneOf). Found " +
                                    (valid == 0 ? std::string("none valid")
                                                : std::to_string(valid) + " valid alternatives"));
        if (valid == 0) append(std::move(found.front()));
      }
    }
    FieldErrors of_all;
    for (const Schema& one : schema.all_of) {
      for (FieldError& error : errors_of(one, value, path)) of_all.push_back(std::move(error));
    }
    if (!of_all.empty()) {
      combination_error(path, "must validate all the schemas (allOf)");
      append(std::move(of_all));
    }
    if (schema.not_ && errors_of(*schema.not_, value, path).empty()) {
      combination_error(path, "must not validate the schema (not)");
    }
  }

  FieldErrors& errors_;
};

}  // namespace

void validate_against(const Schema& schema, const Json& object, FieldErrors& errors) {
  const std::size_t before = errors.size();
  Validator(errors).check(schema, object, "");
  if (!schema.has_rules) return;
  // Rules presume that types and bounds hold.
  const bool rules_wait =
      std::any_of(errors.begin() + static_cast<std::ptrdiff_t>(before), errors.end(),
                  [](const FieldError& error) { return error.reason != "FieldValueInvalid"; });
  if (!rules_wait) return;
  errors.push_back(invalid_field(
      "<nil>", Json(),
      "some validation rules were not checked because the object was invalid; correct the "
      "existing errors to complete validation"));
}

namespace {

void require_type(const Schema& schema, const std::string& field, std::string_view what,
                  FieldErrors& errors) {
  if (!schema.type.empty() || schema.int_or_string || schema.preserve_unknown) return;
  errors.push_back(
      required_field(field + ".type", "must not be empty for specified " + std::string(what)));
}

}  // namespace

void validate_structure(const Schema& schema, const std::string& field, FieldErrors& errors) {
  if (schema.has_default) {
    FieldErrors found;
    Validator(found).check(schema, schema.default_value, "");
    for (FieldError& error : found) {
      error.field = error.field.empty() ? field + ".default" : field + ".default." + error.field;
      errors.push_back(std::move(error));
    }
  }
  for (const auto& [name, property] : schema.properties) {
    const std::string at = field + ".properties[" + name + "]";
    require_type(property, at, "object fields", errors);
    validate_structure(property, at, errors);
  }
  if (schema.items) {
    require_type(*schema.items, field + ".items", "array items", errors);
    validate_structure(*schema.items, field + ".items", errors);
  }
  if (schema.additional) {
    validate_structure(*schema.additional, field + ".additionalProperties", errors);
  }
}

void validate_change(const Schema& schema, const Json& object, const Json& old,
                     const std::string& path, FieldErrors& errors) {
  if (schema.immutable && object != old) {
    const std::string_view why = schema.immutable_message.empty()
                                     ? std::string_view("failed rule: self == oldSelf")
                                     : std::string_view(schema.immutable_message);
    errors.push_back(invalid_field(path, object, why));
  }
  if (!object.is_object() || !old.is_object()) return;
  for (const auto& [name, property] : schema.properties) {
    const Json* now = object.find(name);
    const Json* before = old.find(name);
    // A rule about changes says nothing of what comes or goes.
    if (now == nullptr || before == nullptr) continue;
    validate_change(property, *now, *before, path.empty() ? name : path + "." + name, errors);
  }
}

}  // namespace slipway::cluster
