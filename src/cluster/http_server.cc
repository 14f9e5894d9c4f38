#include "cluster/http_server.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <deque>
#include <optional>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "cluster/http_status.h"
#include "cluster/server/status.h"

namespace slipway::cluster {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

class Connection;

std::chrono::nanoseconds chrono_of(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds);
}

std::optional<Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return Method::get;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::delete_;
    default:
      return std::nullopt;
  }
}

/// What a probe may ask without credentials. Source: kube-apiserver's role
/// system:public-info-viewer.
bool is_public(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const std::string_view open : {"/healthz", "/livez", "/readyz", "/version"}) {
    if (path == open || (path.starts_with(open) && path[open.size()] == '/')) return true;
  }
  return false;
}

/// The listening socket and what all its connections share. Connections keep it alive.
struct Listener : std::enable_shared_from_this<Listener> {
  Listener(kubernetes::RealEventLoop& loop, ApiServer& s, HttpServer::Options o)
      : server(s),
        options(std::move(o)),
        io(*static_cast<asio::io_context*>(loop.native())),
        tls(ssl::context::tls_server),
        acceptor(io),
        timer(io) {}

  Result<void> prepare_tls(const Credentials& credentials);
  Result<void> listen();
  void accept();
  void remove(Connection* connection);
  void stop(std::function<void()> when_stopped);
  void close_all();
  void finish_if_stopped();

  ApiServer& server;  ///< Gone once `closed`.
  HttpServer::Options options;
  std::string token;
  asio::io_context& io;
  ssl::context tls;
  tcp::acceptor acceptor;
  asio::steady_timer timer;  ///< Until accepting again, or until stopping is over.
  std::string url;
  std::set<Connection*> connections;
  bool stopping = false;
  bool closed = false;
  std::function<void()> done;
};

/// One client's connection: one request after the other, a watch among them. Kept alive by its own
/// pending operations; `close` ends those.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Listener> state, tcp::socket socket);
  ~Connection() { state_->remove(this); }

  void start();
  /// Ends it as soon as nothing is left half said.
  void finish();
  /// Ends it now.
  void close();

 private:
  void read_request();
  void on_header(error_code error);
  void on_body(error_code error);
  void on_request();
  bool has_token(const http::request<http::string_body>& message) const;
  void answer(const Response& response);
  void refuse_and_close(const Response& response);
  void shut_down();

  void start_watch(const Request& request);
  void on_watch_open(int status);
  void on_watch_line(std::string_view line);
  void on_watch_end(const Result<Response>& outcome);
  void watch_for_hangup();
  void flush();

  std::shared_ptr<Listener> state_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool certified_ = false;   ///< The client showed a certificate that our authority signed.
  bool distrusted_ = false;  ///< The certificate it showed does not verify.
  bool head_ = false;        ///< The request is a HEAD: no body is sent.
  bool keep_alive_ = false;  ///< After this answer comes another request.
  unsigned version_ = 11;
  bool idle_ = false;  ///< Between two requests.
  bool closed_ = false;

  // A watch, from its request to the last chunk.
  std::unique_ptr<kubernetes::Stream> watch_;
  bool streaming_ = false;  ///< The header of a watch is out (or in `backlog_`).
  bool ending_ = false;     ///< The last chunk is in `backlog_`.
  bool listening_ = false;  ///< A read that notices a hang-up is pending.
  bool writing_ = false;
  std::string backlog_;  ///< Bytes to send after those being sent.
  std::string sending_;
};

Connection::Connection(std::shared_ptr<Listener> state, tcp::socket socket)
    : state_(std::move(state)), stream_(std::move(socket), state_->tls) {
  state_->connections.insert(this);
  // A foreign certificate is no reason to hang up: a token may follow, and else a 401 says more.
  stream_.set_verify_mode(ssl::verify_peer);
  stream_.set_verify_callback([this](bool verified, ssl::verify_context&) {
    if (!verified) distrusted_ = true;
    return true;
  });
}

void Connection::start() {
  error_code ignored;
  beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true), ignored);
  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.handshake_timeout));
  stream_.async_handshake(ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    if (error || self->closed_) return self->close();
    const std::unique_ptr<X509, decltype(&X509_free)> peer(
        SSL_get1_peer_certificate(self->stream_.native_handle()), X509_free);
    self->certified_ = peer != nullptr && !self->distrusted_;
    self->read_request();
  });
}

