#include "cluster/nodes/pod_script.h"

#include "base/text.h"

namespace slipway::cluster {

namespace {

using Complaints = std::vector<std::string>;

Duration draw(Random& chance, Duration min, Duration max) {
  const std::uint64_t number = chance.next();
  const std::int64_t width = std::max<std::int64_t>(0, (max - min).nanoseconds) + 1;
  return min + Duration{static_cast<std::int64_t>(number % static_cast<std::uint64_t>(width))};
}

void complain(Complaints& complaints, std::string_view key, const std::string& found,
              std::string_view expected) {
  complaints.push_back(
      fmt::format("annotation {} is {}, expected {}: it is ignored", key, quote(found), expected));
}

Duration read_duration(const api::Pod& pod, std::string_view key, Duration otherwise,
                       Complaints& complaints) {
  const std::string* text = pod.metadata.annotation(key);
  if (text == nullptr) return otherwise;
  const Result<Duration> duration = parse_go_duration(*text);
  if (duration && *duration >= Duration{}) return *duration;
  complain(complaints, key, *text, "a duration such as \"2s\"");
  return otherwise;
}

Behaviour read_behaviour(const api::Pod& pod, Complaints& complaints) {
  const std::string* text = pod.metadata.annotation(script_keys::behaviour);
  if (text == nullptr || *text == "run") return Behaviour::run;
  if (*text == "crash") return Behaviour::crash;
  if (*text == "never-ready") return Behaviour::never_ready;
  if (*text == "image-pull-error") return Behaviour::image_pull_error;
  if (*text == "exit") return Behaviour::exit;
  complain(complaints, script_keys::behaviour, *text,
           "run, crash, never-ready, image-pull-error or exit");
  return Behaviour::run;
}

int read_exit_code(const api::Pod& pod, int otherwise, Complaints& complaints) {
  const std::string* text = pod.metadata.annotation(script_keys::exit_code);
  if (text == nullptr) return otherwise;
  const std::optional<std::int64_t> code = parse_integer(*text);
  if (code && *code >= 0 && *code <= 255) return static_cast<int>(*code);
  complain(complaints, script_keys::exit_code, *text, "a number from 0 to 255");
  return otherwise;
}

RestartPolicy restart_policy(const CachedPod& pod) {
  const std::string_view policy = pod.content["spec"]["restartPolicy"].string_or_empty();
  if (policy == "Never") return RestartPolicy::never;
  return policy == "OnFailure" ? RestartPolicy::on_failure : RestartPolicy::always;
}

Duration probe_delay(const CachedPod& pod) {
  std::int64_t seconds = 0;
  const Json& containers = pod.content["spec"]["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const Json& probe = containers.at(i)["readinessProbe"];
    seconds = std::max(seconds, probe["initialDelaySeconds"].integer_or(0));
  }
  return Duration::from_seconds(seconds);
}

}  // namespace

ParsedScript parse_script(const CachedPod& pod, const PodTiming& timing, Random chance) {
  const Duration start = draw(chance, timing.start_min, timing.start_max);
  const Duration ready = draw(chance, timing.ready_min, timing.ready_max);
  const Duration stop = draw(chance, timing.stop_min, timing.stop_max);

  ParsedScript parsed;
  PodScript& script = parsed.script;
  Complaints& complaints = parsed.complaints;
  script.behaviour = read_behaviour(pod, complaints);
  script.restart_policy = restart_policy(pod);
  script.start_delay = read_duration(pod, script_keys::start_delay, start, complaints);
  script.ready_delay =
      read_duration(pod, script_keys::ready_delay, probe_delay(pod) + ready, complaints);
  const Duration grace =
      Duration::from_seconds(pod.content["spec"]["terminationGracePeriodSeconds"].integer_or(30));
  script.stop_delay =
      std::min(grace, read_duration(pod, script_keys::stop_delay, stop, complaints));
  const bool crashes = script.behaviour == Behaviour::crash;
  script.end_after =
      read_duration(pod, crashes ? script_keys::crash_after : script_keys::exit_after,
                    Duration::from_seconds(1), complaints);
  script.exit_code = read_exit_code(pod, crashes ? 1 : 0, complaints);
  return parsed;
}

}  // namespace slipway::cluster
