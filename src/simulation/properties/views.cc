#include "simulation/properties/views.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::simulation {
namespace {

constexpr std::string_view hash_label = "rollouts-pod-template-hash";
constexpr std::string_view deadline_key = "scale-down-deadline";
constexpr std::string_view revision_key = "rollout.argoproj.io/revision";

std::string text_of(const Json& value) {
  return std::string(value.string_or_empty());
}

std::string controller_of(const Json& metadata) {
  const Json& owners = metadata["ownerReferences"];
  if (!owners.is_array()) return {};
  for (const Json& owner : owners.as_array()) {
    if (owner["controller"].bool_or(false)) return text_of(owner["uid"]);
  }
  return {};
}

bool is_ready(const Json& status) {
  const Json& conditions = status["conditions"];
  if (!conditions.is_array()) return false;
  return std::ranges::any_of(conditions.as_array(), [](const Json& condition) {
    return condition["type"].string_or_empty() == "Ready" &&
           condition["status"].string_or_empty() == "True";
  });
}

/// A count, or a percentage of `whole`. Source: Kubernetes' IntOrString: surge is rounded up,
/// unavailable down.
std::int64_t count_or_share(const Json& value, std::string_view otherwise, std::int64_t whole,
                            bool up) {
  if (value.is_integer()) return value.as_integer();
  std::string_view text = value.is_string() ? value.string_or_empty() : otherwise;
  if (text.ends_with('%')) text.remove_suffix(1);
  const std::int64_t percent = parse_integer(text).value_or(0);
  return (percent * whole + (up ? 99 : 0)) / 100;
}

std::optional<std::int64_t> integer_in(const Json& value) {
  return value.is_integer() ? std::optional(value.as_integer()) : std::nullopt;
}

std::optional<Duration> seconds_of(const Json& value) {
  if (!value.is_integer()) return {};
  return Duration::from_seconds(value.as_integer());
}

void read_canary(const Json& canary, RolloutView& view) {
  view.strategy = Strategy::canary;
  view.max_surge = count_or_share(canary["maxSurge"], "25%", view.desired, true);
  view.max_unavailable = count_or_share(canary["maxUnavailable"], "25%", view.desired, false);
  if (view.max_surge == 0 && view.max_unavailable == 0) view.max_unavailable = 1;
  view.routed = canary["trafficRouting"].is_object();
  view.revision_limit = integer_in(canary["scaleDownDelayRevisionLimit"]);
  view.scale_down_delay = seconds_of(canary["scaleDownDelaySeconds"]).value_or(30_s);
  view.abort_delay = seconds_of(canary["abortScaleDownDelaySeconds"]).value_or(30_s);
  if (*view.abort_delay == 0_s) view.abort_delay.reset();
}

void read_blue_green(const Json& blue_green, RolloutView& view) {
  view.strategy = Strategy::blue_green;
  view.max_surge = view.desired;
  view.max_unavailable = count_or_share(blue_green["maxUnavailable"], "0", view.desired, false);
  view.preview_replicas = blue_green["previewReplicaCount"].integer_or(0);
  view.revision_limit = integer_in(blue_green["scaleDownDelayRevisionLimit"]);
  view.scale_down_delay = seconds_of(blue_green["scaleDownDelaySeconds"]).value_or(30_s);
  view.abort_delay = seconds_of(blue_green["abortScaleDownDelaySeconds"]).value_or(30_s);
  if (*view.abort_delay == 0_s) view.abort_delay.reset();
}

void read_services(RolloutView& view) {
  const Json& strategy = view.spec()["strategy"];
  const auto add = [&](const Json& name) {
    if (name.string_or_empty().empty()) return std::string();
    view.services.push_back(view.namespace_ + "/" + text_of(name));
    return view.services.back();
  };
  view.active_service = add(strategy["blueGreen"]["activeService"]);
  view.preview_service = add(strategy["blueGreen"]["previewService"]);
  add(strategy["canary"]["stableService"]);
  add(strategy["canary"]["canaryService"]);
  add(strategy["canary"]["pingPong"]["pingService"]);
  add(strategy["canary"]["pingPong"]["pongService"]);
}

/// Source: behaviour.md 22.1.
void read_lender(RolloutView& view) {
  const Json& reference = view.spec()["workloadRef"];
  if (!reference.is_object()) return;
  const std::string_view kind = reference["kind"].string_or_empty();
  if (kind == "Deployment") view.lender_kind = ObjectKind::deployment;
  if (kind == "ReplicaSet") view.lender_kind = ObjectKind::replica_set;
  if (kind == "PodTemplate") view.lender_kind = ObjectKind::pod_template;
  view.lender_key = view.namespace_ + "/" + text_of(reference["name"]);
}

void read_status(RolloutView& view) {
  const Json& status = view.status();
  view.stable_hash = text_of(status["stableRS"]);
  view.current_hash = text_of(status["currentPodHash"]);
  view.step_hash = text_of(status["currentStepHash"]);
  if (status["currentStepIndex"].is_integer()) view.step = status["currentStepIndex"].as_integer();
  view.phase = text_of(status["phase"]);
  view.abort = status["abort"].bool_or(false);
  view.aborted_at = status["abortedAt"].is_string();
  view.promote_full = status["promoteFull"].bool_or(false);
  view.controller_pause = status["controllerPause"].bool_or(false);
  view.observed_generation =
      parse_integer(status["observedGeneration"].string_or_empty()).value_or(0);
  view.collision_count = status["collisionCount"].integer_or(0);
}

}  // namespace

