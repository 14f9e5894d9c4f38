#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "cluster/pods.h"

namespace slipway::cluster {

/// The annotations of a pod (hence of a pod template) that say how a simulated node runs it. All
/// containers of the pod act alike. Durations are Go's: "300ms", "2s", "1m30s".
namespace script_keys {
inline constexpr std::string_view start_delay = "slipway.dev/start-delay";  ///< Bound to running.
inline constexpr std::string_view ready_delay = "slipway.dev/ready-delay";  ///< Running to ready.
inline constexpr std::string_view stop_delay = "slipway.dev/stop-delay";    ///< Deleted to gone.
/// crash, never-ready, image-pull-error or exit; absent: run and become ready.
inline constexpr std::string_view behaviour = "slipway.dev/behaviour";
inline constexpr std::string_view crash_after = "slipway.dev/crash-after";  ///< Of running, 1s.
inline constexpr std::string_view exit_after = "slipway.dev/exit-after";    ///< Of running, 1s.
inline constexpr std::string_view exit_code = "slipway.dev/exit-code";      ///< crash: 1, exit: 0.
}  // namespace script_keys

enum class Behaviour {
  run,
  crash,             ///< Ends with an error, again and again.
  never_ready,       ///< Runs, and no probe ever succeeds.
  image_pull_error,  ///< Never starts.
  exit,              ///< Does its work and ends, as a Job's pod does.
};

/// What becomes of containers that end. Source: `spec.restartPolicy`.
enum class RestartPolicy { always, on_failure, never };

/// How one pod runs: everything that chance or people decide about it, decided.
struct PodScript {
  Behaviour behaviour = Behaviour::run;
  RestartPolicy restart_policy = RestartPolicy::always;
  Duration start_delay;
  Duration ready_delay;
  Duration stop_delay;
  Duration end_after;  ///< Of running, for crash and exit.
  int exit_code = 0;
  bool operator==(const PodScript&) const = default;
};

/// How long pods take that say nothing about it: drawn evenly from [min, max].
struct PodTiming {
  Duration start_min = Duration::from_milliseconds(300);
  Duration start_max = Duration::from_milliseconds(800);
  Duration ready_min = Duration::from_milliseconds(400);  ///< After any readiness probe's delay.
  Duration ready_max = Duration::from_milliseconds(900);
  Duration stop_min = Duration::from_milliseconds(200);
  Duration stop_max = Duration::from_milliseconds(600);
};

struct ParsedScript {
  PodScript script;
  /// One sentence for each annotation that could not be read and so is ignored.
  std::vector<std::string> complaints;
};

/// Reads a pod's script. What it leaves open is drawn from `chance`, always the same number of
/// draws, so that one pod's annotations don't change another's luck. A readiness probe's
/// `initialDelaySeconds` comes before any pod is ready, unless the ready delay is given. No pod
/// takes longer to stop than its grace period.
ParsedScript parse_script(const CachedPod& pod, const PodTiming& timing, Random chance);

}  // namespace slipway::cluster
