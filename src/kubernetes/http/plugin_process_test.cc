#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

/// A folder with one plugin in it: a shell script.
class PluginFolder {
 public:
  PluginFolder() {
    std::string name = std::filesystem::temp_directory_path() / "slipway-plugin-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~PluginFolder() { std::filesystem::remove_all(path_); }

  ExecPlugin plugin(const std::string& script) const {
    const std::string file = path_ / "plugin";
    // Not written in place: an older run may still read it.
    std::ofstream(file + ".new") << "#!/bin/sh\ncd '" << path_.string() << "'\n" << script;
    chmod((file + ".new").c_str(), 0700);
    std::filesystem::rename(file + ".new", file);
    return {.api_version = "client.authentication.k8s.io/v1",
            .command = file,
            .interaction = ExecPlugin::Interaction::never};
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

/// Prints a credential that holds `status`, and counts its runs in the file "runs".
std::string credential_script(const std::string& status) {
  return "echo run >>runs\n"
         "cat <<END\n"
         "{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\",\n"
         " \"status\": " +
         status + "}\nEND\n";
}

TEST_CASE("a plugin's token is asked for once and used for all requests") {
  const PluginFolder folder;
  std::vector<std::string> tokens;
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    tokens.push_back(request.header("authorization"));
    to->write(http_answer(200, "{}"));
  });
  bench.config.exec = folder.plugin(
      "test \"$1\" = an-argument || exit 9\n"
      "printf '%s' \"$KUBERNETES_EXEC_INFO\" >info\n" +
      credential_script("{\"token\": \"$OWN\"}"));
  bench.config.exec->arguments = {"an-argument"};
  bench.config.exec->environment = {
      {"OWN", "secret"}
  };
  bench.config.exec->provide_cluster_info = true;

  int answers = 0;
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/x?watch=true"}, watcher.events());
  for (int i = 0; i < 5; ++i) {
    bench.transport().send({.target = "/x"}, [&](const Result<Response>& response) {
      CHECK(response);
      ++answers;
    });
  }
  REQUIRE(run_until(*bench.loop, [&] { return answers == 5 && watcher.end; }));
  CHECK(bench.get("/x"));
  CHECK(tokens == std::vector<std::string>(7, "Bearer secret"));
  CHECK(folder.read("runs") == "run\n");
  const Result<Json> info = parse_json(folder.read("info"));
  REQUIRE(info);
  CHECK((*info)["spec"]["cluster"]["server"].string_or_empty() == bench.config.server);
  CHECK((*info)["spec"]["interactive"] == Json(false));
}

TEST_CASE("after a 401 the plugin runs again and the request goes out once more") {
  const PluginFolder folder;
  folder.write("token", "old");
  std::vector<std::string> tokens;
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    tokens.push_back(request.header("authorization"));
    to->write(http_answer(tokens.back() == "Bearer new" ? 200 : 401, "{}"));
    folder.write("token", "new");
  });
  bench.config.exec = folder.plugin(credential_script("{\"token\": \"$(cat token)\"}"));
  CHECK(bench.get("/x")->status == 200);
  CHECK(tokens == std::vector<std::string>{"Bearer old", "Bearer new"});
  CHECK(folder.read("runs") == "run\nrun\n");
}

TEST_CASE("a plugin may bring a client certificate, and a newer one later") {
  const TestAuthority clients("client authority");
  const PluginFolder folder;
  const auto hand_out = [&](const std::string& name) {
    const TestIdentity identity = clients.client(name);
    Json status;
    status.set("clientCertificateData", identity.certificate);
    status.set("clientKeyData", identity.key);
    folder.write("status", to_text(status));
  };
  std::vector<std::string> names;
  TransportBench bench(
      {.identity = test_server_identity(), .client_authority = clients.certificate()},
      [&](const Received& request, const ConnectionPointer& to) {
        names.push_back(request.client_name);
        to->write(http_answer(names.back() == "new" ? 200 : 401, "{}"));
        hand_out("new");
      });
  hand_out("old");
  bench.config.exec = folder.plugin(credential_script("$(cat status)"));
  CHECK(bench.get("/x")->status == 200);
  CHECK(names == std::vector<std::string>{"old", "new"});
}

TEST_CASE("a plugin that fails keeps requests from going out, and says why") {
  struct Row {
    const char* name;
    const char* script;  ///< None: there is no plugin.
    const char* want;
  };
  const Row rows[] = {
      {"fails",          "echo 'please log in' >&2\nexit 3\n", "ended with status 3: please log in"},
      {"prints nothing", "true",                               "printed nothing"                   },
      {"is killed",      "kill -9 $$",                         "killed by signal 9"                },
      {"is not there",   nullptr,                              "cannot be run: No such file"       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const PluginFolder folder;
    TransportBench bench([](const Received&, const ConnectionPointer&) { CHECK(false); });
    bench.config.exec = folder.plugin(row.script == nullptr ? "" : row.script);
    if (row.script == nullptr) bench.config.exec->command = "slipway-no-such-plugin";
    bench.config.exec->install_hint = "brew install tool";
    const Result<Response> response = bench.get("/api/v1/pods");
    REQUIRE_FALSE(response);
    CAPTURE(response.error().text());
    CHECK(response.error().code == ErrorCode::unavailable);
    CHECK(mentions(response.error(), "list pods at " + bench.config.server));
    CHECK(mentions(response.error(), row.want));
    CHECK(mentions(response.error(), "brew install tool"));
    Watcher watcher;
    const auto stream = bench.transport().open({.target = "/x?watch=true"}, watcher.events());
    CHECK_FALSE(watcher.end);
    REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
    CHECK_FALSE(*watcher.end);
  }
}

TEST_CASE("a transport may go while its plugin runs") {
  const PluginFolder folder;
  TransportBench bench([](const Received&, const ConnectionPointer&) { CHECK(false); });
  bench.config.exec = folder.plugin("sleep 100");
  bench.transport().send({.target = "/x"}, [](const Result<Response>&) { CHECK(false); });
  bench.made = nullptr;
  bool ran = false;
  bench.loop->post([&] { ran = true; });
  CHECK(run_until(*bench.loop, [&] { return ran; }));
}

}  // namespace
}  // namespace slipway::kubernetes
