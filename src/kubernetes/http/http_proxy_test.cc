#include <stdlib.h>

#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

/// A variable of this process's environment, for a while.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = getenv(name)) before_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// A proxy that refuses, and notes what it was asked for.
struct ProxyBench : TransportBench {
  ProxyBench()
      : TransportBench({.identity = {}, .client_authority = ""},
                       [this](const Received& request, const ConnectionPointer& to) {
                         seen = request;
                         to->write(http_answer(403, ""));
                         to->close();
                       }) {
    config.server = "https://kube.test:6443";
    config.token = "secret";
  }
  Received seen;
};

TEST_CASE("the kubeconfig's proxy is asked for the server, whatever NO_PROXY says") {
  const Variable none("NO_PROXY", "*");
  ProxyBench bench;
  bench.config.proxy_url = bench.server.url();
  CHECK_FALSE(bench.get("/x"));
  CHECK(bench.seen.line == "CONNECT kube.test:6443 HTTP/1.1");
  CHECK(bench.seen.header("authorization").empty());  // That is for the server's eyes.
}

TEST_CASE("HTTPS_PROXY is asked where the kubeconfig names none") {
  ProxyBench bench;
  const Variable proxy("HTTPS_PROXY", bench.server.url());
  const Variable small("https_proxy", bench.server.url());
  const Variable none("NO_PROXY", "other.test");
  const Variable small_none("no_proxy", "other.test");
  CHECK_FALSE(bench.get("/x"));
  CHECK(bench.seen.line == "CONNECT kube.test:6443 HTTP/1.1");
}

TEST_CASE("a server on loopback is reached without HTTPS_PROXY, as kubectl reaches it") {
  const Variable proxy("HTTPS_PROXY", "http://127.0.0.1:1");
  const Variable small("https_proxy", "http://127.0.0.1:1");
  TransportBench bench(answering(http_answer(200, "{}")));
  CHECK(bench.get("/x"));
}

}  // namespace
}  // namespace slipway::kubernetes
