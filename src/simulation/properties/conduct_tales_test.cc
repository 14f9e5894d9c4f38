#include <vector>

#include "simulation/properties/tales_for_test.h"

/// Histories for the properties of how things go: P, W, R, L.
namespace slipway::simulation {
namespace {

using enum ObjectKind;
using kubernetes::Method;

void at_step(Story& s, int step, std::string_view more = "") {
  s.others(rollout, "web",
           R"({"status":{"currentStepIndex":)" + std::to_string(step) + std::string(more) + "}}");
}

/// An abort, with the traffic still on the new version, of a Rollout that calls this hash stable.
void abort_with_traffic_on_new(Story& s, const std::string& stable) {
  s.begin(R"({"blueGreen":{"activeService":"active"}})");
  s.add_pods("web-old", 3);
  s.others(service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"new"}}})");
  s.others(rollout, "web", R"({"status":{"abort":true,"stableRS":")" + stable + "\"}}");
  s.quiet();
}

/// A hundred changes; two minutes later a replica is told a hundred times of one, and looks each
/// time: of the next each time, or always of the first.
void hear_late(Story& s, std::size_t stride) {
  s.begin(canary);
  std::vector<std::uint64_t> revisions;
  for (int i = 0; i < 100; ++i) {
    revisions.push_back(s.others(rollout, "web", R"({"spec":{"replicas":3}})"));
  }
  s.pass(120_s);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    s.hears_of(rollout, "web", revisions[i * stride]);
    s.reconciles();
  }
}

/// A weight of 100 counts as set with two of three pods, where so many are enough.
void sets_weight_with_threshold(Story& s, int enough) {
  s.begin(with_steps);
  s.others(rollout, "web",
           R"({"spec":{"strategy":{"canary":{"replicaProgressThreshold":{"type":"Pods","value":)" +
               std::to_string(enough) + "}}}}}");
  at_step(s, 3);
  s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
  s.add_pods("web-new", 2);
  s.ours(rollout, "web", R"({"status":{"currentStepIndex":4}})");
}

const Tale steps[] = {
    {"D10", "a pause of 10 s ends after 5",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 2);
       s.ours(
           rollout, "web",
           R"({"status":{"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" +
               s.in(0_s) + "}]}}");
       s.pass(5_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3}})");
     },                                                  breaks},
    {"D10", "a pause of 10 s ends after 10",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 2);
       s.ours(
           rollout, "web",
           R"({"status":{"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" +
               s.in(0_s) + "}]}}");
       s.pass(10_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3}})");
     },                                                  keeps },
    {"P1",  "a step is left out",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 0);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":2}})");
     },                                                  breaks},
    {"P1",  "all steps are left out at once, as in a full promotion",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 0);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":4}})");
     },                                                  keeps },
    {"P2",  "a weight of 100 counts as set without pods",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 3);
       s.hears_all();
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":4}})");
     },                                                  breaks},
    {"P2",  "a weight of 100 counts as set with all pods",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 3);
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.add_pods("web-new", 3);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":4}})");
     },                                                  keeps },
    {"P2",  "a weight of 100 counts as set with as many pods as are enough",
     [](Story& s) { sets_weight_with_threshold(s, 2); }, keeps },
    {"P2",  "a weight of 100 counts as set with fewer pods than are enough",
     [](Story& s) { sets_weight_with_threshold(s, 3); }, breaks},
    {"P3",  "a pause without end ends by itself",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 1, R"(,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}])");
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":2}})");
     },                                                  breaks},
    {"P3",  "a pause without end is ended by a person",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 1, R"(,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}])");
       s.others(rollout, "web", R"({"status":{"pauseConditions":null}})");
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":2}})");
     },                                                  keeps },
    {"P5",  "an abort is overwritten unread",
     [](Story& s) {
       s.begin(with_steps);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(rollout, "web", R"({"status":{"abort":null}})", {.basis = 1});
     },                                                  breaks},
    {"P5",  "an abort that was read is taken back",
     [](Story& s) {
       s.begin(with_steps);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(rollout, "web", R"({"status":{"abort":null}})");
     },                                                  keeps },
    {"P7",  "a generation is observed that is not there yet",
     [](Story& s) {
       s.begin(canary);
       s.ours(rollout, "web", R"({"status":{"observedGeneration":"2"}})");
     },                                                  breaks},
    {"P7",  "the new generation is observed",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"metadata":{"generation":2}})");
       s.ours(rollout, "web", R"({"status":{"observedGeneration":"2","phase":"Healthy"}})");
     },                                                  keeps },
    {"P8",  "stable without pods",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(rollout, "web", R"({"status":{"stableRS":"new"}})");
     },                                                  breaks},
    {"P8",  "stable with all pods",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.add_pods("web-new", 3);
       s.ours(rollout, "web", R"({"status":{"stableRS":"new"}})");
     },                                                  keeps },
    {"P9",  "a transition time without a transition",
     [](Story& s) {
       s.begin(canary);
       s.others(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"A","status":"True","lastTransitionTime":"x"}]}})");
       s.ours(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"A","status":"True","lastTransitionTime":"y"}]}})");
     },                                                  breaks},
    {"P9",  "a transition time with a transition",
     [](Story& s) {
       s.begin(canary);
       s.others(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"A","status":"True","lastTransitionTime":"x"}]}})");
       s.ours(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"A","status":"False","lastTransitionTime":"y"}]}})");
     },                                                  keeps },
    {"P12", "what pauses is called Degraded",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 1, R"(,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}])");
       s.ours(rollout, "web", R"({"status":{"phase":"Degraded"}})");
     },                                                  breaks},
    {"P12", "what is aborted is called Degraded",
     [](Story& s) {
       s.begin(with_steps);
       at_step(s, 1, R"(,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}])");
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(rollout, "web", R"({"status":{"phase":"Degraded"}})");
     },                                                  keeps },
};

