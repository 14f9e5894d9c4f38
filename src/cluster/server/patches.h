#pragma once

#include "base/json.h"
#include "cluster/server/resource.h"

namespace slipway::cluster {

/// The body of a PATCH request, read.
struct Patch {
  enum class Type { json, merge, strategic_merge };
  Type type;
  Json body;
  /// Doubled and unknown keys of the patch itself: `duplicate field "data.k"`.
  std::vector<std::string> complaints = {};
};

/// *Errors*: 415 for media types that the kind doesn't take, server-side apply among them; 400 for
/// what is no patch, in Go's words.
Served<Patch> read_patch(const kubernetes::Request& request, const Resource& resource);

/// *Errors*: 422 for a JSON patch that doesn't fit the object (a refused `test` included), 500 for
/// a strategic merge patch with bad directives.
Served<Json> apply_patch(const Patch& patch, const Resource& resource, const Json& object);

}  // namespace slipway::cluster
