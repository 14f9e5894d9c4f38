#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// What one value of a core Kubernetes type is, lists and maps aside.
enum class CoreValue : std::uint8_t {
  string,
  boolean,
  int32,
  int64,
  number,         ///< A double.
  quantity,       ///< resource.Quantity: "500m", or a bare number.
  int_or_string,  ///< intstr.IntOrString
  time,           ///< metav1.Time: RFC 3339, or null.
  micro_time,     ///< metav1.MicroTime: with six decimals.
  bytes,          ///< Base64.
  object,         ///< A struct of the table, named by `CoreField::object`.
  any,            ///< Any JSON, kept as it is.
};

/// How many values a field holds.
enum class CoreShape : std::uint8_t { one, list, map };

/// When Go's encoder leaves a field out. Source: the fields' `omitempty` and `omitzero`.
enum class CoreOmit : std::uint8_t {
  never,  ///< Always written; an absent list, map or pointer as null.
  nil,    ///< Left out only when absent: a present zero ("", 0, false, {}) is written.
  empty,  ///< Left out when zero: absent, "", 0, false, an empty list or map.
};

struct CoreType;

/// One field of a core type.
struct CoreField {
  std::string_view key;
  CoreValue value = CoreValue::string;
  CoreShape shape = CoreShape::one;
  CoreOmit omit = CoreOmit::empty;
  bool required = false;         ///< The schema demands it.
  bool pointer = false;          ///< Absent and zero differ.
  bool merge = false;            ///< Strategic merge patch merges this list, else replaces it.
  bool retain_keys = false;      ///< Strategic merge patch honours `$retainKeys` here.
  bool atomic = false;           ///< `x-kubernetes-map-type` or `-list-type` is atomic.
  std::string_view object;       ///< Name of the struct where `value` is object.
  std::string_view merge_key;    ///< Of a list of structs that merges: "name".
  std::vector<std::string_view> map_keys;  ///< `x-kubernetes-list-map-keys`.
  bool set = false;              ///< `x-kubernetes-list-type: set`.
  std::string_view schema_default;  ///< A default in the published schema: "TCP".
  const CoreType* type = nullptr;   ///< The struct itself where `value` is object.
};

/// One core type: its fields in Go's order, embedded structs spread out.
struct CoreType {
  std::string_view name;  ///< "PodSpec"; of two groups' namesakes one is qualified.
  std::string_view go_name;  ///< As Go prints it in decoding errors: "v1.PodSpec" is "PodSpec".
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
/// spelled out. Below pod templates, Argo Rollouts' overrides are applied (crd-meta.tsv,
/// `schema-override`): template metadata shows labels and annotations only; `volumes` and the
/// containers' resource lists keep unknown fields. Null for an unknown type.
Json core_schema_json(std::string_view type_name);

/// Reads a value as an API server does: unknown fields are dropped and reported as paths
/// ("spec.template.foo"), nulls are dropped, types are checked, quantities made canonical.
///
/// *Errors*: `invalid`, worded as Go's JSON decoder words it: "json: cannot unmarshal string into
/// Go struct field ReplicaSetSpec.spec.replicas of type int32".
Result<Json> conform(const CoreType& type, Json value, std::vector<std::string>* unknown_fields);

}  // namespace slipway::api
