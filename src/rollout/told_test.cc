#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "base/text.h"
#include "rollout/conditions.h"
#include "rollout/keys.h"
#include "rollout/simulated_world.h"

/// Every condition and event of tests/data/compat/conditions-events.tsv about Rollouts is told by
/// some life, in those words, or stands here with what it waits for.
namespace slipway::rollout {
namespace {

/// One row: what is told, and the words it is told in.
struct Told {
  std::string what;  ///< "condition Progressing True", "event Normal"
  std::string reason;
  std::string message;  ///< Of a row: a Go format. A part in brackets may be missing.
  auto operator<=>(const Told&) const = default;
};

struct Unbuilt {
  const char* reason;  ///< Or, where others of that reason are told, the message.
  const char* why;
};

constexpr const char* routers = "needs routers";
constexpr const char* analysis = "needs analysis and experiments";
constexpr const char* plugins = "needs plugins";
constexpr const char* unmade = "with no ReplicaSet to name, why none could be made is told";
constexpr const char* shell = "the shell's: tests/scenarios";

constexpr Unbuilt unbuilt[] = {
    {"AmbassadorMappingConfigError",          routers                                      },
    {"AmbassadorMappingNotFound",             routers                                      },
    {"AnalysisRun<Phase>",                    analysis                                     },
    {"ApisixRouteCreateError",                routers                                      },
    {"ApisixRouteDeleteError",                routers                                      },
    {"ApisixRouteUpdateError",                routers                                      },
    {"CanaryMappingCleanupError",             routers                                      },
    {"CanaryMappingCreationError",            routers                                      },
    {"CanaryMappingUpdateError",              routers                                      },
    {"CanaryMappingWeightUpdate",             routers                                      },
    {"CreatingCanaryIngress",                 routers                                      },
    {"DestinationRuleNotFound",               routers                                      },
    {"ExperimentCreated",                     analysis                                     },
    {"LoadBalancerNotFound",                  routers                                      },
    {"PatchingALBIngress",                    routers                                      },
    {"PatchingCanaryIngress",                 routers                                      },
    {"ReconciliationError",                   plugins                                      },
    {"Rollout %q has timed out progressing.", unmade                                       },
    {"Rollout %q is progressing.",            unmade                                       },
    {"RolloutAddedToInformer",                "never told: docs/reference/compatibility.md"},
    {"RolloutDeleted",                        shell                                        },
    {"StepPluginTransition",                  plugins                                      },
    {"TargetGroupUnverified",                 routers                                      },
    {"TargetGroupVerified",                   routers                                      },
    {"TargetGroupVerifyError",                routers                                      },
    {"TrafficRoutingError",                   routers                                      },
    {"TrafficSplitCreated",                   routers                                      },
    {"TrafficSplitNotCreated",                routers                                      },
    {"TrafficWeightUpdated",                  routers                                      },
    {"TraefikServiceUpdateError",             routers                                      },
    {"Updated VirtualService",                routers                                      },
    {"UpdatedDestinationRule",                routers                                      },
    {"VirtualNodeNotFound",                   routers                                      },
    {"VirtualRouterNotFound",                 routers                                      },
    {"VirtualServiceNotFound",                routers                                      },
    {"WeightVerifyError",                     routers                                      },
};

/// Whether a message is of a Go format: its fixed parts in their order, from start to end.
bool is_of_format(std::string_view message, std::string_view format) {
  format = format.substr(0, format.find("[: %s]"));
  bool anchored = true;
  while (true) {
    const std::size_t verb = format.find('%');
    const std::string_view fixed = format.substr(0, verb);
    const std::size_t at = message.find(fixed);
    if (at == std::string_view::npos || (anchored && at != 0)) return false;
    message.remove_prefix(at + fixed.size());
    if (verb == std::string_view::npos) return true;
    anchored = false;
    format.remove_prefix(verb + 2);
  }
}

std::vector<Told> rows() {
  std::ifstream in("tests/data/compat/conditions-events.tsv");
  REQUIRE(in.good());
  std::vector<Told> found;
  for (std::string line; std::getline(in, line);) {
    const auto cells = split(std::string_view(line), '\t');
    if (cells.size() < 6 || cells[1] != "Rollout") continue;
    const std::string type(cells[2]);
    const std::string status(cells[3]);
    if (cells[0] == "event") {
      found.push_back({"event " + status, std::string(cells[4]), std::string(cells[5])});
    } else if (cells[0] == "condition") {
      for (const std::string_view one : split(std::string_view(status), '|')) {
        found.push_back({"condition " + type + " " + std::string(one), std::string(cells[4]),
                         std::string(cells[5])});
      }
    }
  }
  return found;
}

/// All that lives tell.
class Record {
 public:
  void watch(SimulatedWorld& world) {
    world.on_write = [this](const SimulatedWorld::Change& change) {
      const auto status = change.after["status"];
      if (change.after["kind"] != Json("Rollout")) return;
      for (std::size_t i = 0; i < status["conditions"].size(); ++i) {
        const Json& one = status["conditions"].at(i);
        const auto text = [&](const char* key) { return std::string(one[key].string_or_empty()); };
        told_.insert(
            {"condition " + text("type") + " " + text("status"), text("reason"), text("message")});
      }
    };
  }
  void keep_events(const SimulatedWorld& world) {
    for (const kubernetes::EventNote& note : world.events) {
      told_.insert({"event " + std::string(to_string(note.type)), note.reason, note.message});
    }
  }
  void keep(const Plan& plan) {
    if (!plan.status) return;
    Json conditions;
    const Json operations = parse_json(plan.status->request().body).value();
    for (const Json& operation : operations.as_array()) {
      if (operation["path"] == Json("/status/conditions") && operation["op"] != Json("test")) {
        conditions = operation["value"];
      }
    }
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const Json& one = conditions.at(i);
      told_.insert({"condition " + std::string(one["type"].string_or_empty()) + " " +
                        std::string(one["status"].string_or_empty()),
                    std::string(one["reason"].string_or_empty()),
                    std::string(one["message"].string_or_empty())});
    }
    for (const Event& event : plan.events) {
      told_.insert({"event " + std::string(to_string(event.note.type)), event.note.reason,
                    event.note.message});
    }
  }
  bool has(const Told& row) const {
    const bool copied = row.what.ends_with("(copied)");
    return std::ranges::any_of(told_, [&](const Told& one) {
      if (copied) return one.what.starts_with(row.what.substr(0, row.what.rfind(' ')));
      return one.what == row.what && one.reason == row.reason &&
             is_of_format(one.message, row.message);
    });
  }

