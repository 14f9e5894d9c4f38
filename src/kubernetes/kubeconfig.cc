#include "kubernetes/kubeconfig.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/text.h"
#include "kubernetes/kubeconfig_entries.h"
#include "kubernetes/kubeconfig_file.h"

namespace slipway::kubernetes {
namespace {

constexpr const char* service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The kubeconfig files to look for, the most important first.
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
  if (const auto home = environment.variable("HOME"); home && !home->empty()) {
    files.push_back(*home + "/.kube/config");
  }
  return files;
}

/// All files as one. The one that a flag names must be there; of a list, some may be missing.
Result<Kubeconfig> read_files(const std::vector<std::string>& files, bool must_exist,
                              const Environment& environment) {
  Kubeconfig merged;
  for (const std::string& file : files) {
    const Result<std::string> text = environment.read_file(file);
    if (!text) {
      if (!must_exist && text.error().code == ErrorCode::not_found) continue;
      Error error = text.error();
      error.code = ErrorCode::invalid;
      error.where = "kubeconfig " + error.where;
      return Failure(std::move(error));
    }
    merged.merge(TRY(parse_kubeconfig(file, *text)));
  }
  return merged;
}

Result<const KubeconfigEntry*> find(const Kubeconfig::Entries& entries, const std::string& name,
                                    const std::string& what, const std::string& named_by) {
  const auto found = entries.find(name);
  if (found != entries.end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, entry] : entries) names.push_back(quote(known));
  const std::string known = names.empty() ? "there is none" : "there is " + join(names, ", ");
  return fail(ErrorCode::invalid, named_by,
              fmt::format("found {}, but no kubeconfig has a {} of that name", quote(name), what),
              known);
}

Result<void> apply_files(const Kubeconfig& files, const ConfigOverrides& overrides,
                         const Environment& environment, ConnectionConfig& config) {
  std::string cluster = overrides.cluster;
  std::string cluster_named_by = "--cluster";
  std::string user = overrides.user;
  std::string user_named_by = "--user";
  const bool chosen = !overrides.context.empty();
  const std::string context = chosen ? overrides.context : files.current_context;
  if (!context.empty()) {
    const KubeconfigEntry& entry =
        *TRY(find(files.contexts, context, "context",
                  chosen ? "--context" : files.current_context_file + ": current-context"));
    config.namespace_ = TRY(entry.text("namespace"));
    if (cluster.empty()) {
      cluster = TRY(entry.text("cluster"));
      cluster_named_by = entry.place("cluster");
    }
    if (user.empty()) {
      user = TRY(entry.text("user"));
      user_named_by = entry.place("user");
    }
  }
  std::string plugin_config;
  if (!cluster.empty()) {
    const KubeconfigEntry* entry = TRY(find(files.clusters, cluster, "cluster", cluster_named_by));
    TRY_DONE(apply_cluster(*entry, environment, config, plugin_config));
  }
  if (!user.empty()) {
    const KubeconfigEntry* entry = TRY(find(files.users, user, "user", user_named_by));
    TRY_DONE(apply_user(*entry, environment, config));
  }
  if (config.exec) config.exec->cluster_config = std::move(plugin_config);
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
  for (const char* name : {"token", "ca.crt"}) {
    Result<std::string> text = environment.read_file(folder + "/" + name);
    if (!text) {
      return fail(ErrorCode::invalid, "service account", text.error().text(),
                  "leave automountServiceAccountToken on for this pod, or give --kubeconfig");
    }
    if (std::string_view(name) == "ca.crt") config.certificate_authority_pem = *std::move(text);
  }
  if (const auto name = environment.variable("POD_NAMESPACE"); name && !name->empty()) {
    config.namespace_ = *name;
  } else if (const auto text = environment.read_file(folder + "/namespace")) {
    config.namespace_ = trim(*text);
  }
  return std::optional(std::move(config));
}

Result<std::string> flag_file(const char* flag, const std::string& path,
                              const Environment& environment) {
  Result<std::string> text = environment.read_file(path);
  if (text) return text;
  Error error = std::move(text).error();
  error.code = ErrorCode::invalid;
  error.where = std::string(flag) + ": " + error.where;
  return Failure(std::move(error));
}

