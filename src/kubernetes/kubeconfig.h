#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace slipway::kubernetes {

/// What the command line may override (client-go's standard flags).
struct ConfigOverrides {
  std::string
      kubeconfig;  ///< --kubeconfig; empty: $KUBECONFIG (several files), then ~/.kube/config.
  std::string context;
  std::string cluster;
  std::string user;
  std::string namespace_;
  std::string server;
  std::string token;
  std::string certificate_authority;
  std::string client_certificate;
  std::string client_key;
  std::string tls_server_name;
  std::string proxy_url;
  std::string username;
  std::string password;
  std::string as;
  std::vector<std::string> as_groups;
  std::string as_uid;
  bool insecure_skip_tls_verify = false;
  bool disable_compression = false;
  std::optional<Duration> request_timeout;
};

/// An exec credential plugin (client.authentication.k8s.io).
struct ExecPlugin {
  /// Whether it may ask the person at the terminal: `interactiveMode`.
  enum class Interaction { never, if_available, always };

  std::string api_version;
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  bool provide_cluster_info = false;
  Interaction interaction = Interaction::if_available;
  std::string cluster_config;  ///< JSON for the plugin, from the cluster's extensions; or empty.
};

/// How to reach and authenticate to one API server. File contents are PEM text.
struct ConnectionConfig {
  std::string server;      ///< "https://host:port"
  std::string namespace_;  ///< The context's, "default" where it has none.
  std::string certificate_authority_pem;
  std::string client_certificate_pem;
  std::string client_key_pem;
  std::string token;
  std::string token_file;  ///< Read again as it is rotated; wins over `token`.
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
  std::string tls_server_name;
  std::string proxy_url;
  std::string as;
  std::vector<std::string> as_groups;
  std::string as_uid;
  std::vector<std::pair<std::string, std::string>>
      as_extra;  ///< `as-user-extra`, one pair a value.
  bool insecure_skip_tls_verify = false;
  bool disable_compression = false;
  std::optional<Duration> request_timeout;
  bool in_cluster = false;
};

/// The process environment, handed in for tests.
struct Environment {
  std::function<std::optional<std::string>(const std::string&)> variable;
  /// Errors: `not_found` where there is no such file, else `invalid`; both name the path.
  std::function<Result<std::string>(const std::string& path)> read_file;
  static Environment real();
};

/// Merges the kubeconfig files as kubectl does (the first to set a value wins), applies the
/// overrides and reads the files that it names (relative to the kubeconfig's folder). Without any
/// kubeconfig, and inside a pod, the service account's.
///
/// *Errors*: `invalid`, naming file, line or entry, and what to do.
Result<ConnectionConfig> load_connection_config(const ConfigOverrides& overrides,
                                                const Environment& environment);

}  // namespace slipway::kubernetes