void Connection::finish() {
  if (streaming_ && !ending_) {
    on_watch_end(Response{});
  } else if (idle_) {
    close();
  }
  keep_alive_ = false;
}

void Connection::close() {
  closed_ = true;
  watch_.reset();
  error_code ignored;
  beast::get_lowest_layer(stream_).socket().close(ignored);
}

void Connection::read_request() {
  if (closed_ || state_->stopping) return close();
  parser_.emplace();
  parser_->header_limit(state_->options.header_limit_bytes);
  parser_->body_limit(state_->options.body_limit_bytes);
  idle_ = true;
  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.idle_timeout));
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
}

void Connection::on_header(error_code error) {
  idle_ = false;
  if (closed_) return;
  if (error) return on_body(error);
  const auto& header = parser_->get();
  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.body_timeout));
  const auto read_body = [self = shared_from_this()] {
    http::async_read(self->stream_, self->buffer_, *self->parser_,
                     [self](error_code failure, std::size_t) { self->on_body(failure); });
  };
  if (!beast::iequals(header[http::field::expect], "100-continue")) return read_body();
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(go_on),
                    [self = shared_from_this(), read_body](error_code failure, std::size_t) {
                      if (failure) return self->close();
                      read_body();
                    });
}

void Connection::on_body(error_code error) {
  if (closed_) return;
  if (!error) return on_request();
  if (error == http::error::end_of_stream) return shut_down();
  if (error == http::error::body_limit) {
    return refuse_and_close(refusal(
        413, "RequestEntityTooLarge",
        fmt::format("Request entity too large: limit is {}", state_->options.body_limit_bytes)));
  }
  if (error == http::error::header_limit) {
    return refuse_and_close(refusal(
        431, "BadRequest",
        fmt::format("request header is over {} bytes", state_->options.header_limit_bytes)));
  }
  // Errors of the parser are the client's; all others mean that the connection is no more.
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return refuse_and_close(
        refusal(400, "BadRequest", "malformed HTTP request: " + error.message()));
  }
  close();
}

bool Connection::has_token(const http::request<http::string_body>& message) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto value = message[http::field::authorization];
  const std::string_view given(value.data(), value.size());
  const std::string& token = state_->token;
  return given.size() == scheme.size() + token.size() && given.starts_with(scheme) &&
         CRYPTO_memcmp(given.data() + scheme.size(), token.data(), token.size()) == 0;
}

void Connection::on_request() {
  const http::request<http::string_body> message = parser_->release();
  parser_.reset();
  head_ = message.method() == http::verb::head;
  keep_alive_ = message.keep_alive();
  version_ = message.version();

  const auto text = [](beast::string_view view) { return std::string(view.data(), view.size()); };
  Request request;
  request.target = text(message.target());
  const std::optional<Method> method = method_of(message.method());
  if (!request.target.starts_with('/')) {
    return refuse_and_close(refusal(400, "BadRequest", "the request's target is no path"));
  }
  if (!certified_ && !has_token(message) && !is_public(request.target)) {
    return answer(refusal(401, "Unauthorized", "Unauthorized"));
  }
  if (!method) {
    return answer(to_response(method_not_allowed()));
  }
  request.method = *method;
  request.body = message.body();
  if (message.count(http::field::content_type) != 0) {
    request.content_type = text(message[http::field::content_type]);
  }
  if (message.count(http::field::accept) != 0) request.accept = text(message[http::field::accept]);
  request.user_agent = text(message[http::field::user_agent]);

  if (!head_ && ApiServer::is_watch(request)) return start_watch(request);
  answer(state_->server.handle(request));
}

