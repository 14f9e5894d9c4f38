#include "api/go_encoding.h"

#include <algorithm>
#include <limits>

#include "api/core_rules.h"
#include "api/go_scalars.h"
#include "api/quantity.h"
#include "base/ensure.h"
#include "base/text.h"

namespace slipway::api {
namespace {

const Json& null() {
  static const Json value;
  return value;
}

const Json& empty_object() {
  static const Json value = Json::object();
  return value;
}

bool is_absent(const Json* value) {
  return value == nullptr || value->is_null();
}

/// Go's zero of a scalar, or a list or map without elements.
bool is_zero_value(const CoreField& field, const Json& value) {
  if (field.shape != CoreShape::one) return value.empty();
  switch (field.value) {
    case CoreValue::string:
      return value.string_or_empty().empty();
    case CoreValue::boolean:
      return !value.bool_or(false);
    case CoreValue::int32:
    case CoreValue::int64:
      return value.integer_or(0) == 0;
    case CoreValue::bytes:
      return value.string_or_empty().empty();
    default:
      return false;
  }
}

/// A place in the value that is read, for messages: linked from the innermost outwards.
struct Place {
  const Place* outer = nullptr;
  std::string_view key = {};
  std::int64_t index = -1;
  const CoreType* type = nullptr;  ///< The struct that holds `key`.
};

/// "spec.containers[0].name", or, as Go's errors have it, "spec.containers.name".
std::string path_of(const Place* place, bool with_indexes) {
  if (place == nullptr) return {};
  std::string path = path_of(place->outer, with_indexes);
  if (place->index >= 0) {
    if (with_indexes) path.append("[").append(std::to_string(place->index)).append("]");
    return path;
  }
  if (!path.empty()) path += '.';
  return path.append(place->key);
}

/// Builds JSON values.
class ValueSink {
 public:
  void begin_object() { stack_.push_back({{}, Json::object()}); }
  void begin_array() { stack_.push_back({{}, Json::array()}); }
  void end_object() { end(); }
  void end_array() { end(); }
  void key(std::string_view key) { stack_.back().key = key; }
  void field(std::string_view name) { key(name); }
  void text(std::string_view text) { put(Json(text)); }
  void value(const Json& value) { put(value); }
  Json take() { return std::move(result_); }

 private:
  struct Open {
    std::string_view key;
    Json value;
  };

  void end() {
    Json value = std::move(stack_.back().value);
    stack_.pop_back();
    put(std::move(value));
  }
  void put(Json value) {
    if (stack_.empty()) {
      result_ = std::move(value);
    } else if (stack_.back().value.is_array()) {
      stack_.back().value.as_array().push_back(std::move(value));
    } else {
      stack_.back().value.as_object().emplace_back(stack_.back().key, std::move(value));
    }
  }

  std::vector<Open> stack_;
  Json result_;
};

/// Writes compact text with Go's escapes.
class TextSink {
 public:
  void begin_object() { begin('{'); }
  void begin_array() { begin('['); }
  void end_object() { end('}'); }
  void end_array() { end(']'); }
  void key(std::string_view key) {
    separate();
    append_go_string(key, text_);
    text_ += ':';
    needs_comma_ = false;
  }
  /// A key that needs no escape.
  void field(std::string_view name) {
    separate();
    text_.append("\"").append(name).append("\":");
    needs_comma_ = false;
  }
  void text(std::string_view text) {
    separate();
    append_go_string(text, text_);
    needs_comma_ = true;
  }
  void value(const Json& value) {
    separate();
    append_go_json(value, text_);
    needs_comma_ = true;
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (needs_comma_) text_ += ',';
  }
  void begin(char bracket) {
    separate();
    text_ += bracket;
    needs_comma_ = false;
  }
  void end(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
  }

  std::string text_;
  bool needs_comma_ = false;
};

template <class Sink>
class Encoder {
 public:
  Encoder(Sink& sink, const GoEncoding& how) : sink_(sink), how_(how) {}

  void write_list(const CoreType& type, const Json& list) {
    if (!list.is_array()) return sink_.value(null());
    sink_.begin_array();
    for (const Json& item : list.as_array()) write_struct(type, item, nullptr);
    sink_.end_array();
  }

  void write_struct(const CoreType& type, const Json& value, const Place* place) {
    const bool well_formed = value.is_object() || value.is_null();
    if (!well_formed) report_mismatch(place, value, "v1." + std::string(type.go_name));
    Slots slots(type);
    if (value.is_object()) collect(slots, value, place);
    if (fills()) {
      fold(slots);
      apply_core_rules(slots);
    }
    sink_.begin_object();
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      const Place here{place, type.fields[i].key, -1, &type};
      write_field(type.fields[i], slots[i], &here);
    }
    sink_.end_object();
  }

  std::optional<Error>& error() { return error_; }

