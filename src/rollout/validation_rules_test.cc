#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "base/json_patch.h"
#include "base/text.h"
#include "rollout/validation.h"

/// Every rule of tests/data/compat/defaults-validation.tsv about Rollouts: broken by a spec here,
/// or named with the place that holds it.
namespace slipway::rollout {
namespace {

constexpr const char* good = R"({"selector":{"matchLabels":{"app":"web"}},
  "template":{"metadata":{"labels":{"app":"web"}},
              "spec":{"containers":[{"name":"web","image":"v1"}]}},
  "strategy":{"canary":{}}})";

/// A rule, as path and message of the table begin, and what breaks it: a merge patch of the spec.
struct Broken {
  const char *path, *message;
  const char* patch;
};
const Broken broken[] = {
    {"spec.replicas",                                              "must be greater",                    R"({"replicas":-1})"                                                                                                                                                       },
    {"spec.selector",                                              "Rollout has missing field",          R"({"selector":null})"                                                                                                                                                     },
    {"spec.selector",                                              "(k8s label selector",
     R"({"selector":{"matchExpressions":[{"key":"a","operator":"In"}]}})"                                                                                                                                                                                                           },
    {"spec.selector",                                              "empty selector",                     R"({"selector":{"matchLabels":null}})"                                                                                                                                     },
    {"spec.template.*",                                            "(k8s Validate",                      R"({"template":{"spec":{"restartPolicy":"Never"}}})"                                                                                                                       },
    {"spec.minReadySeconds",                                       "must be greater",                    R"({"minReadySeconds":-1})"                                                                                                                                                },
    {"spec.revisionHistoryLimit",                                  "must be greater",                    R"({"revisionHistoryLimit":-1})"                                                                                                                                           },
    {"spec.progressDeadlineSeconds",                               "must be greater than or",
     R"({"progressDeadlineSeconds":-1})"                                                                                                                                                                                                                                            },
    {"spec.progressDeadlineSeconds",                               "must be greater than min",
     R"({"progressDeadlineSeconds":5,"minReadySeconds":5})"                                                                                                                                                                                                                         },
    {"spec.strategy.strategy",                                     "Rollout has missing",                R"({"strategy":{"canary":null}})"                                                                                                                                          },
    {"spec.strategy.strategy",                                     "Multiple Strategies",
     R"({"strategy":{"blueGreen":{"activeService":"a"}}})"                                                                                                                                                                                                                          },
    {"spec.strategy.activeService",                                "This rollout uses the same",
     R"({"strategy":{"canary":null,"blueGreen":{"activeService":"a","previewService":"a"}}})"                                                                                                                                                                                       },
    {"spec.strategy.scaleDownDelayRevisionLimit",                  "This rollout's revision",
     R"({"strategy":{"canary":null,"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":11}}})"                                                                                                                                                                           },
    {"spec.strategy.antiAffinity",                                 "AntiAffinity must",
     R"({"strategy":{"canary":{"antiAffinity":{}}}})"                                                                                                                                                                                                                               },
    {"spec.strategy.antiAffinity.weight",                          "AntiAffinity weight",
     R"({"strategy":{"canary":{"antiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":{"weight":101}}}}})"                                                                                                                                                               },
    {"spec.strategy.maxSurge",                                     "MaxSurge and",
     R"({"strategy":{"canary":{"maxSurge":0,"maxUnavailable":"0%"}}})"                                                                                                                                                                                                              },
    {"spec.strategy.stableService",                                "This rollout uses the same",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"a"}}})"                                                                                                                                                                                                         },
    {"spec.strategy.trafficRouting.alb",                           "Ping-pong feature",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","pingPong":{"pingService":"p","pongService":"q"},"trafficRouting":{"nginx":{"stableIngress":"i"}}}}})"                                                                                                       },
    {"spec.strategy.pingPong.pingService",                         "Ping service and",
     R"({"strategy":{"canary":{"pingPong":{"pingService":"","pongService":"q"}}}})"                                                                                                                                                                                                 },
    {"spec.strategy.pingPong.pongService",                         "Ping service and",
     R"({"strategy":{"canary":{"pingPong":{"pingService":"p","pongService":""}}}})"                                                                                                                                                                                                 },
    {"spec.strategy.pingPong.pingService",                         "This rollout uses",
     R"({"strategy":{"canary":{"pingPong":{"pingService":"p","pongService":"p"}}}})"                                                                                                                                                                                                },
    {"spec.strategy.trafficRouting.alb.rootService",               "Root service",
     R"({"strategy":{"canary":{"pingPong":{"pingService":"p","pongService":"q"},"trafficRouting":{"alb":{"ingress":"i","servicePort":80}}}}})"                                                                                                                                      },
    {"spec.strategy.stableService /",                              "Canary service and",
     R"({"strategy":{"canary":{"canaryService":"a","trafficRouting":{"smi":{}}}}})"                                                                                                                                                                                                 },
    {"spec.strategy.scaleDownDelaySeconds",                        "Canary scaleDownDelaySeconds",
     R"({"strategy":{"canary":{"scaleDownDelaySeconds":5}}})"                                                                                                                                                                                                                       },
    {"spec.strategy.dynamicStableScale",                           "Canary dynamicStableScale can only",
     R"({"strategy":{"canary":{"dynamicStableScale":true}}})"                                                                                                                                                                                                                       },
    {"spec.strategy.dynamicStableScale",                           "Canary dynamicStableScale cannot",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","dynamicStableScale":true,"scaleDownDelaySeconds":5,"trafficRouting":{"smi":{}}}}})"                                                                                                                         },
    {"spec.strategy.trafficRouting.maxTrafficWeight",              "Canary maxTrafficWeight",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"smi":{},"maxTrafficWeight":1000}}}})"                                                                                                                                                     },
    {"spec.strategy.steps[i]",                                     "Step must have",
     R"({"strategy":{"canary":{"steps":[{"setWeight":5,"pause":{}}]}}})"                                                                                                                                                                                                            },
    {"spec.strategy.steps[i]",                                     "Step must have",                     R"({"strategy":{"canary":{"steps":[{}]}}})"                                                                                                                                },
    {"spec.strategy.steps[i].setWeight",                           "SetWeight needs",
     R"({"strategy":{"canary":{"steps":[{"setWeight":101}]}}})"                                                                                                                                                                                                                     },
    {"spec.strategy.steps[i].pause.duration",                      "Duration needs",
     R"({"strategy":{"canary":{"steps":[{"pause":{"duration":"soon"}}]}}})"                                                                                                                                                                                                         },
    {"spec.strategy.trafficRouting",                               "SetCanaryScale requires",
     R"({"strategy":{"canary":{"steps":[{"setCanaryScale":{"weight":5}}]}}})"                                                                                                                                                                                                       },
    {"spec.strategy.steps[i].setHeaderRoute",                      "SetHeaderRoute requires",
     R"({"strategy":{"canary":{"steps":[{"setHeaderRoute":{"name":"r"}}]}}})"                                                                                                                                                                                                       },
    {"spec.strategy.steps[i].setHeaderRoute.match[j]",             "SetHeaderRoute match",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r","match":[{"headerName":"h","headerValue":{"prefix":"x"}}]}}],"trafficRouting":{"alb":{"ingress":"i","servicePort":80},"managedRoutes":[{"name":"r"}]}}}})"            },
    {"spec.strategy.steps[i].setHeaderRoute.match[j]",             "StringMatch value missed",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r","match":[{"headerName":"h","headerValue":{}}]}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}},"managedRoutes":[{"name":"r"}]}}}})"                       },
    {"spec.strategy.steps[i].setHeaderRoute.match[j]",             "StringMatch match value",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r","match":[{"headerName":"h","headerValue":{"exact":"x","regex":"y"}}]}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}},"managedRoutes":[{"name":"r"}]}}}})"},
    {"spec.strategy.steps[i].setMirrorRoute",                      "SetMirrorRoute requires",
     R"({"strategy":{"canary":{"steps":[{"setMirrorRoute":{"name":"r"}}]}}})"                                                                                                                                                                                                       },
    {"spec.strategy.steps[i].setMirrorRoute.match[j]",             "(same two",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setMirrorRoute":{"name":"r","match":[{"path":{}}]}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}},"managedRoutes":[{"name":"r"}]}}}})"                                               },
    {"spec.strategy.trafficRouting.managedRoutes",                 "Rollout has missing field",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r"}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}}}}}})"                                                                                                    },
    {"spec.strategy.steps[i].setHeaderRoute / .setMirrorRoute",    "Steps define",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r"}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}},"managedRoutes":[{"name":"s"}]}}}})"                                                                     },
    {"spec.strategy.steps[i].experiment.templates[j].weight",      "Experiment template weight cannot",
     R"({"strategy":{"canary":{"steps":[{"experiment":{"templates":[{"name":"t","specRef":"canary","weight":5}]}}]}}})"                                                                                                                                                             },
    {"spec.strategy.steps[i].experiment.templates[j].weight",      "Experiment template weight is only",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"experiment":{"templates":[{"name":"t","specRef":"canary","weight":5}]}}],"trafficRouting":{"nginx":{"stableIngress":"i"}}}}})"                                                                    },
    {"spec.strategy.steps[i].analyses",                            "Analyses arguments",
     R"({"strategy":{"canary":{"steps":[{"analysis":{"args":[{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"metadata.colour"}}}]}}]}}})"                                                                                                                                         },
    {"spec.strategy.canary.trafficRouting.nginx",
     "Either StableIngress or StableIngresses must be configured. Both",                                 R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"nginx":{"stableIngress":"i","stableIngresses":["j"]}}}}})"                            },
    {"spec.strategy.canary.trafficRouting.nginx",
     "Either StableIngress or StableIngresses must be configured. Neither",                              R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"nginx":{}}}}})"                                                                       },
    {"spec.strategy.canary.trafficRouting.alb",
     "Either Ingress or Ingresses must be configured. Both",                                             R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"alb":{"servicePort":80,"ingress":"i","ingresses":["j"]}}}}})"                         },
    {"spec.strategy.canary.trafficRouting.alb",
     "Either Ingress or Ingresses must be configured. Neither",                                          R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"alb":{"servicePort":80}}}}})"                                                         },
    {"spec.strategy.canary.trafficRouting.istio",                  "either VirtualService or",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"istio":{}}}}})"                                                                                                                                                                           },
    {"spec.strategy.canary.trafficRouting.ambassador.mappings",    "must provide at least",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"ambassador":{"mappings":[]}}}}})"                                                                                                                                                         },
    {"spec.strategy.canary.trafficRouting.appmesh.virtualService", "must provide virtual",
     R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"appMesh":{}}}}})"                                                                                                                                                                         },
};

