#include "simulation/properties/tales_for_test.h"

/// Histories for the properties of sizes by step, commands, waits and conduct.
namespace slipway::simulation {
namespace {

using enum ObjectKind;
using kubernetes::Method;

constexpr const char* routed = R"({"canary":{"trafficRouting":{"nginx":{}}}})";
constexpr const char* half = R"({"canary":{"steps":[{"setWeight":34},{"pause":{}},{"pause":{}}]}})";

/// A request about the lease, answered with success.
void hold_lease(Story& s, const char* holder) {
  s.ask(lease, "lock", {.body = std::string(R"({"spec":{"holderIdentity":")") + holder + R"("}})"});
}

/// A collision was counted. Two replicas make one template, under two hashes.
void make_twice(Story& s, bool first_has_heard) {
  s.begin(canary);
  s.hears(rollout, "web", "controller-1");
  s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
  s.hears(rollout, "web");
  if (first_has_heard) s.hears(rollout, "web", "controller-1");
  s.ours(replica_set, "web-a", Story::set_text("web-a", "a", 3, 0), {.replica = "controller-1"});
  s.ours(replica_set, "web-b", Story::set_text("web-b", "b", 4, 0));
}

/// The first pause step begins now.
void pause(Story& s, int step) {
  s.ours(
      rollout, "web",
      R"({"status":{"currentStepIndex":)" + std::to_string(step) +
          R"(,"controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" +
          s.in({}) + "}]}}");
}

const Tale waits[] = {
    {"C2",  "the stable version shrinks behind a router",
     [](Story& s) {
       s.begin(routed);
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                                                            breaks},
    {"C2",  "the Rollout itself was made smaller",
     [](Story& s) {
       s.begin(routed);
       s.others(rollout, "web", R"({"spec":{"replicas":2}})");
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                                                            keeps },
    {"C5",  "all pods where the step asks for a third",
     [](Story& s) {
       s.begin(half);
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":4}})");
     },                                                                                            breaks},
    {"C5",  "as many pods as come near a third",
     [](Story& s) {
       s.begin(half);
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":2}})");
     },                                                                                            keeps },
    {"C5",  "with the stable ReplicaSet deleted it gets all pods",
     [](Story& s) {
       s.begin(half);
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       s.others(replica_set, "web-old", "null");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":3}})");
     },                                                                                            keeps },
    {"C5",  "with the stable ReplicaSet deleted it gets more than all",
     [](Story& s) {
       s.begin(half);
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       s.others(replica_set, "web-old", "null");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":4}})");
     },                                                                                            breaks},
    {"C9",  "a second ReplicaSet of the current template",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(replica_set, "web-third", Story::set_text("web-third", "third", 3, 0));
     },                                                                                            breaks},
    {"C9",  "a ReplicaSet of another template",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-new", R"({"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.hears_all();
       s.ours(replica_set, "web-third", Story::set_text("web-third", "third", 3, 0));
     },                                                                                            keeps },
    {"I9",  "one template gets two hashes",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-a", Story::set_text("web-a", "a", 3, 0));
       s.ours(replica_set, "web-b", Story::set_text("web-b", "b", 4, 0));
     },                                                                                            breaks},
    {"I9",  "a collision is a reason for another hash",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-a", Story::set_text("web-a", "a", 3, 0));
       s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
       s.ours(replica_set, "web-b", Story::set_text("web-b", "b", 4, 0));
     },                                                                                            keeps },
    {"I9",  "another hash, as who made the first had not heard of the collision",
     [](Story& s) { make_twice(s, false); },                                                       keeps },
    {"I9",  "another hash, though who made the first had heard of the collision",
     [](Story& s) { make_twice(s, true); },                                                        breaks},
    {"D3",  "an old ReplicaSet without a deadline is looked at again and again",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-older", "older", 0, 3);
       s.hears_all();
       s.heal();
       for (int i = 0; i < 5; ++i, s.pass(10_s)) s.reconciles();
     },                                                                                            breaks},
    {"D3",  "an old ReplicaSet without a deadline is on no list yet",
     [](Story& s) {
       s.begin(blue_green);
       s.hears_all();
       s.add_set("web-older", "older", 0, 3);
       s.heal();
       for (int i = 0; i < 5; ++i, s.pass(10_s)) s.reconciles();
     },                                                                                            keeps },
    {"D3",  "the second reconcile sets the deadline",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-older", "older", 0, 3);
       s.hears_all();
       s.heal();
       s.reconciles();
       s.pass(10_s);
       s.reconciles();
       s.deadline("web-older", s.in(30_s), true);
       for (int i = 0; i < 5; ++i, s.pass(5_s)) s.reconciles();
     },                                                                                            keeps },
    {"D11", "a pause of ten seconds lasts ten minutes",
     [](Story& s) {
       s.begin(with_steps);
       s.heal();
       pause(s, 2);
       s.pass(600_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                                                            breaks},
    {"D11", "a pause of ten seconds follows one without end",
     [](Story& s) {
       s.begin(with_steps);
       s.heal();
       pause(s, 1);
       s.pass(600_s);
       pause(s, 2);
       s.pass(10_s);
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                                                            keeps },
    {"D11", "a pause of ten seconds is held by a person for ten minutes",
     [](Story& s) {
       s.begin(with_steps);
       s.heal();
       pause(s, 2);
       s.others(rollout, "web", R"({"spec":{"paused":true}})");
       s.pass(600_s);
       s.others(rollout, "web", R"({"spec":{"paused":false}})");
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":3,"pauseConditions":null}})");
     },                                                                                            keeps },
    {"P4",  "two writes of one object land after an abort",
     [](Story& s) {
       s.begin(canary);
       const SentRequest first = s.ask(replica_set, "web-new", {.outcome = Outcome::pending});
       const SentRequest second = s.ask(replica_set, "web-new", {.outcome = Outcome::pending});
       s.pass(1_s);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.lands(first, replica_set, "web-new", R"({"spec":{"replicas":1}})");
       s.lands(second, replica_set, "web-new", R"({"spec":{"replicas":2}})");
     },                                                                                            breaks},
    {"P4",  "one write lands after an abort",
     [](Story& s) {
       s.begin(canary);
       const SentRequest first = s.ask(replica_set, "web-new", {.outcome = Outcome::pending});
       s.pass(1_s);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.lands(first, replica_set, "web-new", R"({"spec":{"replicas":1}})");
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":0}})");
     },                                                                                            keeps },
    {"P4",  "an eviction lands after an abort, in two commits",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 1);
       const SentRequest first =
           s.ask(pod, "web-old-0",
                 {.method = Method::post, .subresource = "eviction", .outcome = Outcome::pending});
       s.pass(1_s);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.lands(first, pod, "web-old-0", R"({"status":{"phase":"Running"}})");
       s.lands(first, pod, "web-old-0", "null");
     },                                                                                            keeps },
    {"P6",  "a full promotion is dropped on the way",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"promoteFull":true}})");
       s.ours(rollout, "web", R"({"status":{"promoteFull":null}})");
     },                                                                                            breaks},
    {"P6",  "a full promotion has taken effect",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"promoteFull":true}})");
       s.ours(rollout, "web", R"({"status":{"promoteFull":null,"stableRS":"new"}})");
     },                                                                                            keeps },
    {"P6",  "an abort is dropped in mid-update",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(rollout, "web", R"({"status":{"abort":null}})");
     },                                                                                            breaks},
    {"P6",  "an abort is dropped, as the update goes back within the window",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"spec":{"rollbackWindow":{"revisions":1}}})");
       s.others(replica_set, "web-old",
                R"({"metadata":{"creationTimestamp":"2026-01-01T00:02:00Z"}})");
       s.others(replica_set, "web-new",
                R"({"metadata":{"creationTimestamp":"2026-01-01T00:01:00Z"}})");
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(rollout, "web", R"({"status":{"abort":null}})");
     },                                                                                            keeps },
    {"P11", "nothing moves for an hour, and nobody says so",
     [](Story& s) {
       s.begin(canary);
       s.others(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"Progressing","status":"True","lastUpdateTime":)" +
               s.in({}) + "}]}}");
       s.heal();
       s.pass(1_h);
       for (int i = 0; i < 3; ++i) s.reconciles();
     },                                                                                            breaks},
    {"P11", "nothing moves for an hour, and it pauses",
     [](Story& s) {
       s.begin(canary);
       s.others(
           rollout, "web",
           R"({"status":{"phase":"Paused","conditions":[{"type":"Progressing","status":"True","lastUpdateTime":)" +
               s.in({}) + "}]}}");
       s.heal();
       s.pass(1_h);
       for (int i = 0; i < 3; ++i) s.reconciles();
     },                                                                                            keeps },
    {"R1",  "a plan breaks an invariant",
     [](Story& s) {
       s.ours(event, "web.1", R"({"reason":"ReconciliationError","message":"broken"})");
     },                                                                                            breaks},
    {"R1",  "a plan tells of other things",
     [](Story& s) { s.ours(event, "web.1", R"({"reason":"RolloutPaused","message":"paused"})"); },
     keeps                                                                                               },
    {"R7",  "an error is dropped",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-new", {.status = 500});
       s.pass(300_s);
       s.ask(rollout, "web", {.method = Method::get});
       s.quiet();
     },                                                                                            breaks},
    {"R7",  "after an error it looks again",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-new", {.status = 500});
       s.pass(1_s);
       s.reconciles();
       s.pass(300_s);
       s.ask(rollout, "web", {.method = Method::get});
       s.quiet();
     },                                                                                            keeps },
    {"R8",  "a write after the lease was released",
     [](Story& s) {
       s.begin(canary);
       hold_lease(s, "controller-0");
       hold_lease(s, "");
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                                            breaks},
    {"R8",  "another replica writes after the lease was released",
     [](Story& s) {
       s.begin(canary);
       hold_lease(s, "controller-0");
       hold_lease(s, "");
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})", {.replica = "controller-1"});
     },                                                                                            keeps },
    {"W10", "a write a minute after the last renewal",
     [](Story& s) {
       s.begin(canary);
       hold_lease(s, "controller-0");
       s.pass(60_s);
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                                            breaks},
    {"W10", "a write a minute after the first of many renewals",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 6; ++i, s.pass(10_s)) hold_lease(s, "controller-0");
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                                            keeps },
    {"L9",  "a cache that never heard of the newest version",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.heal();
       s.reconciles();
       s.others(replica_set, "web-old", R"({"spec":{"replicas":2}})");
       s.quiet();
     },                                                                                            breaks},
    {"L9",  "a cache that has heard of all",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"spec":{"replicas":2}})");
       s.hears_all();
       s.heal();
       s.reconciles();
       s.quiet();
     },                                                                                            keeps },
    {"L11", "refused again and again",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 25; ++i) s.ask(replica_set, "web-new", {.status = 422});
     },                                                                                            breaks},
    {"L11", "refused again and again, with a success now and then",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 25; ++i)
         s.ask(replica_set, "web-new", {.status = i % 5 == 0 ? 200 : 422});
     },                                                                                            keeps },
};

}  // namespace

std::span<const Tale> waits_tales() {
  return waits;
}

}  // namespace slipway::simulation