 private:
  bool fills() const { return how_.defaults || how_.by_meaning; }

  /// Sorts the members into the type's fields. The members mostly come in their order.
  void collect(Slots& slots, const Json& value, const Place* place) {
    const std::vector<CoreField>& fields = slots.type().fields;
    std::size_t next = 0;
    for (const Json::Member& member : value.as_object()) {
      std::size_t tried = 0;
      while (tried < fields.size() && fields[next].key != member.first) {
        next = next + 1 < fields.size() ? next + 1 : 0;
        ++tried;
      }
      if (tried < fields.size()) {
        slots[next] = &member.second;
      } else if (how_.unknown_fields != nullptr) {
        const Place here{place, member.first};
        how_.unknown_fields->push_back(path_of(&here, true));
      }
    }
  }

  /// Servers up to 1.27 wrote into templates on the host's network what later ones leave to the
  /// pod: that a container's port is the host's.
  void fold(Slots& slots) {
    static const CoreType* const pod_spec = find_core_type("PodSpec");
    static const CoreType* const container_port = find_core_type("ContainerPort");
    if (!how_.by_meaning) return;
    if (&slots.type() == pod_spec) host_network_ = slots.get("hostNetwork").bool_or(false);
    if (host_network_ && &slots.type() == container_port && slots.is_zero("hostPort")) {
      slots.set("hostPort", &slots.get("containerPort"));
    }
  }

  void write_field(const CoreField& field, const Json* value, const Place* here) {
    if (!is_absent(value) && !has_right_shape(field, *value, here)) value = nullptr;
    bool absent = is_absent(value) || (!field.pointer && is_zero_value(field, *value));
    if (absent && fills() && !field.server_default.is_null()) {
      value = &field.server_default;
      absent = !field.pointer && is_zero_value(field, *value);
    }
    if (absent && how_.by_meaning) value = nullptr;
    const bool keep_null = how_.null_creation_timestamp && field.key == "creationTimestamp";
    if (absent && field.omit_empty && !keep_null) return;
    if (!is_absent(value) && field.shape == CoreShape::map && all_ignored(*value, here)) return;

    sink_.field(field.key);
    if (is_absent(value)) {
      write_zero(field, here);
    } else if (field.shape == CoreShape::list) {
      write_items(field, *value, here);
    } else if (field.shape == CoreShape::map) {
      write_entries(field, *value, here);
    } else {
      write_value(field, *value, here);
    }
  }

  /// What Go writes of a field that was never set and may not be left out.
  void write_zero(const CoreField& field, const Place* here) {
    if (field.pointer || field.shape != CoreShape::one) return sink_.value(null());
    write_zero_element(field, here);
  }

  void write_zero_element(const CoreField& field, const Place* here) {
    switch (field.value) {
      case CoreValue::string:
        return sink_.text("");
      case CoreValue::boolean:
        return sink_.value(Json(false));
      case CoreValue::int32:
      case CoreValue::int64:
      case CoreValue::int_or_string:
        return sink_.value(Json(0));
      case CoreValue::quantity:
        return sink_.text("0");
      case CoreValue::object:
        return write_struct(*field.type, empty_object(), here);
      case CoreValue::time:
      case CoreValue::micro_time:
      case CoreValue::bytes:
      case CoreValue::any:
        return sink_.value(null());
    }
  }

  void write_items(const CoreField& field, const Json& list, const Place* here) {
    sink_.begin_array();
    std::int64_t index = 0;
    for (const Json& item : list.as_array()) {
      const Place element{here, {}, index++, here->type};
      write_element(field, item, &element);
    }
    sink_.end_array();
  }

  void write_entries(const CoreField& field, const Json& map, const Place* here) {
    std::vector<const Json::Member*> members;
    members.reserve(map.size());
    for (const Json::Member& member : map.as_object()) members.push_back(&member);
    // Stable, so that of two members with one key the later one can win, as in Go.
    std::ranges::stable_sort(members, {},
                             [](const Json::Member* m) -> const auto& { return m->first; });
    sink_.begin_object();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::string& key = members[i]->first;
      if (i + 1 < members.size() && members[i + 1]->first == key) continue;
      if (is_ignored(key, here)) continue;
      sink_.key(key);
      write_element(field, members[i]->second, here);
    }
    sink_.end_object();
  }

  void write_element(const CoreField& field, const Json& value, const Place* here) {
    if (value.is_null() || !has_right_type(field, value, here)) {
      return write_zero_element(field, here);
    }
    write_value(field, value, here);
  }

  void write_value(const CoreField& field, const Json& value, const Place* here) {
    switch (field.value) {
      case CoreValue::object:
        return write_struct(*field.type, value, here);
      case CoreValue::quantity:
        return write_quantity(field, value, here);
      case CoreValue::time:
      case CoreValue::micro_time:
        return write_time(field, value, here);
      case CoreValue::bytes:
        return write_bytes(value, here);
      case CoreValue::string:
        return sink_.text(value.string_or_empty());
      default:
        return sink_.value(value);
    }
  }