std::string patch_of(std::string_view tests_and_changes) {
  return R"([{"op":"test","path":"/metadata/uid","value":"uid-web-old"},)" +
         std::string(tests_and_changes) + "]";
}

const Tale writes[] = {
    {"W1",  "a merge patch without a resourceVersion",
     [](Story& s) { s.ask(replica_set, "web-old", {.body = R"({"spec":{"replicas":0}})"}); },
     breaks                                                                                         },
    {"W1",  "a merge patch with one",
     [](Story& s) {
       s.ask(replica_set, "web-old",
             {.body = R"({"metadata":{"resourceVersion":"1"},"spec":{"replicas":0}})"});
     },                                                                                       keeps },
    {"W1",  "a size is changed and the deadline not read",
     [](Story& s) {
       s.ask(replica_set, "web-old",
             {.body = patch_of(R"({"op":"test","path":"/spec/replicas","value":3},
                                  {"op":"replace","path":"/spec/replicas","value":0})")});
     },                                                                                       breaks},
    {"W1",  "a size is changed with all that it rests on",
     [](Story& s) {
       s.ask(replica_set, "web-old",
             {.body = patch_of(R"({"op":"test","path":"/metadata/annotations","value":null},
                                  {"op":"test","path":"/spec/replicas","value":3},
                                  {"op":"replace","path":"/spec/replicas","value":0})")});
     },                                                                                       keeps },
    {"W2",  "another verb follows a refusal",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.body = "[]", .status = 409});
       s.ask(replica_set, "web-old", {.body = "{}"});
     },                                                                                       breaks},
    {"W2",  "a look follows a refusal",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.body = "[]", .status = 409});
       s.ask(replica_set, "web-old", {.method = Method::get});
       s.ask(replica_set, "web-old", {.body = "{}"});
     },                                                                                       keeps },
    {"W3",  "a write that changes nothing",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", "{}");
     },                                                                                       breaks},
    {"W3",  "a write that changes an annotation",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"metadata":{"annotations":{"a":"b"}}})");
     },                                                                                       keeps },
    {"W4",  "decided on the copy from before its own write",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})", {.basis = 2});
       s.ask(replica_set, "web-old", {.basis = 2});
     },                                                                                       breaks},
    {"W4",  "decided on its own write",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})", {.basis = 2});
       s.ask(replica_set, "web-old");
     },                                                                                       keeps },
    {"W5",  "a label is changed",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"metadata":{"labels":{"a":"b"}}})");
     },                                                                                       breaks},
    {"W5",  "the claim is changed",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"metadata":{"annotations":{"slipway.dev/claim":"1"}}})");
     },                                                                                       keeps },
    {"W5",  "a pod is evicted, and the server notes it",
     [](Story& s) {
       s.begin(canary);
       s.others(pod, "web-old-1",
                R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
       s.ours(pod, "web-old-1",
              R"({"status":{"conditions":[{"type":"Ready","status":"True"},
                                          {"type":"DisruptionTarget","status":"True"}]}})");
     },                                                                                       keeps },
    {"W5",  "another condition of a pod is changed",
     [](Story& s) {
       s.begin(canary);
       s.others(pod, "web-old-1",
                R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
       s.ours(pod, "web-old-1", R"({"status":{"conditions":[{"type":"Ready","status":"False"}]}})");
     },                                                                                       breaks},
    {"W6",  "a size that a person set is set back unread",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"spec":{"replicas":5}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":3}})", {.basis = 2});
     },                                                                                       breaks},
    {"W6",  "a size that a person set is set back knowingly",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"spec":{"replicas":5}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":3}})");
     },                                                                                       keeps },
    {"W6",  "what was decided on has come back when a late write lands",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":4}})");
       s.others(replica_set, "web-old", R"({"spec":{"replicas":3}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":4}})", {.basis = 2});
     },                                                                                       keeps },
    {"W7",  "another write follows one without an answer",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.body = "[]", .outcome = Outcome::ambiguous});
       s.ask(replica_set, "web-old", {.body = "{}"});
     },                                                                                       breaks},
    {"W7",  "the very write follows one without an answer",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.body = "[]", .outcome = Outcome::ambiguous});
       s.ask(replica_set, "web-old", {.body = "[]"});
     },                                                                                       keeps },
    {"W8",  "says what the store never had",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-old",
             {.body = patch_of(R"({"op":"test","path":"/spec/replicas","value":4})")});
     },                                                                                       breaks},
    {"W8",  "says what the store had",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-old",
             {.body = patch_of(R"({"op":"test","path":"/spec/replicas","value":3})")});
     },                                                                                       keeps },
    {"W9",  "two writes of one object at once",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.outcome = Outcome::pending});
       s.ask(replica_set, "web-old", {.outcome = Outcome::pending});
     },                                                                                       breaks},
    {"W9",  "two writes of one object by two replicas",
     [](Story& s) {
       s.ask(replica_set, "web-old", {.outcome = Outcome::pending});
       s.ask(replica_set, "web-old", {.outcome = Outcome::pending, .replica = "controller-1"});
     },                                                                                       keeps },
    {"W11", "a read in silence",
     [](Story& s) {
       s.quiet();
       s.ask(rollout, "web", {.method = Method::get});
     },                                                                                       breaks},
    {"W11", "a list in silence, with which a watch begins anew",
     [](Story& s) {
       s.quiet();
       s.ask(rollout, "", {.method = Method::get});
     },                                                                                       keeps },
    {"W12", "made for an owner that never was",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "",
             {.method = Method::post,
              .body = R"({"metadata":{"ownerReferences":[{"name":"web","uid":"q"}]}})"});
     },                                                                                       breaks},
    {"W12", "made for the Rollout that is there",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "",
             {.method = Method::post,
              .body = R"({"metadata":{"ownerReferences":[{"name":"web","uid":"r"}]}})"});
     },                                                                                       keeps },
};

