#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/box.h"
#include "api/codec.h"
#include "api/meta.h"
#include "api/pod_template.h"
#include "api/unknown_fields.h"

/// Turns the `fields` lists of the API's types into tables for one interpreter. Included by the few
/// .cc files that define tables, and by the interpreter; everyone else needs `codec.h` only.
namespace slipway::api {

/// What a value looks like from the interpreter's point of view.
enum class Shape : std::uint8_t {
  boolean,
  int32,
  int64,
  string,
  instant,
  int_or_string,
  json,
  pod_template,
  object,    ///< A struct with a table.
  optional,  ///< std::optional or Box.
  list,      ///< std::vector
  map,       ///< std::map from std::string
};

/// Receives the entries of a map in order.
struct MapVisitor {
  virtual void entry(const std::string& key, const void* value) = 0;

 protected:
  ~MapVisitor() = default;
};

/// The operations of one type of value, the type itself erased. Which are set depends on `shape`.
struct ValueType {
  Shape shape = Shape::boolean;
  const TypeTable& (*table)() = nullptr;  ///< object
  const ValueType* inner = nullptr;       ///< optional, list, map

  /// optional: the value, or nothing.
  const void* (*get)(const void* optional) = nullptr;
  /// optional: puts a fresh value in. list: appends one. Returns it.
  void* (*add)(void* container) = nullptr;
  /// optional: empties it. list: removes the last item.
  void (*drop)(void* container) = nullptr;

  std::size_t (*size)(const void* container) = nullptr;                ///< list, map
  const void* (*item)(const void* list, std::size_t index) = nullptr;  ///< list
  void (*visit)(const void* map, MapVisitor& visitor) = nullptr;       ///< map
  void* (*insert)(void* map, const std::string& key) = nullptr;        ///< map
  void (*erase)(void* map, const std::string& key) = nullptr;          ///< map
};

/// One field of a type.
struct Field {
  std::string_view key;
  const ValueType* type = nullptr;
  std::uint32_t offset = 0;
  Facets facets;
};

struct TypeTable {
  std::vector<Field> fields;           ///< In the order of declaration.
  const Kind* kind = nullptr;          ///< Set for objects: they have `apiVersion` and `kind` too.
  std::ptrdiff_t unknown_fields = -1;  ///< Offset of the UnknownFields, or -1.
};

namespace field_table {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_optional<Box<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T, std::less<>>> = true;

template <class T>
constexpr ValueType make_value_type();

template <class T>
inline constexpr ValueType value_type = make_value_type<T>();

template <class T>
constexpr ValueType make_optional() {
  using Inner = std::remove_cvref_t<decltype(*std::declval<T&>())>;
  return {
      .shape = Shape::optional,
      .inner = &value_type<Inner>,
      .get = [](const void* p) -> const void* {
        const T& value = *static_cast<const T*>(p);
        return value.has_value() ? &*value : nullptr;
      },
      .add = [](void* p) -> void* { return &static_cast<T*>(p)->emplace(); },
      .drop = [](void* p) { static_cast<T*>(p)->reset(); },
  };
}

template <class T>
constexpr ValueType make_list() {
  return {
      .shape = Shape::list,
      .inner = &value_type<typename T::value_type>,
      .add = [](void* p) -> void* { return &static_cast<T*>(p)->emplace_back(); },
      .drop = [](void* p) { static_cast<T*>(p)->pop_back(); },
      .size = [](const void* p) { return static_cast<const T*>(p)->size(); },
      .item = [](const void* p, std::size_t i) -> const void* {
        return &(*static_cast<const T*>(p))[i];
      },
  };
}

template <class T>
constexpr ValueType make_map() {
  return {
      .shape = Shape::map,
      .inner = &value_type<typename T::mapped_type>,
      .size = [](const void* p) { return static_cast<const T*>(p)->size(); },
      .visit =
          [](const void* p, MapVisitor& visitor) {
            for (const auto& [key, value] : *static_cast<const T*>(p)) visitor.entry(key, &value);
          },
      .insert = [](void* p, const std::string& key) -> void* {
        return &(*static_cast<T*>(p))[key];
      },
      .erase = [](void* p, const std::string& key) { static_cast<T*>(p)->erase(key); },
  };
}

template <class T>
constexpr ValueType make_value_type() {
  if constexpr (std::is_same_v<T, bool>)
    return {.shape = Shape::boolean};
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return {.shape = Shape::int32};
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return {.shape = Shape::int64};
  else if constexpr (std::is_same_v<T, std::string>)
    return {.shape = Shape::string};
  else if constexpr (std::is_same_v<T, Instant>)
    return {.shape = Shape::instant};
  else if constexpr (std::is_same_v<T, IntOrString>)
    return {.shape = Shape::int_or_string};
  else if constexpr (std::is_same_v<T, Json>)
    return {.shape = Shape::json};
  else if constexpr (std::is_same_v<T, PodTemplate>)
    return {.shape = Shape::pod_template};
  else if constexpr (is_optional<T>)
    return make_optional<T>();
  else if constexpr (is_list<T>)
    return make_list<T>();
  else if constexpr (is_map<T>)
    return make_map<T>();
  else
    return {.shape = Shape::object, .table = &table_of<T>};
}

template <class T>
concept has_unknown_fields = requires(T& object) { object.unknown_fields.members(); };

/// Objects have a constant `kind`; some structs have a text member of that name.
template <class T>
concept is_object = requires { requires std::is_same_v<decltype(T::kind), const Kind>; };

/// Stands for any value but a T itself, in unevaluated code.
template <class T>
struct Anything {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U() const;
};

template <class T, std::size_t... index>
constexpr bool takes(std::index_sequence<index...>) {
  return requires { T{((void)index, Anything<T>{})...}; };
}

template <class T>
constexpr std::size_t count_fields() {
  std::size_t count = 0;
  T::fields([&](const char*, auto, const Facets& = {}) { ++count; });
  return count;
}

/// How many elements an aggregate T has if its `fields` lists them all: a base class counts as one.
template <class T>
constexpr std::size_t count_elements() {
  std::size_t count = count_fields<T>() + (has_unknown_fields<T> ? 1 : 0);
  if constexpr (requires { typename T::Base; }) count += 1 - count_fields<typename T::Base>();
  return count;
}

}  // namespace field_table

/// Whether T's `fields` names every member, `unknown_fields` aside.
template <class T>
inline constexpr bool lists_every_member =
    field_table::takes<T>(std::make_index_sequence<field_table::count_elements<T>()>()) &&
    !field_table::takes<T>(std::make_index_sequence<field_table::count_elements<T>() + 1>());

template <class T>
const TypeTable& table_of() {
  static_assert(lists_every_member<T>, "a member is missing in the type's field list");
  static const TypeTable table = [] {
    TypeTable made;
    const T example{};
    const auto offset_of = [&](const auto& member) {
      return reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&example);
    };
    T::fields([&](const char* key, auto member, const Facets& facets = {}) {
      using Member = std::remove_cvref_t<decltype(example.*member)>;
      made.fields.push_back({key, &field_table::value_type<Member>,
                             static_cast<std::uint32_t>(offset_of(example.*member)), facets});
    });
    if constexpr (field_table::is_object<T>) made.kind = &T::kind;
    if constexpr (field_table::has_unknown_fields<T>) {
      made.unknown_fields = offset_of(example.unknown_fields);
    }
    return made;
  }();
  return table;
}

}  // namespace slipway::api
