#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "kubernetes/http/scripted_server_for_test.h"
#include "kubernetes/http_transport.h"

namespace slipway::kubernetes {
namespace {

using Received = ScriptedServer::Received;
using ConnectionPointer = ScriptedServer::ConnectionPointer;

const TestAuthority& authority() {
  static const TestAuthority made;
  return made;
}
const TestIdentity& server_identity() {
  static const TestIdentity made = authority().server();
  return made;
}

/// A loop, a server that answers by `handler`, and the way there.
struct Bench {
  explicit Bench(ScriptedServer::Handler handler)
      : Bench({.identity = server_identity(), .client_authority = ""}, std::move(handler)) {}
  Bench(ScriptedServer::Options options, ScriptedServer::Handler handler)
      : server(*loop, std::move(options), std::move(handler)) {
    config.server = server.url();
    config.certificate_authority_pem = authority().certificate();
  }

  Transport& transport() {
    if (made == nullptr) {
      auto result = make_http_transport(*loop, config, options);
      REQUIRE(result);
      made = *std::move(result);
    }
    return *made;
  }
  Result<Response> send(Request request) {
    std::optional<Result<Response>> answer;
    transport().send(std::move(request), [&](Result<Response> got) { answer = std::move(got); });
    CHECK_FALSE(answer);  // Never inside the call.
    REQUIRE(run_until(*loop, [&] { return answer.has_value(); }));
    return *std::move(answer);
  }
  Result<Response> get(const std::string& target) { return send({.target = target}); }

  std::unique_ptr<RealEventLoop> loop = make_real_event_loop();
  ScriptedServer server;
  ConnectionConfig config;
  HttpTransportOptions options;
  std::unique_ptr<Transport> made;
};

/// What a stream said, in order: "open 200", lines, "end".
struct Watcher {
  StreamEvents events() {
    return {.on_open = [this](int status) { said.push_back(fmt::format("open {}", status)); },
            .on_line = [this](std::string_view line) { said.emplace_back(line); },
            .on_end =
                [this](Result<Response> result) {
                  CHECK_FALSE(end);
                  end = std::move(result);
                }};
  }
  bool ended_cleanly() const { return end && !*end && end->error().message.empty(); }
  std::vector<std::string> said;
  std::optional<Result<Response>> end;
};

ScriptedServer::Handler answering(std::string answer) {
  return [answer = std::move(answer)](const Received&, const ConnectionPointer& to) {
    to->write(answer);
  };
}

bool mentions(const Error& error, std::string_view words) {
  return error.text().find(words) != std::string::npos;
}

// --- Requests.

TEST_CASE("an answer comes whole, with what its headers say") {
  Received seen;
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_answer(429, R"({"kind":"Status"})",
                          "Warning: 299 - \"old\"\r\nwarning: 299 - \"very\"\r\n"
                          "Retry-After: 7\r\n"));
  });
  bench.config.token = "secret";
  const Result<Response> response = bench.get("/api/v1/pods?limit=5");
  REQUIRE(response);
  CHECK(response->status == 429);
  CHECK(response->content_type == "application/json");
  CHECK(response->body == R"({"kind":"Status"})");
  CHECK(response->warnings == std::vector<std::string>{R"(299 - "old")", R"(299 - "very")"});
  CHECK(response->retry_after == 7_s);
  CHECK(seen.line == "GET /api/v1/pods?limit=5 HTTP/1.1");
  CHECK(seen.header("accept") == "application/json");
  CHECK(seen.header("authorization") == "Bearer secret");
  CHECK(seen.header("user-agent") == "slipway");
  CHECK(seen.header("content-type").empty());
  CHECK(bench.transport().server() == bench.config.server);
}

TEST_CASE("each method sends its body and its type") {
  struct Row {
    const char* name;
    Method method;
    const char* type;
    const char* body;
    const char* want_line;
    const char* want_type;
  };
  const Row rows[] = {
      {"create",              Method::post,    "application/json",            "{}",        "POST /x HTTP/1.1",   "application/json"},
      {"create nothing",      Method::post,    "application/json",            "",          "POST /x HTTP/1.1",
       "application/json"                                                                                                          },
      {"update",              Method::put,     "application/json",            "{\"a\":1}", "PUT /x HTTP/1.1",
       "application/json"                                                                                                          },
      {"patch",               Method::patch,   "application/json-patch+json", "[]",        "PATCH /x HTTP/1.1",
       "application/json-patch+json"                                                                                               },
      {"delete",              Method::delete_, "application/json",            "",          "DELETE /x HTTP/1.1", ""                },
      {"delete with options", Method::delete_, "application/json",            "{}",        "DELETE /x HTTP/1.1",
       "application/json"                                                                                                          },
  };
  Received seen;
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_answer(200, "{}"));
  });
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Request request{.method = row.method, .target = "/x", .content_type = row.type};
    request.body = row.body;
    REQUIRE(bench.send(request));
    CHECK(seen.line == row.want_line);
    CHECK(seen.header("content-type") == row.want_type);
    CHECK(seen.body == row.body);
    CHECK(seen.header("expect").empty());
  }
}

