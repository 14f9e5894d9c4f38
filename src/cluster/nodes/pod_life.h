#pragma once

#include <optional>

#include "cluster/nodes/pod_script.h"

namespace slipway::cluster {

/// Where the containers of a pod are in their life.
enum class Stage {
  creating,       ///< Bound; image and sandbox on their way.
  pull_failed,    ///< ErrImagePull: the image could not be pulled just now.
  pull_back_off,  ///< ImagePullBackOff: waiting to try again.
  running,
  exited,    ///< Ended; a restart or its back-off is next.
  back_off,  ///< CrashLoopBackOff: waiting to restart.
  finished,  ///< Ended for good.
};

/// The life of one pod's containers so far: enough to say what its status is and what comes next.
/// Instants are exact, where the API's timestamps are whole seconds.
struct PodLife {
  Stage stage = Stage::creating;
  Instant since;                      ///< This stage began.
  Instant bound_at;                   ///< The node took the pod on.
  Instant started_at;                 ///< The containers' last start; meaningless before the first.
  std::optional<Instant> ended_at;    ///< Their last end.
  std::optional<Instant> last_start;  ///< The start that came before that end.
  bool started = false;               ///< They ran at least once.
  bool ready = false;
  int restarts = 0;
  int pulls = 0;  ///< Failed attempts to pull the image.
  bool operator==(const PodLife&) const = default;
};

PodLife begin_life(Instant now);

/// When the next change is due; nothing when none ever is.
std::optional<Instant> next_change(const PodLife& life, const PodScript& script);

/// The life at `now`: all changes that are due by then, each at its own instant.
PodLife advance(PodLife life, const PodScript& script, Instant now);

/// How long the kubelet waits before the n-th restart (1 is the first), counted from the end: 1 s
/// (the time it takes to notice), then 10 s doubling to 5 minutes.
Duration restart_delay(int restart);

}  // namespace slipway::cluster