std::optional<Instant> ReplicaSetView::valid_deadline() const {
  if (!deadline) return {};
  const Result<Instant> at = parse_rfc3339(*deadline);
  return at ? std::optional(*at) : std::nullopt;
}

std::int64_t RolloutView::enough_of(std::int64_t wanted) const {
  const Json& threshold = spec()["strategy"]["canary"]["replicaProgressThreshold"];
  const std::int64_t value = threshold["value"].integer_or(-1);
  if (value < 0) return wanted;
  if (threshold["type"].string_or_empty() != "Percent") return std::min(value, wanted);
  return (wanted * value + 99) / 100;
}

const Json& RolloutView::pod_template() const {
  static const Json none;
  if (lender_kind == ObjectKind::other) return spec()["template"];
  if (lender == nullptr) return none;
  return lender_kind == ObjectKind::pod_template ? (*lender)["template"]
                                                 : (*lender)["spec"]["template"];
}

bool RolloutView::is_told() const {
  if (observed_generation != generation) return false;
  if (lender_kind == ObjectKind::other || lender == nullptr) return true;
  const std::string_view told = status()["workloadObservedGeneration"].string_or_empty();
  return parse_integer(told).value_or(0) == (*lender)["metadata"]["generation"].integer_or(0);
}

bool RolloutView::has_condition(std::string_view type, std::string_view reason) const {
  const Json& conditions = status()["conditions"];
  if (!conditions.is_array()) return false;
  return std::ranges::any_of(conditions.as_array(), [&](const Json& condition) {
    return condition["type"].string_or_empty() == type &&
           (reason.empty() || condition["reason"].string_or_empty() == reason);
  });
}

const Json& RolloutView::steps() const {
  return spec()["strategy"]["canary"]["steps"];
}

std::vector<std::string> RolloutView::serving_services() const {
  return strategy == Strategy::blue_green ? std::vector{active_service} : services;
}

std::optional<Instant> RolloutView::pause_start(std::string_view reason) const {
  if (!pauses().is_array()) return {};
  for (const Json& pause : pauses().as_array()) {
    if (pause["reason"].string_or_empty() != reason) continue;
    const Result<Instant> at = parse_rfc3339(pause["startTime"].string_or_empty());
    if (at) return *at;
  }
  return {};
}

bool RolloutView::is_pause(std::int64_t at) const {
  return at >= 0 && at < step_count() &&
         steps().at(static_cast<std::size_t>(at)).find("pause") != nullptr;
}

std::optional<Duration> RolloutView::pause_duration(std::int64_t at) const {
  if (!is_pause(at)) return {};
  const Json& duration = steps().at(static_cast<std::size_t>(at))["pause"]["duration"];
  if (duration.is_integer()) return Duration::from_seconds(duration.as_integer());
  if (!duration.is_string()) return {};
  const std::string_view text = duration.string_or_empty();
  if (const auto seconds = parse_integer(text)) return Duration::from_seconds(*seconds);
  const Result<Duration> read = parse_go_duration(text);
  return read ? std::optional(*read) : std::nullopt;
}

PodView pod_view(const Json& json, const std::string& key) {
  const Json& metadata = json["metadata"];
  const std::string_view phase = json["status"]["phase"].string_or_empty();
  return {.key = key,
          .uid = text_of(metadata["uid"]),
          .owner = controller_of(metadata),
          .ready = is_ready(json["status"]),
          .ready_since = {},
          .leaving = metadata["deletionTimestamp"].is_string() || phase == "Failed" ||
                     phase == "Succeeded"};
}

ReplicaSetView replica_set_view(std::shared_ptr<const Json> json, const std::string& key) {
  ReplicaSetView view;
  const Json& metadata = (*json)["metadata"];
  const Json& annotations = metadata["annotations"];
  view.key = key;
  view.uid = text_of(metadata["uid"]);
  view.owner = controller_of(metadata);
  view.hash = text_of(metadata["labels"][hash_label]);
  view.replicas = (*json)["spec"]["replicas"].integer_or(1);
  view.min_ready_seconds = (*json)["spec"]["minReadySeconds"].integer_or(0);
  view.status_replicas = (*json)["status"]["replicas"].integer_or(0);
  view.status_available = (*json)["status"]["availableReplicas"].integer_or(0);
  view.revision = parse_integer(annotations[revision_key].string_or_empty()).value_or(0);
  if (const Json* deadline = annotations.find(deadline_key)) view.deadline = text_of(*deadline);
  view.leaving = metadata["deletionTimestamp"].is_string();
  view.json = std::move(json);
  return view;
}

RolloutView rollout_view(std::shared_ptr<const Json> json, const std::string& key) {
  RolloutView view;
  view.json = std::move(json);
  const Json& metadata = (*view.json)["metadata"];
  view.key = key;
  view.namespace_ = text_of(metadata["namespace"]);
  view.uid = text_of(metadata["uid"]);
  view.generation = metadata["generation"].integer_or(0);
  view.leaving = metadata["deletionTimestamp"].is_string();
  const Json& spec = view.spec();
  view.desired = spec["replicas"].integer_or(1);
  view.paused = spec["paused"].bool_or(false);
  const Json& strategy = spec["strategy"];
  if (strategy["canary"].is_object()) {
    read_canary(strategy["canary"], view);
  } else if (strategy["blueGreen"].is_object()) {
    read_blue_green(strategy["blueGreen"], view);
  }
  read_services(view);
  read_lender(view);
  read_status(view);
  return view;
}

ServiceView service_view(const Json& json, const std::string& key) {
  return {.key = key, .hash = text_of(json["spec"]["selector"][hash_label])};
}

}  // namespace slipway::simulation
