#include "kubernetes/http/endpoint.h"

#include <doctest/doctest.h>

namespace slipway::kubernetes {
namespace {

Result<Endpoint> endpoint_of(ConnectionConfig config) {
  const Environment environment{
      .variable = [](const std::string&) { return std::nullopt; },
      .read_file = [](const std::string&) -> Result<std::string> { return std::string(); }};
  return Endpoint::make(std::move(config), "agent", environment);
}

ConnectionConfig to(const std::string& server) {
  ConnectionConfig config;
  config.server = server;
  return config;
}

TEST_CASE("another certificate name goes into the URL, the connection stays where it was") {
  struct Row {
    const char* server;
    const char* name;
    const char* want_url;
    const char* want_connect;
    const char* want_host;
  };
  const Row rows[] = {
      {"https://h:6443",       "",  "https://h:6443",      "",             ""                },
      {"https://h:6443/base/", "",  "https://h:6443/base", "",             ""                },
      {"https://h:6443",       "n", "https://n:6443",      "::h:6443",     "Host: h:6443"    },
      {"https://h/base",       "n", "https://n/base",      "::h:443",      "Host: h"         },
      {"https://[::1]:6443",   "n", "https://n:6443",      "::[::1]:6443", "Host: [::1]:6443"},
      {"http://h",             "n", "http://n",            "::h:80",       "Host: h"         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.server);
    ConnectionConfig config = to(row.server);
    config.tls_server_name = row.name;
    const Result<Endpoint> endpoint = endpoint_of(config);
    REQUIRE(endpoint);
    CHECK(endpoint->url == row.want_url);
    CHECK(endpoint->connect_to == row.want_connect);
    CHECK(endpoint->host_header == row.want_host);
    CHECK(endpoint->user_agent == "agent");
  }
}

TEST_CASE("only loopback goes without the environment's proxies") {
  struct Row {
    const char* server;
    bool want;
  };
  const Row rows[] = {
      {"https://127.0.0.1:6443",      true },
      {"https://127.1.2.3",           true },
      {"https://localhost:6443",      true },
      {"https://kube.localhost:6443", true },
      {"https://[::1]:6443",          true },
      {"https://128.0.0.1",           false},
      {"https://localhost.test",      false},
      {"https://mylocalhost",         false},
      {"https://[fd00::1]:6443",      false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.server);
    CHECK(endpoint_of(to(row.server))->direct == row.want);
    ConnectionConfig config = to(row.server);
    config.proxy_url = "socks5://p:1080";
    const Result<Endpoint> proxied = endpoint_of(config);
    CHECK_FALSE(proxied->direct);
    CHECK(proxied->proxy == "socks5h://p:1080");  // The proxy resolves names, as for Go.
  }
}

}  // namespace
}  // namespace slipway::kubernetes
