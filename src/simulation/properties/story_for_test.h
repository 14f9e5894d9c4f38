#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json_patch.h"
#include "simulation/properties/judge.h"

namespace slipway::simulation {

/// How a request of the controller goes.
struct Ask {
  kubernetes::Method method = kubernetes::Method::patch;
  std::string_view subresource = {};
  std::string body = {};
  std::uint64_t basis = 0;  ///< 0: the newest version.
  int status = 200;
  Outcome outcome = Outcome::answered;
  bool whole = true;
  std::string replica = "controller-0";
};

/// A history made by hand, judged by one property. All objects are in the namespace "shop".
class Story final : public Truth {
 public:
  explicit Story(std::string_view property) : judge_(*this, only(property)) {}

  /// Others change an object: a merge patch, null deletes it. Returns the revision.
  std::uint64_t others(ObjectKind kind, const std::string& name, std::string_view patch) {
    return commit(kind, name, patch, 0, "user");
  }
  /// The controller does, by a request that is answered.
  std::uint64_t ours(ObjectKind kind, const std::string& name, std::string_view patch,
                     Ask request = {}) {
    const SentRequest sent = send(kind, name, request);
    const std::uint64_t revision = commit(kind, name, patch, sent.id, request.replica);
    answer(sent, request);
    return revision;
  }
  /// A request that changes nothing: refused, lost, or still under way.
  SentRequest ask(ObjectKind kind, const std::string& name, Ask request = {}) {
    const SentRequest sent = send(kind, name, request);
    if (request.outcome != Outcome::pending) answer(sent, request);
    return sent;
  }
  /// A request that was still under way is carried out.
  void lands(const SentRequest& sent, ObjectKind kind, const std::string& name,
             std::string_view patch) {
    commit(kind, name, patch, sent.id, sent.replica);
    answer(sent, {});
  }
  /// A replica hears of the newest version.
  void hears(ObjectKind kind, const std::string& name, std::string_view replica = "controller-0") {
    judge_.delivered(replica, kind, "shop/" + name, version_[id(kind, name)]);
  }
  /// A replica hears of a version that may be an older one.
  void hears_of(ObjectKind kind, const std::string& name, std::uint64_t revision,
                std::string_view replica = "controller-0") {
    judge_.delivered(replica, kind, "shop/" + name, revision);
  }
  void reconciles(const std::string& name = "web", std::string_view replica = "controller-0") {
    judge_.reconciled(replica, "shop/" + name);
  }
  void pass(Duration time) { now_ = now_ + time; }
  /// All that a replica does comes so much later than it asked.
  void run_late(Duration late) { late_ = late; }
  void heal() {
    faults_ = false;
    judge_.heal();
  }
  void quiet() { judge_.quiet(); }
  void handover(Leavings leavings) { judge_.handover(leavings); }
  void emptied(std::size_t remembered) { judge_.emptied(remembered); }
  void end() { judge_.end(); }

