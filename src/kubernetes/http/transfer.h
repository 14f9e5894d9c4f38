#pragma once

#include <memory>
#include <string>

#include "kubernetes/event_loop.h"
#include "kubernetes/http/credentials.h"
#include "kubernetes/http/endpoint.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// One request as libcurl sees it: its handle, what is sent, what comes back. Internal to this
/// folder.
class Transfer {
 public:
  enum class Kind { whole, stream };

  /// `endpoint` must outlive it.
  Transfer(const Endpoint& endpoint, const Request& request, ProofPointer proof, Kind kind);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// What CurlLoop takes. It must be out of the loop before this object goes.
  void* handle();
  const ProofPointer& proof() const { return proof_; }

  /// Calls `task` whenever headers or bytes have come: from inside libcurl, so it may only take
  /// note.
  void on_arrival(Task task) { arrival_ = std::move(task); }
  /// The status, once all headers are there; 0 before.
  int status() const { return headers_whole_ ? status_ : 0; }
  /// What has come of the body since the last call.
  std::string take_body() { return std::exchange(response_.body, {}); }

  /// The answer, or the Error that kept it from coming. `code` is what CurlLoop told.
  Result<Response> finish(int code, const std::string& place);

 private:
  struct Handles;
  void set_connection();
  void set_method(const Request& request);
  void set_headers(const Request& request);
  void set_security();
  void take_header(std::string_view line);
  bool take_bytes(std::string_view bytes);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);

  const Endpoint& endpoint_;
  const ProofPointer proof_;
  const Kind kind_;
  const std::string sent_;  ///< The request's body, which libcurl reads in place.
  std::unique_ptr<Handles> handles_;
  Task arrival_;
  Response response_;
  int status_ = 0;
  bool headers_whole_ = false;
  bool too_long_ = false;
};

}  // namespace slipway::kubernetes
