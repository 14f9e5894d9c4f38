#include "rollout/phase.h"

#include <doctest/doctest.h>

/// How an update stands, in a word and a sentence. Source: behaviour.md 27.6.
namespace slipway::rollout {
namespace {

Json json(const std::string& text) {
  auto value = parse_json(text);
  REQUIRE_MESSAGE(value, text);
  return *std::move(value);
}

/// Members of `patch` over those of `whole`, one level deep.
Json merged(Json whole, const Json& patch) {
  for (const auto& [key, value] : patch.as_object()) whole.set(key, value);
  return whole;
}

constexpr const char* canary = R"({"replicas":4,"strategy":{"canary":{"steps":[{"pause":{}}]}}})";
constexpr const char* routed =
    R"({"replicas":4,"strategy":{"canary":{"trafficRouting":{"nginx":{"stableIngress":"i"}}}}})";
constexpr const char* blue_green =
    R"({"replicas":4,"strategy":{"blueGreen":{"activeService":"a"}}})";
constexpr const char* settled =
    R"({"replicas":4,"updatedReplicas":4,"readyReplicas":4,"availableReplicas":4,
        "stableRS":"b","currentPodHash":"b","blueGreen":{"activeSelector":"b"}})";

TEST_CASE("the phase is the first that holds, with its message (27.6)") {
  struct Row {
    const char* name;
    const char* spec;
    const char* spec_patch;
    const char* status_patch;
    Phase want;
  };
  const char* invalid = R"({"conditions":[{"type":"InvalidSpec","status":"True",
      "reason":"InvalidSpec","message":"no selector"}]})";
  const char* aborted = R"({"conditions":[{"type":"Progressing","status":"False",
      "reason":"RolloutAborted","message":"Rollout aborted update to revision 2"}]})";
  const char* too_late = R"({"conditions":[{"type":"Progressing","status":"False",
      "reason":"ProgressDeadlineExceeded","message":"timed out"}]})";
  const char* both = R"({"conditions":[{"type":"Progressing","status":"False",
      "reason":"RolloutAborted","message":"m"},{"type":"InvalidSpec","status":"True",
      "reason":"InvalidSpec","message":"no selector"}]})";
  const char* stray = R"({"conditions":[{"type":"Available","status":"True",
      "reason":"RolloutAborted","message":"m"}]})";
  const char* paused = R"({"pauseConditions":[{"reason":"CanaryPauseStep"},
      {"reason":"InconclusiveAnalysisRun"}]})";
  const char* restarts = R"({"restartAt":"2026-01-01T00:00:00Z"})";
  const char* restarted = R"({"restartedAt":"2026-01-01T00:00:00Z"})";
  const Row rows[] = {
      {"settled",                     canary,     "{}",                 "{}",                {"Healthy", ""}                                                       },
      {"invalid",                     canary,     "{}",                 invalid,             {"Degraded", "InvalidSpec: no selector"}                              },
      {"aborted",
       canary,                                    "{}",
       aborted,                                                                              {"Degraded", "RolloutAborted: Rollout aborted update to revision 2"}  },
      {"out of time",                 canary,     "{}",                 too_late,            {"Degraded", "ProgressDeadlineExceeded: timed out"}                   },
      {"the first in the list",       canary,     "{}",                 both,                {"Degraded", "RolloutAborted: m"}                                     },
      {"degraded before paused",
       canary,                                    R"({"paused":true})",
       aborted,                                                                              {"Degraded", "RolloutAborted: Rollout aborted update to revision 2"}  },
      {"a reason where none belongs", canary,     "{}",                 stray,               {"Healthy", ""}                                                       },
      {"paused by a person",          canary,     R"({"paused":true})", "{}",                {"Paused", "manually paused"}                                         },
      {"a person's pause first",
       canary,                                    R"({"paused":true})",
       paused,                                                                               {"Paused", "manually paused"}                                         },
      {"the first pause reason",      canary,     "{}",                 paused,              {"Paused", "CanaryPauseStep"}                                         },
      {"restarting",                  canary,     restarts,             "{}",                {"Progressing", "rollout is restarting"}                              },
      {"restarted",                   canary,     restarts,             restarted,           {"Healthy", ""}                                                       },
      {"pods are to be made",
       canary,                                    "{}",
       R"({"updatedReplicas":3})",                                                           {"Progressing", "more replicas need to be updated"}                   },
      {"pods do not serve yet",
       canary,                                    "{}",
       R"({"availableReplicas":3})",                                                         {"Progressing", "updated replicas are still becoming available"}      },
      {"old pods are left",
       canary,                                    "{}",
       R"({"replicas":5})",                                                                  {"Progressing", "old replicas are pending termination"}               },
      {"a router sends them none",    routed,     "{}",                 R"({"replicas":5})", {"Healthy", ""}                                                       },
      {"steps are left",
       canary,                                    "{}",
       R"({"stableRS":"a"})",                                                                {"Progressing", "waiting for all steps to complete"}                  },
      {"nothing is stable yet",
       canary,                                    "{}",
       R"({"stableRS":"","currentPodHash":""})",                                             {"Progressing", "waiting for all steps to complete"}                  },
      {"blue-green, settled",         blue_green, "{}",                 "{}",                {"Healthy", ""}                                                       },
      {"blue-green, old pods",        blue_green, "{}",                 R"({"replicas":8})", {"Healthy", ""}                                                       },
      {"not switched",
       blue_green,                                "{}",
       R"({"blueGreen":{"activeSelector":"a"}})",                                            {"Progressing", "active service cutover pending"}                     },
      {"nothing to switch from",
       blue_green,                                "{}",
       R"({"blueGreen":{}})",                                                                {"Progressing", "active service cutover pending"}                     },
      {"switched, not promoted",
       blue_green,                                "{}",
       R"({"stableRS":"a"})",                                                                {"Progressing", "waiting for post-promotion verification to complete"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json object = Json::object({
        {"spec",   merged(json(row.spec), json(row.spec_patch))  },
        {"status", merged(json(settled),  json(row.status_patch))}
    });
    const auto rollout = api::decode<api::Rollout>(object);
    REQUIRE(rollout);
    CHECK(find_phase(*rollout, rollout->status) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
