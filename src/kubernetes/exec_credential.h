#pragma once

#include <optional>
#include <string>

#include "kubernetes/credentials.h"

namespace slipway::kubernetes {

/// What an exec plugin printed.
struct ExecCredential {
  Proof proof;
  std::optional<Instant> expires;  ///< Wall clock; none: until the server rejects it.
};

/// Reads the ExecCredential object that a plugin printed.
Result<ExecCredential> parse_exec_credential(const std::string& text, const ExecPlugin& plugin);

/// Runs the plugin and waits for it, at most a minute. Blocks: call it from a thread of its own.
Result<std::string> run_exec_plugin(const ExecPlugin& plugin, const std::string& exec_info);

/// The text of KUBERNETES_EXEC_INFO, by which the plugin learns who asks and for which cluster.
std::string exec_info(const ConnectionConfig& config);

}  // namespace slipway::kubernetes
