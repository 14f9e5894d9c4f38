#include "kubernetes/kubeconfig.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "base/yaml.h"

namespace slipway::kubernetes {
namespace {

constexpr const char* service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

/// One named entry and the file it stands in, on which its relative paths rest.
struct Entry {
  Json content;
  std::string file;
};
using Entries = std::map<std::string, Entry>;

/// All kubeconfig files as one: the first to set a value wins.
struct Merged {
  std::string current_context;
  std::string current_context_file;
  Entries contexts;
  Entries clusters;
  Entries users;
};

void merge_entries(const Json& list, const char* content_key, const std::string& file,
                   Entries& into) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& item = list.at(i);
    into.emplace(item["name"].string_or_empty(), Entry{item[content_key], file});
  }
}

Result<void> merge_file(const std::string& file, const std::string& text, Merged& merged) {
  Result<std::vector<Json>> documents = parse_yaml(text);
  if (!documents) return Failure(inside(file, documents.error()));
  if (documents->empty()) return {};  // kubectl takes an empty file for an empty kubeconfig.
  const Json& config = documents->front();
  if (!config.is_object()) {
    return fail(ErrorCode::invalid, file, "is no kubeconfig", "kubectl config view shows one");
  }
  const std::string_view context = config["current-context"].string_or_empty();
  if (merged.current_context.empty() && !context.empty()) {
    merged.current_context = context;
    merged.current_context_file = file;
  }
  merge_entries(config["contexts"], "context", file, merged.contexts);
  merge_entries(config["clusters"], "cluster", file, merged.clusters);
  merge_entries(config["users"], "user", file, merged.users);
  return {};
}

std::vector<std::string> config_files(const ConfigOverrides& overrides,
                                      const Environment& environment) {
  if (!overrides.kubeconfig.empty()) return {overrides.kubeconfig};
  std::vector<std::string> files;
  if (const auto list = environment.variable("KUBECONFIG"); list && !list->empty()) {
    for (const std::string_view file : split(*list, ':')) {
      if (!file.empty()) files.emplace_back(file);
    }
    return files;
  }
  if (const auto home = environment.variable("HOME")) files.push_back(*home + "/.kube/config");
  return files;
}

/// Reads all files there are. A file that is named by a flag must be there; of a list, some may
/// not.
Result<std::optional<Merged>> read_files(const ConfigOverrides& overrides,
                                         const Environment& environment) {
  Merged merged;
  bool found = false;
  for (const std::string& file : config_files(overrides, environment)) {
    const Result<std::string> text = environment.read_file(file);
    if (!text) {
      if (overrides.kubeconfig.empty() && text.error().code == ErrorCode::not_found) continue;
      return Failure(text.error());
    }
    TRY_DONE(merge_file(file, *text, merged));
    found = true;
  }
  if (!found) return std::optional<Merged>();
  return std::optional(std::move(merged));
}

std::string resolve(const std::string& path, const std::string& config_file) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || path.empty()) return path;
  return (std::filesystem::path(config_file).parent_path() / given).string();
}

/// The text of `<key>-data` (base64), or else of the file that `<key>` names.
Result<std::string> blob(const Entry& entry, const std::string& name, const std::string& key,
                         const Environment& environment) {
  const std::string where = entry.file + ": " + name + ": ";
  const std::string_view data = entry.content[key + "-data"].string_or_empty();
  if (!data.empty()) {
    const auto bytes = base64_decode(data);
    if (bytes) return *bytes;
    return fail(ErrorCode::invalid, where + key + "-data", "is not base64",
                "encode the PEM text with base64 -w0");
  }
  const std::string path(entry.content[key].string_or_empty());
  if (path.empty()) return std::string();
  Result<std::string> text = environment.read_file(resolve(path, entry.file));
  if (!text) return Failure(inside(where + key, text.error()));
  return text;
}

Result<const Entry*> find(const Entries& entries, const std::string& name, const char* what,
                          const std::string& named_by) {
  const auto found = entries.find(name);
  if (found != entries.end()) return &found->second;
  return fail(ErrorCode::invalid, named_by,
              std::string("names the ") + what + " " + quote(name) + ", which no kubeconfig has",
              std::string("kubectl config get-") + what + "s lists those there are");
}

Result<void> apply_cluster(const Entry& entry, const std::string& name,
                           const Environment& environment, ConnectionConfig& config) {
  const Json& cluster = entry.content;
  config.server = cluster["server"].string_or_empty();
  config.tls_server_name = cluster["tls-server-name"].string_or_empty();
  config.proxy_url = cluster["proxy-url"].string_or_empty();
  config.insecure_skip_tls_verify = cluster["insecure-skip-tls-verify"].bool_or(false);
  config.certificate_authority_pem =
      TRY(blob(entry, "cluster " + name, "certificate-authority", environment));
  return {};
}

