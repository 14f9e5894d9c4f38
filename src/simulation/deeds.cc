#include "simulation/deeds.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "api/kinds.h"
#include "base/ensure.h"
#include "cluster/server/store.h"
#include "simulation/disturbance.h"
#include "simulation/garbage.h"
#include "simulation/manifests.h"

namespace slipway::simulation {
namespace {

using kubernetes::Method;
namespace kinds = api::kinds;

constexpr std::string_view ns = "default";
constexpr std::string_view deadline_key = "scale-down-deadline";

/// The object that holds a Rollout's pod template: itself, or what its workloadRef names.
struct TemplateHome {
  const api::Kind* kind;
  std::string_view table;
  std::string name;
  /// A PodTemplate has no spec around it.
  bool is_bare() const { return *kind == kinds::pod_template; }
};

/// One deed, under way.
struct Act {
  Stage& stage;
  const Scenario& scenario;
  std::string rollout;
  std::string_view actor;
  Random random;

  int patch(const api::Kind& kind, std::string_view name, Json body,
            std::string_view subresource = {}) {
    return merge_patch(stage, actor, kind.path(ns, name, subresource), body);
  }
  void remove(const api::Kind& kind, std::string_view name, std::string_view propagation) {
    stage.carry_out(
        {
            .method = Method::delete_,
            .target = kind.path(ns, name),
            .body = to_text(Json::object({{"propagationPolicy", propagation}}
              ))
    },
        actor, false, 0);
  }
  int create(const api::Kind& kind, const Json& object) {
    return stage
        .carry_out({.method = Method::post, .target = kind.path(ns), .body = to_text(object)},
                   actor, false, 0)
        .status;
  }
  void spec(Json change) {
    patch(kinds::rollout, rollout,
          Json::object({
              {"spec", std::move(change)}
    }));
  }
  void status(Json change) {
    patch(kinds::rollout, rollout,
          Json::object({
              {"status", std::move(change)}
    }),
          "status");
  }
  cluster::ObjectPtr find(std::string_view table, std::string_view name) {
    return stage.server.store()
        .table(std::string(table))
        .find(std::string(ns) + "/" + std::string(name));
  }
  Json current() {
    const cluster::ObjectPtr object = find("rollouts.argoproj.io", rollout);
    return object == nullptr ? Json() : object->content();
  }
  /// Where the Rollout's template is.
  TemplateHome template_home() {
    const Json reference = current()["spec"]["workloadRef"];
    const std::string_view kind = reference["kind"].string_or_empty();
    const auto name = std::string(reference["name"].string_or_empty());
    if (kind == "Deployment") return {&kinds::deployment, "deployments.apps", name};
    if (kind == "ReplicaSet") return {&kinds::replica_set, "replicasets.apps", name};
    if (kind == "PodTemplate") return {&kinds::pod_template, "podtemplates", name};
    return {&kinds::rollout, "rollouts.argoproj.io", rollout};
  }
  Json pod_template() {
    const TemplateHome home = template_home();
    const cluster::ObjectPtr object = find(home.table, home.name);
    if (object == nullptr) return {};
    const Json& content = object->content();
    return home.is_bare() ? content["template"] : content["spec"]["template"];
  }
  void change_template(Json change) {
    const TemplateHome home = template_home();
    Json body = Json::object({
        {"template", std::move(change)}
    });
    if (!home.is_bare()) {
      body = Json::object({
          {"spec", std::move(body)}
      });
    }
    patch(*home.kind, home.name, std::move(body));
  }
  /// One object of a table, by chance; nothing where there is none.
  cluster::ObjectPtr any(std::string_view table) {
    const auto& objects = stage.server.store().table(std::string(table)).objects();
    if (objects.empty()) return nullptr;
    return std::next(objects.begin(), static_cast<std::ptrdiff_t>(random.below(objects.size())))
        ->second;
  }
  void annotate(const api::Kind& kind, std::string_view name, std::string_view key, Json value) {
    patch(kind, name, annotation_patch(key, std::move(value)));
  }
};

constexpr std::string_view replica_sets = "replicasets.apps";
constexpr std::string_view services = "services";
constexpr std::string_view pods = "pods";

void set_template(Act& act, const std::string& image, std::string_view behaviour) {
  Json containers = act.pod_template()["spec"]["containers"];
  if (containers.empty()) return;
  containers.as_array().at(0).set("image", image);
  Json pod_template = Json::object({
      {"spec", Json::object({{"containers", std::move(containers)}})}
  });
  pod_template.set(
      "metadata",
      Json::object({
          {"annotations",
           Json::object({{"slipway.dev/behaviour",
                          behaviour.empty() ? Json() : Json(std::string(behaviour))}})}
  }));
  act.change_template(std::move(pod_template));
}

void edit_steps(Act& act) {
  const Json canary = act.current()["spec"]["strategy"]["canary"];
  if (!canary.is_object()) {
    return act.spec(Json::object({
        {"strategy", Json::object({{"blueGreen",
                                    Json::object({{"scaleDownDelaySeconds",
                                                   static_cast<int>(act.random.below(60))}})}})}
    }));
  }
  Json steps = Json::array();
  for (std::uint64_t i = act.random.below(5); i > 0; --i) {
    steps.push_back(act.random.below(2) == 0
                        ? Json::object({
                              {"setWeight", static_cast<int>(act.random.below(101))}
    })
                        : Json::object({{"pause", Json::object({{"duration", 5}})}}));
  }
  act.spec(Json::object({
      {"strategy", Json::object({{"canary", Json::object({{"steps", std::move(steps)}})}})}
  }));
}

void apply_manifest(Act& act) {
  for (const Json& object : act.scenario.objects) {
    const api::Kind& kind = kind_of(object);
    const std::string_view name = object["metadata"]["name"].string_or_empty();
    if (act.patch(kind, name, object) == 404) act.create(kind, object);
  }
}

constexpr const char* garbage[] = {"",
                                   "soon",
                                   "2026-13-45T99:99:99Z",
                                   "1767225600",
                                   "2026-01-01 00:00:00",
                                   "null",
                                   "\xf0\x9f\x92\xa9",
                                   "-1",
                                   "99999999999999999999"};

void garble(Act& act, std::string_view key, const char* value) {
  if (const auto object = act.any(replica_sets)) {
    act.annotate(kinds::replica_set, object->name(), key, value);
  }
}

void relabel(Act& act) {
  const auto object = act.any(replica_sets);
  if (object == nullptr) return;
  const bool drop = act.random.below(2) == 0;
  act.patch(
      kinds::replica_set, object->name(),
      Json::object({
          {"metadata",
           Json::object(
               {{"labels", Json::object({{drop ? "rollouts-pod-template-hash" : "example.com/label",
                                          drop ? Json() : Json("new")}})}})}
  }));
}

void make_foreign(Act& act) {
  Json pod_template = act.pod_template();
  if (!pod_template.is_object()) return;
  const std::string name = fmt::format("foreign-{}", act.random.below(1000));
  pod_template.member("metadata").member("labels").set("rollouts-pod-template-hash", name);
  Json labels = pod_template["metadata"]["labels"];
  act.create(
      kinds::replica_set,
      Json::object({
          {"apiVersion", "apps/v1"                                                            },
          {"kind",       "ReplicaSet"                                                         },
          {"metadata",   Json::object({{"name", name}, {"namespace", ns}, {"labels", labels}})},
          {"spec",       Json::object({{"replicas", static_cast<int>(act.random.below(3))},
                                 {"selector", Json::object({{"matchLabels", labels}})},
                                 {"template", pod_template}})               }
  }));
}

void evict(Act& act, bool all) {
  const auto& objects = act.stage.server.store().table(std::string(pods)).objects();
  std::vector<std::string> names;
  for (const auto& [key, pod] : objects) names.emplace_back(pod->name());
  if (names.empty()) return;
  if (!all) names = {names[act.random.below(names.size())]};
  for (const std::string& name : names) act.remove(kinds::pod, name, "Background");
}

void poison(Act& act) {
  const char* keys[] = {"rollout.argoproj.io/revision", "rollout.argoproj.io/desired-replicas",
                        "rollout.argoproj.io/workload-generation",
                        "argo-rollouts.argoproj.io/scale-down-deadline"};
  const char* value = garbage[act.random.below(std::size(garbage))];
  const char* key = keys[act.random.below(std::size(keys))];
  if (act.random.below(2) == 0) return act.annotate(kinds::rollout, act.rollout, key, value);
  garble(act, key, value);
}

void edit_service(Act& act) {
  const auto service = act.any(services);
  if (service == nullptr || service->name() == "kubernetes") return;
  if (act.random.below(4) == 0) {
    return act.remove(kinds::service, service->name(), "Background");
  }
  const bool strip = act.random.below(2) == 0;
  act.patch(kinds::service, service->name(),
            Json::object({
                {"spec", Json::object(
                             {{"selector", Json::object({{"rollouts-pod-template-hash",
                                                          strip ? Json() : Json("nobody")}})}})}
  }));
}

void race_command(Act& act) {
  const Json null;
  switch (act.random.below(7)) {
    case 0:
      return act.status(Json::object({
          {"pauseConditions", null}
      }));
    case 1:
      return act.status(Json::object({
          {"promoteFull", true}
      }));
    case 2:
      return act.status(Json::object({
          {"abort", true}
      }));
    case 3:
      return act.status(Json::object({
          {"abort", false}
      }));
    case 4:
      return act.spec(Json::object({
          {"paused", true}
      }));
    case 5:
      return act.spec(Json::object({
          {"paused", false}
      }));
    default:
      return act.spec(Json::object({
          {"restartAt", format_rfc3339(act.stage.time.now())}
      }));
  }
}

void skip_step(Act& act) {
  const Json seen = act.current();
  const auto steps = static_cast<std::int64_t>(seen["spec"]["strategy"]["canary"]["steps"].size());
  if (steps == 0) return;
  const std::int64_t index = seen["status"]["currentStepIndex"].integer_or(0);
  act.status(Json::object({
      {"currentStepIndex", static_cast<long>(std::min(index + 1, steps))}
  }));
}

void recreate(Act& act) {
  const char* ways[] = {"Background", "Foreground", "Orphan"};
  act.remove(kinds::rollout, act.rollout, ways[act.random.below(3)]);
  // A day's work for somebody who deploys with delete and create.
  for (const Json& object : act.scenario.objects) {
    if (object["kind"].string_or_empty() == "Rollout") act.create(kinds::rollout, object);
  }
}

/// As long as an upgrade takes: who was away for more than a minute when all heals is late (D5).
void hand_over(Act& act) {
  act.stage.hand_over(1_s * (std::int64_t{1} << act.random.below(6)));
}

/// Somebody writes to the Rollout, again and again, what is none of our business.
void flood(Act& act) {
  constexpr int writes = 80;
  const std::string path = kinds::rollout.path(ns, act.rollout);
  for (int i = 0; i < writes; ++i) {
    // A label: annotations are handed on to ReplicaSets.
    act.stage.time.after(25_ms * i, [&stage = act.stage, path, i] {
      merge_patch(
          stage, "flood", path,
          Json::object({
              {"metadata", Json::object({{"labels", Json::object({{"example.com/flood",
                                                                   std::to_string(i)}})}})}
      }));
    });
  }
}

/// Something that its controller must look at happens to another Rollout.
void update_neighbour(Act& act) {
  const std::string name = neighbour_name(act.random.below(neighbours_max));
  if (act.find("rollouts.argoproj.io", name) == nullptr) return;
  const std::string value = std::to_string(act.random.below(1000));
  act.patch(
      kinds::rollout, name,
      Json::object({
          {"spec",     Json::object({{"replicas", static_cast<int>(1 + act.random.below(3))}})},
          {"metadata", Json::object({{"labels", Json::object({{"example.com/n", value}})}})   }
  }));
}

/// Makes what lends the template as the manifest has it.
void bring_back_lender(Act& act) {
  const TemplateHome home = act.template_home();
  if (*home.kind == kinds::rollout) return;
  for (const Json& object : act.scenario.objects) {
    if (kind_of(object) != *home.kind || object["metadata"]["name"] != Json(home.name)) continue;
    act.create(*home.kind, object);
  }
}

constexpr const char* finalizer = "example.com/holds";

Json finalizers_of(const cluster::ObjectPtr& object, bool holds) {
  Json kept = Json::array();
  const Json& present = object->content()["metadata"]["finalizers"];
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present.at(i) != Json(finalizer)) kept.push_back(present.at(i));
  }
  if (holds) kept.push_back(Json(finalizer));
  return Json::object({
      {"metadata", Json::object({{"finalizers", std::move(kept)}})}
  });
}

