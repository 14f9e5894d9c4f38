#include "cluster/server/protobuf/decode.h"

#include <unordered_map>

#include "api/core_schema.h"
#include "base/ensure.h"
#include "base/text.h"
#include "base/time.h"
#include "cluster/server/protobuf/numbers.h"
#include "cluster/server/valid_text.h"

namespace slipway::cluster {
namespace {

using api::CoreField;
using api::CoreShape;
using api::CoreType;
using api::CoreValue;

constexpr std::string_view magic{"k8s\0", 4};
constexpr int depth_max = 64;  // JSONSchemaProps apart, no core type nests half as deep.

/// Where a number leads: to a field, or to a struct whose fields lie in this one.
struct Target {
  std::string_view key;
  std::string_view inlined;
};
using Numbers = std::unordered_map<std::uint32_t, Target>;

const std::unordered_map<std::string_view, Numbers>& all_numbers() {
  static const auto* const table = [] {
    auto* types = new std::unordered_map<std::string_view, Numbers>;
    Numbers* numbers = nullptr;
    for (const std::string_view line : split(protobuf_numbers, '\n')) {
      for (const std::string_view word : split(line, ' ')) {
        const std::size_t sign = word.find('=');
        if (word.empty()) continue;
        if (sign == std::string_view::npos) {
          numbers = &(*types)[word];
          continue;
        }
        const auto number = parse_integer(word.substr(sign + 1));
        ASSERT(number.has_value() && numbers != nullptr);
        const std::string_view key = word.substr(0, sign);
        const bool inlined = key.starts_with('*');
        (*numbers)[static_cast<std::uint32_t>(*number)] =
            inlined ? Target{{}, key.substr(1)} : Target{key, {}};
      }
    }
    return types;
  }();
  return *table;
}

Failure malformed(std::string_view what) {
  return fail(ErrorCode::invalid, "", "malformed protobuf: " + std::string(what));
}

/// Reads the pieces of one message.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return bytes_.empty(); }

  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (bytes_.empty()) return malformed("it is cut short");
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return malformed("a number is too long");
  }

  Result<std::string_view> take(std::uint64_t size) {
    if (size > bytes_.size()) return malformed("it is cut short");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view bytes_;
};

/// One field as it stands on the wire: a number, or bytes.
struct Wire {
  std::uint32_t number = 0;
  bool is_bytes = false;
  std::uint64_t value = 0;
  std::string_view bytes;
};

Result<Wire> next_field(Reader& reader) {
  const std::uint64_t tag = TRY(reader.varint());
  Wire wire;
  wire.number = static_cast<std::uint32_t>(tag >> 3);
  switch (tag & 7) {
    case 0:
      wire.value = TRY(reader.varint());
      break;
    case 1:
      wire.bytes = TRY(reader.take(8));
      break;
    case 2:
      wire.is_bytes = true;
      wire.bytes = TRY(reader.take(TRY(reader.varint())));
      break;
    case 5:
      wire.bytes = TRY(reader.take(4));
      break;
    default:
      return malformed("a field has an unknown wire type");
  }
  return wire;
}

/// {seconds = 1, nanos = 2} as RFC 3339; the zero time is null.
Result<Json> read_time(std::string_view bytes, bool micro) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    if (wire.number == 1) seconds = static_cast<std::int64_t>(wire.value);
    if (wire.number == 2) nanos = static_cast<std::int64_t>(wire.value);
  }
  if (seconds == 0 && nanos == 0) return Json();
  const Instant time = Instant() + Duration::from_seconds(seconds) + Duration{nanos};
  return Json(micro ? format_rfc3339_micro(time) : format_rfc3339(time));
}

/// {type = 1, intVal = 2, strVal = 3}
Result<Json> read_int_or_string(std::string_view bytes) {
  bool is_string = false;
  Json number(0);
  Json text("");
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    if (wire.number == 1) is_string = wire.value == 1;
    if (wire.number == 2) {
      number = Json(static_cast<long>(static_cast<std::int32_t>(wire.value)));
    }
    if (wire.number == 3) text = Json(valid_text(wire.bytes));
  }
  return is_string ? text : number;
}

/// {string = 1}
Result<Json> read_quantity(std::string_view bytes) {
  Json text("0");
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    if (wire.number == 1) text = Json(valid_text(wire.bytes));
  }
  return text;
}

Result<void> read_message(const CoreType& type, std::string_view numbers_name,
                          std::string_view bytes, int depth, Json& object);