Result<ExecPlugin> exec_plugin(const Json& exec, const std::string& where,
                               const std::string& config_file) {
  ExecPlugin plugin;
  plugin.api_version = exec["apiVersion"].string_or_empty();
  plugin.command = exec["command"].string_or_empty();
  plugin.install_hint = exec["installHint"].string_or_empty();
  plugin.provide_cluster_info = exec["provideClusterInfo"].bool_or(false);
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return fail(ErrorCode::invalid, where + "exec.apiVersion",
                "found " + quote(plugin.api_version) +
                    ", expected client.authentication.k8s.io/v1 or v1beta1",
                "update the plugin and the kubeconfig that it wrote");
  }
  if (plugin.command.empty()) {
    return fail(ErrorCode::invalid, where + "exec.command", "is missing", "name the plugin");
  }
  // A command with a slash is a path; it rests on the kubeconfig's folder like any other.
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = resolve(plugin.command, config_file);
  }
  for (std::size_t i = 0; i < exec["args"].size(); ++i) {
    plugin.arguments.emplace_back(exec["args"].at(i).string_or_empty());
  }
  for (std::size_t i = 0; i < exec["env"].size(); ++i) {
    const Json& variable = exec["env"].at(i);
    plugin.environment.emplace_back(variable["name"].string_or_empty(),
                                    variable["value"].string_or_empty());
  }
  return plugin;
}

Result<void> apply_user(const Entry& entry, const std::string& name, const Environment& environment,
                        ConnectionConfig& config) {
  const Json& user = entry.content;
  const std::string where = entry.file + ": user " + name + ": ";
  if (user.find("auth-provider") != nullptr) {
    return fail(ErrorCode::invalid, where + "auth-provider", "is no longer supported by Kubernetes",
                "let your cloud's tool write a kubeconfig with an exec plugin");
  }
  config.token = user["token"].string_or_empty();
  config.token_file = resolve(std::string(user["tokenFile"].string_or_empty()), entry.file);
  config.username = user["username"].string_or_empty();
  config.password = user["password"].string_or_empty();
  config.as = user["as"].string_or_empty();
  config.as_uid = user["as-uid"].string_or_empty();
  for (std::size_t i = 0; i < user["as-groups"].size(); ++i) {
    config.as_groups.emplace_back(user["as-groups"].at(i).string_or_empty());
  }
  config.client_certificate_pem =
      TRY(blob(entry, "user " + name, "client-certificate", environment));
  config.client_key_pem = TRY(blob(entry, "user " + name, "client-key", environment));
  if (const Json& exec = user["exec"]; exec.is_object()) {
    config.exec = TRY(exec_plugin(exec, where, entry.file));
  }
  return {};
}

Result<void> apply_files(const Merged& merged, const ConfigOverrides& overrides,
                         const Environment& environment, ConnectionConfig& config) {
  const std::string context =
      overrides.context.empty() ? merged.current_context : overrides.context;
  const std::string named_by =
      overrides.context.empty() ? merged.current_context_file + ": current-context" : "--context";
  std::string cluster = overrides.cluster;
  std::string user = overrides.user;
  std::string context_file = named_by;
  if (!context.empty()) {
    const Entry* entry = TRY(find(merged.contexts, context, "context", named_by));
    if (cluster.empty()) cluster = entry->content["cluster"].string_or_empty();
    if (user.empty()) user = entry->content["user"].string_or_empty();
    config.namespace_ = entry->content["namespace"].string_or_empty();
    context_file = entry->file + ": context " + context;
  }
  if (!cluster.empty()) {
    const Entry* entry = TRY(find(merged.clusters, cluster, "cluster",
                                  overrides.cluster.empty() ? context_file : "--cluster"));
    TRY_DONE(apply_cluster(*entry, cluster, environment, config));
  }
  if (!user.empty()) {
    const Entry* entry =
        TRY(find(merged.users, user, "user", overrides.user.empty() ? context_file : "--user"));
    TRY_DONE(apply_user(*entry, user, environment, config));
  }
  return {};
}

Result<std::string> flag_file(const char* flag, const std::string& path,
                              const Environment& environment) {
  Result<std::string> text = environment.read_file(path);
  if (!text) return Failure(inside(flag, text.error()));
  return text;
}

