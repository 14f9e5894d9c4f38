#include "kubernetes/http/exec_credential.h"

#include "base/json.h"
#include "base/text.h"
#include "kubernetes/http/pem.h"

namespace slipway::kubernetes {
namespace {

Json cluster_info(const ConnectionConfig& config) {
  Json cluster;
  cluster.set("server", config.server);
  if (!config.tls_server_name.empty()) cluster.set("tls-server-name", config.tls_server_name);
  if (config.insecure_skip_tls_verify) cluster.set("insecure-skip-tls-verify", true);
  if (!config.certificate_authority_pem.empty()) {
    cluster.set("certificate-authority-data", base64_encode(config.certificate_authority_pem));
  }
  if (!config.proxy_url.empty()) cluster.set("proxy-url", config.proxy_url);
  if (config.disable_compression) cluster.set("disable-compression", true);
  if (!config.exec->cluster_config.empty()) {
    cluster.set("config", parse_json(config.exec->cluster_config).value_or(Json()));
  }
  return cluster;
}

/// What a plugin prints may be a secret, so no error quotes it.
Result<ExecCredential> read_credential(const Json& printed, const ExecPlugin& plugin) {
  if (printed["kind"].string_or_empty() != "ExecCredential") {
    return Failure(plugin_error(plugin, "printed kind " + quote(printed["kind"].string_or_empty()) +
                                            ", expected \"ExecCredential\""));
  }
  if (printed["apiVersion"].string_or_empty() != plugin.api_version) {
    return Failure(plugin_error(plugin, "printed apiVersion " +
                                            quote(printed["apiVersion"].string_or_empty()) +
                                            ", expected " + quote(plugin.api_version)));
  }
  const Json& status = printed["status"];
  const std::string token(status["token"].string_or_empty());
  ExecCredential credential;
  if (!token.empty()) credential.proof.authorization = "Bearer " + token;
  if (token.find_first_of("\r\n") != std::string::npos) {
    return Failure(plugin_error(plugin, "printed a token with a line break"));
  }
  credential.proof.client_certificate_pem = status["clientCertificateData"].string_or_empty();
  credential.proof.client_key_pem = status["clientKeyData"].string_or_empty();
  const bool certificate = !credential.proof.client_certificate_pem.empty();
  if (certificate == credential.proof.client_key_pem.empty()) {
    return Failure(plugin_error(plugin, "printed a client certificate or key without the other"));
  }
  if (token.empty() && !certificate) {
    return Failure(plugin_error(plugin, "printed neither a token nor a client certificate"));
  }
  if (certificate) {
    const Result<void> pair =
        check_key_pair(credential.proof.client_certificate_pem, credential.proof.client_key_pem);
    if (!pair) {
      return Failure(plugin_error(
          plugin, "printed a bad certificate: " + pair.error().where + " " + pair.error().message));
    }
  }
  const std::string_view expires = status["expirationTimestamp"].string_or_empty();
  if (!expires.empty()) {
    const Result<Instant> time = parse_rfc3339(expires);
    if (!time) {
      return Failure(plugin_error(
          plugin, "printed an expirationTimestamp that is no time: " + quote(expires)));
    }
    credential.expires = *time;
  }
  return credential;
}

}  // namespace

Error plugin_error(const ExecPlugin& plugin, std::string message) {
  return {
      ErrorCode::unavailable, "exec plugin " + plugin.command, std::move(message),
      plugin.install_hint.empty() ? "run it by hand to see what is wrong" : plugin.install_hint};
}

std::string exec_info(const ConnectionConfig& config, bool interactive) {
  Json spec;
  if (config.exec->provide_cluster_info) spec.set("cluster", cluster_info(config));
  spec.set("interactive", interactive);
  Json info;
  info.set("kind", "ExecCredential");
  info.set("apiVersion", config.exec->api_version);
  info.set("spec", std::move(spec));
  return to_text(info);
}

Result<ExecCredential> parse_exec_credential(const std::string& text, const ExecPlugin& plugin) {
  const Result<Json> printed = parse_json(text);
  if (!printed) {
    return Failure(plugin_error(plugin, text.empty() ? "printed nothing" : "printed no JSON"));
  }
  return read_credential(*printed, plugin);
}

}  // namespace slipway::kubernetes
