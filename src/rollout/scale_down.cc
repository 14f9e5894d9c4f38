#include "rollout/scale_down.h"

#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

Deadline parse(const std::string* text) {
  if (!text) return Absent{};
  if (const auto time = parse_rfc3339(*text)) return At{*time};
  return Malformed{*text};
}

}  // namespace

Deadline parse_deadline(const api::ObjectMeta& metadata) {
  Deadline bare = parse(metadata.annotation(keys::scale_down_deadline));
  if (std::holds_alternative<At>(bare)) return bare;
  Deadline documented = parse(metadata.annotation(keys::scale_down_deadline_as_documented));
  if (std::holds_alternative<At>(documented)) return documented;
  return std::holds_alternative<Malformed>(bare) ? bare : documented;
}

bool deadline_needs_mending(const api::ObjectMeta& metadata) {
  return metadata.annotation(keys::scale_down_deadline_as_documented) != nullptr ||
         std::holds_alternative<Malformed>(parse_deadline(metadata));
}

Instant deadline_after(Instant now, Duration delay) {
  return round_up_to_second(now + delay);
}

bool is_live(const Deadline& deadline, Instant now) {
  const At* at = std::get_if<At>(&deadline);
  return at && now < at->time;
}

ScaleDown decide_scale_down(const Deadline& deadline, Duration delay, Instant now) {
  using enum ScaleDown::Do;
  if (const At* at = std::get_if<At>(&deadline)) {
    if (now < at->time) return {wait, at->time - now};
    return {scale_to_zero, {}};
  }
  if (delay <= Duration{}) return {scale_to_zero, {}};
  const auto what = std::holds_alternative<Malformed>(deadline) ? repair : arrange;
  return {what, deadline_after(now, delay) - now};
}

std::vector<ScaleDown> decide_scale_downs(const std::vector<Deadline>& deadlines, Duration delay,
                                          std::int32_t revision_limit, Instant now) {
  std::vector<ScaleDown> decisions;
  decisions.reserve(deadlines.size());
  std::int32_t waiting = 0;
  for (const Deadline& deadline : deadlines) {
    ScaleDown decision = decide_scale_down(deadline, delay, now);
    if (decision.what != ScaleDown::Do::scale_to_zero && ++waiting > revision_limit) {
      decision = {ScaleDown::Do::scale_to_zero, {}};
    }
    decisions.push_back(decision);
  }
  return decisions;
}

}  // namespace slipway::rollout
