#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "kubernetes/http/credentials.h"

namespace slipway::kubernetes {

/// What an exec plugin printed.
struct ExecCredential {
  Proof proof;
  std::optional<Instant> expires;  ///< Wall clock; none: until the server rejects it.
};

/// Reads the ExecCredential object that a plugin printed.
///
/// *Errors*: `unavailable`, as for all that keeps an answer from coming.
Result<ExecCredential> parse_exec_credential(const std::string& text, const ExecPlugin& plugin);

/// The text of KUBERNETES_EXEC_INFO, by which the plugin learns who asks and for which cluster.
/// `interactive`: it may read from the terminal.
std::string exec_info(const ConnectionConfig& config, bool interactive);

/// The Error of a plugin that brought no credential.
Error plugin_error(const ExecPlugin& plugin, std::string message);

}  // namespace slipway::kubernetes
