#include "kubernetes/http/transfer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/text.h"
#include "kubernetes/http/breakdown.h"

namespace slipway::kubernetes {
namespace {

/// A list page is a few megabytes; nothing an API server sends comes near this.
constexpr std::size_t body_max = 256u << 20;
/// A stream's body is handed on as it comes; only a refusal is kept, and that is a Status.
constexpr std::size_t refusal_max = 4u << 20;
/// Room made at once where the server tells the length; for more it is made as bytes come.
constexpr std::size_t reserve_max = 16u << 20;

constexpr std::size_t warnings_max = 100;
/// Nothing a server asks for keeps us away for longer.
constexpr Duration retry_after_max = 10_min;

constexpr long connect_timeout_seconds = 10;
constexpr long keepalive_seconds = 30;
/// How long sent bytes may stay unacknowledged: a server that vanished is noticed after this, not
/// after the kernel's quarter of an hour.
constexpr int unacknowledged_ms_max = 30'000;

int set_socket_options(void*, curl_socket_t fd, curlsocktype) {
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms_max,
             sizeof unacknowledged_ms_max);
  return CURL_SOCKOPT_OK;
}

/// Borrowed: the text outlives the handle.
curl_blob blob_of(const std::string& pem) {
  return {const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
}

/// A header's value if `line` is that header.
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
  if (to_lower(line.substr(0, name.size())) != name) return std::nullopt;
  return trim(line.substr(name.size() + 1));
}

}  // namespace

/// libcurl's own things, kept out of the header.
struct Transfer::Handles {
  CURL* easy = curl_easy_init();
  curl_slist* headers = nullptr;
  curl_slist* connect_to = nullptr;
  char error_text[CURL_ERROR_SIZE] = "";

  Handles() { ASSERT(easy != nullptr); }
  ~Handles() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    curl_slist_free_all(connect_to);
  }
  template <class T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    ASSERT(code == CURLE_OK);
  }
  void add(const std::string& header) { headers = curl_slist_append(headers, header.c_str()); }
};

Transfer::Transfer(const Endpoint& endpoint, const Request& request, ProofPointer proof, Kind kind)
    : endpoint_(endpoint),
      proof_(std::move(proof)),
      kind_(kind),
      sent_(request.body),
      handles_(std::make_unique<Handles>()) {
  Handles& h = *handles_;
  h.set(CURLOPT_URL, (endpoint_.url + request.target).c_str());
  h.set(CURLOPT_PATH_AS_IS, 1L);
  h.set(CURLOPT_ERRORBUFFER, h.error_text);
  if (kind_ == Kind::whole && request.timeout.nanoseconds > 0) {
    const std::int64_t least = 1;  // 0 would be none.
    h.set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(request.timeout.milliseconds(), least)));
  }
  h.set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  h.set(CURLOPT_WRITEDATA, this);
  h.set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  h.set(CURLOPT_HEADERDATA, this);
  set_connection();
  set_method(request);
  set_headers(request);
  set_security();
}

Transfer::~Transfer() = default;

void* Transfer::handle() {
  return handles_->easy;
}

void Transfer::set_connection() {
  Handles& h = *handles_;
  h.set(CURLOPT_NOSIGNAL, 1L);
  h.set(CURLOPT_PROTOCOLS_STR, "http,https");
  h.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Better to share a connection that is being made than to open another. Without TLS there is
  // nothing to share, and libcurl would wait for a whole answer to learn that.
  if (endpoint_.url.starts_with("https://")) h.set(CURLOPT_PIPEWAIT, 1L);
  h.set(CURLOPT_CONNECTTIMEOUT, connect_timeout_seconds);
  h.set(CURLOPT_TCP_KEEPALIVE, 1L);
  h.set(CURLOPT_TCP_KEEPIDLE, keepalive_seconds);
  h.set(CURLOPT_TCP_KEEPINTVL, keepalive_seconds);
  h.set(CURLOPT_SOCKOPTFUNCTION, &set_socket_options);
  h.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (endpoint_.direct) {
    h.set(CURLOPT_PROXY, "");
  } else if (!endpoint_.proxy.empty()) {
    h.set(CURLOPT_PROXY, endpoint_.proxy.c_str());
    h.set(CURLOPT_NOPROXY, "");  // The kubeconfig means this server; NO_PROXY is about others.
  }
  if (!endpoint_.connect_to.empty()) {
    h.connect_to = curl_slist_append(nullptr, endpoint_.connect_to.c_str());
    h.set(CURLOPT_CONNECT_TO, h.connect_to);
  }
}

