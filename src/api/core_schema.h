#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace slipway::api {

/// What one value of a core Kubernetes type is, lists and maps aside.
enum class CoreValue : std::uint8_t {
  string,
  boolean,
  int32,
  int64,
  quantity,       ///< resource.Quantity: "500m", or a bare number.
  int_or_string,  ///< intstr.IntOrString
  time,           ///< metav1.Time: RFC 3339, or null.
  micro_time,     ///< metav1.MicroTime: with six decimals.
  bytes,          ///< Base64.
  object,         ///< A struct of the table: `CoreField::type`.
  any,            ///< Any JSON, kept as it is.
};

/// How many values a field holds.
enum class CoreShape : std::uint8_t { one, list, map };

struct CoreType;

/// One field of a core type.
struct CoreField {
  std::string_view key;
  CoreValue value = CoreValue::string;
  CoreShape shape = CoreShape::one;
  bool pointer = false;     ///< Absent and zero differ.
  bool omit_empty = false;  ///< Go leaves it out: absent, or (unless a pointer) zero or empty.
  bool required = false;    ///< The schema demands it.

  // What a strategic merge patch does with it.
  bool merge = false;          ///< Merges this list, else replaces it.
  std::string_view merge_key;  ///< Of a merging list of structs: "name". Empty: a list of strings.
  bool retain_keys = false;    ///< Honours `$retainKeys` here.

  // Its topology in a schema.
  std::vector<std::string_view> map_keys;  ///< `x-kubernetes-list-map-keys`
  bool set = false;                        ///< `x-kubernetes-list-type: set`
  bool atomic = false;                     ///< The list's or map's type is atomic.

  Json published_default;          ///< Null, or the default that the schema shows.
  Json server_default;             ///< Null, or what the server fills in; holds the former too.
  const CoreType* type = nullptr;  ///< The struct, where `value` is object.
};

/// One core type: its fields in Go's order, embedded structs spread out.
struct CoreType {
  std::string_view name;     ///< "PodSpec". Unique: discovery's EndpointPort is SliceEndpointPort.
  std::string_view go_name;  ///< As Go's errors print it.
  std::string_view package;  ///< "io.k8s.api.core.v1"
  bool atomic = false;       ///< `x-kubernetes-map-type: atomic`
  std::vector<CoreField> fields;

  /// The field of that JSON key, or nothing.
  const CoreField* find(std::string_view key) const;
};

/// The type of that name ("PodTemplateSpec", "ReplicaSet", "JobSpec"), or nothing. Types live as
/// long as the process.
const CoreType* find_core_type(std::string_view name);

/// Every type, for tests and for printing OpenAPI.
std::span<const CoreType> core_types();

/// The OpenAPI v3 schema of a type as CustomResourceDefinitions hold it: structural, every struct
/// spelled out, without descriptions. Pod templates carry Argo Rollouts' overrides (crd-meta.tsv,
/// `schema-override`): their metadata shows labels and annotations only; `volumes` and the
/// containers' resource lists keep unknown fields. Null for an unknown type.
Json core_schema_json(std::string_view type_name);

/// All types as `components.schemas` of an OpenAPI v3 document: structs refer to each other by
/// "#/components/schemas/io.k8s.api.core.v1.PodSpec", merge keys included.
Json core_openapi_schemas();

}  // namespace slipway::api