void settle(Story& s) {
  s.begin(canary);
  s.others(replica_set, "web-old", R"({"spec":{"replicas":0}})");
  s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
  s.add_pods("web-new", 3);
  s.others(rollout, "web", R"({"status":{"phase":"Healthy","stableRS":"new"}})");
}

const Tale liveness[] = {
    {"R4",  "a hundred reconciles a minute without anything new",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 100; ++i) s.reconciles();
     },                                                          breaks},
    {"R4",  "a hundred reconciles a minute with something new each time",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 100; ++i) {
         s.others(rollout, "web", R"({"spec":{"replicas":3}})");
         s.reconciles();
       }
     },                                                          keeps },
    {"R4",  "a hundred changes are heard of two minutes later, one by one",
     [](Story& s) { hear_late(s, 1); },                          keeps },
    {"R4",  "one of a hundred changes is heard of two minutes later, again and again",
     [](Story& s) { hear_late(s, 0); },                          breaks},
    {"R4b", "an object is written without end",
     [](Story& s) {
       for (int i = 0; i < 130; ++i) s.ask(replica_set, "web-old");
     },                                                          breaks},
    {"R4b", "an object is read without end",
     [](Story& s) {
       for (int i = 0; i < 130; ++i) s.ask(replica_set, "web-old", {.method = Method::get});
     },                                                          keeps },
    {"L1",  "Healthy without its pods",
     [](Story& s) {
       settle(s);
       s.others(pod, "web-new-0", "null");
       s.quiet();
     },                                                          breaks},
    {"L1",  "Healthy with its pods",
     [](Story& s) {
       settle(s);
       s.quiet();
     },                                                          keeps },
    {"L2",  "a hundred writes to get there",
     [](Story& s) {
       settle(s);
       s.heal();
       for (int i = 0; i < 100; ++i) {
         s.ours(replica_set, "web-new", R"({"metadata":{"annotations":{"a":"b"}}})");
       }
       s.quiet();
     },                                                          breaks},
    {"L2",  "three writes to get there",
     [](Story& s) {
       settle(s);
       s.heal();
       for (int i = 0; i < 3; ++i) {
         s.ours(replica_set, "web-new", R"({"metadata":{"annotations":{"a":"b"}}})");
       }
       s.quiet();
     },                                                          keeps },
    {"L3",  "a write in silence",
     [](Story& s) {
       settle(s);
       s.quiet();
       s.ours(rollout, "web", R"({"status":{"phase":"Paused"}})");
     },                                                          breaks},
    {"L3",  "others write in silence",
     [](Story& s) {
       settle(s);
       s.quiet();
       s.others(rollout, "web", R"({"status":{"phase":"Paused"}})");
       s.end();
     },                                                          keeps },
    {"L4",  "an abort that leaves the stable version without pods",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.quiet();
     },                                                          breaks},
    {"L4",  "an abort that leaves the stable version whole",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.add_pods("web-old", 3);
       s.quiet();
     },                                                          keeps },
    {"L4",  "an abort that leaves the traffic on the new version",
     [](Story& s) { abort_with_traffic_on_new(s, "old"); },      breaks},
    {"L4",  "an abort, and nothing to go back to",
     [](Story& s) { abort_with_traffic_on_new(s, "nonsense"); }, keeps },
    {"L6",  "a pause of 10 s that still lasts",
     [](Story& s) {
       s.begin(with_steps);
       at_step(
           s, 2,
           R"(,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" + s.in(0_s) + "}]");
       s.pass(600_s);
       s.quiet();
     },                                                          breaks},
    {"L6",  "a pause of 10 s that ends after two minutes",
     [](Story& s) {
       s.begin(with_steps);
       at_step(
           s, 2,
           R"(,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" + s.in(0_s) + "}]");
       s.heal();
       s.ask(replica_set, "web-new");
       s.pass(120_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                          breaks},
    {"L6",  "a pause of 10 s that ends on its time",
     [](Story& s) {
       s.begin(with_steps);
       at_step(
           s, 2,
           R"(,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" + s.in(0_s) + "}]");
       s.heal();
       s.ask(replica_set, "web-new");
       s.pass(12_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                          keeps },
    {"L6",  "a pause of 10 s that ends after two minutes, when a person unpauses the Rollout",
     [](Story& s) {
       s.begin(with_steps);
       at_step(
           s, 2,
           R"(,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" + s.in(0_s) + "}]");
       s.heal();
       s.ask(replica_set, "web-new");
       s.others(rollout, "web", R"({"spec":{"paused":true}})");
       s.pass(120_s);
       s.others(rollout, "web", R"({"spec":{"paused":null}})");
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                          keeps },
    {"L6",  "a pause of 10 s that has just begun",
     [](Story& s) {
       s.begin(with_steps);
       at_step(
           s, 2,
           R"(,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" + s.in(0_s) + "}]");
       s.quiet();
     },                                                          keeps },
    {"L7",  "a full promotion that is never made",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"promoteFull":true}})");
       s.quiet();
     },                                                          breaks},
    {"L7",  "an abort that was obeyed",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"abort":true,"phase":"Degraded"}})");
       s.quiet();
     },                                                          keeps },
    {"L14", "a ReplicaSet outlives its Rollout",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", "null");
       s.quiet();
     },                                                          breaks},
    {"L14", "all go with their Rollout",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", "null");
       s.others(replica_set, "web-old", "null");
       s.others(replica_set, "web-new", "null");
       s.quiet();
     },                                                          keeps },
};

}  // namespace

std::span<const Tale> steps_tales() {
  return steps;
}
std::span<const Tale> writes_tales() {
  return writes;
}
std::span<const Tale> liveness_tales() {
  return liveness;
}

}  // namespace slipway::simulation