TEST_CASE("a large body goes out and comes back unharmed") {
  std::string large(5u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 97) large[i] = static_cast<char>('a' + i % 26);
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    to->write(http_answer(201, request.body));
  });
  Request request{.method = Method::post, .target = "/x"};
  request.body = large;
  const Result<Response> response = bench.send(request);
  REQUIRE(response);
  CHECK((response->body == large));
}

TEST_CASE("requests one after the other share a connection") {
  Bench bench(answering(http_answer(200, "{}")));
  for (int i = 0; i < 5; ++i) REQUIRE(bench.get("/version"));
  CHECK(bench.server.accepted() == 1);
}

TEST_CASE("a connection that the server has closed meanwhile is replaced unseen") {
  Bench bench([](const Received&, const ConnectionPointer& to) {
    to->write(http_answer(200, "{}"));
    to->close();
  });
  for (int i = 0; i < 3; ++i) {
    REQUIRE(bench.get("/version"));
    REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
  }
  CHECK(bench.server.accepted() == 3);
}

TEST_CASE("a slow answer holds nothing else up") {
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("slow") == std::string::npos) to->write(http_answer(200, "{}"));
  });
  bench.transport().send({.target = "/slow"}, [](const Result<Response>&) { CHECK(false); });
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.accepted() == 1; }));
  CHECK(bench.get("/fast"));
  CHECK(bench.server.accepted() == 2);
}

TEST_CASE("the server's address may have a path") {
  Received seen;
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_answer(200, "{}"));
  });
  bench.config.server += "/k8s/clusters/c-1/";
  REQUIRE(bench.get("/api/v1/pods"));
  CHECK(seen.line == "GET /k8s/clusters/c-1/api/v1/pods HTTP/1.1");
}

TEST_CASE("a redirect is not followed, for it could lead our token astray") {
  int requests = 0;
  Bench bench([&](const Received&, const ConnectionPointer& to) {
    ++requests;
    to->write(http_answer(302, "", "Location: https://elsewhere.test/\r\n"));
  });
  const Request request{.target = "/api"};
  const Result<Response> response = bench.send(request);
  REQUIRE(response);
  CHECK(response->status == 302);
  CHECK(requests == 1);
  CHECK(mentions(error_of(*response, request, "s"), "set the kubeconfig's server"));
}

TEST_CASE("who we are is told by headers") {
  Received seen;
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_answer(200, "{}"));
  });
  bench.config.username = "me";
  bench.config.password = "pass:word";
  bench.config.as = "other";
  bench.config.as_uid = "u-1";
  bench.config.as_groups = {"one", "two"};
  bench.config.as_extra = {
      {"scopes/a", "view"},
      {"scopes/a", "edit"}
  };
  bench.options.user_agent = "slipway/v1";
  REQUIRE(bench.get("/x"));
  CHECK(seen.header("authorization") == "Basic " + base64_encode("me:pass:word"));
  CHECK(seen.header("impersonate-user") == "other");
  CHECK(seen.header("impersonate-uid") == "u-1");
  CHECK(seen.count("impersonate-group") == 2);
  CHECK(seen.count("impersonate-extra-scopes%2Fa") == 2);
  CHECK(seen.header("user-agent") == "slipway/v1");
  CHECK(seen.count("user-agent") == 1);
  Request request{.target = "/x"};
  request.user_agent = "slipway-lister";
  REQUIRE(bench.send(request));
  CHECK(seen.header("user-agent") == "slipway-lister");
}

