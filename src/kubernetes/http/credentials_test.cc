#include "kubernetes/http/credentials.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

/// What `get` brings, if it brings it at once or as soon as the loop has run what is due.
std::optional<Result<ProofPointer>> got_from(Credentials& credentials, VirtualEventLoop& loop) {
  std::optional<Result<ProofPointer>> got;
  credentials.get([&](Result<ProofPointer> proof) { got = std::move(proof); });
  loop.run_ready();
  return got;
}

std::string authorization_from(Credentials& credentials, VirtualEventLoop& loop) {
  const auto got = got_from(credentials, loop);
  REQUIRE(got);
  return *got ? (**got)->authorization : "error: " + got->error().text();
}

TEST_CASE("fixed credentials become headers and certificates") {
  VirtualEventLoop loop;
  ConnectionConfig config;
  CHECK(authorization_from(*make_fixed_credentials(config), loop).empty());
  config.username = "me";
  CHECK(authorization_from(*make_fixed_credentials(config), loop) == "Basic bWU6");
  config.password = "secret";
  CHECK(authorization_from(*make_fixed_credentials(config), loop) == "Basic bWU6c2VjcmV0");
  config.username.clear();
  config.token = "t";
  config.client_certificate_pem = "certificate";
  config.client_key_pem = "key";
  const auto credentials = make_fixed_credentials(config);
  const auto got = got_from(*credentials, loop);
  REQUIRE(got);
  CHECK(***got == Proof{"Bearer t", "certificate", "key"});
  CHECK_FALSE(credentials->rejected(**got));
}

// --- Token files.

struct TokenFileBench {
  explicit TokenFileBench(const std::string& fallback = "") {
    config.token_file = "/token";
    config.token = fallback;
    credentials = make_token_file_credentials(
        loop, config,
        {.variable = [](const std::string&) { return std::nullopt; },
         .read_file = [this](const std::string& path) -> Result<std::string> {
           CHECK(path == "/token");
           ++reads;
           if (!text) return fail(ErrorCode::not_found, path, "no such file", "");
           return *text;
         }});
  }
  std::string get() { return authorization_from(*credentials, loop); }

  VirtualEventLoop loop;
  ConnectionConfig config;
  std::optional<std::string> text = "one\n";
  int reads = 0;
  std::unique_ptr<Credentials> credentials;
};

TEST_CASE("a token file is read again once a minute") {
  TokenFileBench bench;
  CHECK(bench.get() == "Bearer one");
  bench.text = "two\n";
  bench.loop.run_for(59_s);
  CHECK(bench.get() == "Bearer one");
  CHECK(bench.reads == 1);
  bench.loop.run_for(1_s);
  CHECK(bench.get() == "Bearer two");
  CHECK(bench.reads == 2);
}

TEST_CASE("a token file is read again at once when the server rejects the token") {
  TokenFileBench bench;
  const auto old = got_from(*bench.credentials, bench.loop);
  REQUIRE(old);
  CHECK_FALSE(bench.credentials->rejected(**old));
  bench.text = "two\n";
  CHECK(bench.credentials->rejected(**old));
  CHECK(bench.get() == "Bearer two");
  // A late answer to the old token says nothing about the new one.
  const int reads = bench.reads;
  CHECK(bench.credentials->rejected(**old));
  CHECK(bench.reads == reads);
}

TEST_CASE("while the token file is missing or empty the old token serves on") {
  for (const auto& text : {std::optional<std::string>(), std::optional<std::string>(""),
                           std::optional<std::string>("a\nb\n")}) {
    TokenFileBench bench;
    CHECK(bench.get() == "Bearer one");
    bench.text = text;
    bench.loop.run_for(1_min);
    CHECK(bench.get() == "Bearer one");
    bench.text = "two";
    bench.loop.run_for(1_min);
    CHECK(bench.get() == "Bearer two");
  }
}

TEST_CASE("without any token the error names the file") {
  TokenFileBench bench;
  bench.text.reset();
  CHECK(bench.get().find("token file /token: no such file") != std::string::npos);
  TokenFileBench with_fallback("spare");
  with_fallback.text.reset();
  CHECK(with_fallback.get() == "Bearer spare");
}

// --- Exec plugins.

