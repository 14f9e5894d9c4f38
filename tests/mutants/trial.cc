#include "trial.h"

#include <array>
#include <memory>
#include <optional>

#include "cluster/server/store.h"
#include "cluster/testing.h"
#include "controller/rollout_controller.h"
#include "faulty_transport.h"

namespace slipway::mutants {
namespace {

using kubernetes::Method;

constexpr const char* services = R"(
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {selector: {app: web}, ports: [{port: 80}]}
)";

constexpr std::array strategies = {
    "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 60}, {pause: {duration: 20}}]}",
    "canary: {maxSurge: 0, maxUnavailable: 1, steps: [{setWeight: 50}, {pause: {duration: 10}}]}",
    "canary: {maxSurge: 1, maxUnavailable: 0}",
    "canary: {stableService: one, canaryService: two, steps: [{setWeight: 40}, {pause: {duration: "
    "30}}, {setWeight: 10}, {pause: {}}]}",
    "blueGreen: {activeService: one, previewService: two, scaleDownDelaySeconds: 60, "
    "scaleDownDelayRevisionLimit: 1}",
    "blueGreen: {activeService: one, autoPromotionEnabled: false}",
    "blueGreen: {activeService: one, previewService: two, autoPromotionSeconds: 20, "
    "scaleDownDelaySeconds: 20, abortScaleDownDelaySeconds: 10}",
    "blueGreen: {activeService: one, previewService: two, previewReplicaCount: 1, "
    "abortScaleDownDelaySeconds: 0}",
};

class TrueClock final : public simulation::Truth {
 public:
  explicit TrueClock(const kubernetes::EventLoop& loop) : loop_(loop) {}
  Instant now() const override { return loop_.now(); }
  bool faults_on() const override { return faults_on_; }
  Duration clock_error_max() const override { return {}; }
  Instant clock_of(std::string_view) const override { return loop_.now(); }
  Duration late_of(std::string_view) const override { return {}; }
  void end_faults() { faults_on_ = false; }

 private:
  const kubernetes::EventLoop& loop_;
  bool faults_on_ = true;
};

/// One world and what happens in it.
class Trial final : public cluster::StoreObserver {
 public:
  explicit Trial(std::uint64_t seed)
      : random_(seed),
        // Nobody needs a bookmark a minute in a day of silence.
        cluster_({.seed = seed, .server = {.bookmark_interval = 10_min}}),
        truth_(cluster_.loop()),
        judge_(truth_),
        wire_{.loop = cluster_.loop(),
              .server = cluster_.cluster().server(),
              .judge = judge_,
              .random = random_,
              .rates = {},
              .writer = "cluster"} {
    wire_.server.observe(*this);
  }
  TrialResult run();

  void on_event(const cluster::StoreEventPtr& event) override;

 private:
  struct Replica {
    std::unique_ptr<FaultyTransport> transport;
    std::unique_ptr<controller::RolloutController> controller;
  };

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  void draw_rates();
  void apply_first();
  void add_replica();
  void crash(std::size_t index);
  void act();
  void act_on_rollout(std::uint64_t which);
  void garble_replica_set();
  void patch(const api::Kind& kind, const std::string& name, const char* patch,
             std::string_view subresource = {});
  void set_image(std::uint64_t image);
  bool is_healthy();

  Random random_;
  cluster::TestCluster cluster_;
  TrueClock truth_;
  simulation::Judge judge_;
  TrialWire wire_;
  std::vector<Replica> replicas_;
  int replica_count_ = 0;
  std::uint64_t reconciles_ = 0;
};

void Trial::on_event(const cluster::StoreEventPtr& event) {
  const Json& content = event->object->content();
  const auto share = [](const cluster::ObjectPtr& object) {
    return object ? std::shared_ptr<const Json>(object, &object->content()) : nullptr;
  };
  const std::string_view kind = content["kind"].string_or_empty();
  simulation::ObjectKind known = simulation::ObjectKind::other;
  if (kind == "Rollout") known = simulation::ObjectKind::rollout;
  if (kind == "ReplicaSet") known = simulation::ObjectKind::replica_set;
  if (kind == "Pod") known = simulation::ObjectKind::pod;
  if (kind == "Service") known = simulation::ObjectKind::service;
  if (kind == "Event") known = simulation::ObjectKind::event;
  if (kind == "Lease") known = simulation::ObjectKind::lease;
  const bool deleted = event->type == cluster::StoreEvent::Type::deleted;
  judge_.committed({.revision = event->revision(),
                    .at = cluster_.loop().now(),
                    .writer = wire_.writer,
                    .ours = wire_.request != 0,
                    .kind = known,
                    .key = event->object->key(),
                    .before = share(event->previous),
                    .after = deleted ? nullptr : share(event->object),
                    .request = wire_.request});
}

void Trial::draw_rates() {
  const auto rate = [&](int most) { return below(2) ? static_cast<int>(below(most)) : 0; };
  wire_.rates = {.conflict = rate(500),
                 .lost_answer = rate(100),
                 .lost = rate(100),
                 .late = rate(50),
                 .twice = rate(50),
                 .busy = rate(100),
                 .cut = rate(30),
                 .lag_max = Duration::from_milliseconds(rate(10'000))};
}

void Trial::apply_first() {
  std::string manifest = R"(
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: REPLICAS
  revisionHistoryLimit: 1
  selector: {matchLabels: {app: web}}
  strategy: {STRATEGY}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:0"}]}
)";
  const auto fill = [&](std::string_view word, const std::string& text) {
    manifest.replace(manifest.find(word), word.size(), text);
  };
  fill("REPLICAS", std::to_string(1 + below(5)));
  fill("STRATEGY", strategies[below(strategies.size())]);
  cluster_.apply(services);
  cluster_.apply(manifest);
}

void Trial::add_replica() {
  const std::string name = "controller-" + std::to_string(replica_count_++);
  Replica replica;
  replica.transport = std::make_unique<FaultyTransport>(wire_, name);
  replica.controller = std::make_unique<controller::RolloutController>(
      cluster_.loop(), *replica.transport, nullptr,
      controller::RolloutController::Options{.namespace_ = {},
                                             .instance_id = {},
                                             .on_reconcile =
                                                 [this, name](const api::ObjectKey& key) {
                                                   ++reconciles_;
                                                   judge_.reconciled(
                                                       name, key.namespace_ + "/" + key.name);
                                                 }},
      random_.next());
  replica.controller->start();
  replica.controller->lead();
  replicas_.push_back(std::move(replica));
}

void Trial::crash(std::size_t index) {
  replicas_[index].controller.reset();
  replicas_.erase(replicas_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Trial::patch(const api::Kind& kind, const std::string& name, const char* patch,
                  std::string_view subresource) {
  // People meet refusals too, and go on.
  cluster_.request(Method::patch, kind.path("default", name, subresource), patch,
                   kubernetes::media::merge_patch);
}

void Trial::set_image(std::uint64_t image) {
  const std::string text =
      R"({"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:)" +
      std::to_string(image) + R"("}]}}}})";
  patch(api::kinds::rollout, "web", text.c_str());
}