TEST_CASE("compressed answers are taken unless that is switched off") {
  // "hello" as gzip writes it.
  const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                  0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                  0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
  const std::string body(reinterpret_cast<const char*>(packed), sizeof packed);
  Received seen;
  const auto handler = [&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    if (request.header("accept-encoding") == "gzip") {
      to->write(http_answer(200, body, "Content-Encoding: gzip\r\n"));
    } else {
      to->write(http_answer(200, "hello"));
    }
  };
  for (const bool disabled : {false, true}) {
    CAPTURE(disabled);
    Bench bench(handler);
    bench.config.disable_compression = disabled;
    const Result<Response> response = bench.get("/x");
    REQUIRE(response);
    CHECK(response->body == "hello");
    CHECK(seen.header("accept-encoding").empty() == disabled);
  }
}

TEST_CASE("at most 128 requests are under way, and all are served") {
  int answered = 0;
  int most_open = 0;
  Bench bench(
      {.identity = {}, .client_authority = ""},
      [&](const Received&, const ConnectionPointer& to) { to->write(http_answer(200, "{}")); });
  for (int i = 0; i < 400; ++i) {
    bench.transport().send({.target = "/x"}, [&](const Result<Response>& response) {
      CHECK(response);
      ++answered;
      most_open = std::max(most_open, bench.server.open());
    });
  }
  REQUIRE(run_until(*bench.loop, [&] { return answered == 400; }));
  CHECK(most_open <= 128);
}

// --- What goes wrong.

TEST_CASE("a broken answer is no answer, and the error says what to do") {
  const std::string whole = http_answer(200, R"({"kind":"Pod"})");
  struct Row {
    const char* name;
    std::function<void(ScriptedServer::Connection&)> answer;
    const char* want;
  };
  const Row rows[] = {
      {"closed without a word",     [](auto& to) { to.close(); }, "the connection broke"       },
      {"reset without a word",      [](auto& to) { to.reset(); }, "the connection broke"       },
      {"body cut off",
       [&](auto& to) {
         to.write(whole.substr(0, whole.size() - 3));
         to.close();
       },                                                         "the connection broke"       },
      {"chunks cut off",
       [&](auto& to) {
         to.write(http_stream_head() + http_chunk("abc"));
         to.close();
       },                                                         "the connection broke"       },
      {"bytes of another protocol",
       [](auto& to) {
         to.write("SSH-2.0-OpenSSH_9.2\r\n");
         to.close();
       },                                                         "no API server answers there"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench([&](const Received&, const ConnectionPointer& to) { row.answer(*to); });
    const Result<Response> response = bench.get("/api/v1/namespaces/shop/pods/web");
    REQUIRE_FALSE(response);
    CAPTURE(response.error().text());
    CHECK(response.error().code == ErrorCode::unavailable);
    CHECK(mentions(response.error(), "get pods shop/web at " + bench.config.server));
    CHECK(mentions(response.error(), row.want));
  }
}

TEST_CASE("a reset in the middle of a body is no answer") {
  ConnectionPointer connection;
  Bench bench([&](const Received&, const ConnectionPointer& to) {
    to->write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    connection = to;
  });
  std::optional<Result<Response>> answer;
  bench.transport().send({.target = "/x"}, [&](Result<Response> r) { answer = std::move(r); });
  REQUIRE(run_until(*bench.loop, [&] { return connection != nullptr; }));
  bench.loop->post([&] { connection->reset(); });
  REQUIRE(run_until(*bench.loop, [&] { return answer.has_value(); }));
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::unavailable);
}

