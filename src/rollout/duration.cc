#include "rollout/duration.h"

namespace slipway::rollout {
namespace {

void end_pause(api::RolloutDurationStatus& duration, Instant at) {
  if (!duration.manual_pause_started_at) return;
  const std::int64_t seconds =
      std::max<std::int64_t>(0, (at - *duration.manual_pause_started_at).whole_seconds());
  duration.total_manual_pause_duration_seconds =
      duration.total_manual_pause_duration_seconds.value_or(0) + seconds;
  duration.manual_pause_started_at.reset();
}

void finish(api::RolloutDurationStatus& duration, std::string_view how, Instant at) {
  end_pause(duration, at);
  duration.finished_at = at;
  if (!duration.completion_status) duration.completion_status = std::string(how);
}

bool is_running(const api::Box<api::RolloutDurationStatus>& duration) {
  return duration && duration->rollout_started_at && !duration->finished_at;
}

}  // namespace

void track_duration(api::Box<api::RolloutDurationStatus>& duration, const DurationFacts& facts,
                    Instant now) {
  const Instant at = round_down_to_second(now);
  const bool nothing_to_do = facts.promoted && facts.all_available;
  if (facts.begins && is_running(duration) && facts.rolls_back) {
    duration->completion_status = facts.fast ? "FastRolledBack" : "RolledBack";
  } else if (((facts.begins || facts.first) && !nothing_to_do) || facts.retries) {
    // What ran until now is superseded.
    duration.emplace().rollout_started_at = at;
  }
  if (!is_running(duration)) return;
  if (facts.aborted) {
    duration->completion_status.reset();
    finish(*duration, "Aborted", at);
    return;
  }
  if (facts.promoted && !duration->completion_status) {
    duration->completion_status = facts.fast ? "FastPromoted" : "Promoted";
  }
  if (nothing_to_do) {
    finish(*duration, "Promoted", at);
  } else if (facts.waits_for_person) {
    if (!duration->manual_pause_started_at) duration->manual_pause_started_at = at;
  } else {
    end_pause(*duration, at);
  }
}

std::optional<EndedUpdate> ended_update(const api::Box<api::RolloutDurationStatus>& before,
                                        const api::Box<api::RolloutDurationStatus>& after) {
  if (!after || !after->rollout_started_at) return std::nullopt;
  const auto paused = [](const api::RolloutDurationStatus& duration) {
    return Duration::from_seconds(duration.total_manual_pause_duration_seconds.value_or(0));
  };
  if (after->finished_at) {
    if (before && before->finished_at && before->rollout_started_at == after->rollout_started_at) {
      return std::nullopt;
    }
    return EndedUpdate{after->completion_status.value_or("Promoted"),
                       *after->finished_at - *after->rollout_started_at, paused(*after)};
  }
  if (!is_running(before) || before->rollout_started_at == after->rollout_started_at) {
    return std::nullopt;
  }
  api::RolloutDurationStatus superseded = *before;
  end_pause(superseded, *after->rollout_started_at);
  return EndedUpdate{"Superseded", *after->rollout_started_at - *before->rollout_started_at,
                     paused(superseded)};
}

}  // namespace slipway::rollout
