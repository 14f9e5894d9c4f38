#include <ostream>

#include <fmt/format.h>

#include "api/rollout.h"
#include "base/time.h"
#include "cli/commands.h"

namespace slipway::cli {
namespace {

using kubernetes::Write;

/// Sets one field of each named rollout, and says so in the words of the plugin.
Result<void> set_field(Session& session, const std::vector<std::string>& names,
                       std::string_view path, const Json& value, std::string_view done,
                       Streams streams) {
  const bool in_status = path.starts_with("/status/");
  for (const std::string& name : names) {
    const auto decide = [&](const Json& seen) -> Result<Write> {
      Write write(api::Object::of(api::kinds::rollout, seen), fmt::format("{} by a person", done));
      if (in_status) write.through("status");
      write.set(path, value);
      return write;
    };
    TRY(session.update(api::kinds::rollout, name, decide));
    streams.out << fmt::format("rollout '{}' {}\n", name, done);
  }
  return {};
}

}  // namespace

Result<void> abort_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams) {
  return set_field(session, names, "/status/abort", true, "aborted", streams);
}

Result<void> retry_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams) {
  return set_field(session, names, "/status/abort", false, "retried", streams);
}

Result<void> pause_rollouts(Session& session, const std::vector<std::string>& names,
                            Streams streams) {
  return set_field(session, names, "/spec/paused", true, "paused", streams);
}

Result<void> restart_rollout(Session& session, const RestartOptions& options, Streams streams) {
  Duration in;
  if (!options.in.empty()) {
    Result<Duration> parsed = parse_go_duration(options.in);
    if (!parsed) return Failure(inside("--in", parsed.error()));
    in = *parsed;
  }
  const std::string at = format_rfc3339(session.now() + in);
  const std::string done = fmt::format("restarts in {}", options.in.empty() ? "0s" : options.in);
  return set_field(session, {options.name}, "/spec/restartAt", at, done, streams);
}

}  // namespace slipway::cli
