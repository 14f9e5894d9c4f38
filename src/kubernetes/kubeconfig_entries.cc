#include "kubernetes/kubeconfig_entries.h"

#include <fmt/format.h>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// The cluster extension whose content goes to exec plugins.
constexpr std::string_view plugin_extension = "client.authentication.k8s.io/exec";

Failure at_place(std::string where, Error error) {
  error.code = ErrorCode::invalid;
  error.where = std::move(where) + ": " + error.where;
  return Failure(std::move(error));
}

/// The text of `<key>-data` (base64), or else of the file that `<key>` names.
Result<std::string> data_or_file(const KubeconfigEntry& entry, const std::string& key,
                                 const Environment& environment) {
  const std::string data = TRY(entry.text(key + "-data"));
  if (!data.empty()) {
    if (auto bytes = base64_decode(data)) return *std::move(bytes);
    return fail(ErrorCode::invalid, entry.place(key + "-data"), "is not base64",
                "encode the PEM text with base64 -w0");
  }
  const std::string path = TRY(entry.text(key));
  if (path.empty()) return std::string();
  Result<std::string> text = environment.read_file(entry.resolve(path));
  if (!text) return at_place(entry.place(key), std::move(text).error());
  return text;
}

Failure auth_provider_gone(const KubeconfigEntry& user) {
  const std::string provider(user.content["auth-provider"]["name"].string_or_empty());
  std::string hint = "let your provider's tool write a kubeconfig with an exec plugin";
  if (provider == "gcp") {
    hint =
        "install gke-gcloud-auth-plugin, then run gcloud container clusters get-credentials NAME";
  } else if (provider == "azure") {
    hint = "install kubelogin, then run kubelogin convert-kubeconfig";
  } else if (provider == "oidc") {
    hint = "use the exec plugin kubectl oidc-login (kubelogin)";
  }
  return fail(
      ErrorCode::invalid, user.place("auth-provider"),
      "found the auth provider " + quote(provider) + "; Kubernetes replaced these by exec plugins",
      std::move(hint));
}

Result<void> check_plugin_version(const KubeconfigEntry& exec, const std::string& version) {
  constexpr std::string_view group = "client.authentication.k8s.io/";
  if (version.starts_with(group)) {
    const std::string_view name = std::string_view(version).substr(group.size());
    if (name == "v1" || name == "v1beta1") return {};
  }
  return fail(ErrorCode::invalid, exec.place("apiVersion"),
              fmt::format("found {}, expected {}v1 or {}v1beta1", quote(version), group, group),
              "update the plugin, then let your provider's tool write this kubeconfig anew");
}

Result<ExecPlugin::Interaction> interaction_of(const KubeconfigEntry& exec) {
  using enum ExecPlugin::Interaction;
  const std::string mode = TRY(exec.text("interactiveMode"));
  if (mode.empty() || mode == "IfAvailable") return if_available;
  if (mode == "Never") return never;
  if (mode == "Always") return always;
  return fail(ErrorCode::invalid, exec.place("interactiveMode"),
              "found " + quote(mode) + ", expected Never, IfAvailable or Always",
              "IfAvailable suits most plugins");
}

Result<ExecPlugin> exec_plugin(const KubeconfigEntry& exec) {
  ExecPlugin plugin;
  plugin.api_version = TRY(exec.text("apiVersion"));
  TRY_DONE(check_plugin_version(exec, plugin.api_version));
  plugin.command = TRY(exec.text("command"));
  if (plugin.command.empty()) {
    return fail(ErrorCode::invalid, exec.place("command"), "is missing",
                "name the program that prints the credential");
  }
  // A bare name is looked up in PATH; a path rests on the kubeconfig's folder like any other.
  if (plugin.command.find('/') != std::string::npos) plugin.command = exec.resolve(plugin.command);
  plugin.arguments = TRY(exec.texts("args"));
  plugin.install_hint = TRY(exec.text("installHint"));
  plugin.provide_cluster_info = TRY(exec.flag("provideClusterInfo"));
  plugin.interaction = TRY(interaction_of(exec));
  for (const KubeconfigEntry& variable : TRY(exec.parts("env"))) {
    std::string name = TRY(variable.text("name"));
    if (name.empty() || name.find('=') != std::string::npos) {
      return fail(ErrorCode::invalid, variable.place("name"), "found " + quote(name),
                  "give the variable a name without =");
    }
    plugin.environment.emplace_back(std::move(name), TRY(variable.text("value")));
  }
  return plugin;
}

Result<void> apply_impersonation(const KubeconfigEntry& user, ConnectionConfig& config) {
  config.as = TRY(user.text("as"));
  config.as_uid = TRY(user.text("as-uid"));
  config.as_groups = TRY(user.texts("as-groups"));
  const KubeconfigEntry extra = TRY(user.part("as-user-extra"));
  if (!extra.content.is_object()) return {};
  for (const auto& [key, values] : extra.content.as_object()) {
    for (std::string& value : TRY(extra.texts(key))) {
      config.as_extra.emplace_back(key, std::move(value));
    }
  }
  return {};
}

}  // namespace

Result<void> apply_cluster(const KubeconfigEntry& cluster, const Environment& environment,
                           ConnectionConfig& config, std::string& plugin_config) {
  config.server = TRY(cluster.text("server"));
  config.tls_server_name = TRY(cluster.text("tls-server-name"));
  config.proxy_url = TRY(cluster.text("proxy-url"));
  config.insecure_skip_tls_verify = TRY(cluster.flag("insecure-skip-tls-verify"));
  config.disable_compression = TRY(cluster.flag("disable-compression"));
  config.certificate_authority_pem =
      TRY(data_or_file(cluster, "certificate-authority", environment));
  for (const KubeconfigEntry& extension : TRY(cluster.parts("extensions"))) {
    if (extension.content["name"].string_or_empty() == plugin_extension) {
      plugin_config = to_text(extension.content["extension"]);
    }
  }
  return {};
}

Result<void> apply_user(const KubeconfigEntry& user, const Environment& environment,
                        ConnectionConfig& config) {
  if (user.has("auth-provider")) return auth_provider_gone(user);
  config.token = TRY(user.text("token"));
  config.token_file = user.resolve(TRY(user.text("tokenFile")));
  if (!config.token_file.empty() && config.token.empty()) {
    const Result<std::string> token = environment.read_file(config.token_file);
    if (!token) return at_place(user.place("tokenFile"), token.error());
  }
  config.username = TRY(user.text("username"));
  config.password = TRY(user.text("password"));
  config.client_certificate_pem = TRY(data_or_file(user, "client-certificate", environment));
  config.client_key_pem = TRY(data_or_file(user, "client-key", environment));
  TRY_DONE(apply_impersonation(user, config));
  const KubeconfigEntry exec = TRY(user.part("exec"));
  if (exec.content.is_object()) config.exec = TRY(exec_plugin(exec));
  return {};
}

}  // namespace slipway::kubernetes