void Connection::answer(const Response& response) {
  if (state_->stopping) keep_alive_ = false;
  response_ = {};
  response_.version(version_);
  response_.result(static_cast<unsigned>(response.status));
  response_.set(http::field::cache_control, "no-cache, private");
  response_.set(http::field::content_type, response.content_type);
  for (const std::string& warning : response.warnings) {
    response_.insert(http::field::warning, warning);
  }
  if (response.retry_after) {
    response_.set(http::field::retry_after, std::to_string(response.retry_after->whole_seconds()));
  }
  response_.keep_alive(keep_alive_);
  response_.body() = response.body;
  response_.prepare_payload();
  if (head_) response_.body().clear();  // The length stays: that of the body a GET would get.

  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.write_timeout));
  http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->close();
    if (!self->keep_alive_) return self->shut_down();
    self->read_request();
  });
}

void Connection::refuse_and_close(const Response& response) {
  keep_alive_ = false;
  head_ = false;
  parser_.reset();
  answer(response);
}

void Connection::shut_down() {
  if (listening_)
    return close();  // A second read, for the client's goodbye, would be one too many.
  idle_ = true;
  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.handshake_timeout));
  stream_.async_shutdown([self = shared_from_this()](error_code) { self->close(); });
}

void Connection::start_watch(const Request& request) {
  if (version_ < 11) {
    return answer(refusal(400, "BadRequest", "a watch needs HTTP/1.1 or newer"));
  }
  beast::get_lowest_layer(stream_).expires_never();
  const std::weak_ptr<Connection> weak = weak_from_this();
  // The events keep nothing alive: a watch ends with its connection, never the other way round.
  kubernetes::StreamEvents events;
  events.on_open = [weak](int status) {
    if (const auto self = weak.lock()) self->on_watch_open(status);
  };
  events.on_line = [weak](std::string_view line) {
    if (const auto self = weak.lock()) self->on_watch_line(line);
  };
  events.on_end = [weak](const Result<Response>& outcome) {
    if (const auto self = weak.lock()) self->on_watch_end(outcome);
  };
  watch_ = state_->server.watch(request, std::move(events));
  watch_for_hangup();
}

void Connection::on_watch_open(int status) {
  if (closed_ || status != 200) return;  // What a refusal says comes whole, in on_watch_end.
  streaming_ = true;
  backlog_ +=
      "HTTP/1.1 200 OK\r\n"
      "Cache-Control: no-cache, private\r\n"
      "Content-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  flush();
}

void Connection::on_watch_line(std::string_view line) {
  if (closed_ || !streaming_ || ending_) return;
  if (backlog_.size() + line.size() > state_->options.backlog_limit_bytes) {
    log::warn("closing a watch whose client does not keep up",
              {
                  {"waiting_bytes", static_cast<unsigned long>(backlog_.size())}
    });
    // Later: a Stream is not destroyed inside its own callback.
    asio::post(state_->io, [self = shared_from_this()] { self->close(); });
    ending_ = true;
    return;
  }
  fmt::format_to(std::back_inserter(backlog_), "{:x}\r\n{}\n\r\n", line.size() + 1, line);
  flush();
}

void Connection::on_watch_end(const Result<Response>& outcome) {
  if (closed_ || ending_) return;
  ending_ = true;
  if (streaming_) {
    backlog_ += "0\r\n\r\n";
    return flush();
  }
  // Refused before it began. The pending read would meet the client's next request, so this
  // connection ends with the answer.
  keep_alive_ = false;
  answer(outcome ? *outcome : refusal(500, "InternalError", outcome.error().text()));
}

/// Reads while events are sent: the only way to notice that the client has gone.
void Connection::watch_for_hangup() {
  listening_ = true;
  stream_.async_read_some(buffer_.prepare(4096),
                          [self = shared_from_this()](error_code error, std::size_t n) {
                            self->listening_ = false;
                            if (error || self->closed_) return self->close();
                            self->buffer_.commit(n);
                            // The next request, sent ahead. It waits for the end of the watch.
                            if (!self->streaming_ && !self->watch_) self->read_request();
                          });
}

void Connection::flush() {
  if (writing_ || closed_ || backlog_.empty()) return;
  writing_ = true;
  sending_.swap(backlog_);
  backlog_.clear();
  beast::get_lowest_layer(stream_).expires_after(chrono_of(state_->options.write_timeout));
  asio::async_write(stream_, asio::buffer(sending_),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->writing_ = false;
                      if (error || self->closed_) return self->close();
                      if (!self->backlog_.empty()) return self->flush();
                      if (!self->ending_) return;
                      self->watch_.reset();
                      self->streaming_ = self->ending_ = false;
                      if (!self->keep_alive_ || self->state_->stopping) return self->shut_down();
                      if (!self->listening_) return self->read_request();
                      self->idle_ = true;
                    });
}