void take(const std::string& from, std::string& into) {
  if (!from.empty()) into = from;
}

Result<void> override_cluster(const ConfigOverrides& flags, const Environment& environment,
                              ConnectionConfig& config) {
  // Another server's certificate has another name.
  if (!flags.server.empty() || !flags.tls_server_name.empty()) {
    config.tls_server_name = flags.tls_server_name;
  }
  take(flags.server, config.server);
  take(flags.namespace_, config.namespace_);
  take(flags.proxy_url, config.proxy_url);
  // Each of these two says how to check the server, so it takes the other's place in the files.
  if (flags.insecure_skip_tls_verify || !flags.certificate_authority.empty()) {
    config.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
    config.certificate_authority_pem.clear();
  }
  if (!flags.certificate_authority.empty()) {
    config.certificate_authority_pem =
        TRY(flag_file("--certificate-authority", flags.certificate_authority, environment));
  }
  if (flags.disable_compression) config.disable_compression = true;
  config.request_timeout = flags.request_timeout;
  return {};
}

Result<void> override_user(const ConfigOverrides& flags, const Environment& environment,
                           ConnectionConfig& config) {
  if (!flags.token.empty()) {
    config.token = flags.token;
    config.token_file.clear();
    config.username.clear();
    config.password.clear();
  } else if (!flags.username.empty()) {
    config.token.clear();
    config.token_file.clear();
  }
  take(flags.username, config.username);
  take(flags.password, config.password);
  if (!flags.client_certificate.empty()) {
    config.client_certificate_pem =
        TRY(flag_file("--client-certificate", flags.client_certificate, environment));
  }
  if (!flags.client_key.empty()) {
    config.client_key_pem = TRY(flag_file("--client-key", flags.client_key, environment));
  }
  take(flags.as, config.as);
  take(flags.as_uid, config.as_uid);
  if (!flags.as_groups.empty()) config.as_groups = flags.as_groups;
  return {};
}

/// Adds the scheme that client-go assumes, and refuses what is no address.
Result<void> complete_server(ConnectionConfig& config) {
  std::string& server = config.server;
  if (server.find("://") == std::string::npos) {
    const bool tls = config.insecure_skip_tls_verify || !config.certificate_authority_pem.empty() ||
                     !config.client_certificate_pem.empty();
    server.insert(0, tls ? "https://" : "http://");
  }
  const std::string_view host = std::string_view(server).substr(server.find("://") + 3);
  const bool known = server.starts_with("https://") || server.starts_with("http://");
  const bool plain = host.find_first_of(" \t\r\n?#@") == std::string_view::npos;
  if (known && plain && !host.empty() && host.front() != '/') {
    while (server.ends_with('/')) server.pop_back();
    return {};
  }
  return fail(ErrorCode::invalid, "server",
              "found " + quote(server) + ", expected an address like https://host:6443",
              "correct the cluster's server in the kubeconfig, or give --server");
}

Result<void> check_proxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  for (const char* scheme : {"http://", "https://", "socks5://"}) {
    if (proxy.starts_with(scheme)) return {};
  }
  return fail(ErrorCode::invalid, "proxy-url",
              "found " + quote(proxy) + ", expected http://, https:// or socks5://",
              "correct it in the kubeconfig's cluster, or give --proxy-url");
}

/// What goes into a header must not end it.
Result<void> check_header_values(const ConnectionConfig& config) {
  std::vector<std::pair<std::string, std::string>> values = {
      {"token",    config.token   },
      {"username", config.username},
      {"as",       config.as      },
      {"as-uid",   config.as_uid  }
  };
  for (const std::string& group : config.as_groups) values.emplace_back("as-groups", group);
  for (const auto& [key, value] : config.as_extra) {
    values.emplace_back("as-user-extra", key);
    values.emplace_back("as-user-extra", value);
  }
  for (const auto& [name, value] : values) {
    for (const char c : value) {
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) continue;
      return fail(ErrorCode::invalid, name, "holds a control character, as a line break",
                  "write the value on one line");
    }
  }
  return {};
}

