#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kubernetes/event_loop.h"
#include "kubernetes/kubeconfig.h"

namespace slipway::kubernetes {

/// What proves to a server who we are, at one moment.
struct Proof {
  std::string authorization;  ///< "Bearer ...", "Basic ..."; empty: no such header.
  std::string client_certificate_pem;
  std::string client_key_pem;
  bool operator==(const Proof&) const = default;
};
using ProofPointer = std::shared_ptr<const Proof>;

/// Keeps a proof fresh. Internal to this folder.
class Credentials {
 public:
  using Done = std::function<void(Result<ProofPointer>)>;
  virtual ~Credentials() = default;

  /// Calls `done` with the proof to use now: inside this call where it is at hand, else later on
  /// the loop. Destroying this object forgets who still waits.
  virtual void get(Done done) = 0;
  /// The server answered 401 to this proof. Returns whether `get` may now bring a better one.
  virtual bool rejected(const ProofPointer& proof) = 0;
};

/// Starts a run of an exec plugin. `done` gets what it printed, later on the loop. Dropping what
/// is returned ends the run, and `done` is not called.
using RunPlugin =
    std::function<std::shared_ptr<void>(std::function<void(Result<std::string>)> done)>;

/// Certificates and tokens that stay as they are.
std::unique_ptr<Credentials> make_fixed_credentials(const ConnectionConfig& config);
/// A token in a file that is rotated: read again once a minute, and after a 401.
std::unique_ptr<Credentials> make_token_file_credentials(const EventLoop& loop,
                                                         const ConnectionConfig& config,
                                                         Environment environment);
/// A plugin's credential: kept until it expires or is rejected. However many want it meanwhile,
/// the plugin runs once.
std::unique_ptr<Credentials> make_plugin_credentials(EventLoop& loop,
                                                     const ConnectionConfig& config, RunPlugin run);

}  // namespace slipway::kubernetes