  void write_quantity(const CoreField& field, const Json& value, const Place* here) {
    const std::string number = value.is_string() ? std::string() : go_json(value);
    const Result<Quantity> parsed =
        Quantity::parse(value.is_string() ? trim(value.as_string()) : number);
    if (!parsed) {
      report(here, parsed.error().message);
      return sink_.text("0");
    }
    // Only resource lists are maps of quantities; servers round their values up.
    const bool round = fills() && field.shape == CoreShape::map;
    const Quantity quantity = round ? parsed->rounded_up_to_milli() : *parsed;
    sink_.text(how_.by_meaning ? quantity.value_text() : quantity.text());
  }

  void write_time(const CoreField& field, const Json& value, const Place* here) {
    Result<std::string> time =
        canonical_go_time(value.as_string(), field.value == CoreValue::micro_time);
    if (!time) {
      report(here, time.error().message);
      return sink_.value(null());
    }
    sink_.text(*time);
  }

  void write_bytes(const Json& value, const Place* here) {
    if (const auto wrong = find_bad_base64(value.as_string())) {
      report(here, "illegal base64 data at input byte " + std::to_string(*wrong));
      return sink_.value(null());
    }
    sink_.text(value.as_string());
  }

  bool has_right_shape(const CoreField& field, const Json& value, const Place* here) {
    if (field.shape == CoreShape::one) return has_right_type(field, value, here);
    const bool list = field.shape == CoreShape::list;
    if (list ? value.is_array() : value.is_object()) return true;
    report_mismatch(here, value, (list ? "[]" : "map[string]") + go_type_name(field));
    return false;
  }

  bool has_right_type(const CoreField& field, const Json& value, const Place* here) {
    if (const auto problem = find_type_problem(field.value, value)) {
      if (*problem == TypeProblem::mismatch) {
        report_mismatch(here, value, go_type_name(field));
      } else {
        report(here, "json: cannot unmarshal " + go_kind_of(value, go_type_name(field)) +
                         " into Go value of type " + go_type_name(field));
      }
      return false;
    }
    return true;
  }

  void report_mismatch(const Place* here, const Json& value, const std::string& go_type) {
    const CoreType* holder = here != nullptr ? here->type : nullptr;
    const std::string into = holder == nullptr ? "value"
                                               : "struct field " + std::string(holder->go_name) +
                                                     "." + path_of(here, false);
    report(here, "json: cannot unmarshal " + go_kind_of(value, go_type) + " into Go " + into +
                     " of type " + go_type);
  }

  void report(const Place* here, std::string message) {
    if (!error_) error_ = Error{ErrorCode::invalid, path_of(here, true), std::move(message), {}};
  }

  bool is_ignored(std::string_view key, const Place* here) const {
    return !how_.ignored_label.empty() && key == how_.ignored_label && here->key == "labels";
  }

  bool all_ignored(const Json& map, const Place* here) const {
    return !how_.ignored_label.empty() &&
           std::ranges::all_of(map.as_object(), [&](const Json::Member& member) {
             return is_ignored(member.first, here);
           });
  }

  Sink& sink_;
  const GoEncoding& how_;
  std::optional<Error> error_;
  bool host_network_ = false;
};

}  // namespace

const Json& Slots::get(std::string_view key) const {
  const CoreField* field = type_->find(key);
  ASSERT(field != nullptr);
  const Json* value = values_[static_cast<std::size_t>(field - type_->fields.data())];
  return value == nullptr ? null() : *value;
}

void Slots::set(std::string_view key, const Json* value) {
  const CoreField* field = type_->find(key);
  ASSERT(field != nullptr);
  values_[static_cast<std::size_t>(field - type_->fields.data())] = value;
}

bool Slots::is_zero(std::string_view key) const {
  const CoreField* field = type_->find(key);
  ASSERT(field != nullptr);
  const Json& value = get(key);
  return value.is_null() || (!field->pointer && is_zero_value(*field, value));
}

Result<Json> encode_as_go(const CoreType& type, const Json& value, const GoEncoding& how) {
  ValueSink sink;
  Encoder encoder(sink, how);
  encoder.write_struct(type, value, nullptr);
  if (encoder.error()) return Failure(*std::move(encoder.error()));
  return sink.take();
}

std::string encode_as_go_text(const CoreType& type, const Json& value, const GoEncoding& how) {
  TextSink sink;
  Encoder(sink, how).write_struct(type, value, nullptr);
  return sink.take();
}

std::string encode_list_as_go_text(const CoreType& type, const Json& list, const GoEncoding& how) {
  TextSink sink;
  Encoder(sink, how).write_list(type, list);
  return sink.take();
}

}  // namespace slipway::api
