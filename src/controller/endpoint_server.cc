#include "controller/endpoint_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace slipway::controller {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// Probes and scrapers open a handful; more than this is a flood.
constexpr std::size_t connections_max = 64;
constexpr std::size_t header_bytes_max = 16 * 1024;
constexpr auto idle_limit = std::chrono::seconds(30);

struct Shared {
  EndpointServer::Pages pages;
  std::size_t connections = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    ++shared_->connections;
  }
  ~Connection() { --shared_->connections; }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(0);
    stream_.expires_after(idle_limit);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    std::string path(request.target());
    path = path.substr(0, path.find('?'));
    Page page{404, "text/plain; charset=utf-8", "404 page not found\n"};
    const auto found = shared_->pages.find(path);
    const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
    if (!reads) {
      page = {405, "text/plain; charset=utf-8", "only GET is served here\n"};
    } else if (found != shared_->pages.end()) {
      page = found->second();
    }
    response_ = {};
    response_.version(request.version());
    response_.result(static_cast<unsigned>(page.status));
    response_.set(http::field::content_type, page.content_type);
    response_.keep_alive(request.keep_alive());
    const std::size_t length = page.body.size();
    if (request.method() != http::verb::head) response_.body() = std::move(page.body);
    response_.content_length(length);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::shared_ptr<Shared> shared_;
};

class Server final : public EndpointServer {
 public:
  Server(asio::io_context& context, Pages pages) : acceptor_(context) {
    shared_->pages = std::move(pages);
  }

  beast::error_code listen(std::uint16_t port) {
    beast::error_code error;
    tcp::endpoint endpoint(tcp::v6(), port);
    acceptor_.open(endpoint.protocol(), error);
    if (error) {  // A machine without IPv6.
      endpoint = tcp::endpoint(tcp::v4(), port);
      acceptor_.open(endpoint.protocol(), error);
    } else {
      acceptor_.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) accept();
    return error;
  }

  std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    acceptor_.async_accept([this, shared = shared_](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && shared->connections < connections_max) {
        std::make_shared<Connection>(std::move(socket), shared)->read();
      }
      accept();
    });
  }

  tcp::acceptor acceptor_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

Result<std::unique_ptr<EndpointServer>> serve_endpoints(kubernetes::RealEventLoop& loop,
                                                        std::uint16_t port, const std::string& flag,
                                                        EndpointServer::Pages pages) {
  auto server =
      std::make_unique<Server>(*static_cast<asio::io_context*>(loop.native()), std::move(pages));
  const beast::error_code error = server->listen(port);
  if (error) {
    return fail(ErrorCode::unavailable, "port " + std::to_string(port), error.message(),
                "choose another port with " + flag);
  }
  return server;
}

}  // namespace slipway::controller
