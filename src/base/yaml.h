#pragma once

#include <map>
#include <string>

#include "base/json.h"

namespace slipway {

/// Reads a stream of YAML documents into JSON values, with YAML 1.1's scalars as sigs.k8s.io/yaml
/// reads them: `yes`, `on` and `y` are booleans, `0644` is octal; keys become texts ("true",
/// "420"). Anchors, aliases and merge keys work; what they make is bounded. Empty documents are
/// left out. A key seen twice is an error. Errors name line and column.
Result<std::vector<Json>> parse_yaml(std::string_view text);

/// A document and where its values stand.
struct LocatedYaml {
  Json value;
  int line = 1;  ///< Where it begins.
  /// By RFC 6901 pointer: the line of a member's key or of an item. What an alias or a merge made
  /// is not in it.
  std::map<std::string, int, std::less<>> lines;
};
/// The same for who tells people where something is wrong.
Result<std::vector<LocatedYaml>> parse_located_yaml(std::string_view text);

/// Reads exactly one document.
Result<Json> parse_yaml_document(std::string_view text);

/// Block-style YAML, keys in the order of the value; strings are quoted where they would read as
/// another type.
std::string to_yaml(const Json& value);

}  // namespace slipway
