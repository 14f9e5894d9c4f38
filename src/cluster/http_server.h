#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/api_server.h"
#include "cluster/certificates.h"
#include "kubernetes/event_loop.h"

namespace slipway::cluster {

/// The API server's door: HTTPS (TLS 1.2 or newer, HTTP/1.1 with keep-alive) on a loopback address,
/// served on the API server's own loop. Who shows the credentials' client certificate or bearer
/// token may do anything; others may ask whether the server lives, and get 401 for all else.
///
/// *Guarantees*: nothing a client sends or fails to read makes memory grow without bound. Bodies,
/// headers, connections, waiting times and what is kept for a slow watcher have limits (Options).
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";                  ///< An address, or "localhost". Loopback only.
    std::uint16_t port = 0;                          ///< 0: any free one, see `port()`.
    std::size_t body_limit_bytes = 3 * 1024 * 1024;  ///< What kube-apiserver accepts.
    std::uint32_t header_limit_bytes = 256 * 1024;   ///< Long label selectors fit.
    std::size_t connection_limit = 4096;             ///< Further ones are closed at once.
    std::size_t backlog_limit_bytes = 64 * 1024 * 1024;  ///< Kept for a slow watcher, then closed.
    Duration handshake_timeout = Duration::from_seconds(10);
    Duration idle_timeout = Duration::from_seconds(300);  ///< Between two requests.
    Duration body_timeout = Duration::from_seconds(60);   ///< From a request's header to its end.
    Duration write_timeout = Duration::from_seconds(30);  ///< For an answer or part of a watch.
  };

  /// Listens. `loop` and `server` must outlive the HttpServer.
  ///
  /// *Errors*: `invalid`: an address that is not loopback, is taken or is malformed.
  static Result<std::unique_ptr<HttpServer>> start(kubernetes::RealEventLoop& loop,
                                                   ApiServer& server,
                                                   const Credentials& credentials, Options options);
  /// Closes what is open, at once.
  ~HttpServer();

  std::uint16_t port() const;
  /// "https://127.0.0.1:43127"
  std::string url() const;
  /// Open connections.
  std::size_t connections() const;
  /// Takes no more connections, ends watches cleanly, lets answers under way go out (for at most
  /// the write timeout), then calls `done` once.
  void stop(std::function<void()> done);

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