/// A program of others keeps a ReplicaSet from going until it has done its own work.
void hold_deletion(Act& act) {
  const auto object = act.any(replica_sets);
  if (object == nullptr || object->content()["metadata"]["deletionTimestamp"].is_string()) return;
  act.patch(kinds::replica_set, object->name(), finalizers_of(object, true));
  const Duration work = 1_s * (std::int64_t{1} << act.random.below(9));
  act.stage.time.after(work, [&stage = act.stage] { let_deletions_go_on(stage); });
}

/// Somebody scales, labels, deletes or replaces what lends the template.
void change_lender(Act& act) {
  const TemplateHome home = act.template_home();
  if (*home.kind == kinds::rollout) return;
  switch (act.random.below(4)) {
    case 0:
      if (home.is_bare()) return;
      return (void)act.patch(
          *home.kind, home.name,
          Json::object({
              {"spec", Json::object({{"replicas", static_cast<int>(act.random.below(4))}})}
      }));
    case 1:
      return (void)act.patch(
          *home.kind, home.name,
          Json::object({
              {"metadata", Json::object({{"labels", Json::object({{"example.com/a", "b"}})}})}
      }));
    case 2:
      return act.remove(*home.kind, home.name, "Background");
    default:
      act.remove(*home.kind, home.name, "Background");
      return bring_back_lender(act);
  }
}

