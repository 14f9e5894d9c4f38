#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <set>

#include "base/text.h"
#include "kubernetes/http/scripted_server_for_test.h"

namespace slipway::kubernetes {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// What plain and TLS connections have in common.
class Peer : public ScriptedServer::Connection, public std::enable_shared_from_this<Peer> {
 public:
  Peer(tcp::socket socket, int number, ScriptedServer::Handler handler)
      : socket_(std::move(socket)), number_(number), handler_(std::move(handler)) {}

  virtual void begin() = 0;

  void write(std::string bytes) override {
    if (!open_) return;
    waiting_.push_back(std::move(bytes));
    if (waiting_.size() == 1) write_next();
  }
  void close() override {
    closing_ = true;
    if (waiting_.empty()) say_goodbye();
  }
  void reset() override {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    shut();
  }
  bool open() const override { return open_; }

  void shut() {
    open_ = false;
    error_code ignored;
    socket_.close(ignored);
  }

 protected:
  using Handler = std::function<void(error_code, std::size_t)>;
  virtual void read_some(asio::mutable_buffer into, Handler done) = 0;
  virtual void write_all(asio::const_buffer bytes, Handler done) = 0;
  /// The TLS goodbye, then the end.
  virtual void say_goodbye() = 0;
  virtual std::string client_name() { return {}; }

  void read() {
    read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t n) {
      if (error) return self->shut();
      self->received_.append(self->buffer_.data(), n);
      self->serve();
      self->read();
    });
  }

  tcp::socket socket_;

 private:
  /// Takes whole requests off what has come in.
  void serve() {
    constexpr char tls_handshake = 0x16;
    if (received_.starts_with(tls_handshake)) {  // As Go's server answers it.
      received_.clear();
      write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
      return close();
    }
    for (;;) {
      const std::size_t end = received_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      ScriptedServer::Received request;
      request.head = received_.substr(0, end + 2);
      const auto length = parse_integer(request.header("content-length")).value_or(0);
      const std::size_t whole = end + 4 + static_cast<std::size_t>(length);
      if (received_.size() < whole) return;
      request.line = request.head.substr(0, request.head.find("\r\n"));
      request.body = received_.substr(end + 4, static_cast<std::size_t>(length));
      request.connection = number_;
      request.client_name = client_name();
      received_.erase(0, whole);
      handler_(request, shared_from_this());
    }
  }

  void write_next() {
    write_all(asio::buffer(waiting_.front()),
              [self = shared_from_this()](error_code error, std::size_t) {
                if (error) return self->shut();
                self->waiting_.pop_front();
                if (!self->waiting_.empty()) return self->write_next();
                if (self->closing_) self->say_goodbye();
              });
  }

  const int number_;
  const ScriptedServer::Handler handler_;
  std::array<char, 16384> buffer_;
  std::string received_;
  std::deque<std::string> waiting_;
  bool open_ = true;
  bool closing_ = false;
};

class PlainPeer final : public Peer {
 public:
  using Peer::Peer;
  void begin() override { read(); }

 private:
  void read_some(asio::mutable_buffer into, Handler done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write_all(asio::const_buffer bytes, Handler done) override {
    asio::async_write(socket_, bytes, std::move(done));
  }
  void say_goodbye() override { shut(); }
};

class TlsPeer final : public Peer {
 public:
  TlsPeer(tcp::socket socket, int number, ScriptedServer::Handler handler,
          asio::ssl::context& context)
      : Peer(std::move(socket), number, std::move(handler)), stream_(socket_, context) {}

  void begin() override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this(), this](error_code error) {
                              if (error) return shut();
                              read();
                            });
  }

 private:
  void read_some(asio::mutable_buffer into, Handler done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write_all(asio::const_buffer bytes, Handler done) override {
    asio::async_write(stream_, bytes, std::move(done));
  }
  void say_goodbye() override {
    stream_.async_shutdown([self = shared_from_this()](error_code) { self->shut(); });
    // That would wait for the client's goodbye; ours is out by now.
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->shut(); });
  }
  std::string client_name() override {
    X509* certificate = SSL_get0_peer_certificate(stream_.native_handle());
    if (certificate == nullptr) return {};
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
  }

  asio::ssl::stream<tcp::socket&> stream_;
};

}  // namespace

