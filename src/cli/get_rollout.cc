#include <ostream>

#include "base/random.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/rollout_watcher.h"

namespace slipway::cli {
namespace {

/// Redraws at most this often, however much happens.
constexpr Duration redraw_interval = 200_ms;
/// Redraws at least this often: ages and delays count on.
constexpr Duration tick = 1_s;

Error not_found(const std::string& name) {
  return {ErrorCode::not_found, "", "rollout.argoproj.io " + quote(name) + " not found", ""};
}

/// Kinds whose CRD is not installed have no objects.
template <class T>
Result<std::vector<T>> list_all(Session& session) {
  const Result<Json::Array> items = session.list(T::kind, session.namespace_name());
  if (!items && items.error().code == ErrorCode::not_found) return std::vector<T>{};
  if (!items) return Failure(items.error());
  std::vector<T> objects;
  for (const Json& item : *items) objects.push_back(TRY(api::decode<T>(item)));
  return objects;
}

Result<RolloutObjects> read_objects(Session& session, const std::string& name) {
  RolloutObjects objects;
  objects.rollout = TRY(api::decode<api::Rollout>(TRY(session.get(api::kinds::rollout, name))));
  objects.replica_sets = TRY(list_all<api::ReplicaSet>(session));
  objects.pods = TRY(list_all<api::Pod>(session));
  objects.analysis_runs = TRY(list_all<api::AnalysisRun>(session));
  objects.experiments = TRY(list_all<api::Experiment>(session));
  return objects;
}

/// Draws the page again and again until the timeout, or until the Rollout is gone.
Result<void> watch_rollout(Session& session, const GetOptions& options, Streams streams) {
  RolloutWatcher watcher(session.loop(), session.transport(), session.namespace_name(),
                         random_seed());
  const Painter paint(options.colour);
  bool ended = false;
  bool shown = false;
  Result<void> result;
  kubernetes::Timer redraw(session.loop());
  kubernetes::Timer ticker(session.loop());
  kubernetes::Timer timeout(session.loop());

  const auto draw = [&] {
    if (!watcher.synced()) return;
    const auto objects = watcher.objects(options.name);
    if (!objects) {
      if (!shown) result = Failure(not_found(options.name));
      ended = true;
      return;
    }
    shown = true;
    const Instant now = session.now();
    streams.out << "\x1b[H\x1b[2J\x1b[0;0H" << render(view_of(*objects, now), paint, now)
                << std::flush;
  };
  std::function<void()> keep_ticking = [&] {
    if (!redraw.pending()) draw();
    ticker.set(tick, keep_ticking);
  };
  watcher.on_change([&] {
    if (!redraw.pending()) redraw.set(redraw_interval, draw);
  });
  if (options.timeout) timeout.set(*options.timeout, [&] { ended = true; });
  ticker.set(tick, keep_ticking);
  watcher.start();
  session.run_until([&] { return ended; });
  return result;
}

}  // namespace

Result<void> get_rollout(Session& session, const GetOptions& options, Streams streams) {
  if (options.watch) {
    // A name that does not exist is told at once, not after a wait.
    TRY(session.get(api::kinds::rollout, options.name));
    return watch_rollout(session, options, streams);
  }
  const RolloutObjects objects = TRY(read_objects(session, options.name));
  const Instant now = session.now();
  streams.out << render(view_of(objects, now), Painter(options.colour), now);
  return {};
}

}  // namespace slipway::cli
