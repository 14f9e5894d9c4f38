#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::cluster {

/// The decoded query of a request.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);

  /// The first value of that name, or an empty text.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  /// "1" or "true", as apimachinery reads booleans in queries.
  bool is_true(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// What a path asks for: "/apis/apps/v1/namespaces/shop/replicasets/web/scale".
struct RequestPath {
  /// The path's parts, decoded; "/api/v1" has two.
  std::vector<std::string> parts;

  // Set where the path lies below a group's version and names a resource.
  std::string group;  ///< Empty for the core group.
  std::string version;
  std::string namespace_;  ///< Empty: all namespaces, or a cluster-scoped resource.
  std::string resource;    ///< Empty: the path names no resource.
  std::string name;        ///< Empty: the collection.
  std::string subresource;

  bool names_resource() const { return !resource.empty(); }
};

/// Never fails: what is no resource's path has its parts only.
RequestPath parse_request_path(std::string_view path);

/// Splits a target at its '?'.
std::pair<std::string_view, std::string_view> split_target(std::string_view target);

}  // namespace slipway::cluster
