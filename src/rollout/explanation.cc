#include "rollout/explanation.h"

#include <algorithm>

#include <fmt/format.h>

#include "rollout/conditions.h"
#include "rollout/work.h"

namespace slipway::rollout {
namespace {

/// What the plan is about to do: with a controller at work, nobody gets to read this twice.
Explanation about_to_act(const Plan& plan) {
  const kubernetes::Write& next = plan.writes.empty() ? *plan.status : plan.writes.front();
  return {"it is on its way: the controller's next write is \"" + next.text() + "\"",
          {},
          "if it stays so, no controller is at work on it: look at the controller's log"};
}

Explanation of_abort(const api::Rollout& rollout) {
  const auto* told = find_condition(rollout.status, condition_types::progressing);
  std::string text = told && !told->message.empty() ? told->message : "the update was aborted";
  return {text + "; the stable version serves until somebody tries again or changes the template",
          {},
          command_for(rollout, "retry rollout")};
}

Explanation of_timeout(const api::Rollout& rollout, const Plan& plan) {
  const auto* told = find_condition(rollout.status, condition_types::progressing);
  Explanation explanation{told->message, {}, command_for(rollout, "abort")};
  for (const Reason& reason : plan.reasons) {
    if (!reason.blocked_by.empty()) explanation.blocked_by = reason.blocked_by;
  }
  return explanation;
}

/// What a person can free comes first, then what names an object, then the rest.
const Reason* find_foremost(const Plan& plan) {
  const auto first = [&](auto matches) {
    const auto found = std::ranges::find_if(plan.reasons, matches);
    return found == plan.reasons.end() ? nullptr : &*found;
  };
  if (const Reason* found = first([](const Reason& r) { return !r.freed_by.empty(); })) {
    return found;
  }
  if (const Reason* found = first([](const Reason& r) { return !r.blocked_by.empty(); })) {
    return found;
  }
  return plan.reasons.empty() ? nullptr : &plan.reasons.front();
}

bool is_ready(const api::Pod& pod) {
  return std::ranges::any_of(pod.status.conditions, [](const api::Condition& condition) {
    return condition.type == "Ready" && condition.status == "True";
  });
}

/// "Pod shop/web-5d4-x: container web: ImagePullBackOff"
std::string trouble_of(const api::Pod& pod) {
  std::string text = "Pod " + pod.metadata.key().text();
  for (const api::ContainerStatus& container : pod.status.container_statuses) {
    if (container.state.waiting && !container.state.waiting->reason.empty()) {
      return text + ": container " + container.name + ": " + container.state.waiting->reason;
    }
  }
  for (const api::Condition& condition : pod.status.conditions) {
    if (condition.type == "PodScheduled" && condition.status == "False") {
      return text + ": not scheduled: " + condition.message;
    }
  }
  return text + ": not ready";
}

/// The pod that keeps a ReplicaSet from being available, where one is seen.
std::string follow_to_pod(const Observed& seen, const std::string& blocked_by) {
  for (const auto& replica_set : seen.replica_sets) {
    if (blocked_by != "ReplicaSet " + replica_set->metadata.key().text()) continue;
    for (const auto& pod : seen.pods) {
      const api::OwnerReference* owner = pod->metadata.controller();
      if (!owner || owner->uid != replica_set->metadata.uid) continue;
      if (!pod->metadata.deletion_timestamp && !is_ready(*pod)) return trouble_of(*pod);
    }
  }
  return blocked_by;
}

Explanation of_plan(const Observed& seen, const Plan& plan) {
  const api::Rollout& rollout = *seen.rollout;
  if (rollout.metadata.deletion_timestamp) return {"it is being deleted", {}, {}};
  if (rollout.spec.paused && !rollout.status.abort) {
    return {"a person paused it (spec.paused)", {}, command_for(rollout, "promote")};
  }
  if (!plan.writes_nothing()) return about_to_act(plan);
  if (rollout.status.abort) return of_abort(rollout);
  if (has_reason(rollout.status, condition_types::progressing,
                 condition_reasons::deadline_exceeded)) {
    return of_timeout(rollout, plan);
  }
  if (const Reason* reason = find_foremost(plan)) {
    return {reason->text, reason->blocked_by, reason->freed_by};
  }
  if (rollout.status.phase == "Healthy") return {"there is nothing to do: it is Healthy", {}, {}};
  return {rollout.status.phase + ": " + rollout.status.message, {}, {}};
}

}  // namespace

Explanation explain(const Observed& seen, const Plan& plan) {
  Explanation explanation = of_plan(seen, plan);
  explanation.blocked_by = follow_to_pod(seen, explanation.blocked_by);
  return explanation;
}

}  // namespace slipway::rollout
