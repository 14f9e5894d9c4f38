#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/paint.h"
#include "cli/session.h"

namespace slipway::cli {

/// Where a command writes: results to `out`, everything else to `err`.
struct Streams {
  std::ostream& out;
  std::ostream& err;
};

struct GetOptions {
  std::string name;
  bool watch = false;
  bool colour = true;
  std::optional<Duration> timeout;  ///< Ends a watch; none: until interrupted.
};
struct ListOptions {
  bool all_namespaces = false;
  std::string name;
  bool timestamps = false;
  bool watch = false;
};
struct StatusOptions {
  std::string name;
  bool watch = true;
  std::optional<Duration> timeout;
};
struct PromoteOptions {
  std::string name;
  bool full = false;
  bool skip_current_step = false;
  bool skip_all_steps = false;
};
struct UndoOptions {
  std::string name;
  std::int64_t to_revision = 0;  ///< 0: the one before the newest.
};
struct SetImageOptions {
  std::string name;
  std::string container_image;  ///< "container=image", container "*" for all.
};
struct RestartOptions {
  std::string name;
  std::string in;  ///< A Go duration, empty: now.
};

// The plugin's commands. Each prints its result, or returns the Error that the caller prints as
// "Error: ...". Texts and requests: cli-output.md.
Result<void> get_rollout(Session& session, const GetOptions& options, Streams streams);
Result<void> list_rollouts(Session& session, const ListOptions& options, Streams streams);
Result<void> status(Session& session, const StatusOptions& options, Streams streams);
Result<void> promote(Session& session, const PromoteOptions& options, Streams streams);
Result<void> abort_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams);
Result<void> retry_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams);
Result<void> pause_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams);
Result<void> restart_rollout(Session& session, const RestartOptions& options, Streams streams);
Result<void> undo(Session& session, const UndoOptions& options, Streams streams);
/// What the controller would do next about a Rollout, or about what a file would make of it.
Result<void> plan_rollout(Session& session, const std::string& rollout_or_file, Streams streams);
/// Why a Rollout does not move, what blocks it and what frees it.
Result<void> explain_rollout(Session& session, const std::string& name, Streams streams);
Result<void> set_image(Session& session, const SetImageOptions& options, Streams streams);

}  // namespace slipway::cli
