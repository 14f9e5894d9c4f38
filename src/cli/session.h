#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/meta.h"
#include "kubernetes/client.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/kubeconfig.h"
#include "kubernetes/transport.h"
#include "kubernetes/write.h"

namespace slipway::cli {

/// One command's conversation with an API server: asks, and waits for the answer by running the
/// event loop. For commands that do one thing after the other; what watches uses the loop itself.
class Session {
 public:
  Session(kubernetes::EventLoop& loop, kubernetes::Transport& transport, std::string namespace_,
          std::function<void(const std::function<bool()>& until)> run)
      : loop_(loop),
        transport_(transport),
        namespace_(std::move(namespace_)),
        run_(std::move(run)) {}

  kubernetes::EventLoop& loop() { return loop_; }
  kubernetes::Transport& transport() { return transport_; }
  const std::string& namespace_name() const { return namespace_; }
  Instant now() const { return loop_.now(); }

  /// A live read. A missing object is told as the plugin tells it:
  /// `rollout.argoproj.io "web" not found`.
  Result<Json> get(const api::Kind& kind, const std::string& name);
  /// The same, in whatever namespace.
  Result<Json> get(const api::Kind& kind, const api::ObjectKey& key);
  /// All objects of a kind in one namespace ("" for all), with an optional selector query.
  Result<Json::Array> list(const api::Kind& kind, const std::string& namespace_,
                           const std::string& query = {});
  /// Sends one conditional write; returns what the server made of it.
  Result<Json> write(const kubernetes::Write& write);
  /// Reads, decides and writes; anew, at most five times, when the world moved in between.
  Result<Json> update(const api::Kind& kind, const std::string& name,
                      const std::function<Result<kubernetes::Write>(const Json& seen)>& decide);
  /// Runs the loop until the condition holds.
  void run_until(const std::function<bool()>& condition) { run_(condition); }

 private:
  kubernetes::EventLoop& loop_;
  kubernetes::Transport& transport_;
  std::string namespace_;
  std::function<void(const std::function<bool()>&)> run_;
};

/// A session over HTTP with a loop of its own.
class ServerSession {
 public:
  static Result<std::unique_ptr<ServerSession>> connect(
      const kubernetes::ConfigOverrides& overrides);
  Session& session() { return *session_; }

 private:
  ServerSession() = default;
  std::unique_ptr<kubernetes::RealEventLoop> loop_;
  std::unique_ptr<kubernetes::Transport> transport_;
  std::unique_ptr<Session> session_;
};

}  // namespace slipway::cli
