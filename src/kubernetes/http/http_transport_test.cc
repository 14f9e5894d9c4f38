#include "base/text.h"
#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

TEST_CASE("an answer comes whole, with what its headers say") {
  Received seen;
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
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
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
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
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    to->write(http_answer(201, request.body));
  });
  Request request{.method = Method::post, .target = "/x"};
  request.body = large;
  const Result<Response> response = bench.send(request);
  REQUIRE(response);
  CHECK((response->body == large));
}

TEST_CASE("requests one after the other share a connection") {
  TransportBench bench(answering(http_answer(200, "{}")));
  for (int i = 0; i < 5; ++i) REQUIRE(bench.get("/version"));
  CHECK(bench.server.accepted() == 1);
}

TEST_CASE("a connection that the server has closed meanwhile is replaced unseen") {
  TransportBench bench([](const Received&, const ConnectionPointer& to) {
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
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("slow") == std::string::npos) to->write(http_answer(200, "{}"));
  });
  bench.transport().send({.target = "/slow"}, [](const Result<Response>&) { CHECK(false); });
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.accepted() == 1; }));
  CHECK(bench.get("/fast"));
  CHECK(bench.server.accepted() == 2);
}

TEST_CASE("the server's address may have a path") {
  Received seen;
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_answer(200, "{}"));
  });
  bench.config.server += "/k8s/clusters/c-1/";
  REQUIRE(bench.get("/api/v1/pods"));
  CHECK(seen.line == "GET /k8s/clusters/c-1/api/v1/pods HTTP/1.1");
}

TEST_CASE("a redirect is not followed, for it could lead our token astray") {
  int requests = 0;
  TransportBench bench([&](const Received&, const ConnectionPointer& to) {
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
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
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
    TransportBench bench(handler);
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
  TransportBench bench(
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

TEST_CASE("requests in the background spend a limit of their own") {
  TransportBench bench(
      [&](const Received&, const ConnectionPointer& to) { to->write(http_answer(200, "{}")); });
  bench.options.queries_per_second = 0.001;
  bench.options.burst = 1;
  REQUIRE(bench.send({.target = "/event", .background = true}));
  bench.transport().send({.target = "/event", .background = true},
                         [](const Result<Response>&) { CHECK(false); });
  CHECK(bench.send({.target = "/decision"}));
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
    TransportBench bench([&](const Received&, const ConnectionPointer& to) { row.answer(*to); });
    const Result<Response> response = bench.get("/api/v1/namespaces/shop/pods/web");
    REQUIRE_FALSE(response);
    CAPTURE(response.error().text());
    CHECK(response.error().code == ErrorCode::unavailable);
    CHECK(mentions(response.error(), "get pods shop/web at " + bench.config.server));
    CHECK(mentions(response.error(), row.want));
  }
}

TEST_CASE("a reset in the middle of a body is no answer") {
  std::weak_ptr<ScriptedServer::Connection> connection;
  TransportBench bench([&](const Received&, const ConnectionPointer& to) {
    to->write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    connection = to;
  });
  std::optional<Result<Response>> answer;
  bench.transport().send({.target = "/x"}, [&](Result<Response> r) { answer = std::move(r); });
  REQUIRE(run_until(*bench.loop, [&] { return !connection.expired(); }));
  bench.loop->post([&] { connection.lock()->reset(); });
  REQUIRE(run_until(*bench.loop, [&] { return answer.has_value(); }));
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::unavailable);
}

TEST_CASE("a reset while we send does not end the process with SIGPIPE") {
  for (const bool tls : {true, false}) {
    CAPTURE(tls);
    ScriptedServer::Options options{.identity = {}, .client_authority = ""};
    if (tls) options.identity = test_server_identity();
    TransportBench bench(options, [](const Received&, const ConnectionPointer& to) {
      to->write(http_answer(200, "{}"));
      to->reset();
    });
    // libcurl writes to connections that are gone: kept ones, and those that break half-way.
    std::vector<Result<Response>> answers;
    for (int i = 0; i < 20; ++i) {
      Request request;
      request.method = Method::post;
      request.target = "/x";
      request.body.assign(i % 2 == 0 ? 10 : 2'000'000, 'x');
      bench.transport().send(
          request, [&](Result<Response> answer) { answers.push_back(std::move(answer)); });
    }
    CHECK(run_until(*bench.loop, [&] { return answers.size() == 20; }));
  }
}

TEST_CASE("a hanging answer ends with the request's timeout") {
  TransportBench bench([](const Received&, const ConnectionPointer& to) {
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
  TransportBench bench(answering(""));
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

}  // namespace
}  // namespace slipway::kubernetes
