#include "kubernetes/curl_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// A list page is a few megabytes; nothing an API server sends comes near this.
constexpr std::size_t body_max = 256u << 20;
constexpr long connect_timeout_seconds = 10;
constexpr long keepalive_idle_seconds = 30;

curl_blob blob_of(const std::string& pem) {
  return {const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
}

/// A header's value if `line` is that header.
std::optional<std::string> value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
  if (to_lower(line.substr(0, name.size())) != name) return std::nullopt;
  return std::string(trim(line.substr(name.size() + 1)));
}

std::string hint_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return "does the API server run, and is its address right?";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the server's name in the kubeconfig, and the name service";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "check proxy-url, HTTPS_PROXY and NO_PROXY";
    case CURLE_OPERATION_TIMEDOUT:
      return "the server is slow or the network drops packets; try again";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the server's certificate does not fit certificate-authority of the kubeconfig";
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return "check the certificates of the kubeconfig";
    case CURLE_SSL_CONNECT_ERROR:
      return "is that an https server, and does it take our certificate?";
    default:
      return "try again";
  }
}

}  // namespace

CurlRequest::CurlRequest(const ConnectionConfig& config, const std::string& user_agent,
                         const Request& request, const Proof& proof)
    : easy_(curl_easy_init()),
      server_(config.server),
      what_(fmt::format("{} {}", to_string(request.method),
                        std::string_view(request.target).substr(0, request.target.find('?')))),
      body_(request.body) {
  ASSERT(easy_ != nullptr);
  curl_easy_setopt(easy_, CURLOPT_URL, (config.server + request.target).c_str());
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  // Better to share a connection that is being made than to open another.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT, connect_timeout_seconds);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, keepalive_idle_seconds);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, keepalive_idle_seconds);
  if (request.timeout.nanoseconds > 0) {
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(request.timeout.milliseconds(), 1)));
  }
  if (!config.proxy_url.empty()) curl_easy_setopt(easy_, CURLOPT_PROXY, config.proxy_url.c_str());
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlRequest::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlRequest::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  set_method(request);
  set_headers(config, user_agent, request, proof);
  set_security(config, proof);
}

CurlRequest::~CurlRequest() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

void CurlRequest::set_method(const Request& request) {
  if (request.method == Method::get) return;
  const std::string method(to_string(request.method));
  if (request.method == Method::delete_ && body_.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body_.c_str());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlRequest::set_headers(const ConnectionConfig& config, const std::string& user_agent,
                              const Request& request, const Proof& proof) {
  const auto add = [this](const std::string& header) {
    headers_ = curl_slist_append(headers_, header.c_str());
  };
  add("Accept: " + request.accept);
  if (request.method != Method::get) add("Content-Type: " + request.content_type);
  add("User-Agent: " + (request.user_agent.empty() ? user_agent : request.user_agent));
  add("Expect:");  // libcurl would wait for a 100-continue before larger bodies.
  if (!proof.token.empty()) add("Authorization: Bearer " + proof.token);
  if (!config.as.empty()) add("Impersonate-User: " + config.as);
  if (!config.as_uid.empty()) add("Impersonate-Uid: " + config.as_uid);
  for (const std::string& group : config.as_groups) add("Impersonate-Group: " + group);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  if (proof.token.empty() && !config.username.empty()) {
    curl_easy_setopt(easy_, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy_, CURLOPT_USERNAME, config.username.c_str());
    curl_easy_setopt(easy_, CURLOPT_PASSWORD, config.password.c_str());
  }
}

void CurlRequest::set_security(const ConnectionConfig& config, const Proof& proof) {
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  if (config.insecure_skip_tls_verify) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!config.certificate_authority_pem.empty()) {
    curl_blob authority = blob_of(config.certificate_authority_pem);
    curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &authority);
    // Only that one, not what the system trusts besides.
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  if (!config.tls_server_name.empty()) {
    // The name goes into the URL, and the connection to where the server is: libcurl checks the
    // certificate for the URL's name.
    CURLU* url = curl_url();
    char* host = nullptr;
    char* port = nullptr;
    curl_url_set(url, CURLUPART_URL, config.server.c_str(), 0);
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (host != nullptr && port != nullptr) {
      const std::string to = fmt::format("::{}:{}", host, port);
      connect_to_ = curl_slist_append(nullptr, to.c_str());
      curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
      char* original = nullptr;
      curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_URL, &original);
      curl_url_set(url, CURLUPART_URL, original, 0);
      curl_url_set(url, CURLUPART_HOST, config.tls_server_name.c_str(), 0);
      char* renamed = nullptr;
      curl_url_get(url, CURLUPART_URL, &renamed, 0);
      if (renamed != nullptr) curl_easy_setopt(easy_, CURLOPT_URL, renamed);
      curl_free(renamed);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
  }
  if (proof.client_certificate_pem.empty()) return;
  curl_blob certificate = blob_of(proof.client_certificate_pem);
  curl_blob key = blob_of(proof.client_key_pem);
  curl_easy_setopt(easy_, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(easy_, CURLOPT_SSLKEY_BLOB, &key);
}

int CurlRequest::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::size_t CurlRequest::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  CurlRequest& request = *static_cast<CurlRequest*>(self);
  const std::string_view got(bytes, size * count);
  if (request.take_) return request.take_(got) ? got.size() : 0;
  if (request.response_.body.size() + got.size() > body_max) return 0;
  request.response_.body.append(got);
  return got.size();
}

std::size_t CurlRequest::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  Response& response = static_cast<CurlRequest*>(self)->response_;
  const std::string_view line = trim(std::string_view(bytes, size * count));
  // A new status line: what came before was an interim answer or a proxy's.
  if (line.starts_with("HTTP/")) response = {};
  if (auto type = value_of(line, "content-type")) response.content_type = *type;
  if (auto warning = value_of(line, "warning")) response.warnings.push_back(*warning);
  if (const auto after = value_of(line, "retry-after")) {
    const auto seconds = parse_integer(*after);
    if (seconds && *seconds >= 0) response.retry_after = Duration::from_seconds(*seconds);
  }
  return size * count;
}

Error CurlRequest::error_of_transfer(CURLcode code) const {
  std::string message = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  if (code == CURLE_WRITE_ERROR) message = "the answer is too long";
  return {ErrorCode::unavailable, what_ + " at " + server_, std::move(message), hint_of(code)};
}

Result<Response> CurlRequest::finish(CURLcode code) {
  if (code != CURLE_OK) return Failure(error_of_transfer(code));
  response_.status = status();
  return std::move(response_);
}

}  // namespace slipway::kubernetes
