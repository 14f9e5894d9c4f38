#include "kubernetes/http/endpoint.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "kubernetes/http/pem.h"

namespace slipway::kubernetes {
namespace {

/// A URL taken apart by libcurl, whose idea of it is the one that counts.
class Url {
 public:
  explicit Url(const std::string& text)
      : url_(curl_url()), code_(curl_url_set(url_, CURLUPART_URL, text.c_str(), 0)) {}
  ~Url() { curl_url_cleanup(url_); }
  Url(const Url&) = delete;
  Url& operator=(const Url&) = delete;

  /// Why it is none; nothing if it is one.
  const char* trouble() const { return code_ == CURLUE_OK ? nullptr : curl_url_strerror(code_); }
  std::string get(CURLUPart part, unsigned flags = 0) const {
    char* text = nullptr;
    curl_url_get(url_, part, &text, flags);
    const std::string copy = text == nullptr ? "" : text;
    curl_free(text);
    return copy;
  }
  void set(CURLUPart part, const std::string& text) { curl_url_set(url_, part, text.c_str(), 0); }

 private:
  CURLU* url_;
  CURLUcode code_;
};

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         host == "[::1]";
}

std::vector<std::string> impersonation(const ConnectionConfig& config) {
  std::vector<std::string> headers;
  if (!config.as.empty()) headers.push_back("Impersonate-User: " + config.as);
  if (!config.as_uid.empty()) headers.push_back("Impersonate-Uid: " + config.as_uid);
  for (const std::string& group : config.as_groups) {
    headers.push_back("Impersonate-Group: " + group);
  }
  for (const auto& [key, value] : config.as_extra) {
    headers.push_back("Impersonate-Extra-" + url_encode(key) + ": " + value);
  }
  return headers;
}

/// Checks the certificate for another name than the server's: the name goes into the URL, and the
/// connection to where the server is.
void rename(Url& url, const std::string& name, Endpoint& endpoint) {
  const std::string host = url.get(CURLUPART_HOST);
  const std::string port = url.get(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  endpoint.connect_to = fmt::format("::{}:{}", host, port);
  const std::string explicit_port = url.get(CURLUPART_PORT);
  endpoint.host_header = "Host: " + host + (explicit_port.empty() ? "" : ":" + explicit_port);
  url.set(CURLUPART_HOST, name);
  endpoint.url = without_slash(url.get(CURLUPART_URL));
}

}  // namespace

Result<Endpoint> Endpoint::make(ConnectionConfig config, std::string user_agent,
                                const Environment& environment) {
  Endpoint endpoint;
  Url url(config.server);
  if (url.trouble() != nullptr) {
    return fail(ErrorCode::invalid, "server", quote(config.server) + ": " + url.trouble(),
                "correct the cluster's server in the kubeconfig, or give --server");
  }
  endpoint.url = without_slash(config.server);
  endpoint.headers = impersonation(config);
  endpoint.direct = config.proxy_url.empty() && is_loopback(url.get(CURLUPART_HOST));
  endpoint.proxy = config.proxy_url;
  // As in Go, names are resolved by the proxy.
  if (endpoint.proxy.starts_with("socks5://")) endpoint.proxy.insert(6, "h");
  if (!config.tls_server_name.empty()) rename(url, config.tls_server_name, endpoint);
  if (!config.certificate_authority_pem.empty()) {
    TRY_DONE(check_certificates(config.certificate_authority_pem, "certificate-authority"));
  } else if (const auto file = environment.variable("SSL_CERT_FILE"); file && !file->empty()) {
    endpoint.authority_file = *file;
  }
  if (!config.client_certificate_pem.empty()) {
    TRY_DONE(check_key_pair(config.client_certificate_pem, config.client_key_pem));
  }
  endpoint.config = std::move(config);
  endpoint.user_agent = user_agent.empty() ? "slipway" : std::move(user_agent);
  return endpoint;
}

}  // namespace slipway::kubernetes
