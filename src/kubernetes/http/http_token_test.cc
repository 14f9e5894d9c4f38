#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

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
  TransportBench bench(handler);
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
  TransportBench bench([&](const Received&, const ConnectionPointer& to) {
    ++requests;
    to->write(http_answer(401, "{}"));
  });
  bench.config.token = "secret";
  CHECK(bench.get("/x")->status == 401);
  CHECK(requests == 1);
}

}  // namespace
}  // namespace slipway::kubernetes
