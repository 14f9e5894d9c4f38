#include "cli/promotion.h"

#include <doctest/doctest.h>

#include "base/json_patch.h"
#include "base/yaml.h"

using namespace slipway;
using namespace slipway::cli;

namespace {

Json rollout(std::string_view spec, std::string_view status) {
  Json object = parse_yaml_document(
                    "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: shop, "
                    "namespace: demo, uid: u, resourceVersion: '1'}}")
                    .value();
  object.set("spec", parse_yaml_document(spec).value());
  object.set("status", parse_yaml_document(status).value());
  return object;
}

/// The object after all writes, or the reason why one was refused.
Json after(Json object, const PromotionWrites& writes) {
  for (const kubernetes::Write& write : writes) {
    const Json patch = parse_json(write.request().body).value();
    const Result<Json> patched = apply_json_patch(object, patch);
    REQUIRE_MESSAGE(patched, (patched ? "" : patched.error().text()));
    object = *patched;
  }
  return object;
}

constexpr const char* two_steps = "{strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}}";

}  // namespace

TEST_CASE("promote writes what the plugin of Argo Rollouts writes") {
  struct Row {
    const char* name;
    const char* spec;
    const char* status;
    PromoteOptions options;
    const char* spec_after;
    const char* status_after;
  };
  const PromoteOptions plain{.name = "shop"};
  const Row rows[] = {
      {"paused by the controller",                two_steps,
       "{controllerPause: true, currentStepIndex: 1, pauseConditions: [{reason: CanaryPauseStep, "
       "startTime: '2026-01-01T00:00:00Z'}]}",                                                                                  plain, two_steps, "{controllerPause: true, currentStepIndex: 1}"       },
      {"in the middle of a step",                 two_steps,                                "{currentStepIndex: 0}",            plain, two_steps,
       "{currentStepIndex: 1}"                                                                                                                                                                         },
      {"past the last step",                      two_steps,                                "{currentStepIndex: 2}",            plain, two_steps,
       "{currentStepIndex: 2}"                                                                                                                                                                         },
      {"paused by a person too",                  "{paused: true, strategy: {canary: {}}}", "{}",                               plain,
       "{paused: false, strategy: {canary: {}}}",                                                                                                 "{}"                                                 },
      {"after an inconclusive analysis",          two_steps,
       "{controllerPause: true, currentStepIndex: 0, canary: {currentStepAnalysisRunStatus: {name: "
       "a, status: Inconclusive}}, pauseConditions: [{reason: InconclusiveAnalysisRun, startTime: "
       "'2026-01-01T00:00:00Z'}]}",                                                                                             plain, two_steps,
       "{controllerPause: false, currentStepIndex: 1, canary: {currentStepAnalysisRunStatus: "
       "{name: "
       "a, status: Inconclusive}}}"                                                                                                                                                                    },
      {"fully",
       two_steps,                                                                           "{currentPodHash: b, stableRS: a}",
       {.name = "shop", .full = true},
       two_steps,                                                                                                                                 "{currentPodHash: b, stableRS: a, promoteFull: true}"},
      {"fully, when there is nothing to promote",
       two_steps,                                                                           "{currentPodHash: a, stableRS: a}",
       {.name = "shop", .full = true},
       two_steps,                                                                                                                                 "{currentPodHash: a, stableRS: a}"                   },
      {"past all steps",
       two_steps,                                                                           "{currentStepIndex: 0}",
       {.name = "shop", .skip_all_steps = true},
       two_steps,                                                                                                                                 "{currentStepIndex: 2}"                              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json seen = rollout(row.spec, row.status);
    const auto writes = promotion_writes(seen, row.options);
    REQUIRE(writes);
    CHECK(to_text(after(seen, *writes)) == to_text(rollout(row.spec_after, row.status_after)));
  }
}

TEST_CASE("a promotion that meets another step is refused") {
  const Json seen = rollout(two_steps, "{currentStepIndex: 0}");
  const auto writes = promotion_writes(seen, {.name = "shop"});
  REQUIRE(writes);
  REQUIRE(writes->size() == 1);
  const Json moved = rollout(two_steps, "{currentStepIndex: 1}");
  CHECK(!apply_json_patch(moved, parse_json(writes->front().request().body).value()));
}

TEST_CASE("flags that make no sense are told in the plugin's words") {
  const Json canary = rollout(two_steps, "{}");
  const Json stepless = rollout("{strategy: {canary: {}}}", "{}");
  const Json blue_green = rollout("{strategy: {blueGreen: {activeService: a}}}", "{}");
  const PromoteOptions skip{.name = "shop", .skip_current_step = true};
  const PromoteOptions both{.name = "shop", .skip_current_step = true, .skip_all_steps = true};
  CHECK(promotion_writes(canary, both).error().message ==
        "Cannot use skip-current-step and skip-all-steps flags at the same time");
  CHECK(promotion_writes(blue_green, skip).error().message ==
        "Cannot skip steps of a bluegreen rollout. Run without a flags");
  CHECK(promotion_writes(stepless, skip).error().message ==
        "Cannot skip steps of a rollout without steps");
}
