#include "rollout/validation.h"

#include <doctest/doctest.h>

#include "base/json_patch.h"

#include "rollout/keys.h"
#include "rollout/unsupported.h"

namespace slipway::rollout {
namespace {

const std::string good = R"({"selector":{"matchLabels":{"app":"web"}},
  "template":{"metadata":{"labels":{"app":"web"}},
              "spec":{"containers":[{"name":"web","image":"v1"}]}},
  "strategy":{"canary":{}}})";

/// A good Rollout whose spec this merge patch spoils.
api::Rollout with(const std::string& patch) {
  const auto spec = parse_json(good);
  const auto change = parse_json(patch);
  REQUIRE(spec);
  REQUIRE_MESSAGE(change, patch);
  Json object = Json::object();
  object.member("metadata").set("name", "web");
  object.set("spec", apply_merge_patch(*spec, *change));
  auto rollout = api::decode<api::Rollout>(object);
  REQUIRE_MESSAGE(rollout, patch);
  return *std::move(rollout);
}

std::string first(const std::vector<Error>& errors) {
  return errors.empty() ? "" : errors.front().where + ": " + errors.front().message;
}

TEST_CASE("what is wrong with a spec is told in Argo Rollouts' words (defaults-validation.tsv)") {
  struct Row {
    const char* patch;
    const char* want;
  };
  const Row rows[] = {
      {"{}",                                                                                                 ""},
      {R"({"replicas":-1})",
       "spec.replicas: Invalid value: -1: must be greater than or equal to 0"                                  },
      {R"({"minReadySeconds":-1})",
       "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"                           },
      {R"({"revisionHistoryLimit":-1})",
       "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"                      },
      {R"({"progressDeadlineSeconds":5,"minReadySeconds":5})",
       "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"                  },
      {R"({"selector":null})",
       "spec.selector: Required value: Rollout has missing field '.spec.selector'"                             },
      {R"({"selector":{"matchLabels":null}})",
       "spec.selector: Invalid value: {}: empty selector is invalid for deployment"                            },
      {R"({"selector":{"matchExpressions":[{"key":"a","operator":"Like"}]}})",
       "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector "
       "operator"                                                                                              },
      {R"({"strategy":{"canary":null}})",
       "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary "
       "or "
       ".spec.strategy.blueGreen'"                                                                             },
      {R"({"strategy":{"blueGreen":{"activeService":"a"}}})",
       "spec.strategy.strategy: Invalid value: \"blueGreen: true canary: true\": Multiple "
       "Strategies can not be listed"                                                                          },
      {R"({"strategy":{"canary":null,"blueGreen":{"activeService":"a","previewService":"a"}}})",
       "spec.strategy.activeService: Invalid value: \"a\": This rollout uses the same service for "
       "the active and preview services, but two different services are required."                             },
      {R"({"strategy":{"canary":null,"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":11}}})",
       "spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 11: This rollout's revision "
       "history limit can not be smaller than the rollout's scale down limit"                                  },
      {R"({"strategy":{"canary":{"maxSurge":0,"maxUnavailable":"0%"}}})",
       "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be "
       "zero"                                                                                                  },
      {R"({"strategy":{"canary":{"stableService":"a","canaryService":"a"}}})",
       "spec.strategy.stableService: Invalid value: \"a\": This rollout uses the same service for "
       "the stable and canary services, but two different services are required."                              },
      {R"({"strategy":{"canary":{"scaleDownDelaySeconds":5}}})",
       "spec.strategy.scaleDownDelaySeconds: Invalid value: 5: Canary scaleDownDelaySeconds can "
       "only be used with traffic routing"                                                                     },
      {R"({"strategy":{"canary":{"dynamicStableScale":true}}})",
       "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale can only "
       "be used with traffic routing"                                                                          },
      {R"({"strategy":{"canary":{"steps":[{"setWeight":5},{"setWeight":101}]}}})",
       "spec.strategy.steps[1].setWeight: Invalid value: 101: SetWeight needs to be between 0 and "
       "100"                                                                                                   },
      {R"({"strategy":{"canary":{"steps":[{"setWeight":5,"pause":{}}]}}})",
       "spec.strategy.steps[0]: Invalid value: {\"setWeight\":5,\"pause\":{}}: Step must have one "
       "of the following set: experiment, setWeight, setCanaryScale, plugin or pause"                          },
      {R"({"strategy":{"canary":{"steps":[{}]}}})",
       "spec.strategy.steps[0]: Invalid value: {}: Step must have one of the following set: "
       "experiment, setWeight, setCanaryScale, plugin or pause"                                                },
      {R"({"strategy":{"canary":{"steps":[{"pause":{"duration":"soon"}}]}}})",
       "spec.strategy.steps[0].pause.duration: Invalid value: \"soon\": Duration needs to be "
       "greater than 0"                                                                                        },
      {R"({"strategy":{"canary":{"steps":[{"pause":{"duration":0}}]}}})",                                    ""},
      {R"({"strategy":{"canary":{"steps":[{"setCanaryScale":{"weight":5}}]}}})",
       "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be "
       "set"                                                                                                   },
      {R"({"strategy":{"canary":{"antiAffinity":{}}}})",
       "spec.strategy.antiAffinity: Invalid value: none: AntiAffinity must have exactly one "
       "strategy listed"                                                                                       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    const auto errors = validate(with(row.patch));
    CHECK(first(errors) == row.want);
    for (const Error& error : errors) CHECK(!error.hint.empty());
  }
}

TEST_CASE("a template must fit the selector and a ReplicaSet") {
  struct Row {
    const char* patch;
    const char* want;
  };
  const Row rows[] = {
      {"{}",                                                      ""           },
      {R"({"template":{"metadata":{"labels":{"app":"other"}}}})",
       "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not "
       "match template `labels`"                                               },
      {R"({"template":{"spec":{"containers":null}}})",
       "spec.template.spec.containers: Required value: a pod needs a container"},
      {R"({"template":{"spec":{"restartPolicy":"Never"}}})",
       "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: "
       "\"Always\""                                                            },
      {R"({"template":{"spec":{"activeDeadlineSeconds":5}}})",
       "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet "
       "is not Supported"                                                      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    CHECK(first(validate_template(with(row.patch))) == row.want);
  }
}

TEST_CASE("a Service must exist, select the pods, and belong to no other Rollout") {
  Observed seen;
  seen.rollout = std::make_shared<const api::Rollout>(
      with(R"({"strategy":{"canary":{"stableService":"stable"}}})"));
  const auto problem = [&](const api::StringMap& selector, const std::string& manager) {
    api::Service service;
    service.metadata.name = "stable";
    service.spec.selector = selector;
    if (!manager.empty()) service.metadata.annotations[std::string(keys::managed_by)] = manager;
    seen.services["stable"] = std::make_shared<const api::Service>(service);
    return first(validate_references(seen));
  };
  const std::string hash(api::pod_template_hash_label);
  const std::string at = "spec.strategy.canary.stableService: Invalid value: \"stable\": ";
  CHECK(problem(
            {
                {"app", "web"}
  },
            "") == "");
  CHECK(problem(
            {
                {"app", "web"},
                {hash,  "any"}
  },
            "web") == "");
  CHECK(problem(
            {
                {"app", "other"}
  },
            "") == at + "Service \"stable\" has unmatch label \"app\" in rollout");
  CHECK(problem(
            {
                {"tier", "x"}
  },
            "") == at + "Service \"stable\" has unmatch label \"tier\" in rollout");
  CHECK(problem({}, "shop") == at + "Service \"stable\" is managed by another Rollout");
  seen.services["stable"] = nullptr;
  CHECK(first(validate_references(seen)) == at + "service \"stable\" not found");
}

TEST_CASE("a Service may select its pods by the labels that their part gets") {
  const auto problem = [](const char* strategy, const char* name) {
    Observed seen;
    seen.rollout =
        std::make_shared<const api::Rollout>(with(std::string(R"({"strategy":)") + strategy + "}"));
    api::Service service;
    service.metadata.name = name;
    service.spec.selector = {
        {"app",  "web"   },
        {"part", "stable"}
    };
    seen.services[name] = std::make_shared<const api::Service>(service);
    return first(validate_references(seen));
  };
  CHECK(problem(R"({"canary":{"stableService":"s","stableMetadata":{"labels":{"part":"stable"}}}})",
                "s") == "");
  CHECK(
      problem(
          R"({"canary":null,"blueGreen":{"activeService":"s","activeMetadata":{"labels":{"part":"stable"}}}})",
          "s") == "");
  CHECK(problem(R"({"canary":{"canaryService":"s","stableMetadata":{"labels":{"part":"stable"}}}})",
                "s") ==
        "spec.strategy.canary.canaryService: Invalid value: \"s\": Service \"s\" has unmatch label "
        "\"part\" in rollout");
}

TEST_CASE("each feature that is not built is named by its field") {
  struct Row {
    const char* patch;
    std::vector<std::string> want;
  };
  const Row rows[] = {
      {"{}",                                                                                                                                              {}},
      {R"({"workloadRef":{"name":"x"}})",                                                                                                                 {}},
      {R"({"strategy":{"canary":{"trafficRouting":{"smi":{}},"analysis":{"templates":[]}}}})",
       {"spec.strategy.canary.trafficRouting", "spec.strategy.canary.analysis"}                                                                             },
      {R"({"strategy":{"canary":{"steps":[{"setWeight":5},{"analysis":{"templates":[]}},{"experiment":{"templates":[]}},{"plugin":{"name":"a/b"}}]}}})",
       {"spec.strategy.canary.steps[1].analysis", "spec.strategy.canary.steps[2].experiment",
        "spec.strategy.canary.steps[3].plugin"}                                                                                                             },
      {R"({"strategy":{"canary":null,"blueGreen":{"activeService":"a","prePromotionAnalysis":{"templates":[]},"activeMetadata":{},"antiAffinity":{}}}})",
       {"spec.strategy.blueGreen.prePromotionAnalysis"}                                                                                                     },
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    CHECK(unsupported_features(with(row.patch)) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
