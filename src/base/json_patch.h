#pragma once

#include "base/json.h"

namespace slipway {

/// Applies an RFC 6902 patch (add, remove, replace, move, copy, test) to `document`, all or
/// nothing.
///
/// As kube-apiserver does it (github.com/evanphx/json-patch, with its options there): `replace` on
/// a missing key of a present object creates it; `test` with null passes on a missing key whose
/// parent exists; `remove` of a missing path fails. At most 10,000 operations, and what they make
/// is bounded.
///
/// *Errors*: `refused` for a failed `test`, a missing path or an unknown operation, `invalid` for
/// what is no patch.
Result<Json> apply_json_patch(Json document, const Json& patch);

/// Applies an RFC 7396 merge patch: null deletes, objects merge, all else replaces.
Json apply_merge_patch(Json document, const Json& patch);

/// The merge patch that turns `from` into `to`: an empty object where they are equal. Members of
/// `to` that are null can't be told to a merge patch: applied, they are absent.
Json make_merge_patch(const Json& from, const Json& to);

}  // namespace slipway
