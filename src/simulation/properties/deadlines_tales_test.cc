#include "simulation/properties/tales_for_test.h"

/// Histories for the properties of scale-down deadlines: D.
namespace slipway::simulation {
namespace {

using enum ObjectKind;
using kubernetes::Method;

/// A version of so many pods that waits for its end is the template of the spec again, of which a
/// preview has one pod, and is scaled.
void comes_back(Story& s, int pods, int to) {
  s.begin(R"({"blueGreen":{"activeService":"a","previewReplicaCount":1}})");
  s.add_set("web-third", "third", 3, pods);
  s.others(replica_set, "web-third", R"({"spec":{"template":{"spec":{"image":"v3"}}}})");
  s.deadline("web-third", s.in(30_s));
  s.others(rollout, "web",
           R"({"metadata":{"generation":2},"spec":{"template":{"spec":{"image":"v3"}}}})");
  s.hears_all();
  s.ours(replica_set, "web-third", R"({"spec":{"replicas":)" + std::to_string(to) + "}}");
}

/// Two old versions wait where one may. One of them, whose time has not come, is scaled to zero by
/// a write that was decided after so long and arrives when the other's time is over.
void one_too_many_waited(Story& s, Duration before_decision) {
  s.begin(R"({"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":1}})");
  s.add_set("web-third", "third", 3, 3);
  s.deadline("web-third", s.in(60_s));
  s.add_set("web-fourth", "fourth", 4, 3);
  s.deadline("web-fourth", s.in(30_s));
  s.hears_all();
  s.pass(before_decision);
  s.reconciles();
  const SentRequest sent = s.ask(replica_set, "web-third", {.outcome = Outcome::pending});
  s.pass(5_s);
  s.lands(sent, replica_set, "web-third", R"({"spec":{"replicas":0}})");
}

/// A person has changed the spec, whose template is "v2" now. One old version waits, as many as
/// may, and is scaled to zero; the version that the status calls current has that image.
void superseded(Story& s, const std::string& image) {
  s.begin(R"({"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":1}})");
  s.add_set("web-third", "third", 3, 3);
  s.deadline("web-third", s.in(30_s));
  s.others(replica_set, "web-new",
           R"({"spec":{"replicas":3,"template":{"spec":{"image":")" + image + R"("}}}})");
  s.others(rollout, "web", R"({"metadata":{"generation":2}})");
  s.hears_all();
  s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
}

/// The stable version can't serve. An old one has so many pods that do, where two must, and the
/// newest so many that don't.
void holds_out(Story& s, int old_pods, int newest) {
  s.begin(canary);
  s.add_set("web-third", "third", 3, old_pods);
  s.add_pods("web-third", old_pods);
  s.others(replica_set, "web-new", R"({"spec":{"replicas":)" + std::to_string(newest) + "}}");
  s.heal();
  s.quiet();
}

const Tale deadlines[] = {
    {"D1", "an empty deadline is written (the founding bug)",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", "\"\"", true);
     },                                                                                                                               breaks},
    {"D1", "a deadline in the past is written",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(-(1_s)), true);
     },                                                                                                                               breaks},
    {"D1", "a deadline beyond the delay is written",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(32_s), true);
     },                                                                                                                               breaks},
    {"D1", "a deadline at the end of the delay is written, rounded up",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(31_s), true);
     },                                                                                                                               keeps },
    {"D2", "a deadline is set anew",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(30_s), true);
       s.pass(10_s);
       s.deadline("web-old", s.in(30_s), true);
     },                                                                                                                               breaks},
    {"D2", "a deadline is emptied",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(30_s));
       s.deadline("web-old", "\"\"", true);
     },                                                                                                                               breaks},
    {"D2", "a deadline goes when its ReplicaSet is stable",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", s.in(30_s));
       s.deadline("web-old", "null", true);
     },                                                                                                                               keeps },
    {"D2", "rubbish becomes a deadline",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", "\"soon\"");
       s.deadline("web-old", s.in(30_s), true);
     },                                                                                                                               keeps },
    {"D2", "gone, as it is new again in place of one that was deleted",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.others(replica_set, "web-third", R"({"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.deadline("web-third", s.in(30_s));
       s.others(replica_set, "web-new", "null");
       s.hears_all();
       s.deadline("web-third", "null", true);
     },                                                                                                                               keeps },
    {"D2", "gone, as the Deployment lends its template again, and that is not told yet",
     [](Story& s) {
       s.begin(blue_green);
       s.lend("v2");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.others(deployment, "lender",
                R"({"metadata":{"generation":2},"spec":{"template":{"spec":{"image":"v1"}}}})");
       s.hears_all();
       s.deadline("web-third", "null", true);
     },                                                                                                                               keeps },
    {"D2", "gone, though the Deployment lends another template, and that is told",
     [](Story& s) {
       s.begin(blue_green);
       s.lend("v2");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.hears_all();
       s.deadline("web-third", "null", true);
     },                                                                                                                               breaks},
    {"D2", "gone, as it has the newest template, and current is one of an older",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.others(replica_set, "web-third", R"({"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.deadline("web-third", s.in(30_s));
       s.hears_all();
       s.deadline("web-third", "null", true);
     },                                                                                                                               keeps },
    {"D2", "gone, though one of its template is the new one",
     [](Story& s) {
       s.begin(blue_green);
       s.others(replica_set, "web-new", R"({"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.add_set("web-third", "third", 3, 3);
       s.others(replica_set, "web-third", R"({"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.deadline("web-third", s.in(30_s));
       s.hears_all();
       s.deadline("web-third", "null", true);
     },                                                                                                                               breaks},
    {"D4", "scaled down a second early",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.hears_all();
       s.pass(29_s);
       s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
     },                                                                                                                               breaks},
    {"D4", "new again, with more pods than a preview",                                         [](Story& s) { comes_back(s, 2, 1); },
     keeps                                                                                                                                  },
    {"D4", "new again, with all its pods",                                                     [](Story& s) { comes_back(s, 3, 1); }, breaks},
    {"D4", "new again, with more pods than a preview, and cut to fewer",
     [](Story& s) { comes_back(s, 2, 0); },                                                                                           breaks},
    {"D4", "scaled down on the dot",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.hears_all();
       s.pass(30_s);
       s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
     },                                                                                                                               keeps },
    {"D4", "one too many waits, as the status does not tell yet",
     [](Story& s) {
       s.begin(R"({"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":1}})");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.others(rollout, "web", R"({"metadata":{"generation":2}})");
       s.deadline("web-new", s.in(30_s), true);
       s.hears_all();
       s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
     },                                                                                                                               keeps },
    {"D4", "one too many waits, and gets its deadline by the same plan",
     [](Story& s) { superseded(s, "v1"); },                                                                                           keeps },
    {"D4", "no more wait than may, as the newest version is still that of the spec",
     [](Story& s) { superseded(s, "v2"); },                                                                                           breaks},
    {"D4", "the newest version has a deadline, and is no old one",
     [](Story& s) {
       s.begin(R"({"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":1}})");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.deadline("web-new", s.in(30_s), true);
       s.hears_all();
       s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
     },                                                                                                                               breaks},
    {"D4", "no more wait than may",
     [](Story& s) {
       s.begin(R"({"blueGreen":{"activeService":"a","scaleDownDelayRevisionLimit":1}})");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.hears_all();
       s.ours(replica_set, "web-third", R"({"spec":{"replicas":0}})");
     },                                                                                                                               breaks},
    {"D4", "one too many waited when it was decided, and the write took its time",
     [](Story& s) { one_too_many_waited(s, 29_s); },                                                                                  keeps },
    {"D4", "one too many had waited, and waited no more when it was decided",
     [](Story& s) { one_too_many_waited(s, 31_s); },                                                                                  breaks},
    {"D5", "a zombie with an empty deadline",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", "\"\"");
       s.heal();
       s.quiet();
     },                                                                                                                               breaks},
    {"D5", "what a person wrote on a ReplicaSet of a rolling update, which a person paused",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"spec":{"paused":true}})");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", "\"1970-01-01T00:00:00Z\"");
       s.heal();
       s.quiet();
     },                                                                                                                               keeps },
    {"D5", "what a person wrote on a ReplicaSet of a rolling update that goes on",
     [](Story& s) {
       s.begin(canary);
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", "\"1970-01-01T00:00:00Z\"");
       s.heal();
       s.quiet();
     },                                                                                                                               breaks},
    {"D5", "one of a rolling update whose spec is invalid",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"conditions":[{"type":"InvalidSpec"}]}})");
       s.add_set("web-third", "third", 3, 3);
       s.heal();
       s.quiet();
     },                                                                                                                               keeps },
    {"D5", "one of a rolling update whose spec is sound, and names a Service that is missing",
     [](Story& s) {
       s.begin(R"({"canary":{"stableService":"stable","canaryService":"canary"}})");
       s.others(
           rollout, "web",
           R"({"status":{"conditions":[{"type":"InvalidSpec","message":"service \"stable\" not found"}]}})");
       s.add_set("web-third", "third", 3, 3);
       s.heal();
       s.quiet();
     },                                                                                                                               breaks},
    {"D5", "one with a deadline, of a rolling update whose spec is invalid",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"conditions":[{"type":"InvalidSpec"}]}})");
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", "\"1970-01-01T00:00:00Z\"");
       s.heal();
       s.quiet();
     },                                                                                                                               breaks},
    {"D5", "one of blue-green whose spec is invalid",
     [](Story& s) {
       s.begin(blue_green);
       s.others(rollout, "web", R"({"status":{"conditions":[{"type":"InvalidSpec"}]}})");
       s.add_set("web-third", "third", 3, 3);
       s.heal();
       s.quiet();
     },                                                                                                                               breaks},
    {"D5", "an old version of a rolling update serves, where nothing else can",
     [](Story& s) { holds_out(s, 2, 1); },                                                                                            keeps },
    {"D5", "an old version of a rolling update serves with more pods than must be",
     [](Story& s) { holds_out(s, 3, 1); },                                                                                            breaks},
    {"D5", "an old version of a rolling update serves, and the newest never had its turn",
     [](Story& s) { holds_out(s, 2, 0); },                                                                                            breaks},
    {"D5", "one whose end is still to come",
     [](Story& s) {
       s.begin(blue_green);
       s.add_set("web-third", "third", 3, 3);
       s.deadline("web-third", s.in(30_s));
       s.heal();
       s.quiet();
     },                                                                                                                               keeps },
    {"D6", "rubbish stays",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", "\"soon\"");
       s.quiet();
     },                                                                                                                               breaks},
    {"D6", "rubbish is repaired",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-old", "\"soon\"");
       s.deadline("web-old", "null", true);
       s.quiet();
     },                                                                                                                               keeps },
    {"D9", "what an abort leaves goes at once",
     [](Story& s) {
       s.begin(blue_green);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":0}})");
     },                                                                                                                               breaks},
    {"D9", "what an abort leaves goes after its delay",
     [](Story& s) {
       s.begin(blue_green);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.deadline("web-new", s.in(30_s));
       s.hears_all();
       s.pass(30_s);
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":0}})");
     },                                                                                                                               keeps },
    {"D7", "an empty ReplicaSet whose deadline has passed is looked at again and again",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-new", s.in(-(10_s)));
       s.heal();
       s.pass(61_s);
       for (int i = 0; i < 20; ++i) s.reconciles();
     },                                                                                                                               breaks},
    {"D7", "a deadline that is still to come is looked at",
     [](Story& s) {
       s.begin(blue_green);
       s.deadline("web-new", s.in(600_s));
       s.heal();
       for (int i = 0; i < 20; ++i) s.reconciles();
     },                                                                                                                               keeps },
};

}  // namespace

std::span<const Tale> deadlines_tales() {
  return deadlines;
}

}  // namespace slipway::simulation
