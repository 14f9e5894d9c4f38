#include "cluster/http_server.h"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <future>
#include <thread>

namespace slipway::cluster {

namespace {

using kubernetes::Method;

/// A server on a thread of its own.
class Served {
 public:
  explicit Served(HttpServer::Options options = {})
      : loop_(kubernetes::make_real_event_loop()),
        credentials_(make_credentials(loop_->now()).value()),
        api_(*loop_),
        http_(HttpServer::start(*loop_, api_, credentials_, options).value()),
        thread_([this] { loop_->run(); }) {}
  ~Served() {
    in_loop([this] { http_.reset(); });
    loop_->post([this] { loop_->stop(); });
    thread_.join();
  }

  void in_loop(const std::function<void()>& task) {
    std::promise<void> done;
    loop_->post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::size_t connections() {
    std::size_t count = 0;
    in_loop([&] { count = http_->connections(); });
    return count;
  }
  HttpServer& http() { return *http_; }
  ApiServer& api() { return api_; }
  const Credentials& credentials() const { return credentials_; }

 private:
  std::unique_ptr<kubernetes::RealEventLoop> loop_;
  Credentials credentials_;
  ApiServer api_;
  std::unique_ptr<HttpServer> http_;
  std::thread thread_;
};

/// A client that says exactly what it is told to.
class RawClient {
 public:
  RawClient(Served& served, const KeyPair* identity) : context_(SSL_CTX_new(TLS_client_method())) {
    if (identity != nullptr) use(*identity);
    connection_ = BIO_new_ssl_connect(context_);
    BIO_set_conn_hostname(connection_, fmt::format("127.0.0.1:{}", served.http().port()).c_str());
    connected_ = BIO_do_connect(connection_) == 1 && BIO_do_handshake(connection_) == 1;
  }
  ~RawClient() {
    BIO_free_all(connection_);
    SSL_CTX_free(context_);
  }

  bool connected() const { return connected_; }
  RawClient& say(const std::string& text) {
    BIO_write(connection_, text.data(), static_cast<int>(text.size()));
    return *this;
  }
  /// All that comes until `end` has come, or the connection ends.
  std::string hear_until(std::string_view end) {
    while (unread_.find(end) == std::string::npos) {
      char buffer[4096];
      const int n = BIO_read(connection_, buffer, sizeof buffer);
      if (n <= 0) break;
      unread_.append(buffer, static_cast<std::size_t>(n));
    }
    const std::size_t found = unread_.find(end);
    const std::size_t length = found == std::string::npos ? unread_.size() : found + end.size();
    std::string heard = unread_.substr(0, length);
    unread_.erase(0, length);
    return heard;
  }
  std::string hear_all() { return hear_until("\n\n\nnever\n\n\n"); }
  /// The header of an answer; its body is read too, and dropped.
  std::string hear_answer() {
    std::string header = hear_until("\r\n\r\n");
    constexpr std::string_view key = "Content-Length: ";
    const std::size_t at = header.find(key);
    if (at == std::string::npos) return header;
    const std::size_t length = std::stoul(header.substr(at + key.size()));
    while (unread_.size() < length) {
      char buffer[4096];
      const int n = BIO_read(connection_, buffer, sizeof buffer);
      if (n <= 0) break;
      unread_.append(buffer, static_cast<std::size_t>(n));
    }
    body_ = unread_.substr(0, length);
    unread_.erase(0, length);
    return header;
  }
  const std::string& body() const { return body_; }

 private:
  void use(const KeyPair& identity) {
    BIO* const pem = BIO_new_mem_buf(identity.certificate_pem.data(), -1);
    X509* const certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
    BIO* const key_pem = BIO_new_mem_buf(identity.key_pem.data(), -1);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_pem, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(pem);
    BIO_free(key_pem);
  }

