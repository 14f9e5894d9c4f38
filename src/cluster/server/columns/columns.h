#pragma once

#include <string>
#include <vector>

#include "cluster/server/resource.h"

namespace slipway::cluster {

// What `kubectl get` shows of each built-in kind, column by column as a real server's printers do.
// Source: kubernetes v1.34 pkg/printers/internalversion/printers.go.

Columns plain_columns();  ///< Name and creation time.
Columns config_map_columns();
Columns secret_columns();
Columns service_account_columns();
Columns namespace_columns();
Columns node_columns();
Columns event_columns();
Columns lease_columns();
Columns role_columns();
Columns role_binding_columns();

Columns pod_columns();
Columns pod_template_columns();

Columns replica_set_columns();
Columns deployment_columns();
Columns job_columns();
Columns autoscaler_columns();
Columns disruption_budget_columns();

Columns service_columns();
Columns endpoints_columns();
Columns endpoint_slice_columns();
Columns ingress_columns();

// Parts that many of them share.
Column name_column();
Column age_column();
/// A cell of a text that may be missing.
Json text_or_none(std::string_view text);
/// The AGE cell.
Json age_cell(const Json& object, Instant now);
/// "a,b" of a pod spec's containers, and of their images.
std::string container_names(const Json& pod_spec);
std::string container_images(const Json& pod_spec);
/// "app=web,tier in (a,b)", "<none>" where nothing is selected.
std::string selector_cell(const Json& selector);
/// "app=web,x=y" of a map, "<none>" of an empty one.
std::string map_cell(const Json& map);
/// A list's texts joined by commas, at most `most` of them: "a,b + 2 more...".
std::string list_cell(const std::vector<std::string>& texts, std::size_t most);

}  // namespace slipway::cluster
