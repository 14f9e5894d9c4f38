#include "api/defaults.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace slipway::api {
namespace {

constexpr std::int32_t default_revision_history_limit = 10;
constexpr std::int32_t default_progress_deadline_seconds = 600;
constexpr std::int32_t default_run_history_limit = 5;
constexpr std::int32_t default_scale_down_delay_seconds = 30;
constexpr std::int32_t default_abort_scale_down_delay_seconds = 30;
constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();

const CanaryStrategy* canary_of(const Rollout& rollout) {
  return rollout.spec.strategy.canary.get();
}

const BlueGreenStrategy* blue_green_of(const Rollout& rollout) {
  return rollout.spec.strategy.blue_green.get();
}

bool has_router(const Rollout& rollout) {
  const CanaryStrategy* canary = canary_of(rollout);
  return canary && canary->traffic_routing;
}

enum class Round { up, down };

/// A count, or a percentage of `total`, never negative. A text that is no percentage is worth 0, as
/// validation refuses it before anyone plans with it.
std::int32_t resolve(const IntOrString& value, std::int32_t total, Round round) {
  if (!value.is_string) return std::max(value.number, 0);
  std::string_view digits = trim(value.text);
  while (digits.ends_with('%')) digits.remove_suffix(1);
  const std::int64_t percent =
      std::clamp<std::int64_t>(parse_integer(digits).value_or(0), 0, unlimited);
  const std::int64_t hundredths = std::max(total, 0) * percent;
  const std::int64_t resolved = (hundredths + (round == Round::up ? 99 : 0)) / 100;
  return static_cast<std::int32_t>(std::min<std::int64_t>(resolved, unlimited));
}

const IntOrString quarter = IntOrString::of(std::string("25%"));

IntOrString max_surge_as_written(const Rollout& rollout) {
  const CanaryStrategy* canary = canary_of(rollout);
  return canary ? canary->max_surge.value_or(quarter) : IntOrString::of(0);
}

IntOrString max_unavailable_as_written(const Rollout& rollout) {
  if (const auto* blue_green = blue_green_of(rollout)) {
    return blue_green->max_unavailable.value_or(quarter);
  }
  const CanaryStrategy* canary = canary_of(rollout);
  return canary ? canary->max_unavailable.value_or(quarter) : quarter;
}

std::string or_else(const std::string& text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

}  // namespace

std::int32_t desired_replicas(const Rollout& rollout) {
  return rollout.spec.replicas.value_or(1);
}

std::int32_t revision_history_limit(const Rollout& rollout) {
  return rollout.spec.revision_history_limit.value_or(default_revision_history_limit);
}

Duration progress_deadline(const Rollout& rollout) {
  return Duration::from_seconds(
      rollout.spec.progress_deadline_seconds.value_or(default_progress_deadline_seconds));
}

std::int32_t successful_run_history_limit(const Rollout& rollout) {
  const AnalysisRunStrategy analysis = rollout.spec.analysis.value_or(AnalysisRunStrategy{});
  return analysis.successful_run_history_limit.value_or(default_run_history_limit);
}

std::int32_t unsuccessful_run_history_limit(const Rollout& rollout) {
  const AnalysisRunStrategy analysis = rollout.spec.analysis.value_or(AnalysisRunStrategy{});
  return analysis.unsuccessful_run_history_limit.value_or(default_run_history_limit);
}

std::int32_t rollback_window(const Rollout& rollout) {
  return rollout.spec.rollback_window.value_or(RollbackWindowSpec{}).revisions;
}

WorkloadScaleDown workload_scale_down(const Rollout& rollout) {
  if (!rollout.spec.workload_ref) return WorkloadScaleDown::never;
  const std::string& text = rollout.spec.workload_ref->scale_down;
  if (text == "onsuccess") return WorkloadScaleDown::on_success;
  if (text == "progressively") return WorkloadScaleDown::progressively;
  return WorkloadScaleDown::never;
}

std::int32_t max_surge(const Rollout& rollout) {
  return resolve(max_surge_as_written(rollout), desired_replicas(rollout), Round::up);
}

std::int32_t max_unavailable(const Rollout& rollout) {
  const std::int32_t total = std::max(desired_replicas(rollout), 0);
  const std::int32_t unavailable = resolve(max_unavailable_as_written(rollout), total, Round::down);
  if (canary_of(rollout) && unavailable == 0 && max_surge(rollout) == 0) return std::min(total, 1);
  return std::min(unavailable, total);
}

Duration scale_down_delay(const Rollout& rollout) {
  std::optional<std::int32_t> seconds = 0;
  if (const auto* blue_green = blue_green_of(rollout)) {
    seconds = blue_green->scale_down_delay_seconds;
  } else if (has_router(rollout)) {
    seconds = canary_of(rollout)->scale_down_delay_seconds;
  }
  return Duration::from_seconds(seconds.value_or(default_scale_down_delay_seconds));
}

std::int32_t scale_down_delay_revision_limit(const Rollout& rollout) {
  std::optional<std::int32_t> limit;
  if (const auto* blue_green = blue_green_of(rollout)) {
    limit = blue_green->scale_down_delay_revision_limit;
  } else if (const auto* canary = canary_of(rollout)) {
    limit = canary->scale_down_delay_revision_limit;
  }
  return limit.value_or(unlimited);
}

std::optional<Duration> abort_scale_down_delay(const Rollout& rollout) {
  std::optional<std::int32_t> seconds;
  if (const auto* blue_green = blue_green_of(rollout)) {
    seconds = blue_green->abort_scale_down_delay_seconds;
  } else if (has_router(rollout)) {
    const CanaryStrategy& canary = *canary_of(rollout);
    seconds = canary.abort_scale_down_delay_seconds;
    if (!seconds && canary.dynamic_stable_scale) return Duration{};
  } else {
    return Duration{};
  }
  if (seconds == 0) return std::nullopt;
  return Duration::from_seconds(seconds.value_or(default_abort_scale_down_delay_seconds));
}

bool auto_promotion_enabled(const Rollout& rollout) {
  const auto* blue_green = blue_green_of(rollout);
  return !blue_green || blue_green->auto_promotion_enabled.value_or(true);
}

std::int32_t preview_replicas(const Rollout& rollout) {
  const auto* blue_green = blue_green_of(rollout);
  const std::int32_t all = desired_replicas(rollout);
  return blue_green ? blue_green->preview_replica_count.value_or(all) : all;
}

std::int32_t max_traffic_weight(const Rollout& rollout) {
  constexpr std::int32_t all_of_the_traffic = 100;
  if (!has_router(rollout)) return all_of_the_traffic;
  return canary_of(rollout)->traffic_routing->max_traffic_weight.value_or(all_of_the_traffic);
}

std::int32_t at_least_min_pods(const Rollout& rollout, std::int32_t count) {
  if (count == 0 || !has_router(rollout)) return count;
  const std::int32_t least = canary_of(rollout)->min_pods_per_replica_set.value_or(0);
  return std::max(count, std::min(least, desired_replicas(rollout)));
}

ReplicaProgressThreshold replica_progress_threshold(const CanaryStrategy& canary) {
  const auto& threshold = canary.replica_progress_threshold;
  if (!threshold || threshold->value < 0) return {.type = "Percent", .value = 100};
  return *threshold;
}

std::int32_t starting_step(const RolloutAnalysisBackground& analysis) {
  return analysis.starting_step.value_or(0);
}

std::int32_t mirror_percentage(const SetMirrorRoute& route) {
  return route.percentage.value_or(100);
}

Result<std::optional<Duration>> pause_duration(const RolloutPause& pause) {
  if (!pause.duration) return std::optional<Duration>();
  const IntOrString& written = *pause.duration;
  std::optional<std::int64_t> seconds = written.number;
  if (written.is_string) {
    seconds = parse_integer(written.text);
    if (!seconds) {
      if (const auto duration = parse_go_duration(written.text))
        seconds = duration->whole_seconds();
    }
  }
  if (!seconds || *seconds < 0) {
    return fail(ErrorCode::invalid, "pause.duration",
                "found " + (written.is_string ? quote(written.text) : std::to_string(*seconds)) +
                    ", expected 0 or more seconds",
                "write seconds or a duration such as \"1h30m\"");
  }
  return std::optional(Duration::from_seconds(*seconds));
}

std::string annotation_prefix(const NginxTrafficRouting& nginx) {
  return or_else(nginx.annotation_prefix, "nginx.ingress.kubernetes.io");
}

std::string annotation_prefix(const ALBTrafficRouting& alb) {
  return or_else(alb.annotation_prefix, "alb.ingress.kubernetes.io");
}

std::string root_service(const CanaryStrategy& canary, const ALBTrafficRouting& alb) {
  return or_else(alb.root_service, canary.stable_service);
}

std::string root_service(const CanaryStrategy& canary, const SMITrafficRouting& smi) {
  return or_else(smi.root_service, canary.stable_service);
}

std::string traffic_split_name(const Rollout& rollout, const SMITrafficRouting& smi) {
  return or_else(smi.traffic_split_name, rollout.metadata.name);
}

std::vector<std::string> rules(const ApisixRoute& route) {
  return route.rules.empty() ? std::vector{route.name} : route.rules;
}

Duration progress_deadline(const Experiment& experiment) {
  return Duration::from_seconds(
      experiment.spec.progress_deadline_seconds.value_or(default_progress_deadline_seconds));
}

std::optional<Duration> scale_down_delay(const Experiment& experiment) {
  const std::int32_t seconds =
      experiment.spec.scale_down_delay_seconds.value_or(default_scale_down_delay_seconds);
  if (seconds == 0) return std::nullopt;
  return Duration::from_seconds(seconds);
}

std::int32_t desired_replicas(const TemplateSpec& spec) {
  return spec.replicas.value_or(1);
}

}  // namespace slipway::api
