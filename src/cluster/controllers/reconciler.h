#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kubernetes/workqueue.h"
#include "kubernetes/write.h"

namespace slipway::cluster {

/// What a controller decided for one key: all that it wants to change now, and when to look again.
struct Plan {
  std::vector<kubernetes::Write> writes;
  std::optional<Duration> look_again;
};

/// Whether a write failed only because the world has moved: what it met is decided on anew, and
/// worth no word to anyone. A namespace that is being deleted, which takes nothing new, is such a
/// move.
bool has_moved(const Error& error);

/// The loop that these controllers share: take a key, decide (pure), write, and look again when the
/// world has moved. A refused write is no failure of anything: the key is decided anew, from what
/// the cache has learnt in the meantime.
class Reconciler {
 public:
  struct Callbacks {
    std::function<Plan(const api::ObjectKey&)> decide;
    /// Gets each object that a write returned, before anything else is decided.
    kubernetes::Writer::Applied applied;
    /// All writes are applied, or one failed: what is still to write, such as a status that rests
    /// on both. May be empty, for none.
    std::function<Plan(const api::ObjectKey&, const std::vector<kubernetes::Write>&,
                       const kubernetes::Writer::Outcome&)>
        conclude;
  };

  /// `name` is for the log. `transport` and `loop` must outlive the Reconciler; the callbacks are
  /// called until it is destroyed or stopped.
  Reconciler(std::string name, kubernetes::EventLoop& loop, kubernetes::Transport& transport,
             Callbacks callbacks);
  ~Reconciler();

  void add(const api::ObjectKey& key);
  void forget(const api::ObjectKey& key);
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::cluster