using Do = void (*)(Act&);
struct Entry {
  Verb verb;
  Do act;
};

std::string image(Act& act) {
  return fmt::format("web:{}", act.random.below(4));
}
int small(Act& act) {
  return static_cast<int>(act.random.below(8));
}

using enum Fault;
const Entry entries[] = {
    {{"set-image", ff5, "user"},                                                           [](Act& a) { set_template(a, image(a), ""); }          },
    {{"set-bad-image", ff5, "user"},
     [](Act& a) {
       const char* ways[] = {"crash", "never-ready", "image-pull-error"};
       // One after the other: in which order arguments are evaluated is the compiler's own affair.
       const char* way = ways[a.random.below(3)];
       set_template(a, image(a), way);
     }                                                                                                                                            },
    {{"command", ff7, "user"},                                                             race_command                                           },
    {{"command", ff7, "user"},                                                             race_command                                           },
    {{"abort", ff7, "user"},
     [](Act& a) {
       a.status(Json::object({
           {                                                                               "abort",                                                                                          true}}));
     }                                                                                                                                                  },
    {{"retry", ff7, "user"},
     [](Act& a) {
       a.status(Json::object({
           {                                                                                    "abort",                                                                                     false}}));
     }},
    {{"skip-step", ff7, "user"},                                                          skip_step                                                                                                                                                 },
    {{"scale", ff4, "autoscaler"},
     [](Act& a) {
       a.spec(Json::object({
           {                                                            "replicas",                                                            small(a)}}));
     }                                                                                                                              },
    {{"edit-steps", ff6, "user"},                                                        edit_steps},
    {{"apply-manifest", ff8, "user"},                                                     apply_manifest                                                                                                                                      },
    {{"revert", ff9, "gitops"},                                                                               apply_manifest                                               },
    {{"evict", ff2, "kubelet"},                                                                                    [](Act& a) { evict(a, false); }                                          },
    {{"lose-node", ff2, "kubelet"},                                                                        [](Act& a) { evict(a, true); }                      },
    {{"scale-ours", ff10, "operator"},
     [](Act& a) {
       if (const auto object = a.any(replica_sets)) {
         a.patch(kinds::replica_set, object->name(),
                 Json::object({
                     { "spec",                                                                                    Json::object({{"replicas", small(a)}})}}));
       }
     }},
    {{"delete-ours", ff10, "operator"},
     [](Act& a) {
       if (const auto object = a.any(replica_sets)) {
         a.remove(kinds::replica_set, object->name(), "Background");
       }
     }         },
    {{"edit-service", ff10, "operator"},                                                                        edit_service                                                                                                                                                  },
    {{"strip-deadline", ff10, "operator"},
     [](Act& a) {
       if (const auto object = a.any(replica_sets)) {
         a.annotate(kinds::replica_set, object->name(), deadline_key, Json());
       }
     }                                                                                                                                     },
    {{"garble-deadline", fe8, "operator"},
     [](Act& a) { garble(a, deadline_key, garbage[a.random.below(std::size(garbage))]); }                                                                                                                                 },
    {{"far-deadline", fe7, "operator"},
     [](Act& a) {
       const char* far[] = {"1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"};
       garble(a, deadline_key, far[a.random.below(2)]);
     }},
    {{"relabel", ff11, "operator"},                                                                    relabel     },
    {{"foreign", ff11, "operator"}, make_foreign},
    {{"recreate", ff13, "user"}, recreate                                                                                                                                                                                                                                     },
    {{"hand-over", fd7, "helm"}, hand_over                                                           },
    {{"flood", fd12, "flood"}, flood                                                                                                                                                                                                        },
    {{"update-neighbour", fd12, "user"}, update_neighbour},
    {{"change-lender", ff14, "operator"}, change_lender                                                                      },
    {{"hold-deletion", fc21, "operator"}, hold_deletion},
    {{"poison", ff16, "operator"}, poison                                                                                                                                                                                                                             },
};

}  // namespace