struct PluginBench {
  PluginBench() {
    ConnectionConfig config;
    config.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                             .command = "tool",
                             .install_hint = "brew install tool"};
    credentials = make_plugin_credentials(
        loop, config, [this](std::function<void(Result<std::string>)> done) {
          ++runs;
          auto run = std::make_shared<int>(runs);
          loop.after(run_time, [weak = std::weak_ptr<int>(run), done, this] {
            if (!weak.expired()) done(output());
          });
          return run;
        });
  }
  Result<std::string> output() const {
    if (failing) return fail(ErrorCode::unavailable, "exec plugin tool", "ended with status 1", "");
    std::string status = R"("token": ")" + token + '"';
    if (life) {
      status += R"(, "expirationTimestamp": ")" + format_rfc3339(loop.now() + *life) + '"';
    }
    return R"({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
               "status": {)" +
           status + "}}";
  }
  std::string get() { return authorization_from(*credentials, loop); }
  ProofPointer proof() {
    const auto got = got_from(*credentials, loop);
    REQUIRE(got);
    REQUIRE(*got);
    return **got;
  }

  VirtualEventLoop loop;
  std::string token = "one";
  std::optional<Duration> life;
  Duration run_time;
  bool failing = false;
  int runs = 0;
  std::unique_ptr<Credentials> credentials;
};

TEST_CASE("a plugin's credential serves until shortly before it expires") {
  struct Row {
    const char* name;
    std::optional<Duration> life;
    Duration still;  ///< After this long the same credential serves.
    Duration anew;   ///< After this long in all the plugin runs again.
  };
  const Row rows[] = {
      {"of an hour",       1_h,    59_min + 29_s, 59_min + 30_s},
      {"of a minute",      60_s,   53_s,          54_s         },
      {"already over",     0_s,    {},            {}           },
      {"over an hour ago", -(1_h), {},            {}           },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PluginBench bench;
    bench.life = row.life;
    CHECK(bench.get() == "Bearer one");
    bench.token = "two";
    bench.loop.run_for(row.still);
    if (row.still > Duration{}) CHECK(bench.get() == "Bearer one");
    bench.loop.run_for(row.anew - row.still);
    CHECK(bench.get() == "Bearer two");
  }
  PluginBench unlimited;
  CHECK(unlimited.get() == "Bearer one");
  unlimited.loop.run_for(24_h * 365);
  CHECK(unlimited.get() == "Bearer one");
  CHECK(unlimited.runs == 1);
}

TEST_CASE("however many want a credential, the plugin runs once") {
  PluginBench bench;
  bench.run_time = 5_s;
  std::vector<std::string> got;
  for (int i = 0; i < 10; ++i) {
    bench.credentials->get(
        [&](const Result<ProofPointer>& proof) { got.push_back((*proof)->authorization); });
  }
  bench.loop.run_for(4_s);
  CHECK(got.empty());
  bench.loop.run_for(1_s);
  CHECK(got == std::vector<std::string>(10, "Bearer one"));
  CHECK(bench.runs == 1);
}

TEST_CASE("a rejected credential makes the plugin run again, but not on and on") {
  PluginBench bench;
  const ProofPointer first = bench.proof();
  bench.token = "two";
  CHECK(bench.credentials->rejected(first));
  CHECK(bench.credentials->rejected(first));  // Said of others that were under way.
  const ProofPointer second = bench.proof();
  CHECK(second->authorization == "Bearer two");
  CHECK(bench.runs == 2);
  CHECK(bench.credentials->rejected(first));
  CHECK_FALSE(bench.credentials->rejected(second));
  CHECK(bench.proof() == second);
  bench.loop.run_for(10_s);
  CHECK(bench.credentials->rejected(second));
  CHECK(bench.get() == "Bearer two");
  CHECK(bench.runs == 3);
}

TEST_CASE("a plugin that fails is not run for each request, and heals") {
  PluginBench bench;
  bench.failing = true;
  for (int i = 0; i < 10; ++i) CHECK(bench.get().find("ended with status 1") != std::string::npos);
  CHECK(bench.runs == 1);
  bench.failing = false;
  bench.loop.run_for(1_s);
  CHECK(bench.get() == "Bearer one");
}

TEST_CASE("credentials may be destroyed while the plugin runs, and by who gets one") {
  PluginBench bench;
  bench.run_time = 5_s;
  bench.credentials->get([](const Result<ProofPointer>&) { CHECK(false); });
  bench.credentials = nullptr;
  bench.loop.run_for(10_s);

  PluginBench other;
  int got = 0;
  for (int i = 0; i < 3; ++i) {
    other.credentials->get([&](const Result<ProofPointer>&) {
      ++got;
      other.credentials = nullptr;
    });
  }
  other.loop.run_ready();
  CHECK(got == 3);
}

}  // namespace
}  // namespace slipway::kubernetes
