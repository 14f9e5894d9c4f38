#pragma once

#include "base/json.h"
#include "cluster/server/resource.h"

// What creating or changing an object of one kind adds to it and takes from it, besides defaults.
namespace slipway::cluster {

void prepare_new_namespace(Json& object);
void prepare_changed_namespace(Json& object, const Json& old, Subresource way);
void prepare_new_job(Json& object);
void prepare_new_disruption_budget(Json& object);
void prepare_new_service(Json& object);
void prepare_changed_service(Json& object, const Json& old, Subresource way);
void prepare_changed_pod(Json& object, const Json& old, Subresource way);

/// Cluster IPs and node ports of Services.
WriteHooks service_hooks();

}  // namespace slipway::cluster