/// Rules that are held elsewhere, by path (or its start) and the start of the message.
struct Elsewhere {
  const char *path, *message, *where;
};
constexpr const char* analysis = "named_objects_test.cc: analysis templates";
constexpr const char* router = "named_objects_test.cc: Ingresses and routes";
const Elsewhere elsewhere[] = {
    {"spec.selector",                                              "invalid label selector",      "told before, by the rule of label selectors"},
    {"spec.template",                                              "template must be empty",      "workload_test.cc"                           },
    {"spec.workloadRef",                                           "template must be empty",      "workload_test.cc"                           },
    {"spec.strategy.blueGreen.{activeService",                     "",                            "validation_test.cc: Services"               },
    {"spec.strategy.blueGreen.{pre,post}PromotionAnalysis",        "",                            analysis                                     },
    {"spec.strategy.canary.trafficRouting.nginx.stable",           "",                            router                                       },
    {"spec.strategy.canary.trafficRouting.istio.virtualService",   "",                            router                                       },
    {"istio routes",                                               "",                            router                                       },
    {"spec.strategy.canary.trafficRouting.ambassador.mappings",    "<not found",                  router                                       },
    {"spec.weight",                                                "Ambassador mapping",          router                                       },
    {"spec.strategy.canary.trafficRouting.appmesh.virtualService", "<not found",                  router                                       },
    {"kind",                                                       "Expected object kind",        router                                       },
    {"spec.routes[...]",                                           "",                            router                                       },
    {"spec.selector",                                              ".spec.selector is immutable", "the CRD's schema: crd_test.cc"              },
    {"(order)",                                                    "",                            "a note, not a rule"                         },
    {"(rendering)",                                                "",                            "a note: validation_test.cc"                 },
};

