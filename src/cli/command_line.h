#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/commands.h"
#include "kubernetes/kubeconfig.h"

namespace CLI {
class App;
}

namespace slipway::cli {

/// What parsing leaves to do: set by the command that was named, run once parsing is over.
struct CommandLine {
  std::string program;  ///< "slipway" or "kubectl-argo-rollouts".
  kubernetes::ConfigOverrides connection;
  std::function<Result<int>(Streams)> command;  ///< Returns the exit status.
};

/// Makes a command that talks to an API server: connects, then runs.
std::function<Result<int>(Streams)> with_session(
    CommandLine& line, std::function<Result<void>(Session&, Streams)> command);

/// Adds client-go's standard connection flags.
void add_connection_flags(CLI::App& app, kubernetes::ConfigOverrides& overrides);

/// Adds the kubectl plugin's commands.
void add_plugin_commands(CLI::App& app, CommandLine& line);
/// Adds `controller`, `cluster`, `nodes`, `demo`, `doctor`, `explain`, `plan`, `simulate`.
void add_server_commands(CLI::App& app, CommandLine& line);

}  // namespace slipway::cli