  /// A Rollout "web" of three pods and its two ReplicaSets: "web-old", stable, and "web-new".
  void begin(std::string_view strategy) {
    others(ObjectKind::rollout, "web",
           R"({"metadata":{"name":"web","namespace":"shop","uid":"r","generation":1},
               "spec":{"replicas":3,"template":{"spec":{"image":"v2"}},"strategy":)" +
               std::string(strategy) + R"(},
               "status":{"stableRS":"old","currentPodHash":"new","observedGeneration":"1",
                         "currentStepHash":"s","phase":"Progressing"}})");
    add_set("web-old", "old", 1, 3);
    add_set("web-new", "new", 2, 0);
  }
  /// A Deployment of three pods of that image lends the Rollout "web" its template.
  void lend(const std::string& image) {
    others(ObjectKind::deployment, "lender",
           R"({"metadata":{"uid":"d","generation":1},"spec":{"replicas":3,
               "template":{"spec":{"image":")" +
               image + R"("}}}})");
    others(ObjectKind::rollout, "web",
           R"({"metadata":{"generation":2},"spec":{"template":null,
               "workloadRef":{"kind":"Deployment","name":"lender"}},
               "status":{"observedGeneration":"2","workloadObservedGeneration":"1"}})");
  }
  void add_set(const std::string& name, const std::string& hash, int revision, int replicas) {
    others(ObjectKind::replica_set, name, set_text(name, hash, revision, replicas));
  }
  static std::string set_text(const std::string& name, const std::string& hash, int revision,
                              int replicas) {
    return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"uid-)" + name +
           R"(","labels":{"rollouts-pod-template-hash":")" + hash +
           R"("},"annotations":{"rollout.argoproj.io/revision":")" + std::to_string(revision) +
           R"("},"ownerReferences":[{"controller":true,"kind":"Rollout","name":"web","uid":"r"}]},
              "spec":{"replicas":)" +
           std::to_string(replicas) + R"(,"template":{"spec":{"image":"v1"}}}})";
  }
  /// So many pods of a ReplicaSet that serve, and its status says so.
  void add_pods(const std::string& set, int count) {
    for (int i = 0; i < count; ++i) {
      others(ObjectKind::pod, set + "-" + std::to_string(i),
             R"({"metadata":{"uid":")" + set + std::to_string(i) +
                 R"(","ownerReferences":[{"controller":true,"uid":"uid-)" + set +
                 R"("}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
    }
    others(ObjectKind::replica_set, set,
           R"({"status":{"replicas":)" + std::to_string(count) + R"(,"availableReplicas":)" +
               std::to_string(count) + "}}");
    hears_all();
  }
  void hears_all() {
    for (const auto& [key, version] : version_) {
      judge_.delivered("controller-0", static_cast<ObjectKind>(key.first), "shop/" + key.second,
                       version);
    }
  }
  void deadline(const std::string& set, const std::string& text, bool by_us = false) {
    const std::string patch =
        R"({"metadata":{"annotations":{"scale-down-deadline":)" + text + "}}}";
    by_us ? ours(ObjectKind::replica_set, set, patch) : others(ObjectKind::replica_set, set, patch);
  }
  std::string in(Duration time) const { return "\"" + format_rfc3339(now_ + time) + "\""; }

  /// How often that situation came about.
  std::uint64_t times(std::string_view situation) const {
    for (const SituationCount& one : judge_.situations()) {
      if (one.name == situation) return one.times;
    }
    return 0;
  }
  std::size_t broken() const { return judge_.violations().size(); }
  std::uint64_t checks() const { return judge_.counts().at(0).checks; }
  std::string text() const {
    return judge_.violations().empty() ? "" : text_of(judge_.violations().front());
  }

  Instant now() const override { return now_; }
  bool faults_on() const override { return faults_; }
  Duration clock_error_max() const override { return {}; }
  Instant clock_of(std::string_view) const override { return now_; }
  Duration late_of(std::string_view) const override { return late_; }

 private:
  using Id = std::pair<int, std::string>;
  static Id id(ObjectKind kind, const std::string& name) { return {static_cast<int>(kind), name}; }
  static Properties only(std::string_view id) {
    Properties wanted;
    for (auto& property : all_properties()) {
      if (property->id() == id) wanted.push_back(std::move(property));
    }
    return wanted;
  }
  static std::string plural(ObjectKind kind) {
    switch (kind) {
      case ObjectKind::rollout:
        return "rollouts";
      case ObjectKind::replica_set:
        return "replicasets";
      case ObjectKind::pod:
        return "pods";
      case ObjectKind::service:
        return "services";
      case ObjectKind::lease:
        return "leases";
      case ObjectKind::event:
        return "events";
      case ObjectKind::deployment:
        return "deployments";
      case ObjectKind::pod_template:
        return "podtemplates";
      default:
        return "configmaps";
    }
  }

  std::uint64_t commit(ObjectKind kind, const std::string& name, std::string_view patch,
                       std::uint64_t request, const std::string& writer) {
    std::shared_ptr<const Json>& object = objects_[id(kind, name)];
    const std::shared_ptr<const Json> before = object;
    const Json change = parse_json(patch).value();
    if (change.is_null()) {
      object = nullptr;
    } else {
      Json after = apply_merge_patch(before ? *before : Json::object(), change);
      after.member("metadata").set("resourceVersion", std::to_string(revision_ + 1));
      object = std::make_shared<const Json>(std::move(after));
    }
    version_[id(kind, name)] = ++revision_;
    judge_.committed({.revision = revision_,
                      .at = now_,
                      .writer = writer,
                      .ours = request != 0,
                      .kind = kind,
                      .key = "shop/" + name,
                      .before = before,
                      .after = object,
                      .request = request});
    return revision_;
  }
  SentRequest send(ObjectKind kind, const std::string& name, const Ask& request) {
    SentRequest sent;
    sent.id = ++last_request_;
    sent.at = now_;
    sent.replica = request.replica;
    sent.method = request.method;
    sent.target = "/apis/x/v1/namespaces/shop/" + plural(kind) + (name.empty() ? "" : "/" + name);
    if (!request.subresource.empty()) sent.target += "/" + std::string(request.subresource);
    sent.content_type = request.body.starts_with('[') ? kubernetes::media::json_patch
                                                      : kubernetes::media::merge_patch;
    sent.body = request.body;
    sent.about = addressed_by(sent.target);
    sent.decided_on = request.basis != 0 ? request.basis : version_[id(kind, name)];
    judge_.sent(sent);
    return sent;
  }
  void answer(SentRequest sent, const Ask& request) {
    sent.outcome = request.outcome;
    sent.status = request.outcome == Outcome::answered ? request.status : 0;
    sent.whole = request.whole;
    sent.answered_at = now_;
    judge_.answered(sent);
  }

  Instant now_{1'767'225'600'000'000'000};
  Duration late_;
  bool faults_ = true;
  std::uint64_t revision_ = 0;
  std::uint64_t last_request_ = 0;
  std::map<Id, std::shared_ptr<const Json>> objects_;
  std::map<Id, std::uint64_t> version_;
  Judge judge_;
};

}  // namespace slipway::simulation
