#include "simulation/properties/tales_for_test.h"

/// Histories for the properties of who takes over, who is served and what is told: I10, L8, L13,
/// L15, P10, R2, R3, R6.
namespace slipway::simulation {
namespace {

using enum ObjectKind;
using kubernetes::Method;

void settle(Story& s) {
  s.begin(with_steps);
  s.others(service, "active", R"({"spec":{"selector":{"app":"web"}}})");
  s.quiet();
}
/// In the second step of four, a pause that has begun.
void leave_in_mid_update(Story& s) {
  s.begin(with_steps);
  s.others(
      rollout, "web",
      R"({"status":{"currentStepIndex":2,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" +
          s.in(0_s) + "}]}}");
  s.handover(Leavings::anothers);
}
void go_to_step(Story& s, int step) {
  s.ours(rollout, "web", R"({"status":{"currentStepIndex":)" + std::to_string(step) + "}}");
}

void end_late(Story& s, bool by_one_that_was_there) {
  s.begin(blue_green);
  s.add_set("web-third", "third", 3, 3);
  s.deadline("web-third", s.in(10_s));
  if (by_one_that_was_there) s.ask(replica_set, "", {.method = Method::get});
  s.heal();
  s.pass(100_s);
  s.ask(replica_set, "", {.method = Method::get});
  s.pass(10_s);
  s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
}
/// A ReplicaSet whose deadline has long passed ends when the preview Service leaves it, or so long
/// after that.
void end_after_preview(Story& s, Duration later) {
  const auto preview_selects = [&](const std::string& hash) {
    s.others(service, "preview",
             R"({"spec":{"selector":{"rollouts-pod-template-hash":")" + hash + R"("}}})");
  };
  s.begin(blue_green);
  s.add_set("web-third", "third", 3, 3);
  s.deadline("web-third", s.in(10_s));
  preview_selects("third");
  s.ask(replica_set, "", {.method = Method::get});
  s.heal();
  s.pass(1000_s);
  preview_selects("new");
  s.pass(later);
  s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
}

const Tale handover[] = {
    {"D5",  "a ReplicaSet ends a minute late, by one that was there all the time",
     [](Story& s) { end_late(s, true); },          breaks},
    {"D5",  "a ReplicaSet ends late, and at once by one that was started after that",
     [](Story& s) { end_late(s, false); },         keeps },
    {"D5",  "a ReplicaSet ends late, as soon as the preview Service leaves it",
     [](Story& s) { end_after_preview(s, 1_s); },  keeps },
    {"D5",  "a ReplicaSet ends late, and long after the preview Service left it",
     [](Story& s) { end_after_preview(s, 61_s); }, breaks},
    {"D5",  "what an abort left ends a minute late",
     [](Story& s) {
       s.begin(blue_green);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.deadline("web-new", s.in(10_s));
       s.ask(replica_set, "", {.method = Method::get});
       s.heal();
       s.pass(100_s);
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":0}})");
     },                                            breaks},
    {"I10", "a Service is written at a takeover",
     [](Story& s) {
       settle(s);
       s.handover(Leavings::anothers);
       s.ours(service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"old"}}})");
     },                                            breaks},
    {"I10", "a pod template is written at a takeover",
     [](Story& s) {
       settle(s);
       s.handover(Leavings::anothers);
       s.ours(replica_set, "web-old", R"({"spec":{"template":{"spec":{"image":"v3"}}}})");
     },                                            breaks},
    {"I10", "a note of our own is made at a takeover",
     [](Story& s) {
       settle(s);
       s.handover(Leavings::anothers);
       s.reconciles();
       s.ours(replica_set, "web-old", R"({"metadata":{"annotations":{"slipway.dev/claim":"7"}}})");
     },                                            keeps },
    {"I10", "a Service is written before anything has settled",
     [](Story& s) {
       s.begin(canary);
       s.handover(Leavings::anothers);
       s.ours(service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"old"}}})");
     },                                            keeps },
    {"L13", "a step is repeated by who takes over",
     [](Story& s) {
       leave_in_mid_update(s);
       go_to_step(s, 1);
     },                                            breaks},
    {"L13", "a step is left out by who takes over",
     [](Story& s) {
       s.begin(R"({"canary":{"steps":[{"pause":{}},{"pause":{}},{"pause":{}},{"pause":{}}]}})");
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       s.handover(Leavings::ours);
       go_to_step(s, 2);
     },                                            breaks},
    {"L13", "a pause begins once more for who takes over",
     [](Story& s) {
       leave_in_mid_update(s);
       s.pass(5_s);
       s.ours(rollout, "web",
              R"({"status":{"pauseConditions":[{"reason":"CanaryPauseStep","startTime":)" +
                  s.in(0_s) + "}]}}");
     },                                            breaks},
    {"L13", "the next step follows",
     [](Story& s) {
       leave_in_mid_update(s);
       s.ours(rollout, "web", R"({"status":{"message":"looked at"}})");
       go_to_step(s, 3);
       go_to_step(s, 4);
     },                                            keeps },
    {"L13", "a person goes back a step",
     [](Story& s) {
       leave_in_mid_update(s);
       s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
       go_to_step(s, 1);
     },                                            keeps },
    {"L15", "what was settled is written a week later",
     [](Story& s) {
       settle(s);
       s.handover(Leavings::ours);
       s.pass(168_h);
       s.ours(replica_set, "web-old", R"({"metadata":{"annotations":{"slipway.dev/claim":"7"}}})");
     },                                            breaks},
    {"L15", "what was settled is looked at a week later",
     [](Story& s) {
       settle(s);
       s.handover(Leavings::ours);
       s.pass(168_h);
       s.reconciles();
     },                                            keeps },
};

