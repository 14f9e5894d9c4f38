#pragma once

#include <string_view>

#include "base/json.h"
#include "simulation/properties/json_difference.h"
#include "simulation/properties/ledger.h"

namespace slipway::simulation {

/// Whether a difference in the metadata at `where` ("/metadata", "/spec/template/metadata") is
/// about labels and annotations that a Rollout declares for its pods (`canaryMetadata` and its
/// like), in any version that there was, and about no others.
bool is_declared_metadata(const Difference& one, std::string_view where, const Ledger& ledger);

/// A pod template without what a controller may change of it later: declared metadata, the hash
/// label, and terms of anti-affinity that name one revision.
Json lasting_part(Json pod_template, const Ledger& ledger);

/// A ReplicaSet is of the template that the Rollout asks for, its own or the one it is lent,
/// whatever the status tells yet: with what the server and the controller put in.
bool has_template_of(const RolloutView& rollout, const ReplicaSetView& set, const Ledger& ledger);

}  // namespace slipway::simulation