TEST_CASE("a hanging answer ends with the request's timeout") {
  Bench bench([](const Received&, const ConnectionPointer& to) {
    to->write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  for (const bool from_flag : {false, true}) {
    CAPTURE(from_flag);
    if (from_flag) {
      bench.made = nullptr;
      bench.config.request_timeout = 50_ms;
    }
    Request request{.target = "/x"};
    if (!from_flag) request.timeout = 50_ms;
    const Result<Response> response = bench.send(request);
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::unavailable);
    CHECK(mentions(response.error(), "slow or overloaded"));
  }
}

TEST_CASE("where nobody listens, the error asks whether the server runs") {
  Bench bench(answering(""));
  ConnectionConfig config = bench.config;
  {
    const ScriptedServer gone(*bench.loop, {}, answering(""));
    bench.config.server = gone.url();
  }
  const Result<Response> response = bench.get("/x");
  REQUIRE_FALSE(response);
  CHECK(mentions(response.error(), "Connection refused"));
  CHECK(mentions(response.error(), "is the API server running?"));
}

TEST_CASE("a name that nobody knows is told as such") {
  Bench bench(answering(""));
  bench.config.server = "https://kube.invalid:6443";
  const Result<Response> response = bench.get("/x");
  REQUIRE_FALSE(response);
  CHECK(mentions(response.error(), "kube.invalid"));
  CHECK(mentions(response.error(), "DNS"));
}

// --- TLS.

TEST_CASE("a server that can't prove who it is gets no request") {
  const TestAuthority other("other authority");
  struct Row {
    const char* name;
    TestIdentity identity;
    const char* want;
  };
  const Row rows[] = {
      {"another authority", other.server(),
       "not signed by certificate-authority of the kubeconfig"},
      {"another name", authority().server("DNS:kube.test"), "tls-server-name"},
      {"run out", authority().server("IP:127.0.0.1", -60), "renew the server's certificate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    int requests = 0;
    Bench bench({.identity = row.identity, .client_authority = ""},
                [&](const Received&, const ConnectionPointer&) { ++requests; });
    bench.config.token = "secret";
    const Result<Response> response = bench.get("/x");
    REQUIRE_FALSE(response);
    CAPTURE(response.error().text());
    CHECK(response.error().code == ErrorCode::unavailable);
    CHECK(mentions(response.error(), row.want));
    CHECK(requests == 0);
  }
}

TEST_CASE("without certificate-authority the system's bundle counts, and ours is not in it") {
  Bench bench(answering(http_answer(200, "{}")));
  bench.config.certificate_authority_pem.clear();
  CHECK_FALSE(bench.get("/x"));
  bench.made = nullptr;
  bench.config.insecure_skip_tls_verify = true;
  CHECK(bench.get("/x"));
}

TEST_CASE("tls-server-name is the name that the certificate must have") {
  Received seen;
  Bench bench({.identity = authority().server("DNS:kube.test"), .client_authority = ""},
              [&](const Received& request, const ConnectionPointer& to) {
                seen = request;
                to->write(http_answer(200, "{}"));
              });
  bench.config.tls_server_name = "kube.test";
  bench.config.server += "/base";
  REQUIRE(bench.get("/x"));
  CHECK(seen.line == "GET /base/x HTTP/1.1");
  CHECK("https://" + seen.header("host") == bench.server.url());
  bench.made = nullptr;
  bench.config.tls_server_name = "other.test";
  CHECK_FALSE(bench.get("/x"));
}

TEST_CASE("a client certificate proves who we are") {
  const TestAuthority clients("client authority");
  const TestIdentity me = clients.client("system:me");
  Received seen;
  Bench bench({.identity = server_identity(), .client_authority = clients.certificate()},
              [&](const Received& request, const ConnectionPointer& to) {
                seen = request;
                to->write(http_answer(200, "{}"));
              });
  bench.config.client_certificate_pem = me.certificate;
  bench.config.client_key_pem = me.key;
  REQUIRE(bench.get("/x"));
  CHECK(seen.client_name == "system:me");

  SUBCASE("without one, the error names it") {
    bench.config.client_certificate_pem.clear();
    bench.config.client_key_pem.clear();
  }
  SUBCASE("with one of another authority, the error names it") {
    const TestIdentity stranger = authority().client("stranger");
    bench.config.client_certificate_pem = stranger.certificate;
    bench.config.client_key_pem = stranger.key;
  }
  bench.made = nullptr;
  const Result<Response> response = bench.get("/x");
  REQUIRE_FALSE(response);
  CAPTURE(response.error().text());
  CHECK(mentions(response.error(), "client certificate"));
}

TEST_CASE("http where https is, and the reverse, are told apart") {
  Bench plain({.identity = {}, .client_authority = ""}, answering(http_answer(200, "{}")));
  // A server that doesn't know TLS answers in plain words, or just hangs up.
  plain.config.server.replace(0, 4, "https");
  const Result<Response> response = plain.get("/x");
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::unavailable);
}

TEST_CASE("what can't work is refused before the first request") {
  Bench bench(answering(""));
  struct Row {
    const char* name;
    std::function<void(ConnectionConfig&)> change;
    const char* want;
  };
  const Row rows[] = {
      {"authority",          [](auto& c) { c.certificate_authority_pem = "rubbish"; },
       "certificate-authority: holds no certificate"                                                                            },
      {"client certificate", [](auto& c) { c.client_certificate_pem = c.client_key_pem = "x"; },
       "client-certificate: holds no certificate"                                                                               },
      {"address",            [](auto& c) { c.server = "https://host:port"; },                    "server: \"https://host:port\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ConnectionConfig config = bench.config;
    row.change(config);
    const auto made = make_http_transport(*bench.loop, config, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::invalid);
    CHECK(mentions(made.error(), row.want));
  }
}

TEST_CASE("the kubeconfig's proxy is asked for the server, whatever NO_PROXY says") {
  Received seen;
  Bench bench({.identity = {}, .client_authority = ""},
              [&](const Received& request, const ConnectionPointer& to) {
                seen = request;
                to->write(http_answer(403, ""));
                to->close();
              });
  bench.config.proxy_url = bench.server.url();
  bench.config.server = "https://kube.test:6443";
  bench.config.token = "secret";
  const Result<Response> response = bench.get("/x");
  CHECK_FALSE(response);
  CHECK(seen.line == "CONNECT kube.test:6443 HTTP/1.1");
  CHECK(seen.header("authorization").empty());  // That is for the server's eyes.
}

// --- Tokens.

/// A file that goes with the test.
struct TokenFile {
  TokenFile() {
    char name[] = "/tmp/slipway-token-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    close(fd);
    path = name;
  }
  ~TokenFile() { unlink(path.c_str()); }
  void write(const std::string& text) const { std::ofstream(path) << text; }
  std::string path;
};

TEST_CASE("after a 401 a rotated token is read and the request tried once more") {
  std::vector<std::string> tokens;
  const auto handler = [&](const Received& request, const ConnectionPointer& to) {
    tokens.push_back(request.header("authorization"));
    to->write(http_answer(tokens.back() == "Bearer new" ? 200 : 401, "{}"));
  };
  Bench bench(handler);
  const TokenFile file;
  file.write("old\n");
  bench.config.token_file = file.path;
  Request request{.method = Method::post, .target = "/x"};
  request.body = "body";
  SUBCASE("the file has not changed: the refusal stands") {
    CHECK(bench.send(request)->status == 401);
    CHECK(tokens == std::vector<std::string>{"Bearer old"});
  }
  SUBCASE("the file has changed") {
    CHECK(bench.send(request)->status == 401);
    file.write("new\n");
    CHECK(bench.send(request)->status == 200);
    CHECK(bench.send(request)->status == 200);
    CHECK(tokens ==
          std::vector<std::string>{"Bearer old", "Bearer old", "Bearer new", "Bearer new"});
  }
  SUBCASE("a watch, too, is opened anew") {
    CHECK(bench.send(request)->status == 401);
    file.write("new\n");
    Watcher watcher;
    const auto stream = bench.transport().open({.target = "/x?watch=true"}, watcher.events());
    REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
    CHECK(watcher.said == std::vector<std::string>{"open 200", "{}"});
    CHECK(watcher.ended_cleanly());
  }
}

TEST_CASE("a token that stays the same is not tried again") {
  int requests = 0;
  Bench bench([&](const Received&, const ConnectionPointer& to) {
    ++requests;
    to->write(http_answer(401, "{}"));
  });
  bench.config.token = "secret";
  CHECK(bench.get("/x")->status == 401);
  CHECK(requests == 1);
}

// --- Watches.

TEST_CASE("a watch opens, says its lines and ends") {
  Received seen;
  Bench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_stream_head());
    to->write(http_chunk("{\"a\":1}\n{\"b\":2}\n\n{\"c\""));
    to->write(http_chunk(":3}\nlast"));
    to->write(http_chunk(""));
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  CHECK(watcher.said.empty());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said ==
        std::vector<std::string>{"open 200", "{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "last"});
  CHECK(watcher.ended_cleanly());
  CHECK(seen.header("accept-encoding").empty());
}

TEST_CASE("a watch is open before its first event") {
  Bench bench(answering(http_stream_head()));
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return !watcher.said.empty(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200"});
  CHECK_FALSE(watcher.end);
}

TEST_CASE("a watch's lines come whole however its bytes are cut") {
  const std::string body = "{\"type\":\"ADDED\"}\n{\"text\":\"\xc3\xa9\"}\n{}\n";
  Bench bench([&](const Received&, const ConnectionPointer& to) {
    to->write(http_stream_head());
    for (const char byte : body) to->write(http_chunk(std::string(1, byte)));
    to->write(http_chunk(""));
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200", "{\"type\":\"ADDED\"}",
                                                 "{\"text\":\"\xc3\xa9\"}", "{}"});
}

TEST_CASE("a watch that breaks says so, after its whole lines") {
  Bench bench([](const Received&, const ConnectionPointer& to) {
    to->write(http_stream_head() + http_chunk("one\ntwo\nthr"));
    to->close();
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200", "one", "two"});
  REQUIRE_FALSE(*watcher.end);
  CHECK(mentions(watcher.end->error(), "the connection broke"));
}

TEST_CASE("a refused watch brings the refusal whole") {
  Bench bench(answering(http_answer(410, R"({"kind":"Status","code":410})")));
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 410"});
  REQUIRE(*watcher.end);
  CHECK((*watcher.end)->status == 410);
  CHECK((*watcher.end)->body == R"({"kind":"Status","code":410})");
}

TEST_CASE("a watch without an answer ends with its timeout, but never once it is open") {
  Bench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("mute") == std::string::npos) to->write(http_stream_head());
  });
  Request request{.target = "/pods?watch=true"};
  request.timeout = 50_ms;
  Watcher open;
  const auto stream = bench.transport().open(request, open.events());
  REQUIRE(run_until(*bench.loop, [&] { return !open.said.empty(); }));
  Watcher mute;
  request.target = "/mute?watch=true";
  const auto other = bench.transport().open(request, mute.events());
  REQUIRE(run_until(*bench.loop, [&] { return mute.end.has_value(); }));
  REQUIRE_FALSE(*mute.end);
  CHECK(mentions(mute.end->error(), "no answer within 50ms"));
  CHECK_FALSE(open.end);
}

TEST_CASE("a line without end ends the watch before it fills the memory") {
  const std::string much(1 << 20, 'x');
  Bench bench({.identity = {}, .client_authority = ""},
              [&](const Received&, const ConnectionPointer& to) {
                to->write(http_stream_head());
                for (int i = 0; i < 70; ++i) to->write(http_chunk(much));
              });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  REQUIRE_FALSE(*watcher.end);
  CHECK(mentions(watcher.end->error(), "has no end"));
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
}

TEST_CASE("a stream that is destroyed says no more, and its connection ends") {
  Bench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("watch") == std::string::npos) return to->write(http_answer(200, "{}"));
    to->write(http_stream_head() + http_chunk("one\ntwo\nthree\n"));
  });
  std::unique_ptr<Stream> stream;
  Watcher watcher;
  StreamEvents events = watcher.events();
  SUBCASE("before the answer") {
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    stream = nullptr;
    REQUIRE(bench.get("/pods"));
    CHECK(watcher.said.empty());
    return;
  }
  SUBCASE("when it opens") {
    events.on_open = [&](int) { stream = nullptr; };
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return stream == nullptr; }));
    CHECK(watcher.said.empty());
  }
  SUBCASE("inside a line's callback") {
    events.on_line = [&](std::string_view line) {
      watcher.said.emplace_back(line);
      stream = nullptr;
    };
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return stream == nullptr; }));
    CHECK(watcher.said == std::vector<std::string>{"open 200", "one"});
  }
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
  CHECK_FALSE(watcher.end);
}