Result<void> apply_overrides(const ConfigOverrides& o, const Environment& environment,
                             ConnectionConfig& config) {
  const auto take = [](const std::string& from, std::string& into) {
    if (!from.empty()) into = from;
  };
  take(o.server, config.server);
  take(o.namespace_, config.namespace_);
  take(o.tls_server_name, config.tls_server_name);
  take(o.proxy_url, config.proxy_url);
  take(o.username, config.username);
  take(o.password, config.password);
  take(o.as, config.as);
  take(o.as_uid, config.as_uid);
  if (!o.as_groups.empty()) config.as_groups = o.as_groups;
  if (!o.token.empty()) {
    config.token = o.token;
    config.token_file.clear();
  }
  if (!o.certificate_authority.empty()) {
    config.certificate_authority_pem =
        TRY(flag_file("--certificate-authority", o.certificate_authority, environment));
  }
  if (!o.client_certificate.empty()) {
    config.client_certificate_pem =
        TRY(flag_file("--client-certificate", o.client_certificate, environment));
  }
  if (!o.client_key.empty()) {
    config.client_key_pem = TRY(flag_file("--client-key", o.client_key, environment));
  }
  if (o.insecure_skip_tls_verify) config.insecure_skip_tls_verify = true;
  config.request_timeout = o.request_timeout;
  return {};
}

/// The service account of the pod we run in; nothing outside of a pod.
Result<std::optional<ConnectionConfig>> in_cluster(const Environment& environment) {
  const auto host = environment.variable("KUBERNETES_SERVICE_HOST");
  const auto port = environment.variable("KUBERNETES_SERVICE_PORT");
  if (!host || !port || host->empty() || port->empty()) return std::optional<ConnectionConfig>();
  const std::string folder = service_account;
  ConnectionConfig config;
  config.in_cluster = true;
  const bool ipv6 = host->find(':') != std::string::npos;
  config.server = "https://" + (ipv6 ? "[" + *host + "]" : *host) + ":" + *port;
  config.token_file = folder + "/token";
  const Result<std::string> token = environment.read_file(config.token_file);
  if (!token) return Failure(token.error());
  config.certificate_authority_pem = TRY(environment.read_file(folder + "/ca.crt"));
  const Result<std::string> namespace_ = environment.read_file(folder + "/namespace");
  if (namespace_) config.namespace_ = trim(*namespace_);
  return std::optional(std::move(config));
}

Result<void> check(const ConnectionConfig& config) {
  const bool known = config.server.starts_with("https://") || config.server.starts_with("http://");
  if (!known) {
    return fail(ErrorCode::invalid, "server",
                "found " + quote(config.server) + ", expected an http or https address",
                "correct the cluster's server in the kubeconfig, or give --server");
  }
  if (config.client_certificate_pem.empty() != config.client_key_pem.empty()) {
    return fail(ErrorCode::invalid, "user",
                config.client_key_pem.empty() ? "has a client certificate without its key"
                                              : "has a client key without its certificate",
                "give both, or neither");
  }
  return {};
}

}  // namespace

Environment Environment::real() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          .read_file = [](const std::string& path) -> Result<std::string> {
            std::error_code ignored;
            if (!std::filesystem::exists(path, ignored)) {
              return fail(ErrorCode::not_found, path, "no such file", "check the path");
            }
            std::ifstream file(path, std::ios::binary);
            std::stringstream text;
            text << file.rdbuf();
            if (!file || std::filesystem::is_directory(path, ignored)) {
              return fail(ErrorCode::invalid, path, "cannot be read", "check its permissions");
            }
            return text.str();
          }};
}

Result<ConnectionConfig> load_connection_config(const ConfigOverrides& overrides,
                                                const Environment& environment) {
  ConnectionConfig config;
  const std::optional<Merged> merged = TRY(read_files(overrides, environment));
  if (merged) {
    TRY_DONE(apply_files(*merged, overrides, environment, config));
  } else if (overrides.server.empty()) {
    std::optional<ConnectionConfig> pod = TRY(in_cluster(environment));
    if (!pod) {
      return fail(ErrorCode::invalid, "kubeconfig", "there is none, and this is no pod",
                  "set KUBECONFIG, or give --kubeconfig; `slipway cluster` makes one");
    }
    config = std::move(*pod);
  }
  TRY_DONE(apply_overrides(overrides, environment, config));
  if (config.namespace_.empty()) config.namespace_ = "default";
  if (config.server.empty()) {
    return fail(ErrorCode::invalid, "kubeconfig", "names no server",
                "choose a context with kubectl config use-context, or give --context");
  }
  TRY_DONE(check(config));
  return config;
}

}  // namespace slipway::kubernetes