void Transfer::set_method(const Request& request) {
  Handles& h = *handles_;
  if (request.method == Method::get) return;
  if (request.method != Method::delete_ || !sent_.empty()) {
    h.set(CURLOPT_POST, 1L);
    h.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sent_.size()));
    h.set(CURLOPT_POSTFIELDS, sent_.c_str());
    h.add("Content-Type: " + request.content_type);
  }
  h.set(CURLOPT_CUSTOMREQUEST, std::string(to_string(request.method)).c_str());
}

void Transfer::set_headers(const Request& request) {
  Handles& h = *handles_;
  h.add("Accept: " + request.accept);
  h.add("Expect:");  // libcurl would wait for a 100-continue before larger bodies.
  if (!proof_->authorization.empty()) h.add("Authorization: " + proof_->authorization);
  for (const std::string& header : endpoint_.headers) h.add(header);
  if (!endpoint_.host_header.empty()) h.add(endpoint_.host_header);
  h.set(CURLOPT_HTTPHEADER, h.headers);
  const std::string& agent = request.user_agent.empty() ? endpoint_.user_agent : request.user_agent;
  h.set(CURLOPT_USERAGENT, agent.c_str());
  // Events of a stream must come one by one, not when a block of compressed bytes is full.
  if (kind_ == Kind::whole && !endpoint_.config.disable_compression) {
    h.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  }
}

void Transfer::set_security() {
  Handles& h = *handles_;
  const ConnectionConfig& config = endpoint_.config;
  h.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (config.insecure_skip_tls_verify) {
    h.set(CURLOPT_SSL_VERIFYPEER, 0L);
    h.set(CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!config.certificate_authority_pem.empty()) {
    curl_blob authority = blob_of(config.certificate_authority_pem);
    h.set(CURLOPT_CAINFO_BLOB, &authority);
    // Only that one: libcurl would trust the system's folder besides.
    h.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  } else if (!endpoint_.authority_file.empty()) {
    h.set(CURLOPT_CAINFO, endpoint_.authority_file.c_str());
    h.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (proof_->client_certificate_pem.empty()) return;
  curl_blob certificate = blob_of(proof_->client_certificate_pem);
  curl_blob key = blob_of(proof_->client_key_pem);
  h.set(CURLOPT_SSLCERT_BLOB, &certificate);
  h.set(CURLOPT_SSLKEY_BLOB, &key);
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  const bool taken = static_cast<Transfer*>(self)->take_bytes({bytes, size * count});
  return taken ? size * count : CURL_WRITEFUNC_ERROR;
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  static_cast<Transfer*>(self)->take_header(trim(std::string_view(bytes, size * count)));
  return size * count;
}

bool Transfer::take_bytes(std::string_view bytes) {
  const bool kept = kind_ == Kind::whole || status_ != 200;
  const std::size_t max = kind_ == Kind::whole ? body_max : refusal_max;
  if (kept && response_.body.size() + bytes.size() > max) {
    too_long_ = true;
    return false;
  }
  response_.body.append(bytes);
  if (arrival_) arrival_();
  return true;
}

void Transfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    // What came before was an interim answer.
    response_ = {};
    const std::size_t blank = line.find(' ');
    const std::string_view code =
        blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1, 3);
    status_ = static_cast<int>(parse_integer(code).value_or(0));
    headers_whole_ = false;
  } else if (line.empty()) {
    headers_whole_ = status_ >= 200;
    if (headers_whole_ && arrival_) arrival_();
  } else if (const auto type = value_of(line, "content-type")) {
    response_.content_type = *type;
  } else if (const auto warning = value_of(line, "warning")) {
    if (response_.warnings.size() < warnings_max) response_.warnings.emplace_back(*warning);
  } else if (const auto after = value_of(line, "retry-after")) {
    const auto seconds = parse_integer(*after);
    if (seconds && *seconds >= 0) {
      response_.retry_after = std::min(Duration::from_seconds(*seconds), retry_after_max);
    }
  } else if (const auto length = value_of(line, "content-length")) {
    const auto bytes = parse_integer(*length);
    if (kind_ == Kind::whole && bytes && *bytes > 0) {
      response_.body.reserve(std::min(static_cast<std::size_t>(*bytes), reserve_max));
    }
  }
}

Result<Response> Transfer::finish(int code, const std::string& place) {
  if (code == CURLE_OK) {
    response_.status = status_;
    return std::move(response_);
  }
  CURL* easy = handles_->easy;
  Breakdown breakdown{.code = code, .text = handles_->error_text, .too_long = too_long_};
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &breakdown.system_error);
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &breakdown.verify_result);
  curl_off_t until_request = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &until_request);
  breakdown.connected = until_request > 0;
  return Failure(error_of(breakdown, place));
}

}  // namespace slipway::kubernetes