Result<void> check(const ConnectionConfig& config) {
  if (config.client_certificate_pem.empty() != config.client_key_pem.empty()) {
    return fail(ErrorCode::invalid, "user",
                config.client_key_pem.empty() ? "has a client certificate without its key"
                                              : "has a client key without its certificate",
                "give both client-certificate and client-key, or neither");
  }
  const bool has_token = !config.token.empty() || !config.token_file.empty();
  if (has_token && !config.username.empty()) {
    return fail(ErrorCode::invalid, "user", "has both a token and a username",
                "leave one of the two out");
  }
  if (config.insecure_skip_tls_verify && !config.certificate_authority_pem.empty()) {
    return fail(ErrorCode::invalid, "cluster",
                "has both certificate-authority and insecure-skip-tls-verify",
                "remove insecure-skip-tls-verify, so that the server is checked");
  }
  const bool details =
      !config.as_uid.empty() || !config.as_groups.empty() || !config.as_extra.empty();
  if (details && config.as.empty()) {
    return fail(ErrorCode::invalid, "user", "impersonates a uid, groups or extras but no user",
                "name the user with as, or --as");
  }
  TRY_DONE(check_proxy(config.proxy_url));
  return check_header_values(config);
}

/// As client-go: who has another credential needs no plugin, which may take long or ask questions.
void drop_needless_plugin(ConnectionConfig& config) {
  const bool other = !config.token.empty() || !config.token_file.empty() ||
                     !config.username.empty() || !config.client_certificate_pem.empty();
  if (other) config.exec.reset();
}

}  // namespace

Environment Environment::real() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          .read_file = [](const std::string& path) -> Result<std::string> {
            std::error_code ignored;
            if (std::filesystem::is_directory(path, ignored)) {
              return fail(ErrorCode::invalid, path, "is a folder", "name a file");
            }
            errno = 0;
            std::ifstream file(path, std::ios::binary);
            if (!file) {
              const bool absent = errno == ENOENT || errno == ENOTDIR;
              return fail(absent ? ErrorCode::not_found : ErrorCode::invalid, path,
                          absent ? "no such file" : std::strerror(errno),
                          absent ? "check the path" : "check its permissions");
            }
            std::stringstream text;
            if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
            if (file.bad()) return fail(ErrorCode::invalid, path, "cannot be read", "try again");
            return text.str();
          }};
}

Result<ConnectionConfig> load_connection_config(const ConfigOverrides& overrides,
                                                const Environment& environment) {
  ConnectionConfig config;
  const std::vector<std::string> paths = config_files(overrides, environment);
  const Kubeconfig files = TRY(read_files(paths, !overrides.kubeconfig.empty(), environment));
  const bool named =
      !overrides.context.empty() || !overrides.cluster.empty() || !overrides.user.empty();
  if (!files.empty() || named) {
    TRY_DONE(apply_files(files, overrides, environment, config));
  } else if (auto pod = TRY(in_cluster(environment))) {
    config = *std::move(pod);
  } else if (overrides.server.empty()) {
    const std::string looked =
        paths.empty() ? "HOME is not set" : "looked for " + join(paths, ", ");
    return fail(ErrorCode::invalid, "kubeconfig", "there is none: " + looked,
                "set KUBECONFIG or give --kubeconfig; `slipway cluster` makes one");
  }
  TRY_DONE(override_cluster(overrides, environment, config));
  TRY_DONE(override_user(overrides, environment, config));
  if (config.server.empty()) {
    return fail(ErrorCode::invalid, "kubeconfig", "no context is chosen, so there is no server",
                "choose one with kubectl config use-context NAME, or give --context");
  }
  if (config.namespace_.empty()) config.namespace_ = "default";
  TRY_DONE(complete_server(config));
  TRY_DONE(check(config));
  drop_needless_plugin(config);
  return config;
}

}  // namespace slipway::kubernetes
