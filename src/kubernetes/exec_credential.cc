#include "kubernetes/exec_credential.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

extern char** environ;

namespace slipway::kubernetes {
namespace {

/// A plugin may ask a cloud for a token, or open a browser; longer than this is a hang.
constexpr int plugin_seconds_max = 60;
constexpr std::size_t output_max = 1 << 20;

Failure plugin_failed(const ExecPlugin& plugin, std::string message) {
  return fail(
      ErrorCode::forbidden, "exec plugin " + plugin.command, std::move(message),
      plugin.install_hint.empty() ? "run it by hand to see what is wrong" : plugin.install_hint);
}

/// Our environment with the plugin's own variables over it.
std::vector<std::string> environment_of(const ExecPlugin& plugin, const std::string& info) {
  std::vector<std::pair<std::string, std::string>> own = plugin.environment;
  own.emplace_back("KUBERNETES_EXEC_INFO", info);
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    bool replaced = false;
    for (const auto& [name, value] : own) replaced |= text.starts_with(name + "=");
    if (!replaced) variables.emplace_back(text);
  }
  for (const auto& [name, value] : own) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// Reads until the end of file. Returns false when the time is over or it is too much.
bool read_all(int fd, std::string& output) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(plugin_seconds_max);
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count <= 0) return count == 0;
    output.append(buffer, static_cast<std::size_t>(count));
    if (output.size() > output_max) return false;
  }
}

}  // namespace

std::string exec_info(const ConnectionConfig& config) {
  const ExecPlugin& plugin = *config.exec;
  Json spec = Json::object({
      {"interactive", false}
  });
  if (plugin.provide_cluster_info) {
    Json cluster = Json::object({
        {"server", config.server}
    });
    if (!config.tls_server_name.empty()) cluster.set("tls-server-name", config.tls_server_name);
    if (config.insecure_skip_tls_verify) cluster.set("insecure-skip-tls-verify", true);
    if (!config.certificate_authority_pem.empty()) {
      cluster.set("certificate-authority-data", base64_encode(config.certificate_authority_pem));
    }
    if (!config.proxy_url.empty()) cluster.set("proxy-url", config.proxy_url);
    spec.set("cluster", std::move(cluster));
  }
  return to_text(Json::object({
      {"apiVersion", plugin.api_version},
      {"kind",       "ExecCredential"  },
      {"spec",       std::move(spec)   }
  }));
}

Result<ExecCredential> parse_exec_credential(const std::string& text, const ExecPlugin& plugin) {
  const Result<Json> parsed = parse_json(text);
  if (!parsed) return plugin_failed(plugin, "printed no ExecCredential: " + parsed.error().message);
  const Json& status = (*parsed)["status"];
  if ((*parsed)["apiVersion"].string_or_empty() != plugin.api_version) {
    return plugin_failed(plugin, "printed apiVersion " +
                                     quote((*parsed)["apiVersion"].string_or_empty()) +
                                     ", expected " + plugin.api_version);
  }
  ExecCredential credential;
  credential.proof = {std::string(status["token"].string_or_empty()),
                      std::string(status["clientCertificateData"].string_or_empty()),
                      std::string(status["clientKeyData"].string_or_empty())};
  const bool certificate = !credential.proof.client_certificate_pem.empty();
  if (credential.proof.token.empty() && !certificate) {
    return plugin_failed(plugin, "printed neither a token nor a client certificate");
  }
  if (certificate != !credential.proof.client_key_pem.empty()) {
    return plugin_failed(plugin, "printed a client certificate or key without the other");
  }
  const std::string_view expires = status["expirationTimestamp"].string_or_empty();
  if (!expires.empty()) {
    const Result<Instant> time = parse_rfc3339(expires);
    if (!time) return plugin_failed(plugin, "expirationTimestamp: " + time.error().message);
    credential.expires = *time;
  }
  return credential;
}

Result<std::string> run_exec_plugin(const ExecPlugin& plugin, const std::string& info) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return plugin_failed(plugin, std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);

  std::vector<std::string> arguments{plugin.command};
  arguments.insert(arguments.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> environment = environment_of(plugin, info);
  pid_t child = 0;
  const int error = posix_spawnp(&child, plugin.command.c_str(), &actions, nullptr,
                                 pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return plugin_failed(plugin, std::string("cannot be run: ") + std::strerror(error));
  }
  std::string output;
  const bool whole = read_all(ends[0], output);
  close(ends[0]);
  if (!whole) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole) {
    return plugin_failed(
        plugin, fmt::format("did not end within {} s, or printed too much", plugin_seconds_max));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return plugin_failed(plugin, WIFEXITED(status)
                                     ? fmt::format("ended with status {}", WEXITSTATUS(status))
                                     : std::string("was killed"));
  }
  return output;
}

}  // namespace slipway::kubernetes