std::span<const Verb> all_verbs() {
  static const std::vector<Verb> verbs = [] {
    std::vector<Verb> made;
    for (const Entry& entry : entries) made.push_back(entry.verb);
    return made;
  }();
  return verbs;
}

void perform(Stage& stage, const Scenario& scenario, const Deed& deed) {
  if (deed.verb == garbage_verb) {
    Random random(deed.pick);
    scatter_garbage(stage, rollout_of(scenario), random);
    stage.trace(deed.verb, stage.server.revision());
    return;
  }
  for (const Entry& entry : entries) {
    if (entry.verb.name != deed.verb) continue;
    Act act{stage, scenario, rollout_of(scenario), entry.verb.actor, Random(deed.pick)};
    const std::uint64_t before = stage.server.revision();
    stage.injected(entry.verb.fault);
    entry.act(act);
    if (stage.server.revision() != before) stage.felt(entry.verb.fault);
    stage.trace(deed.verb, stage.server.revision());
    return;
  }
}

void let_deletions_go_on(Stage& stage) {
  std::vector<cluster::ObjectPtr> held;
  for (const auto& [key, object] :
       stage.server.store().table(std::string(replica_sets)).objects()) {
    if (to_text(object->content()["metadata"]["finalizers"]).find(finalizer) != std::string::npos) {
      held.push_back(object);
    }
  }
  for (const cluster::ObjectPtr& object : held) {
    merge_patch(stage, "operator", kinds::replica_set.path(ns, object->name()),
                finalizers_of(object, false));
  }
}

