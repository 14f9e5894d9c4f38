#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "api/rollout.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/promotion.h"

namespace slipway::cli {
namespace {

using kubernetes::Write;

constexpr std::string_view step_index = "/status/currentStepIndex";
constexpr std::string_view pause_conditions = "/status/pauseConditions";

bool paused_inconclusive(const api::RolloutStatus& status) {
  const auto& run = status.canary.current_step_analysis_run_status;
  return run && run->status == "Inconclusive" && !status.pause_conditions.empty() &&
         status.controller_pause;
}

/// What the default promotion changes in the status (cli-output.md, section 11).
void add_default(Write& write, const api::Rollout& rollout, int next_step) {
  const api::RolloutStatus& status = rollout.status;
  const bool has_steps =
      rollout.spec.strategy.canary && !rollout.spec.strategy.canary->steps.empty();
  // The decision rests on what pauses the rollout and where it stands; a promotion that meets
  // another step would skip one that nobody has looked at.
  write.expect_as_seen(pause_conditions).expect_as_seen(step_index);
  if (paused_inconclusive(status) && rollout.spec.strategy.canary) {
    write.remove(pause_conditions).set("/status/controllerPause", false).set(step_index, next_step);
  } else if (!status.pause_conditions.empty()) {
    write.remove(pause_conditions);
  } else if (has_steps && !status.controller_pause) {
    write.set(step_index, next_step);
  }
}

}  // namespace

Result<PromotionWrites> promotion_writes(const Json& seen, const PromoteOptions& options) {
  const api::Rollout rollout = TRY(api::decode<api::Rollout>(seen));
  if (options.skip_current_step && options.skip_all_steps) {
    return fail(ErrorCode::invalid, "",
                "Cannot use skip-current-step and skip-all-steps flags at the same time");
  }
  const auto& canary = rollout.spec.strategy.canary;
  const int steps = canary ? static_cast<int>(canary->steps.size()) : 0;
  const int next = std::min(rollout.status.current_step_index.value_or(0) + 1, steps);
  if (options.skip_current_step || options.skip_all_steps) {
    if (!canary) {
      return fail(ErrorCode::invalid, "",
                  "Cannot skip steps of a bluegreen rollout. Run without a flags");
    }
    if (steps == 0) {
      return fail(ErrorCode::invalid, "", "Cannot skip steps of a rollout without steps");
    }
  }

  const api::Object object = api::Object::of(api::kinds::rollout, seen);
  Write status(object, "promoted by a person");
  status.through("status");
  Write spec(object, "promoted by a person");
  if (options.skip_current_step || options.skip_all_steps) {
    status.expect_as_seen(step_index).set(step_index, options.skip_all_steps ? steps : next);
    return PromotionWrites{{std::move(status)}};
  }
  if (options.full) {
    if (rollout.status.current_pod_hash != rollout.status.stable_rs) {
      status.set("/status/promoteFull", true);
    }
  } else {
    add_default(status, rollout, next);
  }
  if (rollout.spec.paused) spec.set("/spec/paused", false);
  PromotionWrites writes;
  for (Write* write : {&status, &spec}) {
    if (!write->changes_nothing()) writes.push_back(std::move(*write));
  }
  return writes;
}

Result<void> promote(Session& session, const PromoteOptions& options, Streams streams) {
  constexpr int attempts = 5;
  for (int attempt = 1;; ++attempt) {
    const Json seen = TRY(session.get(api::kinds::rollout, options.name));
    const PromotionWrites writes = TRY(promotion_writes(seen, options));
    std::optional<Error> refusal;
    for (const Write& write : writes) {
      Result<Json> written = session.write(write);
      if (written) continue;
      if (written.error().code != ErrorCode::refused) return Failure(std::move(written).error());
      refusal = std::move(written).error();
      break;
    }
    if (!refusal) break;
    if (attempt == attempts) return Failure(*refusal);
  }
  streams.out << fmt::format("rollout '{}' {}\n", options.name,
                             options.full ? "fully promoted" : "promoted");
  return {};
}

}  // namespace slipway::cli
