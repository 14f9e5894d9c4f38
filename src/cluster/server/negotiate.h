#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::cluster {

/// The form in which an answer is wanted, from the request's `Accept`.
struct Representation {
  enum class Shape { object, table, metadata, metadata_list };
  Shape shape = Shape::object;
  bool yaml = false;
  std::string shape_version = "v1";  ///< Of meta.k8s.io, for tables and partial metadata.
};

/// The first form in `accept` that this server has; nothing where there is none. Protobuf is never
/// among them, so that clients fall back to JSON.
std::optional<Representation> negotiate(std::string_view accept);

/// One media range: its type, and its parameters by name.
class MediaRange {
 public:
  explicit MediaRange(std::string_view text) : text_(text) {}
  /// "application/json", blanks trimmed.
  std::string_view type() const;
  /// The value of a parameter such as "as", or an empty text.
  std::string_view parameter(std::string_view name) const;

 private:
  std::string_view text_;
};

}  // namespace slipway::cluster
