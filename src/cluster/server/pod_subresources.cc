#include "base/text.h"
#include "cluster/server/body.h"
#include "cluster/server/subresources.h"
#include "cluster/server/validation/validation.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

kubernetes::Response success(int code) {
  return json_response(code, to_text(Json::object({
                                 {"kind",       "Status"      },
                                 {"apiVersion", "v1"          },
                                 {"metadata",   Json::object()},
                                 {"status",     "Success"     },
                                 {"code",       code          }
  })));
}

/// Turns a condition true, keeping its place among the others.
void set_condition(Json& status, std::string_view type, Instant now, std::string_view reason = {},
                   std::string_view message = {}) {
  Json condition = Json::object({
      {"type",               Json(type)         },
      {"status",             "True"             },
      {"lastProbeTime",      Json()             },
      {"lastTransitionTime", format_rfc3339(now)}
  });
  if (!reason.empty()) condition.set("reason", reason);
  if (!message.empty()) condition.set("message", message);
  Json& conditions = status.member("conditions");
  if (conditions.is_null()) conditions = Json::array();
  for (Json& one : conditions.as_array()) {
    if (one["type"].string_or_empty() != type) continue;
    if (one["status"] == condition["status"]) {
      condition.set("lastTransitionTime", one["lastTransitionTime"]);
    }
    one = std::move(condition);
    return;
  }
  conditions.push_back(std::move(condition));
}

Served<ObjectPtr> bind(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  const Json binding =
      SERVE(read_body(call.request.content_type, call.request.body, "Binding", nullptr));
  const std::string_view node = binding["target"]["name"].string_or_empty();
  if (node.empty()) {
    return Refusal(invalid_object("", "Binding", call.path.name, {required_field("target.name")}));
  }
  const std::string_view kind = binding["target"]["kind"].string_or_empty();
  if (!kind.empty() && kind != "Node") {
    return Refusal(Status{500,
                          "",
                          "target.kind: Unsupported value: " + quote(kind) +
                              ": supported values: \"Node\", \"<empty>\"",
                          {}});
  }
  const ObjectPtr old = server.store.table(resource.table).find(call.key());
  if (!old) return Refusal(not_found(resource.group_resource(), call.path.name));
  const std::string_view taken = old->content()["spec"]["nodeName"].string_or_empty();
  if (!taken.empty()) {
    return Refusal(
        conflict({"", "pods/binding"}, call.path.name,
                 "pod " + call.path.name + " is already assigned to node " + quote(taken)));
  }
  if (!old->metadata()["deletionTimestamp"].is_null()) {
    return Refusal(
        conflict({"", "pods/binding"}, call.path.name,
                 "pod " + call.path.name + " is being deleted, cannot be assigned to a host"));
  }
  Json pod = old->content();
  pod.member("spec").set("nodeName", node);
  set_condition(pod.member("status"), "PodScheduled", server.loop.now());
  if (call.dry_run()) return old;
  // Past the rules of an update: who binds may set what no one else may.
  return server.store.put(server.store.table(resource.table), old->key(), std::move(pod));
}

/// How many more pods the budget may lose, or nothing where it doesn't cover this pod.
std::optional<std::int64_t> disruptions_allowed(const Json& budget, const Json& pod) {
  const Json& selector = budget["spec"]["selector"];
  if (selector.is_null() || !selector_matches(selector, pod["metadata"]["labels"])) {
    return std::nullopt;
  }
  return budget["status"]["disruptionsAllowed"].integer_or(0);
}

Status too_many_requests(std::string_view budget) {
  return {
      429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
      Json::object(
          {{"causes", Json::array({Json::object(
                          {{"reason", "DisruptionBudget"},
                           {"message", "The disruption budget " + std::string(budget) +
                                           " does not allow evicting this pod now"}})})}}
          )
  };
}

Served<void> check_budgets(Server& server, const StoredObject& pod) {
  const Json& status = pod.content()["status"];
  const std::string_view phase = status["phase"].string_or_empty();
  if (phase == "Pending" || phase == "Succeeded" || phase == "Failed") return {};
  ObjectTable& budgets = server.store.table("poddisruptionbudgets.policy");
  const std::string prefix = std::string(pod.namespace_()) + "/";
  for (auto at = budgets.objects().lower_bound(prefix);
       at != budgets.objects().end() && at->first.starts_with(prefix); ++at) {
    const auto allowed = disruptions_allowed(at->second->content(), pod.content());
    if (!allowed) continue;
    if (*allowed <= 0) return Refusal(too_many_requests(at->second->name()));
    Json budget = at->second->content();
    budget.member("status").set("disruptionsAllowed", Json(static_cast<long>(*allowed - 1)));
    server.store.put(budgets, at->first, std::move(budget));
    return {};
  }
  return {};
}

/// Notes on the pod that it was evicted, for whoever wonders why it ends.
ObjectPtr say_why(Server& server, const Resource& resource, const ObjectPtr& pod) {
  Json told = pod->content();
  set_condition(told.member("status"), "DisruptionTarget", server.loop.now(),
                "EvictionByEvictionAPI", "Eviction API: evicting");
  if (told == pod->content()) return pod;  // It was evicted before.
  return server.store.put(server.store.table(resource.table), pod->key(), std::move(told));
}

Served<void> evict(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  const Json eviction =
      SERVE(read_body(call.request.content_type, call.request.body, "Eviction", nullptr));
  const ObjectPtr pod = server.store.table(resource.table).find(call.key());
  if (!pod) return Refusal(not_found(resource.group_resource(), call.path.name));
  const Json& wanted = eviction["deleteOptions"];
  DeleteOptions options;
  options.dry_run = call.dry_run() || !wanted["dryRun"].empty();
  if (wanted["gracePeriodSeconds"].is_integer()) {
    options.grace_seconds = wanted["gracePeriodSeconds"].as_integer();
  }
  options.uid = wanted["preconditions"]["uid"].string_or_empty();
  if (options.dry_run) {
    SERVE(delete_stored(server, resource, pod, options));
    return {};
  }
  SERVE_DONE(check_budgets(server, *pod));
  SERVE(delete_stored(server, resource, say_why(server, resource, pod), options));
  return {};
}

}  // namespace

kubernetes::Response bind_pod(Server& server, Call& call) {
  const Served<ObjectPtr> bound = bind(server, call);
  return bound ? success(201) : to_response(bound.error());
}

kubernetes::Response evict_pod(Server& server, Call& call) {
  const Served<void> evicted = evict(server, call);
  return evicted ? success(201) : to_response(evicted.error());
}

}  // namespace slipway::cluster
