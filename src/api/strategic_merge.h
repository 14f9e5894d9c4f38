#pragma once

#include "api/core_schema.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// Applies a strategic merge patch to an object of a core type: objects merge and null deletes, as
/// in a merge patch, and lists merge where the type says so, structs by their merge key, strings as
/// sets. Honours `$patch` (delete, replace), `$retainKeys`, `$setElementOrder/list` and
/// `$deleteFromPrimitiveList/list`. Source: k8s.io/apimachinery, strategicpatch.
///
/// *Errors*: `invalid` for a malformed directive or an item without its merge key; the message is
/// Go's.
Result<Json> apply_strategic_merge_patch(Json original, const Json& patch, const CoreType& type);

}  // namespace slipway::api
