#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kubernetes/event_loop.h"
#include "kubernetes/kubeconfig.h"

namespace slipway::kubernetes {

/// What proves to a server who we are, at one moment.
struct Proof {
  std::string token;  ///< Bearer token; empty: none.
  std::string client_certificate_pem;
  std::string client_key_pem;
};

/// Keeps the proof fresh: reads a token file again as it is rotated, runs an exec plugin when its
/// credential has run out. Internal to this folder.
class Credentials {
 public:
  using Done = std::function<void(Result<Proof>)>;

  Credentials(RealEventLoop& loop, const ConnectionConfig& config, Environment environment);
  ~Credentials();

  /// Calls `done` with the proof: at once where it is at hand, else later on the loop.
  void get(Done done);
  /// The server answered 401: what we have is no good any more.
  void reject();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::kubernetes