Failure cannot_listen(const HttpServer::Options& options, const std::string& reason) {
  return fail(ErrorCode::invalid, fmt::format("address {}:{}", options.host, options.port), reason,
              "name a free port of a loopback address, such as 127.0.0.1:6443, or port 0 for any");
}

int choose_http1(SSL*, const unsigned char** chosen, unsigned char* chosen_length,
                 const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, chosen_length, ours, sizeof ours - 1, offered, offered_length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<void> Listener::prepare_tls(const Credentials& credentials) {
  SSL_CTX* const context = tls.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // A resumed session would bring back an earlier verdict on a certificate.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_alpn_select_cb(context, choose_http1, nullptr);
  error_code error;
  tls.use_certificate(asio::buffer(credentials.server.certificate_pem), ssl::context::pem, error);
  if (!error) {
    tls.use_private_key(asio::buffer(credentials.server.key_pem), ssl::context::pem, error);
  }
  if (!error) tls.add_certificate_authority(asio::buffer(credentials.authority_pem), error);
  if (error) {
    return fail(ErrorCode::internal, "https server",
                "cannot use its certificate: " + error.message(), "make new credentials");
  }
  token = credentials.token;
  return {};
}

Result<void> Listener::listen() {
  error_code error;
  const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) return cannot_listen(options, "is no IP address");
  if (!address.is_loopback()) return cannot_listen(options, "is not a loopback address");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(options, "cannot be listened on: " + error.message());
  options.port = acceptor.local_endpoint().port();
  url = fmt::format(fmt::runtime(address.is_v6() ? "https://[{}]:{}" : "https://{}:{}"),
                    address.to_string(), options.port);
  return {};
}

void Listener::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->stopping || self->closed) return;
    if (!error) {
      if (self->connections.size() < self->options.connection_limit) {
        std::make_shared<Connection>(self, std::move(socket))->start();
      }
      return self->accept();
    }
    // Out of file descriptors, most likely: some will close.
    log::warn("cannot accept a connection", {
                                                {"error", error.message()}
    });
    self->timer.expires_after(std::chrono::milliseconds(100));
    self->timer.async_wait([self](error_code cancelled) {
      if (!cancelled) self->accept();
    });
  });
}

void Listener::remove(Connection* connection) {
  connections.erase(connection);
  finish_if_stopped();
}

void Listener::stop(std::function<void()> when_stopped) {
  if (stopping) return;
  stopping = true;
  done = std::move(when_stopped);
  error_code ignored;
  acceptor.close(ignored);
  for (Connection* connection : std::set<Connection*>(connections)) connection->finish();
  timer.expires_after(chrono_of(options.write_timeout));
  timer.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled) self->close_all();
  });
  finish_if_stopped();
}

void Listener::close_all() {
  error_code ignored;
  acceptor.close(ignored);
  for (Connection* connection : std::set<Connection*>(connections)) connection->close();
}

void Listener::finish_if_stopped() {
  if (!stopping || closed || !connections.empty() || !done) return;
  timer.cancel();
  asio::post(io, std::exchange(done, nullptr));
}

}  // namespace

struct HttpServer::State : Listener {
  using Listener::Listener;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(kubernetes::RealEventLoop& loop,
                                                      ApiServer& server,
                                                      const Credentials& credentials,
                                                      Options options) {
  auto state = std::make_shared<State>(loop, server, std::move(options));
  TRY_DONE(state->prepare_tls(credentials));
  TRY_DONE(state->listen());
  state->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->closed = true;
  state_->timer.cancel();
  state_->close_all();
}

std::uint16_t HttpServer::port() const {
  return state_->options.port;
}

std::string HttpServer::url() const {
  return state_->url;
}

std::size_t HttpServer::connections() const {
  return state_->connections.size();
}

void HttpServer::stop(std::function<void()> done) {
  state_->stop(std::move(done));
}

}  // namespace slipway::cluster