/// Two Rollouts, and a replica that has looked at both.
void two_rollouts(Story& s) {
  s.begin(canary);
  s.others(rollout, "calm",
           R"({"metadata":{"name":"calm","namespace":"shop","uid":"c"},
               "spec":{"strategy":{"canary":{}}}})");
  s.reconciles("web");
  s.reconciles("calm");
  s.hears_all();
  s.reconciles("web");
  s.reconciles("calm");
}
/// News of one Rollout, and nothing but looks at the other for so long.
void look_at_web_alone(Story& s, Duration time, int times) {
  s.others(rollout, "calm", R"({"spec":{"replicas":2}})");
  s.hears(rollout, "calm");
  for (int i = 0; i < times; ++i) {
    s.pass(Duration{time.nanoseconds / times});
    s.others(rollout, "web", R"({"metadata":{"annotations":{"n":")" + std::to_string(i) + "\"}}}");
    s.hears(rollout, "web");
    s.reconciles("web");
  }
}
/// The same, where each look takes a write whose answer takes so long.
void look_at_web_by_writes(Story& s, Duration answer, int times) {
  s.others(rollout, "calm", R"({"spec":{"replicas":2}})");
  s.hears(rollout, "calm");
  for (int i = 0; i < times; ++i) {
    const SentRequest sent = s.ask(replica_set, "web-new", {.outcome = Outcome::pending});
    s.pass(answer);
    s.lands(sent, replica_set, "web-new", R"({"spec":{"replicas":)" + std::to_string(i) + "}}");
    s.reconciles("web");
  }
}
void add_lease(Story& s) {
  s.others(lease, "lock", R"({"spec":{"holderIdentity":"controller-9"}})");
}
void stand(Story& s, Duration time) {
  for (Duration passed; passed < time; passed = passed + 2_s) {
    s.ask(lease, "lock", {.method = Method::get});
    s.pass(2_s);
  }
}

