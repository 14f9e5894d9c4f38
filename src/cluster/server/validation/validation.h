#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/server/status.h"

// What built-in kinds refuse, as far as a controller or kubectl can tell: the rules that real
// manifests break, not every rule there is. All objects have been decoded, so types hold.
namespace slipway::cluster {

// Parts that several kinds share. `field` is where the part lies: "spec.template".
void validate_pod_template(const Json& pod_template, const std::string& field, FieldErrors& errors);
void validate_pod_spec(const Json& spec, const std::string& field, FieldErrors& errors);
void validate_label_selector(const Json& selector, const std::string& field, FieldErrors& errors);
void validate_not_negative(const Json& owner, std::string_view key, const std::string& field,
                           FieldErrors& errors);
/// "field is immutable"
void validate_unchanged(const Json& object, const Json& old, std::string_view pointer,
                        FieldErrors& errors);
/// Whether a metav1.LabelSelector selects these labels.
bool selector_matches(const Json& selector, const Json& labels);

// Kinds.
void validate_pod(const Json& pod, FieldErrors& errors);
void validate_lone_pod_template(const Json& object, FieldErrors& errors);
void validate_pod_update(const Json& pod, const Json& old, FieldErrors& errors);
void validate_replica_set(const Json& replica_set, FieldErrors& errors);
void validate_deployment(const Json& deployment, FieldErrors& errors);
void validate_selector_update(const Json& object, const Json& old, FieldErrors& errors);
void validate_job(const Json& job, FieldErrors& errors);
void validate_job_update(const Json& job, const Json& old, FieldErrors& errors);
void validate_service(const Json& service, FieldErrors& errors);
void validate_service_update(const Json& service, const Json& old, FieldErrors& errors);
void validate_endpoint_slice(const Json& slice, FieldErrors& errors);
void validate_ingress(const Json& ingress, FieldErrors& errors);
void validate_config_map(const Json& config_map, FieldErrors& errors);
void validate_config_map_update(const Json& config_map, const Json& old, FieldErrors& errors);
void validate_secret_update(const Json& secret, const Json& old, FieldErrors& errors);
void validate_event(const Json& event, FieldErrors& errors);
void validate_lease(const Json& lease, FieldErrors& errors);
void validate_disruption_budget(const Json& budget, FieldErrors& errors);

// What their status subresource refuses.
void validate_replica_set_status(const Json& replica_set, FieldErrors& errors);
void validate_namespace_status(const Json& object, FieldErrors& errors);
void validate_service_status(const Json& service, FieldErrors& errors);

/// Warnings for whoever writes one; `old` is nothing for a new one.
std::vector<std::string> service_warnings(const Json& service, const Json* old);

}  // namespace slipway::cluster