struct ScriptedServer::State : std::enable_shared_from_this<State> {
  State(RealEventLoop& loop, Options wanted, Handler respond)
      : io(*static_cast<asio::io_context*>(loop.native())),
        options(std::move(wanted)),
        handler(std::move(respond)),
        context(asio::ssl::context::tls_server),
        acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    if (!options.identity) return;
    context.use_certificate_chain(asio::buffer(options.identity->certificate));
    context.use_private_key(asio::buffer(options.identity->key), asio::ssl::context::pem);
    if (options.client_authority.empty()) return;
    context.add_certificate_authority(asio::buffer(options.client_authority));
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }

  void accept() {
    acceptor.async_accept([weak = weak_from_this()](error_code error, tcp::socket socket) {
      const auto self = weak.lock();
      if (self == nullptr || error) return;
      socket.set_option(tcp::no_delay(true));
      ++self->accepted;
      std::shared_ptr<Peer> peer;
      if (self->options.identity) {
        peer = std::make_shared<TlsPeer>(std::move(socket), self->accepted, self->handler,
                                         self->context);
      } else {
        peer = std::make_shared<PlainPeer>(std::move(socket), self->accepted, self->handler);
      }
      self->peers.push_back(peer);
      peer->begin();
      self->accept();
    });
  }

  asio::io_context& io;
  const Options options;
  const Handler handler;
  asio::ssl::context context;
  tcp::acceptor acceptor;
  int accepted = 0;
  std::vector<std::shared_ptr<Peer>> peers;
};

ScriptedServer::ScriptedServer(RealEventLoop& loop, Options options, Handler handler)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handler))) {
  state_->accept();
}

ScriptedServer::~ScriptedServer() {
  for (const auto& peer : state_->peers) peer->shut();
}

int ScriptedServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

std::string ScriptedServer::url() const {
  return fmt::format("{}://127.0.0.1:{}", state_->options.identity ? "https" : "http", port());
}

int ScriptedServer::accepted() const {
  return state_->accepted;
}

int ScriptedServer::open() const {
  return static_cast<int>(
      std::ranges::count_if(state_->peers, [](const auto& peer) { return peer->open(); }));
}

std::string ScriptedServer::Received::header(std::string_view name) const {
  for (const std::string_view text : split(head, '\n')) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && to_lower(text.substr(0, colon)) == to_lower(name)) {
      return std::string(trim(text.substr(colon + 1)));
    }
  }
  return {};
}

int ScriptedServer::Received::count(std::string_view name) const {
  return static_cast<int>(std::ranges::count_if(split(head, '\n'), [&](std::string_view text) {
    return to_lower(text.substr(0, text.find(':'))) == to_lower(name);
  }));
}

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return fmt::format(
      "HTTP/1.1 {} Words\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      status, body.size(), headers, body);
}

std::string http_stream_head(int status) {
  return fmt::format(
      "HTTP/1.1 {} Words\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
      status);
}

std::string http_chunk(const std::string& bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

bool run_until(RealEventLoop& loop, const std::function<bool()>& condition) {
  bool late = false;
  Timer limit(loop);
  limit.set(30_s, [&] { late = true; });
  while (!condition() && !late) loop.run_one();
  return !late;
}

TEST_CASE("requests of the scripted server's clients are read header by header") {
  const ScriptedServer::Received request{
      .line = "",
      .head = "GET / HTTP/1.1\r\nAccept: text\r\nX: 1\r\nx:  2 \r\n",
      .body = "",
      .client_name = ""};
  CHECK(request.header("accept") == "text");
  CHECK(request.header("X") == "1");
  CHECK(request.count("x") == 2);
  CHECK(request.header("missing").empty());
}

}  // namespace slipway::kubernetes
