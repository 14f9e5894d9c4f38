#include "cli/run.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "base/ensure.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/version.h"

namespace slipway::cli {
namespace {

constexpr int usage_status = 2;
constexpr int failed_status = 1;

bool is_plugin(const std::string& program) {
  return program == "kubectl-argo-rollouts" || program == "kubectl-slipway";
}

/// Reads "30s" or plain seconds into a flag's Duration; anything else is the flag's error.
std::string read_timeout(const std::string& text, std::optional<Duration>& into) {
  if (const auto seconds = parse_integer(text)) {
    into = Duration::from_seconds(*seconds);
    return {};
  }
  const Result<Duration> duration = parse_go_duration(text);
  if (!duration) return "expected a duration such as 30s, found " + quote(text);
  into = *duration;
  return {};
}

struct LogFlags {
  std::string level = "info";
  std::string format;
};

void add_log_flags(CLI::App& app, LogFlags& flags) {
  app.add_option("--loglevel", flags.level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str()
      ->group("Logs");
  app.add_option("--logformat", flags.format, "text or json")->group("Logs");
}

/// Of upstream's libraries. They are taken, so that scripts need not change, and mean nothing here.
void add_meaningless_flags(CLI::App& app) {
  for (const char* name : {"--kloglevel", "--cache-dir"}) {
    app.add_option_function<std::string>(name, [](const std::string&) {})->group("");
  }
}

void set_up_logs(const LogFlags& flags) {
  using log::Level;
  const Level level = flags.level == "debug"   ? Level::debug
                      : flags.level == "warn"  ? Level::warn
                      : flags.level == "error" ? Level::error
                                               : Level::info;
  log::configure(level, flags.format == "json" ? log::Format::json : log::Format::text);
}

int finish(const Result<int>& result, Streams streams) {
  if (result) return *result;
  streams.err << "Error: " << result.error().text() << std::endl;
  return failed_status;
}

}  // namespace

std::function<Result<int>(Streams)> with_session(
    CommandLine& line, std::function<Result<void>(Session&, Streams)> command) {
  return [&line, command = std::move(command)](Streams streams) -> Result<int> {
    const auto connection = TRY(ServerSession::connect(line.connection));
    TRY_DONE(command(connection->session(), streams));
    return 0;
  };
}

void add_connection_flags(CLI::App& app, kubernetes::ConfigOverrides& overrides) {
  const auto text = [&](const char* name, std::string& into, const char* meaning) {
    app.add_option(name, into, meaning)->group("Connection");
  };
  text("--kubeconfig", overrides.kubeconfig, "Path of the kubeconfig");
  text("--context", overrides.context, "Context of the kubeconfig to use");
  text("--cluster", overrides.cluster, "Cluster of the kubeconfig to use");
  text("--user", overrides.user, "User of the kubeconfig to use");
  text("-n,--namespace", overrides.namespace_, "Namespace");
  text("-s,--server", overrides.server, "Address of the API server");
  text("--token", overrides.token, "Bearer token");
  text("--certificate-authority", overrides.certificate_authority, "CA file of the server");
  text("--client-certificate", overrides.client_certificate, "Client certificate file");
  text("--client-key", overrides.client_key, "Client key file");
  text("--tls-server-name", overrides.tls_server_name,
       "Name to check the server's certificate for");
  text("--proxy-url", overrides.proxy_url, "Proxy");
  text("--username", overrides.username, "User of basic authentication");
  text("--password", overrides.password, "Password of basic authentication");
  text("--as", overrides.as, "User to impersonate");
  text("--as-uid", overrides.as_uid, "UID to impersonate");
  app.add_option("--as-group", overrides.as_groups, "Group to impersonate (repeatable)")
      ->group("Connection");
  app.add_flag("--insecure-skip-tls-verify", overrides.insecure_skip_tls_verify,
               "Don't check the server's certificate")
      ->group("Connection");
  app.add_flag("--disable-compression", overrides.disable_compression, "No response compression")
      ->group("Connection");
  app.add_option_function<std::string>(
         "--request-timeout",
         [&overrides](const std::string& value) {
           const std::string wrong = read_timeout(value, overrides.request_timeout);
           if (!wrong.empty()) throw CLI::ValidationError("--request-timeout", wrong);
         },
         "Longest wait for one answer (0: none)")
      ->group("Connection");
}

int run(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed pipe is an error value, not the end.
  abort_on_broken_invariant(false);
  const Streams streams{std::cout, std::cerr};
  CommandLine line;
  line.program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "slipway";
  const bool plugin = is_plugin(line.program);

  CLI::App app{plugin ? "Canary and blue-green rollouts for Kubernetes, from the command line"
                      : "Slipway: canary and blue-green rollouts for Kubernetes"};
  app.name(line.program == "kubectl-argo-rollouts" ? "kubectl argo rollouts" : line.program);
  app.require_subcommand(1);
  app.set_version_flag("--version", describe_version("slipway", true));
  app.fallthrough();
  add_connection_flags(app, line.connection);
  LogFlags logs;
  add_log_flags(app, logs);
  add_meaningless_flags(app);
  add_plugin_commands(app, line);
  if (!plugin) add_server_commands(app, line);
  for (CLI::App* command : app.get_subcommands({})) {
    const std::string own = command->get_footer();
    command->footer((own.empty() ? "" : own + "\n") +
                    "Flags of the connection and the logs: " + app.get_name() + " --help");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong, streams.out, streams.err) == 0 ? 0 : usage_status;
  }
  set_up_logs(logs);
  try {
    return finish(line.command(streams), streams);
  } catch (const std::exception& broken) {
    streams.err << "Error: internal: " << broken.what()
                << " (a bug: please report it with the command that you typed)" << std::endl;
    return failed_status;
  }
}

}  // namespace slipway::cli