void mend_pods(Stage& stage, const Scenario& scenario) {
  Act act{stage, scenario, rollout_of(scenario), "user", Random(0)};
  if (act.pod_template().is_null()) bring_back_lender(act);
  const Json seen = act.pod_template();
  const Json* behaviour = seen.find_pointer("/metadata/annotations/slipway.dev~1behaviour");
  if (behaviour != nullptr && !behaviour->is_null()) set_template(act, "web:mended", "");
}

void leave_broken_version(Stage& stage, const std::string& rollout) {
  Scenario none;
  Act act{stage, none, rollout, "user", Random(0)};
  const Json seen = act.current();
  const std::string_view stable = seen["status"]["stableRS"].string_or_empty();
  if (stable.empty() || stable == seen["status"]["currentPodHash"].string_or_empty()) return;
  const cluster::ObjectPtr set = act.find(replica_sets, rollout + "-" + std::string(stable));
  if (set == nullptr) return;
  const Json* behaviour =
      set->content().find_pointer("/spec/template/metadata/annotations/slipway.dev~1behaviour");
  if (behaviour == nullptr || behaviour->is_null()) return;
  act.status(Json::object({
      {"promoteFull", true}
  }));
}

bool push_on(Stage& stage, const std::string& rollout) {
  Scenario none;
  Act act{stage, none, rollout, "user", Random(0)};
  const Json seen = act.current();
  const Json& status = seen["status"];
  if (seen["spec"]["paused"].bool_or(false)) {
    act.spec(Json::object({
        {"paused", false}
    }));
    return true;
  }
  if (status["abort"].bool_or(false)) {
    act.status(Json::object({
        {"abort", false}
    }));
    return true;
  }
  if (status["pauseConditions"].empty()) return false;
  act.status(Json::object({
      {"pauseConditions", Json()}
  }));
  return true;
}

}  // namespace slipway::simulation
