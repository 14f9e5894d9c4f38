#include "cluster/nodes/pod_life.h"

namespace slipway::cluster {

namespace {

/// How long the kubelet takes to notice that a container ended or a pull failed.
constexpr Duration notice = Duration::from_seconds(1);
constexpr Duration back_off_min = Duration::from_seconds(10);
constexpr Duration back_off_max = Duration::from_seconds(300);

Duration back_off(int doublings) {
  constexpr int enough = 5;  // 10 s * 2^5 is beyond the maximum.
  return std::min(back_off_max, back_off_min * (1 << std::clamp(doublings, 0, enough)));
}

bool ends_by_itself(const PodScript& script) {
  return script.behaviour == Behaviour::crash || script.behaviour == Behaviour::exit;
}

bool restarts(const PodScript& script) {
  switch (script.restart_policy) {
    case RestartPolicy::always:
      return true;
    case RestartPolicy::on_failure:
      return script.exit_code != 0;
    case RestartPolicy::never:
      return false;
  }
  return true;
}

void enter(PodLife& life, Stage stage, Instant at) {
  life.stage = stage;
  life.since = at;
}

void start(PodLife& life, Instant at) {
  if (life.started) ++life.restarts;
  life.started = true;
  life.started_at = at;
  enter(life, Stage::running, at);
}

void end(PodLife& life, const PodScript& script, Instant at) {
  life.ready = false;
  life.last_start = life.started_at;
  life.ended_at = at;
  enter(life, restarts(script) ? Stage::exited : Stage::finished, at);
}

void step(PodLife& life, const PodScript& script, Instant at) {
  switch (life.stage) {
    case Stage::creating:
    case Stage::pull_back_off:
      if (script.behaviour == Behaviour::image_pull_error) {
        ++life.pulls;
        return enter(life, Stage::pull_failed, at);
      }
      return start(life, at);
    case Stage::pull_failed:
      return enter(life, Stage::pull_back_off, at);
    case Stage::running:
      if (ends_by_itself(script) && at >= life.started_at + script.end_after) {
        return end(life, script, at);
      }
      life.ready = true;
      return;
    case Stage::exited:
      if (restart_delay(life.restarts + 1) > notice) return enter(life, Stage::back_off, at);
      return start(life, at);
    case Stage::back_off:
      return start(life, at);
    case Stage::finished:
      return;
  }
}

}  // namespace

Duration restart_delay(int restart) {
  return restart <= 1 ? notice : back_off(restart - 2);
}

PodLife begin_life(Instant now) {
  PodLife life;
  life.since = now;
  life.bound_at = now;
  return life;
}

std::optional<Instant> next_change(const PodLife& life, const PodScript& script) {
  switch (life.stage) {
    case Stage::creating:
      return life.since + script.start_delay;
    case Stage::pull_failed:
      return life.since + notice;
    case Stage::pull_back_off:
      return life.since + back_off(life.pulls - 1);
    case Stage::exited:
      return life.since + notice;
    case Stage::back_off:
      return *life.ended_at + restart_delay(life.restarts + 1);
    case Stage::finished:
      return std::nullopt;
    case Stage::running:
      break;
  }
  std::optional<Instant> next;
  if (ends_by_itself(script)) next = life.started_at + script.end_after;
  if (!life.ready && script.behaviour != Behaviour::never_ready) {
    const Instant ready_at = life.started_at + script.ready_delay;
    if (!next || ready_at < *next) next = ready_at;
  }
  return next;
}

PodLife advance(PodLife life, const PodScript& script, Instant now) {
  // A process that slept for hours catches up on a crash loop; each turn of that takes at least the
  // second of `notice`, so the number of turns is bounded by the time that passed.
  for (std::optional<Instant> next = next_change(life, script); next && *next <= now;
       next = next_change(life, script)) {
    step(life, script, *next);
  }
  return life;
}

}  // namespace slipway::cluster
