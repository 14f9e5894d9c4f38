#include "simulation/properties/tales_for_test.h"

/// Histories for the properties of what is asked for: C, I.
namespace slipway::simulation {
namespace {

using enum ObjectKind;
using kubernetes::Method;

void made_at(Story& s, const std::string& set, int minute) {
  s.others(replica_set, set,
           R"({"metadata":{"creationTimestamp":"2026-01-01T00:0)" + std::to_string(minute) +
               R"(:00Z"}})");
}

/// A replica that has not heard that the stable version grew raises the newest one. A third version
/// is gone: it takes no room where the replica has asked for it.
void raise_beside_the_gone(Story& s, bool has_asked) {
  s.begin(canary);
  s.add_set("web-third", "third", 3, 1);
  s.hears_all();
  s.others(replica_set, "web-third", "null");
  s.others(replica_set, "web-old", R"({"spec":{"replicas":4}})");
  if (has_asked) {
    s.ask(replica_set, "web-third", {.method = kubernetes::Method::get, .status = 404});
  }
  s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
}

/// A ReplicaSet is let go of, and a pod of it is written: decided before the controller heard of
/// it, or after.
void writes_to_a_pod_let_go(Story& s, bool decided_before) {
  s.begin(canary);
  s.add_pods("web-old", 1);
  if (decided_before) s.reconciles();
  s.others(replica_set, "web-old", R"({"metadata":{"ownerReferences":null}})");
  s.hears(replica_set, "web-old");
  if (!decided_before) s.reconciles();
  s.ours(pod, "web-old-0", R"({"metadata":{"labels":{"role":"stable"}}})");
}

/// A Rollout is deleted, and its Service switched: decided before the controller heard of it, or
/// after.
void switches_for_one_that_goes(Story& s, bool decided_before) {
  s.begin(blue_green);
  s.others(service, "active",
           R"({"metadata":{"name":"active","namespace":"shop","annotations":{
                 "argo-rollouts.argoproj.io/managed-by-rollouts":"web"}},
               "spec":{"selector":{"app":"web"}}})");
  s.hears_all();
  if (decided_before) s.reconciles();
  SentRequest sent;
  if (decided_before) sent = s.ask(service, "active", {.outcome = Outcome::pending});
  s.others(rollout, "web", "null");
  s.hears(rollout, "web");
  if (!decided_before) sent = s.ask(service, "active", {.outcome = Outcome::pending});
  s.lands(sent, service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"new"}}})");
}

