#pragma once

#include "kubernetes/kubeconfig.h"
#include "kubernetes/kubeconfig_file.h"

namespace slipway::kubernetes {

/// Fills in what a kubeconfig's cluster says: address, proxy, how to check the server. For exec
/// plugins `plugin_config` gets what the cluster holds for them, as JSON text.
Result<void> apply_cluster(const KubeconfigEntry& cluster, const Environment& environment,
                           ConnectionConfig& config, std::string& plugin_config);

/// Fills in what a kubeconfig's user says: credentials and impersonation.
Result<void> apply_user(const KubeconfigEntry& user, const Environment& environment,
                        ConnectionConfig& config);

}  // namespace slipway::kubernetes