const Tale service_[] = {
    {"R2", "a garbled deadline keeps another Rollout waiting",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       look_at_web_alone(s, 6_s, 10);
     },                                                                                          breaks},
    {"R2", "a garbled deadline is somebody else's",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       look_at_web_alone(s, 1_s, 10);
       s.reconciles("calm");
     },                                                                                          keeps },
    {"R2", "a process that stood still serves nobody",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       look_at_web_alone(s, 6_s, 1);
     },                                                                                          keeps },
    {"R2", "quick answers about one Rollout, and another waits",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       look_at_web_by_writes(s, 400_ms, 15);
     },                                                                                          breaks},
    {"R2", "all wait for slow answers",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       look_at_web_by_writes(s, 1900_ms, 3);
     },                                                                                          keeps },
    {"R2", "a process that runs late",
     [](Story& s) {
       two_rollouts(s);
       s.deadline("web-new", R"("soon")");
       s.run_late(1900_ms);
       look_at_web_alone(s, 6_s, 10);
     },                                                                                          keeps },
    {"R3", "a hot Rollout keeps another waiting",
     [](Story& s) {
       two_rollouts(s);
       look_at_web_alone(s, 6_s, 50);
     },                                                                                          breaks},
    {"R3", "a hot Rollout and another take turns",
     [](Story& s) {
       two_rollouts(s);
       for (int i = 0; i < 10; ++i) {
         look_at_web_alone(s, 1_s, 10);
         s.reconciles("calm");
       }
     },                                                                                          keeps },
    {"R6", "something is remembered",                            [](Story& s) { s.emptied(1); }, breaks},
    {"R6", "nothing is remembered",                              [](Story& s) { s.emptied(0); }, keeps },
    {"L8", "nobody takes a lease that is not renewed",
     [](Story& s) {
       add_lease(s);
       s.heal();
       stand(s, 30_s);
     },                                                                                          breaks},
    {"L8", "a lease is taken when its time is over",
     [](Story& s) {
       add_lease(s);
       s.heal();
       stand(s, 16_s);
       s.ours(lease, "lock", R"({"spec":{"holderIdentity":"controller-0"}})");
       stand(s, 30_s);
     },                                                                                          keeps },
};

void tell(Story& s, const std::string& event, const std::string& reason) {
  const std::string text = R"({"involvedObject":{"uid":"r"},"count":1,"reason":")" + reason + "\"}";
  s.ours(ObjectKind::event, event, text, {.method = Method::post, .body = text, .status = 201});
}
void complete_a_step(Story& s) {
  s.begin(with_steps);
  s.others(rollout, "web", R"({"status":{"currentStepIndex":0}})");
  s.ours(rollout, "web", R"({"status":{"currentStepIndex":1}})");
}

/// The stable version is gone, and another that serves takes its place.
void mends_stable(Story& s, const std::string& reason) {
  s.begin(blue_green);
  s.others(rollout, "web", R"({"status":{"stableRS":"lost"}})");
  s.ours(rollout, "web", R"({"status":{"stableRS":"old"}})");
  tell(s, "a", reason);
}

const Tale telling[] = {
    {"P10", "a step is told of twice",
     [](Story& s) {
       complete_a_step(s);
       tell(s, "a", "RolloutStepCompleted");
       tell(s, "b", "RolloutStepCompleted");
     },                                                         breaks},
    {"P10", "a step is told of before it is written down",
     [](Story& s) {
       s.begin(with_steps);
       tell(s, "a", "RolloutStepCompleted");
     },                                                         breaks},
    {"P10", "a promotion is told of, and was none",
     [](Story& s) {
       complete_a_step(s);
       tell(s, "a", "RolloutCompleted");
     },                                                         breaks},
    {"P10", "nobody is told of a step",
     [](Story& s) {
       complete_a_step(s);
       s.reconciles();
       s.pass(60_s);
       s.ask(rollout, "web", {.method = Method::get});
       s.heal();
     },                                                         breaks},
    {"P10", "each step is told of",
     [](Story& s) {
       complete_a_step(s);
       tell(s, "a", "RolloutStepCompleted");
       s.ours(rollout, "web", R"({"status":{"currentStepIndex":2}})");
       tell(s, "b", "RolloutStepCompleted");
       s.reconciles();
       s.pass(60_s);
       s.ask(rollout, "web", {.method = Method::get});
       s.heal();
     },                                                         keeps },
    {"P10", "a stable version that was lost is told of as mended",
     [](Story& s) { mends_stable(s, "StableRevisionMended"); }, keeps },
    {"P10", "a stable version that was lost is told of as an update",
     [](Story& s) { mends_stable(s, "RolloutCompleted"); },     breaks},
    {"P10", "one that dies tells nothing",
     [](Story& s) {
       complete_a_step(s);
       s.pass(60_s);
       s.ask(rollout, "web", {.method = Method::get, .replica = "controller-1"});
       s.heal();
     },                                                         keeps },
};

}  // namespace

std::span<const Tale> handover_tales() {
  return handover;
}
std::span<const Tale> service_tales() {
  return service_;
}
std::span<const Tale> telling_tales() {
  return telling;
}

}  // namespace slipway::simulation