Result<Json> read_value(const CoreField& field, const Wire& wire, int depth) {
  switch (field.value) {
    case CoreValue::string:
      return Json(valid_text(wire.bytes));
    case CoreValue::boolean:
      return Json(wire.value != 0);
    case CoreValue::int32:
      return Json(static_cast<long>(static_cast<std::int32_t>(wire.value)));
    case CoreValue::int64:
      return Json(static_cast<long>(wire.value));
    case CoreValue::quantity:
      return read_quantity(wire.bytes);
    case CoreValue::int_or_string:
      return read_int_or_string(wire.bytes);
    case CoreValue::time:
      return read_time(wire.bytes, false);
    case CoreValue::micro_time:
      return read_time(wire.bytes, true);
    case CoreValue::bytes:
      return Json(base64_encode(wire.bytes));
    case CoreValue::any:
      return Json();
    case CoreValue::object:
      break;
  }
  Json object = Json::object();
  TRY_DONE(read_message(*field.type, field.type->name, wire.bytes, depth + 1, object));
  return object;
}

/// A map's entry: {key = 1, value = 2}.
Result<void> read_entry(const CoreField& field, std::string_view bytes, int depth, Json& map) {
  std::string key;
  Wire value;
  value.is_bytes = true;
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    if (wire.number == 1) key = valid_text(wire.bytes);
    if (wire.number == 2) value = wire;
  }
  map.set(key, TRY(read_value(field, value, depth)));
  return {};
}

bool is_packable(CoreValue value) {
  return value == CoreValue::int32 || value == CoreValue::int64 || value == CoreValue::boolean;
}

Result<void> read_field(const CoreField& field, const Wire& wire, int depth, Json& object) {
  switch (field.shape) {
    case CoreShape::map:
      return read_entry(field, wire.bytes, depth, object.member(field.key));
    case CoreShape::one:
      object.set(field.key, TRY(read_value(field, wire, depth)));
      return {};
    case CoreShape::list:
      break;
  }
  Json& list = object.member(field.key);
  if (!wire.is_bytes || !is_packable(field.value)) {
    list.push_back(TRY(read_value(field, wire, depth)));
    return {};
  }
  for (Reader packed(wire.bytes); !packed.done();) {
    Wire item;
    item.value = TRY(packed.varint());
    list.push_back(TRY(read_value(field, item, depth)));
  }
  return {};
}

/// Reads a message of this type into `object`. `numbers_name` differs from the type's name where
/// the message is inlined into the type.
Result<void> read_message(const CoreType& type, std::string_view numbers_name,
                          std::string_view bytes, int depth, Json& object) {
  if (depth > depth_max) return malformed("it is nested too deep");
  const auto numbers = all_numbers().find(numbers_name);
  if (numbers == all_numbers().end()) return {};  // An empty struct.
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    const auto target = numbers->second.find(wire.number);
    if (target == numbers->second.end()) continue;  // Newer than this server.
    if (!target->second.inlined.empty()) {
      TRY_DONE(read_message(type, target->second.inlined, wire.bytes, depth + 1, object));
    } else if (const CoreField* field = type.find(target->second.key)) {
      TRY_DONE(read_field(*field, wire, depth, object));
    }
  }
  return {};
}

/// runtime.Unknown: {typeMeta = 1 {apiVersion = 1, kind = 2}, raw = 2}.
struct Envelope {
  std::string_view api_version;
  std::string_view kind;
  std::string_view raw;
};

Result<Envelope> read_envelope(std::string_view bytes) {
  Envelope envelope;
  for (Reader reader(bytes); !reader.done();) {
    const Wire wire = TRY(next_field(reader));
    if (wire.number == 2) envelope.raw = wire.bytes;
    if (wire.number != 1) continue;
    for (Reader meta(wire.bytes); !meta.done();) {
      const Wire part = TRY(next_field(meta));
      if (part.number == 1) envelope.api_version = part.bytes;
      if (part.number == 2) envelope.kind = part.bytes;
    }
  }
  return envelope;
}

}  // namespace

Result<Json> decode_protobuf(std::string_view body) {
  if (!body.starts_with(magic)) {
    return malformed("the body does not begin with the bytes of a Kubernetes message");
  }
  const Envelope envelope = TRY(read_envelope(body.substr(magic.size())));
  const CoreType* type = api::find_core_type(envelope.kind);
  std::string_view numbers = envelope.kind;
  if (envelope.api_version.starts_with("events.k8s.io/")) numbers = "EventsEvent";
  if (type == nullptr || !all_numbers().contains(numbers)) {
    return fail(ErrorCode::invalid, "",
                "this cluster reads no protobuf of kind " + quote(envelope.kind) + ": send JSON");
  }
  Json object = Json::object();
  object.set("kind", valid_text(envelope.kind));
  object.set("apiVersion", valid_text(envelope.api_version));
  TRY_DONE(read_message(*type, numbers, envelope.raw, 0, object));
  return object;
}

}  // namespace slipway::cluster