api::Rollout with(const std::string& patch) {
  Json object = Json::object();
  object.member("metadata").set("name", "web");
  const auto change = parse_json(patch);
  REQUIRE_MESSAGE(change, patch);
  object.set("spec", apply_merge_patch(parse_json(good).value(), *change));
  auto rollout = api::decode<api::Rollout>(object);
  REQUIRE_MESSAGE(rollout, patch);
  return *std::move(rollout);
}

/// "spec.strategy.steps[i]" of the table is "spec.strategy.steps[0]" of an error.
std::string with_indices(std::string path) {
  for (const std::string_view index : {"[i]", "[j]"}) {
    if (const auto at = path.find(index); at != std::string::npos) path.replace(at, 3, "[0]");
  }
  return path.substr(0, path.find(" /"));
}

TEST_CASE("every validation rule for Rollouts is held here or has a place of its own") {
  std::ifstream in("tests/data/compat/defaults-validation.tsv");
  REQUIRE(in.good());
  std::multimap<std::string, std::string> rules;
  for (std::string line; std::getline(in, line);) {
    const auto cells = split(line, '\t');
    if (cells.size() < 5 || !cells[0].starts_with("validation") || cells[1] != "Rollout") continue;
    rules.emplace(cells[2], cells[4]);
  }
  REQUIRE(rules.size() > 90);
  std::vector<bool> used(std::size(broken) + std::size(elsewhere));
  for (const auto& [path, message] : rules) {
    bool held = false;
    for (std::size_t i = 0; i < std::size(broken); ++i) {
      const Broken& row = broken[i];
      const bool same_path = path == row.path || (std::string_view(row.path).ends_with(" /") &&
                                                  path.starts_with(row.path));
      if (!same_path || !message.starts_with(row.message)) continue;
      held = used[i] = true;
    }
    for (std::size_t i = 0; i < std::size(elsewhere); ++i) {
      if (!path.starts_with(elsewhere[i].path) || !message.starts_with(elsewhere[i].message)) {
        continue;
      }
      held = used[std::size(broken) + i] = true;
    }
    CHECK_MESSAGE(held, path << ": " << message);
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    CHECK_MESSAGE(used[i], "row " << i << " names no rule of the table");
  }
}

