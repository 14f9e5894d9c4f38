#include "api/core_schema.h"

#include <deque>
#include <unordered_map>

#include "api/core_tables.h"
#include "base/ensure.h"
#include "base/text.h"

namespace slipway::api {
namespace {

/// The tables, read and tied together.
struct Registry {
  std::vector<CoreType> types;
  std::unordered_map<std::string_view, const CoreType*> by_name;
};

constexpr std::pair<std::string_view, CoreValue> value_names[] = {
    {"string",        CoreValue::string       },
    {"bool",          CoreValue::boolean      },
    {"int32",         CoreValue::int32        },
    {"int64",         CoreValue::int64        },
    {"quantity",      CoreValue::quantity     },
    {"int_or_string", CoreValue::int_or_string},
    {"time",          CoreValue::time         },
    {"micro_time",    CoreValue::micro_time   },
    {"bytes",         CoreValue::bytes        },
    {"any",           CoreValue::any          },
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Structs, times and quantities held by value are never zero to Go's `omitempty`.
bool is_struct(CoreValue value) {
  return value == CoreValue::object || value == CoreValue::time || value == CoreValue::micro_time ||
         value == CoreValue::quantity || value == CoreValue::int_or_string;
}

/// Reads "[]Container?", and returns the name of the struct, if it is one.
std::string_view read_type(std::string_view text, CoreField& field) {
  bool omit_zero = false;
  if (text.ends_with("??")) {
    omit_zero = true;
    text.remove_suffix(2);
  } else if (text.ends_with("?")) {
    field.omit_empty = true;
    text.remove_suffix(1);
  }
  field.required = !field.omit_empty && !omit_zero;
  if (take_prefix(text, "*")) field.pointer = true;
  if (take_prefix(text, "[]")) field.shape = CoreShape::list;
  if (take_prefix(text, "{}")) field.shape = CoreShape::map;
  field.value = CoreValue::object;
  for (const auto& [name, value] : value_names) {
    if (text == name) field.value = value;
  }
  if (field.shape == CoreShape::one && !field.pointer && is_struct(field.value)) {
    field.omit_empty = false;
  }
  if (omit_zero) field.omit_empty = true;
  return field.value == CoreValue::object ? text : std::string_view();
}

Json read_default(std::string_view text, const CoreField& field) {
  if (field.value == CoreValue::string || field.value == CoreValue::int_or_string) {
    return Json(text == "\"\"" ? std::string_view() : text);
  }
  Result<Json> value = parse_json(text);
  ASSERT(value.has_value());
  return std::move(*value);
}

void read_flag(std::string_view flag, CoreField& field) {
  if (flag == "merge") {
    field.merge = true;
  } else if (take_prefix(flag, "merge:")) {
    field.merge = true;
    field.merge_key = flag;
  } else if (flag == "retain") {
    field.retain_keys = true;
  } else if (flag == "set") {
    field.set = true;
  } else if (flag == "atomic") {
    field.atomic = true;
  } else if (flag == "required") {
    field.required = true;
  } else if (flag == "optional") {
    field.required = false;
  } else if (take_prefix(flag, "keys:")) {
    field.map_keys = split(flag, ',');
  } else if (take_prefix(flag, "default:")) {
    field.published_default = read_default(flag, field);
    field.server_default = field.published_default;
  } else {
    ASSERT(take_prefix(flag, "fill:"));
    field.server_default = read_default(flag, field);
  }
}

/// Reads one table. The structs that its fields name go to `structs`, in the fields' order.
void read_table(std::string_view table, std::vector<CoreType>& types,
                std::vector<std::string_view>& structs) {
  std::string_view package;
  for (std::string_view line : split(table, '\n')) {
    if (line.empty()) continue;
    const bool is_field = line.starts_with("  ");
    const std::vector<std::string_view> words = split(trim(line), ' ');
    if (is_field) {
      CoreField& field = types.back().fields.emplace_back();
      field.key = words[0];
      structs.push_back(read_type(words[1], field));
      for (std::size_t i = 2; i < words.size(); ++i) read_flag(words[i], field);
    } else if (words[0] == "package") {
      package = words[1];
    } else {
      CoreType& type = types.emplace_back();
      type.name = words[0];
      type.go_name = words.size() > 2 && words[1] == "=" ? words[2] : words[0];
      type.package = package;
      type.atomic = words.back() == "atomic";
    }
  }
}

Registry make_registry() {
  Registry registry;
  std::vector<std::string_view> structs;
  for (const std::string_view table : {core_types_meta, core_types_pod_spec, core_types_container,
                                       core_types_volume, core_types_pod, core_types_workload,
                                       core_types_network, core_types_cluster, core_types_steps}) {
    read_table(table, registry.types, structs);
  }
  for (const CoreType& type : registry.types) {
    const bool is_new = registry.by_name.emplace(type.name, &type).second;
    ASSERT(is_new);
  }
  std::size_t next = 0;
  for (CoreType& type : registry.types) {
    for (CoreField& field : type.fields) {
      const std::string_view name = structs[next++];
      if (name.empty()) continue;
      const auto found = registry.by_name.find(name);
      ASSERT(found != registry.by_name.end());
      field.type = found->second;
    }
  }
  return registry;
}

const Registry& registry() {
  static const Registry instance = make_registry();
  return instance;
}

}  // namespace

const CoreField* CoreType::find(std::string_view key) const {
  for (const CoreField& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

const CoreType* find_core_type(std::string_view name) {
  const auto found = registry().by_name.find(name);
  return found == registry().by_name.end() ? nullptr : found->second;
}

std::span<const CoreType> core_types() {
  return registry().types;
}

}  // namespace slipway::api
