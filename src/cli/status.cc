#include <ostream>

#include "base/random.h"
#include "cli/commands.h"
#include "cli/rollout_view.h"
#include "kubernetes/informer.h"

namespace slipway::cli {
namespace {

bool final_phase(const Phase& phase) {
  return phase.phase == "Healthy" || phase.phase == "Degraded";
}

Result<void> judged(const Phase& phase) {
  if (phase.phase != "Degraded") return {};
  return fail(ErrorCode::invalid, "",
              "The rollout is in a degraded state with message: " + phase.message);
}

}  // namespace

Result<void> status(Session& session, const StatusOptions& options, Streams streams) {
  const Json seen = TRY(session.get(api::kinds::rollout, options.name));
  if (!options.watch) {
    const Phase phase = shown_phase(TRY(api::decode<api::Rollout>(seen)));
    streams.out << phase.phase << (final_phase(phase) ? "" : " - " + phase.message) << "\n";
    return judged(phase);
  }

  Phase last;
  bool ended = false;
  bool gone = false;
  kubernetes::Timer timeout(session.loop());
  kubernetes::Informer<api::Rollout> rollouts(session.loop(), session.transport(),
                                              {.kind = api::kinds::rollout,
                                               .namespace_ = session.namespace_name(),
                                               .field_selector = "metadata.name=" + options.name},
                                              random_seed());
  rollouts.on_change([&](const auto&, const auto& after) {
    if (after == nullptr) {
      gone = ended = true;
      return;
    }
    const Phase phase = shown_phase(*after);
    if (phase == last || ended) return;
    last = phase;
    const bool bare = final_phase(phase) || phase.message.empty();
    streams.out << phase.phase << (bare ? "" : " - " + phase.message) << std::endl;
    ended = final_phase(phase);
  });
  if (options.timeout && options.timeout->nanoseconds > 0) {
    timeout.set(*options.timeout, [&] { ended = true; });
  }
  rollouts.start();
  session.run_until([&] { return ended; });
  if (gone || !final_phase(last)) {
    return fail(ErrorCode::unavailable, "", "Rollout status watch exceeded timeout");
  }
  return judged(last);
}

}  // namespace slipway::cli
