#include "kubernetes/http/plugin_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "kubernetes/http/child_process.h"
#include "kubernetes/http/exec_credential.h"

namespace slipway::kubernetes {
namespace {

constexpr Duration timeout = 60_s;
constexpr Duration login_timeout = 5_min;

/// The first line of what it said on standard error, for messages.
std::string complaint_of(const ChildProcess::Ended& ended) {
  const std::string_view text = trim(ended.errors);
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.empty() ? "" : fmt::format(": {}", line.substr(0, 300));
}

Result<std::string> output_of(const ChildProcess::Ended& ended, const ExecPlugin& plugin,
                              Duration limit) {
  using enum ChildProcess::Ended::How;
  switch (ended.how) {
    case exited:
      if (ended.status == 0) return ended.output;
      return Failure(plugin_error(
          plugin, fmt::format("ended with status {}{}", ended.status, complaint_of(ended))));
    case killed:
      return Failure(plugin_error(
          plugin, fmt::format("was killed by signal {}{}", ended.status, complaint_of(ended))));
    case timed_out:
      return Failure(plugin_error(plugin, fmt::format("did not end within {} s{}",
                                                      limit.whole_seconds(), complaint_of(ended))));
    default:
      return Failure(plugin_error(plugin, "printed too much to be a credential"));
  }
}

ChildProcess::Command command_of(const ConnectionConfig& config, bool interactive) {
  const ExecPlugin& plugin = *config.exec;
  ChildProcess::Command command{.program = plugin.command,
                                .arguments = plugin.arguments,
                                .environment = plugin.environment,
                                .terminal = interactive,
                                .timeout = interactive ? login_timeout : timeout};
  command.environment.emplace_back("KUBERNETES_EXEC_INFO", exec_info(config, interactive));
  return command;
}

/// What holds a run: the process, or why there is none.
struct Run {
  std::unique_ptr<ChildProcess> process;
};

}  // namespace

RunPlugin run_plugin_process(RealEventLoop& loop, const ConnectionConfig& config) {
  return [&loop, config](std::function<void(Result<std::string>)> done) -> std::shared_ptr<void> {
    using Interaction = ExecPlugin::Interaction;
    const ExecPlugin& plugin = *config.exec;
    const bool terminal = isatty(STDIN_FILENO) != 0;
    auto run = std::make_shared<Run>();
    const auto give_up = [&](Error error) {
      loop.post([weak = std::weak_ptr(run), done, error = std::move(error)] {
        if (!weak.expired()) done(Failure(error));
      });
      return run;
    };
    if (plugin.interaction == Interaction::always && !terminal) {
      return give_up(plugin_error(plugin, "wants to ask at a terminal, and there is none"));
    }
    const bool interactive = terminal && plugin.interaction != Interaction::never;
    const ChildProcess::Command command = command_of(config, interactive);
    Result<std::unique_ptr<ChildProcess>> process = ChildProcess::start(
        loop, command, [plugin, done, limit = command.timeout](const ChildProcess::Ended& ended) {
          done(output_of(ended, plugin, limit));
        });
    if (!process) return give_up(plugin_error(plugin, process.error().message));
    run->process = *std::move(process);
    return run;
  };
}

}  // namespace slipway::kubernetes