TEST_CASE("each rule is told by its field, in its words, with what to do") {
  for (const Broken& row : broken) {
    CAPTURE(row.patch);
    const api::Rollout rollout = with(row.patch);
    std::vector<Error> errors = validate(rollout);
    for (Error& error : validate_template(rollout)) errors.push_back(std::move(error));
    REQUIRE(!errors.empty());
    const bool in_words = row.message[0] != '(';
    bool told = false;
    for (const Error& error : errors) {
      CHECK(!error.hint.empty());
      const bool here = error.where.starts_with(with_indices(row.path).substr(0, 13));
      told |= in_words ? error.where == with_indices(row.path) &&
                             error.message.find(row.message) != std::string::npos
                       : here;
    }
    CHECK_MESSAGE(told, errors.front().where << ": " << errors.front().message);
  }
}

TEST_CASE("a spec that breaks nothing is told nothing") {
  for (
      const char* patch :
      {"{}",
       R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","trafficRouting":{"nginx":{"stableIngress":"i"},"maxTrafficWeight":1000}}}})",
       R"({"strategy":{"canary":{"pingPong":{"pingService":"p","pongService":"q"},"trafficRouting":{"alb":{"ingress":"i","servicePort":80,"rootService":"r"}}}}})",
       R"({"strategy":{"canary":{"trafficRouting":{"plugins":{"a/b":{}}}}}})",
       R"({"strategy":{"canary":{"stableService":"a","canaryService":"b","steps":[{"setHeaderRoute":{"name":"r","match":[{"headerName":"h","headerValue":{"prefix":"x"}}]}}],"trafficRouting":{"istio":{"virtualService":{"name":"v"}},"managedRoutes":[{"name":"r"}]}}}})"}) {
    CAPTURE(patch);
    const auto errors = validate(with(patch));
    CHECK_MESSAGE(errors.empty(), errors.front().where << ": " << errors.front().message);
  }
}

}  // namespace
}  // namespace slipway::rollout
