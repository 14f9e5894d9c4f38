#pragma once

#include "cluster/server/server.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {

// What a request may ask for besides its body. Source: apimachinery, `meta/v1/validation` and
// `meta/internalversion/validation`.

/// *Errors*: 422 for `dryRun`, `fieldManager` and `force` of a kind that no server takes.
/// `options_kind` is what they are together: "CreateOptions", "UpdateOptions", "PatchOptions".
Served<void> check_write_options(const Call& call, std::string_view options_kind);

/// *Errors*: 400 for what is no number, 422 for versions and matches that make no sense together.
Served<void> check_list_options(const Call& call, bool is_watch);

/// Reads the options of a deletion from its body, or from the query of a request without one.
Served<DeleteOptions> read_delete_options(const Call& call);

}  // namespace slipway::cluster
