#pragma once

#include <curl/curl.h>

#include <functional>
#include <string>

#include "kubernetes/credentials.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// The longest line of a watch: an object of 3 MiB, thrice over for escapes, and far beyond.
inline constexpr std::size_t stream_line_max = 64u << 20;

/// One request as libcurl sees it: its handle, what was sent, what came back. Internal to this
/// folder.
class CurlRequest {
 public:
  CurlRequest(const ConnectionConfig& config, const std::string& user_agent, const Request& request,
              const Proof& proof);
  ~CurlRequest();
  CurlRequest(const CurlRequest&) = delete;
  CurlRequest& operator=(const CurlRequest&) = delete;

  CURL* easy() { return easy_; }
  /// Hands body bytes to `take` instead of keeping them; returning false ends the transfer.
  void stream(std::function<bool(std::string_view)> take) { take_ = std::move(take); }
  /// The status of the answer, 0 before there is one.
  int status() const;
  /// The answer, or the Error that kept it from coming.
  Result<Response> finish(CURLcode code);

 private:
  void set_method(const Request& request);
  void set_headers(const ConnectionConfig& config, const std::string& user_agent,
                   const Request& request, const Proof& proof);
  void set_security(const ConnectionConfig& config, const Proof& proof);
  Error error_of_transfer(CURLcode code) const;
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);

  CURL* easy_;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string server_;
  std::string what_;  ///< "GET /api/v1/pods", for errors.
  std::string body_;  ///< Sent; libcurl reads it in place.
  Response response_;
  std::function<bool(std::string_view)> take_;
  char error_text_[CURL_ERROR_SIZE] = "";
};

}  // namespace slipway::kubernetes
