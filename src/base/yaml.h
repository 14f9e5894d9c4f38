#pragma once

#include "base/json.h"

namespace slipway {

/// Reads a stream of YAML documents into JSON values, with YAML 1.1's scalars as Kubernetes reads
/// them (`yes`, `on` are booleans only where sigs.k8s.io/yaml has them so; `0644` is octal). Empty
/// documents are left out. Errors name line and column.
Result<std::vector<Json>> parse_yaml(std::string_view text);

/// Reads exactly one document.
Result<Json> parse_yaml_document(std::string_view text);

/// Block-style YAML, keys in the order of the value; strings are quoted where they would read as
/// another type.
std::string to_yaml(const Json& value);

}  // namespace slipway
