#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cluster/server/patches.h"
#include "cluster/server/server.h"

namespace slipway::cluster {

/// How a request wants unknown and duplicate fields treated, from its `fieldValidation`.
enum class FieldValidation { ignore, warn, strict };

/// *Errors*: 422 for another value.
Served<FieldValidation> field_validation_of(const Call& call, std::string_view options_kind);

/// Reads a body of that media type (JSON, YAML, or protobuf of core types) as one object.
/// `duplicates` gets the paths of keys seen twice in JSON. *Errors*: 415, and 400 in Go's words.
/// `kind` is what the body should be, for messages.
Served<Json> read_body(std::string_view content_type, const std::string& body,
                       std::string_view kind, std::vector<std::string>* duplicates);

/// Reads the request's body as an object of its resource: kind and version checked, types checked,
/// defaults filled in, in the form that is stored. Warnings go to the call.
Served<Json> decode_body(Call& call);

/// The same for what `patch` made of `old`, in the form of the call's version. *Errors*: 422.
Served<Json> decode_patched(Call& call, const Patch& patch, Json object, const Json& old);

}  // namespace slipway::cluster
