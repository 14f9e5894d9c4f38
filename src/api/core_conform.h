#pragma once

#include <string>
#include <vector>

#include "api/core_schema.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::api {

/// Reads a value as an API server does that knows the type, and gives back what it would print:
/// fields in Go's order, zeros left out, unknown fields dropped, quantities and times canonical.
/// Paths of unknown fields ("spec.template.spec.containers[0].odd") go to `unknown_fields`.
///
/// *Errors*: `invalid`; the message is Go's, "json: cannot unmarshal string into Go struct field
/// ReplicaSetSpec.spec.replicas of type int32".
Result<Json> conform(const CoreType& type, const Json& value,
                     std::vector<std::string>* unknown_fields = nullptr);

/// The same, and fills in the server's defaults: those of the table (`server_default`), of the
/// rules in `core_rules.h`, and of the kind as a whole (a Pod's requests from its limits, a
/// Namespace's name label, a Secret's stringData, a Job's labels, a Node's allocatable).
Result<Json> conform_with_defaults(const CoreType& type, const Json& value,
                                   std::vector<std::string>* unknown_fields = nullptr);

/// What the admission plugins and the creation strategy of a real server add to a new Pod: the two
/// tolerations of failing nodes, priority 0, phase Pending, its quality of service.
void admit_pod(Json& pod);

}  // namespace slipway::api
