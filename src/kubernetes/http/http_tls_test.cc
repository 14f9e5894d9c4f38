#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

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
      {"another name", test_authority().server("DNS:kube.test"), "tls-server-name"},
      {"run out", test_authority().server("IP:127.0.0.1", -60), "renew the server's certificate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    int requests = 0;
    TransportBench bench({.identity = row.identity, .client_authority = ""},
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
  TransportBench bench(answering(http_answer(200, "{}")));
  bench.config.certificate_authority_pem.clear();
  CHECK_FALSE(bench.get("/x"));
  bench.made = nullptr;
  bench.config.insecure_skip_tls_verify = true;
  CHECK(bench.get("/x"));
}

TEST_CASE("tls-server-name is the name that the certificate must have") {
  Received seen;
  TransportBench bench(
      {.identity = test_authority().server("DNS:kube.test"), .client_authority = ""},
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
  TransportBench bench(
      {.identity = test_server_identity(), .client_authority = clients.certificate()},
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
    const TestIdentity stranger = test_authority().client("stranger");
    bench.config.client_certificate_pem = stranger.certificate;
    bench.config.client_key_pem = stranger.key;
  }
  bench.made = nullptr;
  const Result<Response> response = bench.get("/x");
  REQUIRE_FALSE(response);
  CAPTURE(response.error().text());
  CHECK(mentions(response.error(), "client certificate"));
}

TEST_CASE("https where http is, and the reverse, are told apart") {
  TransportBench plain({.identity = {}, .client_authority = ""}, answering(http_answer(200, "{}")));
  plain.config.server.replace(0, 4, "https");
  Result<Response> response = plain.get("/x");
  REQUIRE_FALSE(response);
  CAPTURE(response.error().text());
  CHECK(mentions(response.error(), "no TLS is spoken there"));

  TransportBench secure(answering(http_answer(200, "{}")));
  secure.config.server.replace(0, 5, "http");
  response = secure.get("/x");
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::unavailable);
}

TEST_CASE("what can't work is refused before the first request") {
  TransportBench bench(answering(""));
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

}  // namespace
}  // namespace slipway::kubernetes