  SSL_CTX* context_;
  BIO* connection_ = nullptr;
  bool connected_ = false;
  std::string unread_;
  std::string body_;
};

std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::string status_line(const std::string& header) {
  return header.substr(0, header.find("\r\n"));
}

kubernetes::Request create_config_map(const std::string& name, std::size_t size) {
  return {
      .method = Method::post,
      .target = "/api/v1/namespaces/default/configmaps",
      .body = to_text(Json::object({
                                    {"apiVersion", "v1"},
                                    {"kind", "ConfigMap"},
                                    {"metadata", Json::object({{"name", name}})},
                                    {"data", Json::object({{"text", std::string(size, 'x')}})},
                                    }
        ))
  };
}

}  // namespace

TEST_CASE("only who shows the certificate or the token is served") {
  Served served;
  const Credentials foreign = make_credentials(Instant{1'767'225'600'000'000'000}).value();
  const std::string good = "Authorization: Bearer " + served.credentials().token + "\r\n";
  const std::string bad = "Authorization: Bearer " + foreign.token + "\r\n";
  struct Row {
    const char* name;
    const KeyPair* identity;
    std::string target;
    std::string headers;
    const char* want;
  };
  const Row rows[] = {
      {"certificate",                      &served.credentials().client, "/api",     "",   "HTTP/1.1 200 OK"          },
      {"token",                            nullptr,                      "/api",     good, "HTTP/1.1 200 OK"          },
      {"neither",                          nullptr,                      "/api",     "",   "HTTP/1.1 401 Unauthorized"},
      {"another token",                    nullptr,                      "/api",     bad,  "HTTP/1.1 401 Unauthorized"},
      {"a foreign certificate",            &foreign.client,              "/api",     "",   "HTTP/1.1 401 Unauthorized"},
      {"a foreign certificate, our token", &foreign.client,              "/api",     good, "HTTP/1.1 200 OK"          },
      {"a probe",                          nullptr,                      "/readyz",  "",   "HTTP/1.1 200 OK"          },
      {"no probe",                         nullptr,                      "/readyzz", "",   "HTTP/1.1 401 Unauthorized"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawClient client(served, row.identity);
    REQUIRE(client.connected());
    CHECK(status_line(client.say(get(row.target, row.headers)).hear_answer()) == row.want);
  }
}

TEST_CASE("one connection serves many requests, and those alone that ask for it are the last") {
  Served served;
  RawClient client(served, &served.credentials().client);
  for (int i = 0; i < 3; ++i) {
    CHECK(status_line(client.say(get("/api")).hear_answer()) == "HTTP/1.1 200 OK");
  }
  // Sent ahead, before the first is answered.
  client.say(get("/api") + get("/version"));
  CHECK(client.hear_answer().starts_with("HTTP/1.1 200"));
  CHECK(client.hear_answer().starts_with("HTTP/1.1 200"));
  CHECK(client.body().find("gitVersion") != std::string::npos);
  client.say(get("/api", "Connection: close\r\n"));
  CHECK(client.hear_all().find("Connection: close") != std::string::npos);
}

TEST_CASE("HEAD tells the length of what GET answers, and sends none of it") {
  Served served;
  RawClient client(served, &served.credentials().client);
  const std::string full = client.say(get("/version")).hear_answer();
  client.say("HEAD /version HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.hear_until("\r\n\r\n");
  CHECK(head == full);
  CHECK(client.say(get("/version")).hear_answer() == full);
}

TEST_CASE("a warning is quoted once") {
  Served served;
  RawClient client(served, &served.credentials().client);
  const std::string body = R"({"metadata":{"name":"a"},"a\nb":1})";
  client.say("POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string header = client.hear_answer();
  CHECK(header.starts_with("HTTP/1.1 201"));
  CHECK_MESSAGE(
      header.find("Warning: 299 - \"unknown field \\\"a\\\\nb\\\"\"\r\n") != std::string::npos,
      header);
}

TEST_CASE("what is no good request is answered so") {
  Served served({.body_limit_bytes = 1000, .header_limit_bytes = 4000});
  const std::string post = "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n";
  struct Row {
    const char* name;
    std::string request;
    const char* want;
  };
  const Row rows[] = {
      {"nonsense", "what is this\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"no path", get("http://x/api"), "HTTP/1.1 400 Bad Request"},
      {"long header", get("/api", "X: " + std::string(5000, 'x') + "\r\n"),
       "HTTP/1.1 431 Request Header Fields Too Large"},
      {"long body", post + "Content-Length: 1001\r\n\r\n" + std::string(1001, ' '),
       "HTTP/1.1 413 Payload Too Large"},
      {"long body in chunks",
       post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, ' ') +
           "\r\n0\r\n\r\n", "HTTP/1.1 413 Payload Too Large"},
      {"odd verb", "TRACE /api HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"},
      {"a watch in HTTP/1.0", "GET /api/v1/pods?watch=1 HTTP/1.0\r\n\r\n",
       "HTTP/1.0 400 Bad Request"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RawClient client(served, &served.credentials().client);
    CHECK(status_line(client.say(row.request).hear_answer()) == row.want);
    const Json status = parse_json(client.body()).value();
    CHECK(status["kind"] == Json("Status"));
    CHECK_FALSE(status["message"].string_or_empty().empty());
  }
}

TEST_CASE("a client that asks whether to go on is told to") {
  Served served;
  RawClient client(served, &served.credentials().client);
  const kubernetes::Request request = create_config_map("a", 10);
  client.say(
      fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: "
                  "application/json\r\nContent-Length: {}\r\n\r\n",
                  request.target, request.body.size()));
  CHECK(client.hear_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(status_line(client.say(request.body).hear_answer()) == "HTTP/1.1 201 Created");
}

TEST_CASE("a watch streams each event as it comes, and the connection goes on after it") {
  Served served;
  RawClient client(served, &served.credentials().client);
  client.say(
      get("/api/v1/namespaces/default/configmaps?watch=1&fieldSelector=metadata.name%3Da&"
          "timeoutSeconds=1"));
  CHECK(client.hear_until("\r\n\r\n").find("Transfer-Encoding: chunked") != std::string::npos);
  served.in_loop([&] { served.api().handle(create_config_map("a", 10)); });
  CHECK(client.hear_until("\n\r\n").find("\"ADDED\"") != std::string::npos);
  client.hear_until("0\r\n\r\n");
  CHECK(status_line(client.say(get("/api")).hear_answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("a watcher that reads nothing is dropped, and costs no one else anything") {
  Served served({.backlog_limit_bytes = 1'000'000});
  RawClient slow(served, &served.credentials().client);
  RawClient other(served, &served.credentials().client);
  slow.say(get("/api/v1/configmaps?watch=1"));
  slow.hear_until("\r\n\r\n");
  // Enough to fill what the kernel keeps for both ends of the connection.
  for (int i = 0; i < 400 && served.connections() == 2; ++i) {
    served.in_loop([&] { served.api().handle(create_config_map(fmt::format("c{}", i), 100'000)); });
  }
  CHECK(served.connections() == 1);
  CHECK(status_line(other.say(get("/api")).hear_answer()) == "HTTP/1.1 200 OK");
}

TEST_CASE("a watch whose client has gone is over") {
  Served served;
  {
    RawClient client(served, &served.credentials().client);
    client.say(get("/api/v1/pods?watch=1"));
    client.hear_until("\r\n\r\n");
    CHECK(served.connections() == 1);
  }
  while (served.connections() > 0) std::this_thread::yield();
}

TEST_CASE("a server that stops ends watches cleanly and closes the rest") {
  Served served;
  RawClient watcher(served, &served.credentials().client);
  RawClient idle(served, &served.credentials().client);
  idle.say(get("/api")).hear_answer();
  watcher.say(get("/api/v1/pods?watch=1"));
  watcher.hear_until("\r\n\r\n");
  std::promise<void> stopped;
  served.in_loop([&] { served.http().stop([&] { stopped.set_value(); }); });
  CHECK(watcher.hear_all().ends_with("0\r\n\r\n"));
  CHECK(idle.hear_all().empty());
  stopped.get_future().wait();
  CHECK(served.connections() == 0);
}

TEST_CASE("only free loopback addresses are served on") {
  Served served;
  const auto loop = kubernetes::make_real_event_loop();
  ApiServer api(*loop);
  for (const HttpServer::Options& options :
       {HttpServer::Options{.host = "0.0.0.0"}, HttpServer::Options{.host = "shop"},
        HttpServer::Options{.port = served.http().port()}}) {
    const auto refused = HttpServer::start(*loop, api, served.credentials(), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
    CHECK_FALSE(refused.error().hint.empty());
  }
  CHECK(served.http().url() == fmt::format("https://127.0.0.1:{}", served.http().port()));
}

}  // namespace slipway::cluster