TEST_CASE("a transport may be destroyed at any time, and nobody is called after that") {
  Bench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("watch") != std::string::npos) {
      to->write(http_stream_head() + http_chunk("one\ntwo\n"));
    } else if (request.line.find("mute") == std::string::npos) {
      to->write(http_answer(200, "{}"));
    }
  });
  std::unique_ptr<Stream> stream;
  int calls = 0;
  const auto never = [](const Result<Response>&) { CHECK(false); };
  SUBCASE("with requests under way") {
    for (int i = 0; i < 200; ++i) bench.transport().send({.target = "/mute"}, never);
    REQUIRE(run_until(*bench.loop, [&] { return bench.server.accepted() > 0; }));
    bench.made = nullptr;
  }
  SUBCASE("inside a request's callback") {
    bench.transport().send({.target = "/mute"}, never);
    bench.transport().send({.target = "/x"}, [&](const Result<Response>&) {
      ++calls;
      bench.made = nullptr;
    });
    REQUIRE(run_until(*bench.loop, [&] { return calls == 1; }));
  }
  SUBCASE("inside a stream's callback") {
    Watcher watcher;
    StreamEvents events = watcher.events();
    events.on_line = [&](std::string_view) {
      ++calls;
      bench.made = nullptr;
    };
    stream = bench.transport().open({.target = "/watch"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return bench.made == nullptr; }));
    CHECK(calls == 1);
    CHECK_FALSE(watcher.end);
  }
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
  stream = nullptr;
}

}  // namespace
}  // namespace slipway::kubernetes
