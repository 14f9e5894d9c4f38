#pragma once

#include <string_view>

namespace slipway::api {

// The facts about Kubernetes' core types, as text: about 900 fields read at the process's first use
// of them. Source: k8s.io/api and k8s.io/apimachinery v0.34, in the order of Go's structs, embedded
// ones spread out.
//
//     package io.k8s.api.core.v1        the OpenAPI package of what follows
//     LocalObjectReference atomic       a struct; `= Name` gives Go's name where ours differs
//       name string? default:""         a field: key, type, flags
//
// Types: string, bool, int32, int64, quantity, int_or_string, time, micro_time, bytes, any, or a
// struct of the tables. Before it `[]` for a list, `{}` for a map with string keys, `*` for a Go
// pointer, where absent and zero differ. After it `?` for `omitempty`, `??` for `omitzero`.
//
// Flags: `merge:key` (or `merge`, of primitives) and `retain` are the strategic merge patch's
// strategy; `keys:a,b`, `set` and `atomic` the list's topology in a schema; `required` and
// `optional` where the `?` would tell otherwise; `default:v` a default that the schema publishes
// and the server applies; `fill:v` one that only the server applies.
extern const std::string_view core_types_meta;
extern const std::string_view core_types_pod_spec;
extern const std::string_view core_types_container;
extern const std::string_view core_types_volume;
extern const std::string_view core_types_pod;
extern const std::string_view core_types_workload;
extern const std::string_view core_types_network;
extern const std::string_view core_types_cluster;
extern const std::string_view core_types_steps;

}  // namespace slipway::api
