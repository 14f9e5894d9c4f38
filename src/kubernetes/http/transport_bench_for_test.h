#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kubernetes/http/scripted_server_for_test.h"
#include "kubernetes/http_transport.h"

namespace slipway::kubernetes {

using Received = ScriptedServer::Received;
using ConnectionPointer = ScriptedServer::ConnectionPointer;

inline const TestAuthority& test_authority() {
  static const TestAuthority made;
  return made;
}
inline const TestIdentity& test_server_identity() {
  static const TestIdentity made = test_authority().server();
  return made;
}

/// A loop, a server that answers by a handler, and a transport on the way there. For tests.
struct TransportBench {
  /// Over TLS.
  explicit TransportBench(ScriptedServer::Handler handler)
      : TransportBench({.identity = test_server_identity(), .client_authority = ""},
                       std::move(handler)) {}
  TransportBench(ScriptedServer::Options server_options, ScriptedServer::Handler handler)
      : server(*loop, std::move(server_options), std::move(handler)) {
    config.server = server.url();
    config.certificate_authority_pem = test_authority().certificate();
  }

  /// Made at the first use, of what `config` and `options` then say.
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
  Result<Response> get(const std::string& target) {
    Request request;
    request.target = target;
    return send(std::move(request));
  }

  std::unique_ptr<RealEventLoop> loop = make_real_event_loop();
  ScriptedServer server;
  ConnectionConfig config;
  HttpTransportOptions options;
  std::unique_ptr<Transport> made;
};

/// What a stream said, in order: "open 200", lines, and how it ended.
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

inline ScriptedServer::Handler answering(std::string answer) {
  return [answer = std::move(answer)](const Received&, const ConnectionPointer& to) {
    to->write(answer);
  };
}

inline bool mentions(const Error& error, std::string_view words) {
  return error.text().find(words) != std::string::npos;
}

}  // namespace slipway::kubernetes