const Tale capacity[] = {
    {"C1",  "two of three pods go where one may",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":1}})");
     },                                                 breaks},
    {"C1",  "one of three pods goes where one may",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 keeps },
    {"C1",  "pods that don't serve go, however few there are",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 1);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":1}})");
     },                                                 keeps },
    {"C1",  "a pod has crashed since, and nobody could know",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.others(pod, "web-old-0", R"({"status":{"conditions":null}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 keeps },
    {"C4",  "five pods where four may be",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":2}})");
     },                                                 breaks},
    {"C4",  "four pods where four may be",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                 keeps },
    {"C4",  "one that the replica was told is gone takes no room",
     [](Story& s) { raise_beside_the_gone(s, true); },  keeps },
    {"C4",  "one that is gone takes room while the replica knows nothing of that",
     [](Story& s) { raise_beside_the_gone(s, false); }, breaks},
    {"C6",  "an abort takes a pod from the stable version",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 breaks},
    {"C6",  "the abort came too late for the decision",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 keeps },
    {"C6",  "going back within the window ends the abort",
     [](Story& s) {
       s.begin(canary);
       made_at(s, "web-old", 2);
       made_at(s, "web-new", 1);
       s.others(rollout, "web", R"({"spec":{"rollbackWindow":{"revisions":1}}})");
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 keeps },
    {"C6",  "going back further than the window doesn't end the abort",
     [](Story& s) {
       s.begin(canary);
       made_at(s, "web-old", 3);
       s.add_set("web-between", "between", 3, 0);
       made_at(s, "web-between", 2);
       made_at(s, "web-new", 1);
       s.others(rollout, "web", R"({"spec":{"rollbackWindow":{"revisions":1}}})");
       s.others(rollout, "web", R"({"status":{"abort":true}})");
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                 breaks},
    {"C7",  "the ReplicaSet of the active Service goes",
     [](Story& s) {
       s.begin(blue_green);
       s.others(service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"old"}}})");
       s.hears_all();
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":0}})");
     },                                                 breaks},
    {"C7",  "the ReplicaSet of the preview Service goes",
     [](Story& s) {
       s.begin(blue_green);
       s.others(service, "preview",
                R"({"spec":{"selector":{"rollouts-pod-template-hash":"new"}}})");
       s.others(replica_set, "web-new", R"({"spec":{"replicas":3}})");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":0}})");
     },                                                 keeps },
    {"C8",  "a ReplicaSet goes up and down",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 8; ++i) {
         s.ours(replica_set, "web-new",
                i % 2 == 0 ? R"({"spec":{"replicas":1}})" : R"({"spec":{"replicas":0}})");
       }
     },                                                 breaks},
    {"C8",  "a person changes the Rollout each time",
     [](Story& s) {
       s.begin(canary);
       for (int i = 0; i < 8; ++i) {
         s.others(rollout, "web", R"({"spec":{"replicas":3}})");
         s.ours(replica_set, "web-new",
                i % 2 == 0 ? R"({"spec":{"replicas":1}})" : R"({"spec":{"replicas":0}})");
       }
     },                                                 keeps },
    {"C13", "a Deployment is scaled to zero while two of three pods are ready",
     [](Story& s) {
       s.begin(canary);
       s.lend("v2");
       s.others(replica_set, "web-new", R"({"status":{"readyReplicas":2}})");
       s.hears_all();
       s.ours(deployment, "lender", R"({"spec":{"replicas":0}})");
     },                                                 breaks},
    {"C13", "a Deployment gives up as many pods as are ready",
     [](Story& s) {
       s.begin(canary);
       s.lend("v2");
       s.others(replica_set, "web-new", R"({"status":{"readyReplicas":2}})");
       s.hears_all();
       s.ours(deployment, "lender", R"({"spec":{"replicas":1}})");
     },                                                 keeps },
    {"C10", "the controller changes spec.replicas",
     [](Story& s) {
       s.begin(canary);
       s.ours(rollout, "web", R"({"spec":{"replicas":4}})");
     },                                                 breaks},
    {"C10", "a person changes spec.replicas",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"spec":{"replicas":4}})");
       s.ours(rollout, "web", R"({"status":{"phase":"Paused"}})");
     },                                                 keeps },
    {"C11", "a size below zero is asked for",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-old",
             {.body = R"([{"op":"replace","path":"/spec/replicas","value":-1}])"});
     },                                                 breaks},
    {"C11", "a size of zero is asked for",
     [](Story& s) {
       s.begin(canary);
       s.ask(replica_set, "web-old",
             {.body = R"([{"op":"replace","path":"/spec/replicas","value":0}])"});
     },                                                 keeps },
    {"C12", "a restart evicts the second of three",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 2);
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
       s.others(replica_set, "web-old", R"({"status":{"availableReplicas":1}})");
       s.hears_all();
       s.ours(pod, "web-old-1", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 breaks},
    {"C12", "a restart counts on pods that its sender has just scaled down",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":1}})");
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 breaks},
    {"C12", "somebody scales down before a write of ours that has read nothing of the size",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.reconciles();
       s.others(replica_set, "web-old", R"({"spec":{"replicas":1}})");
       s.ours(replica_set, "web-old", R"({"metadata":{"annotations":{"a":"b"}}})");
       s.hears_all();
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 keeps },
    {"C12", "a restart after somebody has scaled down",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.others(replica_set, "web-old", R"({"spec":{"replicas":1}})");
       s.hears_all();
       s.reconciles();
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 breaks},
    {"C12", "a restart evicts one of two for a Rollout that has grown unheard",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"spec":{"replicas":2}})");
       s.add_pods("web-old", 2);
       s.others(rollout, "web", R"({"spec":{"replicas":5}})");
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 keeps },
    {"C12", "a restart evicts one of two for a Rollout that has grown",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 2);
       s.others(rollout, "web", R"({"spec":{"replicas":5}})");
       s.hears_all();
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 breaks},
    {"C12", "a restart evicts the first of three",
     [](Story& s) {
       s.begin(canary);
       s.add_pods("web-old", 3);
       s.ours(pod, "web-old-0", "null", {.method = Method::post, .subresource = "eviction"});
     },                                                 keeps },
};

