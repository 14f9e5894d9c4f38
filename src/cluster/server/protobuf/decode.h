#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace slipway::cluster {

inline constexpr std::string_view protobuf_media_type = "application/vnd.kubernetes.protobuf";

/// Reads an object of a core type as typed clients since client-go 1.32 send it: the four bytes
/// "k8s\0", then a runtime.Unknown that names the kind and wraps the message. Gives back what the
/// same client would have sent as JSON.
///
/// *Errors*: `invalid`: cut short, malformed, or of a kind without a table of numbers.
Result<Json> decode_protobuf(std::string_view body);

}  // namespace slipway::cluster