 private:
  std::set<Told> told_;
};

const std::string canary =
    R"({"canary":{"steps":[{"setWeight":25},{"pause":{}},{"setWeight":50},{"pause":{"duration":"10s"}}]}})";

using Deed = void (*)(SimulatedWorld&);

struct Life {
  const char* strategy;
  std::vector<Deed> deeds;  ///< Each is lived out before the next.
};

void update(SimulatedWorld& world) {
  world.set_image("v2");
}
void promote(SimulatedWorld& world) {
  world.promote();
}
void abort(SimulatedWorld& world) {
  world.command(R"({"abort":true})");
}
void retry(SimulatedWorld& world) {
  world.command(R"({"abort":false})");
}
void break_update(SimulatedWorld& world) {
  world.break_image("v2");
  world.set_image("v2");
}

void pause(SimulatedWorld& world) {
  world.edit(R"({"paused":true})");
}
void resume(SimulatedWorld& world) {
  world.edit(R"({"paused":false})");
}

const Life lives[] = {
    {R"({"canary":{"steps":[{"setWeight":25}]}})",              {break_update, pause, resume}                                            },
    {canary.c_str(),                                            {update, promote}                                                        },
    {canary.c_str(),                                            {update, abort, retry}                                                   },
    {canary.c_str(),                                            {update, [](SimulatedWorld& world) { world.set_image("v1"); }}           },
    {R"({"canary":{"steps":[{"setWeight":25}]}})",              {break_update}                                                           },
    {R"({"canary":{"steps":[{"setWeight":25}]}})",
     {[](SimulatedWorld& world) { world.edit(R"({"progressDeadlineAbort":true})"); },
      break_update}                                                                                                                      },
    {R"({"canary":{}})",                                        {[](SimulatedWorld& world) { world.edit(R"({"minReadySeconds":700})"); }}},
    {R"({"canary":{}})",                                        {[](SimulatedWorld& world) {
       world.command(R"({"conditions":null})");
       world.break_image("v1");
       world.edit(R"({"replicas":8})");
     }}                                                                                                          },
    {R"({"canary":{}})",                                        {[](SimulatedWorld& world) {
       world.edit_replica_set("v1", R"({"status":{"readyReplicas":2,"availableReplicas":2}})");
       world.reconcile();
     }}                                                                                                          },
    {R"({"canary":{}})",                                        {[](SimulatedWorld& world) {
       world.edit_replica_set("v1", R"({"status":{"conditions":[{"type":"ReplicaFailure",
           "status":"True","reason":"FailedCreate","message":"quota"}]}})");
     }}                                                                                                          },
    {R"({"blueGreen":{"activeService":"active"}})",             {update}                                                                 },
    {R"({"canary":{"steps":[{"setWeight":25},{"pause":{}}]}})",
     {[](SimulatedWorld& world) {
        world.advance(60_s);
        world.edit(R"({"rollbackWindow":{"revisions":3}})");
        world.set_image("v2");
      },
      [](SimulatedWorld& world) { world.command(R"({"promoteFull":true})"); },
      [](SimulatedWorld& world) {
        world.edit_replica_set("v1", R"({"spec":{"replicas":1}})");
        world.set_image("v1");
      }}                                                                                                                                 },
};

Record everything() {
  Record record;
  for (const Life& life : lives) {
    SimulatedWorld world(4, life.strategy);
    world.add_service("active");
    record.watch(world);
    world.run();
    for (const Deed deed : life.deeds) {
      deed(world);
      world.run();
    }
    record.keep_events(world);
  }
  SimulatedWorld refused(4, canary);
  Observed seen = refused.observe();
  seen.create_error = Error{ErrorCode::forbidden, "ReplicaSet", "exceeded quota", ""};
  record.keep(plan(seen));
  return record;
}

bool is_unbuilt(const Told& row) {
  return std::ranges::any_of(unbuilt, [&](const Unbuilt& one) {
    return row.reason == one.reason || row.message == one.reason;
  });
}

TEST_CASE("a message is of a format by its fixed parts") {
  CHECK(
      is_of_format("Created ReplicaSet web-a (revision 2)", "Created ReplicaSet %s (revision %d)"));
  CHECK(is_of_format("Rollout aborted update to revision 2: why",
                     "Rollout aborted update to revision %d[: %s]"));
  CHECK(!is_of_format("Created a ReplicaSet", "Created ReplicaSet %s (revision %d)"));
  CHECK(!is_of_format("It Created ReplicaSet", "Created ReplicaSet"));
}

TEST_CASE("every condition and event of the table is told in its words, or waits for a feature") {
  const Record told = everything();
  const std::vector<Told> all = rows();
  CHECK(all.size() > 75);
  for (const Told& row : all) {
    CHECK_MESSAGE(told.has(row) != is_unbuilt(row),
                  row.what << " " << row.reason << ": " << row.message);
  }
}

}  // namespace
}  // namespace slipway::rollout