void Trial::garble_replica_set() {
  const std::vector<Json> sets = cluster_.list(api::kinds::replica_set, "default");
  if (sets.empty()) return;
  const Json& metadata = sets[below(sets.size())]["metadata"];
  constexpr std::array patches = {
      R"({"metadata":{"annotations":{"scale-down-deadline":""}}})",
      R"({"metadata":{"annotations":{"scale-down-deadline":"soon"}}})",
      R"({"metadata":{"annotations":{"scale-down-deadline":"2025-12-31T00:00:00Z"}}})",
      R"({"metadata":{"annotations":{"team":"a"}}})",
      R"({"metadata":{"annotations":{"team":"b"}}})",
  };
  patch(api::kinds::replica_set, metadata["name"].as_string(), patches[below(patches.size())]);
}

void Trial::act_on_rollout(std::uint64_t which) {
  const api::Kind& kind = api::kinds::rollout;
  switch (which) {
    case 0:
      return patch(kind, "web", R"({"status":{"abort":true}})", "status");
    case 1:
      return patch(kind, "web", R"({"status":{"abort":false}})", "status");
    case 2:
      return patch(kind, "web", R"({"status":{"promoteFull":true}})", "status");
    case 3:
      return patch(kind, "web", R"({"spec":{"paused":true}})");
    case 4:
      return patch(kind, "web", R"({"spec":{"paused":false}})");
    case 5: {
      const std::string text = R"({"spec":{"replicas":)" + std::to_string(below(6)) + "}}";
      return patch(kind, "web", text.c_str());
    }
    case 6: {
      const std::string text =
          R"({"spec":{"restartAt":")" + format_rfc3339(cluster_.loop().now()) + R"("}})";
      return patch(kind, "web", text.c_str());
    }
    default:
      return patch(kind, "web", R"({"status":{"pauseConditions":null}})", "status");
  }
}

/// One thing that a person or fate does.
void Trial::act() {
  const std::uint64_t what = below(20);
  if (what < 6) {
    set_image(below(4));
    // An update that is aborted on the way is where most went wrong elsewhere.
    if (below(3) > 0) return;
    cluster_.run_for(Duration::from_milliseconds(static_cast<std::int64_t>(below(20'000))));
    return act_on_rollout(0);
  }
  if (what < 15) return act_on_rollout(below(10));
  if (what < 17) return garble_replica_set();
  if (what < 19) {
    crash(below(replicas_.size()));
    if (replicas_.empty()) add_replica();
    return;
  }
  if (replicas_.size() < 2) add_replica();
}

TrialResult Trial::run() {
  draw_rates();
  apply_first();
  add_replica();
  cluster_.run_for(20_s);
  const std::uint64_t acts = 4 + below(16);
  for (std::uint64_t i = 0; i < acts; ++i) {
    act();
    cluster_.run_for(Duration::from_milliseconds(static_cast<std::int64_t>(below(40'000))));
  }
  // Peace: one replica, no faults, and nobody asks for more.
  wire_.rates = {};
  truth_.end_faults();
  while (replicas_.size() > 1) crash(0);
  patch(api::kinds::rollout, "web", R"({"spec":{"paused":false}})");
  judge_.heal();
  cluster_.run_for(20_min);
  judge_.quiet();
  cluster_.run_for(4_h);
  judge_.end();
  return {judge_.violations(), judge_.counts(), reconciles_, wire_.faults};
}

}  // namespace

TrialResult run_trial(std::uint64_t seed) {
  return Trial(seed).run();
}

}  // namespace slipway::mutants