const Tale identity[] = {
    {"I1",  "a second ReplicaSet of one hash",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-twin", Story::set_text("web-twin", "new", 3, 0));
     },                                                                        breaks},
    {"I1",  "a ReplicaSet of a hash of its own",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-third", Story::set_text("web-third", "third", 3, 0));
     },                                                                        keeps },
    {"I2",  "somebody else's ReplicaSet is scaled",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "foreign", R"({"metadata":{"uid":"f"},"spec":{"replicas":3}})");
       s.ours(replica_set, "foreign", R"({"spec":{"replicas":0}})");
     },                                                                        breaks},
    {"I2",  "a Service that the Rollout names is switched",
     [](Story& s) {
       s.begin(blue_green);
       s.others(service, "active", R"({"spec":{"selector":{"app":"web"}}})");
       s.ours(service, "active", R"({"spec":{"selector":{"rollouts-pod-template-hash":"new"}}})");
     },                                                                        keeps },
    {"I2",  "a Service is switched for a Rollout that is gone when the write lands",
     [](Story& s) { switches_for_one_that_goes(s, true); },                    keeps },
    {"I2",  "a Service is switched for a Rollout that was known to be gone",
     [](Story& s) { switches_for_one_that_goes(s, false); },                   breaks},
    {"I2",  "a Service that the Rollout names no more is let go",
     [](Story& s) {
       s.begin(canary);
       s.others(
           service, "old",
           R"({"metadata":{"annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"r"}},
                    "spec":{"selector":{"app":"web","rollouts-pod-template-hash":"old"}}})");
       s.ours(
           service, "old",
           R"({"metadata":{"annotations":null},"spec":{"selector":{"rollouts-pod-template-hash":null}}})");
     },                                                                        keeps },
    {"I2",  "a Service that is nobody's is let go",
     [](Story& s) {
       s.begin(canary);
       s.others(service, "old",
                R"({"spec":{"selector":{"app":"web","rollouts-pod-template-hash":"old"}}})");
       s.ours(service, "old", R"({"spec":{"selector":{"rollouts-pod-template-hash":null}}})");
     },                                                                        breaks},
    {"I2",  "a pod of a ReplicaSet that was let go is written",
     [](Story& s) { writes_to_a_pod_let_go(s, false); },                       breaks},
    {"I2",  "a pod is written whose ReplicaSet is let go of meanwhile",
     [](Story& s) { writes_to_a_pod_let_go(s, true); },                        keeps },
    {"I2",  "a Deployment that no Rollout names is scaled",
     [](Story& s) {
       s.begin(canary);
       s.others(deployment, "other", R"({"spec":{"replicas":3}})");
       s.ours(deployment, "other", R"({"spec":{"replicas":0}})");
     },                                                                        breaks},
    {"I2",  "a Deployment that the Rollout names is scaled",
     [](Story& s) {
       s.begin(canary);
       s.lend("v2");
       s.ours(deployment, "lender", R"({"spec":{"replicas":0}})");
     },                                                                        keeps },
    {"I3",  "adopted without a look",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"metadata":{"ownerReferences":null}})");
       s.ours(replica_set, "web-old",
              R"({"metadata":{"ownerReferences":[{"controller":true,"name":"web","uid":"r"}]}})");
     },                                                                        breaks},
    {"I3",  "adopted after a look",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"metadata":{"ownerReferences":null}})");
       s.ask(rollout, "web", {.method = Method::get});
       s.ours(replica_set, "web-old",
              R"({"metadata":{"ownerReferences":[{"controller":true,"name":"web","uid":"r"}]}})");
     },                                                                        keeps },
    {"I3",  "adopted after a look, for a Rollout that is gone when the write arrives",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"metadata":{"ownerReferences":null}})");
       s.ask(rollout, "web", {.method = Method::get});
       s.others(rollout, "web", "null");
       s.ours(replica_set, "web-old",
              R"({"metadata":{"ownerReferences":[{"controller":true,"name":"web","uid":"r"}]}})");
     },                                                                        keeps },
    {"I4",  "scaled up though the Rollout is known to be going",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})");
       s.hears_all();
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                        breaks},
    {"I4",  "scaled up before it was known",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.others(rollout, "web", R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})");
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                        keeps },
    {"I4",  "scaled up for one that is known to be gone",
     [](Story& s) {
       s.begin(canary);
       s.others(rollout, "web", "null");
       s.hears_all();
       s.pass(1_s);
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                        breaks},
    {"I4",  "a namesake went before, which is another",
     [](Story& s) {
       s.others(rollout, "web", R"({"metadata":{"uid":"before"},"spec":{}})");
       s.others(rollout, "web", "null");
       s.begin(canary);
       s.hears_all();
       s.others(rollout, "web", "null");
       s.pass(1_s);
       s.ours(replica_set, "web-new", R"({"spec":{"replicas":1}})");
     },                                                                        keeps },
    {"I5",  "a collision with its own ReplicaSet",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-new",
                R"({"spec":{"template":{"spec":{"image":"v2","dnsPolicy":"ClusterFirst"}}}})");
       s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
     },                                                                        breaks},
    {"I5",  "a collision with another template",
     [](Story& s) {
       s.begin(canary);
       s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
     },                                                                        keeps },
    {"I5",  "a collision with its own ReplicaSet of the template it is lent",
     [](Story& s) {
       s.begin(canary);
       s.lend("v1");
       s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
     },                                                                        breaks},
    {"I5",  "a collision with another's ReplicaSet, which has gone and come back as its own",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-new", "null");
       s.others(
           replica_set, "web-new",
           R"({"metadata":{"uid":"before","ownerReferences":[{"controller":true,"name":"web","uid":"q"}]},"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.hears_all();
       s.others(replica_set, "web-new", "null");
       s.hears(replica_set, "web-new");
       s.others(
           replica_set, "web-new",
           R"({"metadata":{"uid":"after","ownerReferences":[{"controller":true,"name":"web","uid":"r"}]},"spec":{"template":{"spec":{"image":"v2"}}}})");
       s.ours(rollout, "web", R"({"status":{"collisionCount":1}})");
     },                                                                        keeps },
    {"I6",  "two ReplicaSets of one revision",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(replica_set, "web-old",
              R"({"metadata":{"annotations":{"rollout.argoproj.io/revision":"2"}}})");
     },                                                                        breaks},
    {"I6",  "the next revision",
     [](Story& s) {
       s.begin(canary);
       s.hears_all();
       s.ours(replica_set, "web-old",
              R"({"metadata":{"annotations":{"rollout.argoproj.io/revision":"3"}}})");
     },                                                                        keeps },
    {"I7",  "a template is changed",
     [](Story& s) {
       s.begin(canary);
       s.ours(replica_set, "web-old", R"({"spec":{"template":{"spec":{"image":"v3"}}}})");
     },                                                                        breaks},
    {"I7",  "others change a template",
     [](Story& s) {
       s.begin(canary);
       s.others(replica_set, "web-old", R"({"spec":{"template":{"spec":{"image":"v3"}}}})");
       s.ours(replica_set, "web-old", R"({"spec":{"replicas":2}})");
     },                                                                        keeps },
    {"I8",  "history loses one that has pods",
     [](Story& s) {
       s.begin(R"({"canary":{}})");
       s.others(rollout, "web", R"({"spec":{"revisionHistoryLimit":0}})");
       s.add_set("web-third", "third", 3, 2);
       s.hears_all();
       s.ours(replica_set, "web-third", "null", {.method = Method::delete_});
     },                                                                        breaks},
    {"I8",  "history loses an empty one beyond the limit",
     [](Story& s) {
       s.begin(R"({"canary":{}})");
       s.others(rollout, "web", R"({"spec":{"revisionHistoryLimit":0}})");
       s.add_set("web-third", "third", 3, 0);
       s.hears_all();
       s.ours(replica_set, "web-third", "null", {.method = Method::delete_});
     },                                                                        keeps },
    {"I8",  "history loses a younger one than one that is as empty",
     [](Story& s) {
       s.begin(R"({"canary":{}})");
       s.others(rollout, "web", R"({"spec":{"revisionHistoryLimit":0}})");
       s.add_set("web-third", "third", 3, 0);
       s.add_set("web-fourth", "fourth", 4, 0);
       made_at(s, "web-third", 1);
       made_at(s, "web-fourth", 2);
       s.hears_all();
       s.ours(replica_set, "web-fourth", "null", {.method = Method::delete_});
     },                                                                        breaks},
    {"I8",  "history loses a younger one than the one that the preview Service selects",
     [](Story& s) {
       s.begin(blue_green);
       s.others(rollout, "web", R"({"spec":{"revisionHistoryLimit":0}})");
       s.add_set("web-third", "third", 3, 0);
       s.add_set("web-fourth", "fourth", 4, 0);
       made_at(s, "web-third", 1);
       made_at(s, "web-fourth", 2);
       s.others(service, "preview",
                R"({"spec":{"selector":{"rollouts-pod-template-hash":"third"}}})");
       s.hears_all();
       s.ours(replica_set, "web-fourth", "null", {.method = Method::delete_});
     },                                                                        keeps },
    {"I8",  "history loses a younger one, after those that were older when that was decided",
     [](Story& s) {
       s.begin(R"({"canary":{}})");
       s.others(rollout, "web", R"({"spec":{"revisionHistoryLimit":0}})");
       for (const int minute : {1, 2, 3}) {
         const std::string name = "web-" + std::to_string(minute);
         s.add_set(name, std::to_string(minute), minute, 0);
         made_at(s, name, minute);
       }
       s.others(replica_set, "web-1", R"({"status":{"replicas":1}})");
       s.hears_all();
       s.reconciles();
       s.others(replica_set, "web-1", R"({"status":{"replicas":0}})");
       s.ours(replica_set, "web-2", "null", {.method = Method::delete_});
       s.ours(replica_set, "web-3", "null", {.method = Method::delete_});
     },                                                                        keeps },
    {"I11", "a write in a namespace without a Rollout",
     [](Story& s) { s.ask(replica_set, "web-old"); },                          breaks},
    {"I11", "a read in a namespace without a Rollout",
     [](Story& s) { s.ask(replica_set, "web-old", {.method = Method::get}); }, keeps },
};

}  // namespace

std::span<const Tale> capacity_tales() {
  return capacity;
}
std::span<const Tale> identity_tales() {
  return identity;
}

}  // namespace slipway::simulation
