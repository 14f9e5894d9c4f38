#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "kubernetes/http/child_process.h"
#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

namespace fs = std::filesystem;

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// nghttp2's own server: it speaks HTTP/2 and nothing else.
class Http2Server {
 public:
  explicit Http2Server(RealEventLoop& loop) {
    fs::create_directories(folder_ / "root");
    write("root/version", R"({"gitVersion":"v1.34.0"})");
    write("certificate.pem", test_server_identity().certificate);
    write("key.pem", test_server_identity().key);
    const std::string script = fmt::format(
        "cd '{}' && PATH=$PATH:/usr/sbin && "  // Debian keeps servers there.
        "exec nghttpd -v -a 127.0.0.1 -d root {} key.pem certificate.pem > log",
        folder_.string(), port_);
    auto started =
        ChildProcess::start(loop,
                            {
                                .program = "sh", .arguments = {"-c", script},
                                     .environment = {}
    },
                            [this](const ChildProcess::Ended& ended) { ended_ = ended.errors; });
    REQUIRE(started);
    process_ = *std::move(started);
  }
  ~Http2Server() {
    process_.reset();
    fs::remove_all(folder_);
  }

  std::string url() const { return fmt::format("https://127.0.0.1:{}", port_); }
  /// What it said when it ended, which it does not do by itself.
  const std::optional<std::string>& ended() const { return ended_; }
  int connections() const {
    std::ifstream file(folder_ / "log");
    const std::string log(std::istreambuf_iterator<char>(file), {});
    int count = 0;
    for (auto at = log.find(accepted); at != std::string::npos; at = log.find(accepted, at + 1)) {
      ++count;
    }
    return count;
  }

 private:
  static constexpr std::string_view accepted = "The negotiated protocol: h2";

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  std::uint16_t port_ = free_port();
  fs::path folder_ = fs::temp_directory_path() / fmt::format("slipway-http2-{}", ::getpid());
  std::optional<std::string> ended_;
  std::unique_ptr<ChildProcess> process_;
};

TEST_CASE("a server that has HTTP/2 is spoken to in it, with all requests on one connection") {
  constexpr int request_count = 80;
  const auto loop = make_real_event_loop();
  const Http2Server server(*loop);
  ConnectionConfig config;
  config.server = server.url();
  config.certificate_authority_pem = test_authority().certificate();
  const auto transport = make_http_transport(*loop, config, {}).value();

  // Until it listens, it refuses.
  bool listens = false;
  std::function<void()> knock = [&] {
    transport->send({.target = "/version"}, [&](const Result<Response>& answer) {
      listens = answer.has_value();
      if (!listens) knock();
    });
  };
  knock();
  REQUIRE(run_until(*loop, [&] { return listens || server.ended(); }));
  REQUIRE_MESSAGE(listens, server.ended().value_or(""));

  int answered = 0;
  for (int i = 0; i < request_count; ++i) {
    transport->send({.target = "/version"}, [&](const Result<Response>& answer) {
      REQUIRE(answer);
      CHECK(answer->status == 200);
      CHECK(answer->body == R"({"gitVersion":"v1.34.0"})");
      ++answered;
    });
  }
  REQUIRE(run_until(*loop, [&] { return answered == request_count; }));
  CHECK(server.connections() == 1);
}

}  // namespace
}  // namespace slipway::kubernetes
