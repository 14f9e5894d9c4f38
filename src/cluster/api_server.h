#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::cluster {

class Store;
class StoreObserver;

/// The embedded API server: what Kubernetes answers, as far as a controller, a GitOps agent or
/// kubectl can tell. Single-threaded, on the loop it is given; it knows no sockets (see
/// `http_server.h`) and no wall clock of its own, so the same code serves people and simulation.
///
/// Not a distributed store: objects live in memory and end with the process.
class ApiServer {
 public:
  struct Options {
    std::uint64_t seed = 1;  ///< Of uids and generated names.
    /// Revisions kept for watches that resume; older ones are answered 410 Gone.
    std::size_t history_limit = 20'000;
    Duration bookmark_interval = Duration::from_seconds(60);
    std::string version = "v1.34.0";         ///< What /version says.
    std::string address = "127.0.0.1:6443";  ///< Where clients reach it, as /api says.
  };

  ApiServer(kubernetes::EventLoop& loop, Options options);
  explicit ApiServer(kubernetes::EventLoop& loop) : ApiServer(loop, Options{}) {}
  /// Starts with the kinds and objects of another server: far cheaper than to define and create
  /// them anew.
  ApiServer(kubernetes::EventLoop& loop, Options options, const ApiServer& like);
  ~ApiServer();

  /// Whether this request asks for a stream of events.
  static bool is_watch(const kubernetes::Request& request);
  /// Answers anything but a watch.
  kubernetes::Response handle(const kubernetes::Request& request);
  /// Serves a watch until the Stream is destroyed or the watch's timeout is over. Events come on
  /// the loop, never inside this call.
  std::unique_ptr<kubernetes::Stream> watch(const kubernetes::Request& request,
                                            kubernetes::StreamEvents events);

  /// The store's newest revision.
  std::uint64_t revision() const;
  /// Tells of each change of any object (`server/store.h`), inside the call that makes it.
  void observe(StoreObserver& observer);
  /// Forgets the history up to now, so that resumed watches get 410 (what etcd's compaction does).
  void compact();
  /// What is stored, for those who look at every revision. To be changed by requests alone.
  Store& store();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A Transport that calls the API server directly, on the same loop.
std::unique_ptr<kubernetes::Transport> make_direct_transport(ApiServer& server,
                                                             kubernetes::EventLoop& loop);

}  // namespace slipway::cluster
