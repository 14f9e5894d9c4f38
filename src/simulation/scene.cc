#include "simulation/scene.h"

#include <algorithm>

#include "api/crd.h"
#include "base/ensure.h"
#include "simulation/deeds.h"
#include "simulation/disturbance.h"

namespace slipway::simulation {
namespace {

constexpr Instant beginning{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
constexpr std::string_view lease_name = "argo-rollouts-controller-lock";

cluster::Nodes::Options node_options() {
  cluster::Nodes::Options options;
  options.count = 1;
  options.events = false;
  return options;
}

bool deletes_owners(const Scenario& scenario) {
  return std::ranges::any_of(scenario.deeds, [](const Deed& deed) {
    return deed.verb == "recreate" || deed.verb == "delete-ours";
  });
}

}  // namespace

BootedServer::BootedServer() : time_(beginning), loop_(time_) {
  server_ = std::make_unique<cluster::ApiServer>(loop_, cluster::ApiServer::Options{});
  for (const api::CustomResource& resource : api::custom_resources()) {
    const kubernetes::Response response = server_->handle({
        .method = kubernetes::Method::post,
        .target = api::kinds::custom_resource_definition.path({}),
        .body = to_text(resource.definition),
    });
    ASSERT(response.status < 300);
  }
  time_.run_until(beginning + 1_s);
}

/// The place of one replica: who sits there now, and how often that has changed.
struct Scene::Seat {
  int index = 0;
  int lives = 0;
  std::unique_ptr<Replica> replica;
  TrueTime::Id restart = 0;
  bool ending = false;
};

/// Sees each revision of one kind.
class Scene::Watcher final : public cluster::StoreObserver {
 public:
  Watcher(Scene& world, ObjectKind kind, cluster::ObjectTable& table)
      : world_(world), kind_(kind), table_(table) {
    table_.add_observer(this);
  }
  ~Watcher() override { table_.remove_observer(this); }
  void on_event(const cluster::StoreEventPtr& event) override { world_.on_commit(kind_, event); }

 private:
  Scene& world_;
  ObjectKind kind_;
  cluster::ObjectTable& table_;
};

Scene::Scene(const BootedServer& booted, const Scenario& scenario,
             std::unique_ptr<Schedule> schedule)
    : scenario_(scenario),
      time_(beginning + 1_s),
      server_loop_(time_),
      server_(std::make_unique<cluster::ApiServer>(
          server_loop_,
          cluster::ApiServer::Options{.seed = stream_of(scenario.seed, "uids").next(),
                                      .history_limit = 500},
          booted.server())),
      stage_(std::make_unique<Stage>(scenario.seed, time_, *server_, std::move(schedule))),
      cluster_loop_(time_),
      pods_link_(*stage_, cluster_loop_, "pod-cache", {}),
      controller_link_(*stage_, cluster_loop_, "replicaset-controller", {}),
      nodes_link_(*stage_, cluster_loop_, "nodes", {}),
      pods_(cluster_loop_, pods_link_, 1),
      replica_sets_(cluster_loop_, controller_link_, pods_, 2),
      nodes_(cluster_loop_, nodes_link_, pods_, stream_of(scenario.seed, "pods").next(),
             node_options()),
      last_write_(time_.now()),
      last_change_(time_.now()) {
  stage_->hand_over = [this](Duration until_restart) { hand_over(until_restart); };
  server_loop_.set_offset(scenario.server_offset);
  for (std::size_t i = 0; i < scenario.offsets.size(); ++i) {
    const Duration offset{std::abs(scenario.offsets[i].nanoseconds)};
    // Between two corrections a clock may go wrong by so much more.
    const Duration drift = clock_corrected_after * std::abs(scenario.rates[i] - 1000);
    clock_error_max_ = std::max(clock_error_max_, offset + Duration{drift.nanoseconds / 1000});
  }
  const std::pair<ObjectKind, const char*> tables[] = {
      {ObjectKind::rollout,      "rollouts.argoproj.io"      },
      {ObjectKind::replica_set,  "replicasets.apps"          },
      {ObjectKind::pod,          "pods"                      },
      {ObjectKind::service,      "services"                  },
      {ObjectKind::event,        "events"                    },
      {ObjectKind::lease,        "leases.coordination.k8s.io"},
      {ObjectKind::deployment,   "deployments.apps"          },
      {ObjectKind::pod_template, "podtemplates"              },
  };
  for (const auto& [kind, table] : tables) {
    watchers_.push_back(std::make_unique<Watcher>(*this, kind, server_->store().table(table)));
  }
  if (deletes_owners(scenario)) {
    discovery_ = std::make_unique<cluster::Discovery>(cluster_loop_, controller_link_, 3);
    garbage_ = std::make_unique<cluster::GarbageCollector>(cluster_loop_, controller_link_,
                                                           *discovery_, 4);
  }
}

Scene::~Scene() {
  for (const auto& seat : seats_) seat->replica.reset();
  fall_silent();
}

void Scene::apply_objects() {
  for (const Json& object : scenario_.objects) {
    stage_->carry_out({.method = kubernetes::Method::post,
                       .target = kind_of(object).path("default"),
                       .body = to_text(object)},
                      "user", false, 0);
  }
}

/// Counts what was settled before the run began.
void Scene::count_settled() {
  const auto differs = [](std::int64_t usual) {
    return [usual](std::int64_t value) { return value != usual; };
  };
  const auto count = [&](Fault fault, bool on) {
    if (!on) return;
    stage_->injected(fault);
    stage_->felt(fault);
  };
  count(Fault::fd4, scenario_.overlap);
  count(Fault::fe2, std::ranges::any_of(scenario_.offsets, differs(0), &Duration::nanoseconds));
  count(Fault::fe3, scenario_.server_offset.nanoseconds != 0);
  count(Fault::fe4, std::ranges::any_of(scenario_.rates, differs(1000)));
  count(Fault::fj4, scenario_.calm > 10_min);
}

void Scene::start() {
  count_settled();
  pods_.start();
  replica_sets_.start();
  nodes_.start();
  if (discovery_) discovery_->start();
  apply_objects();
  for (int i = 0; i < scenario_.replicas; ++i) {
    seats_.push_back(std::make_unique<Seat>(Seat{.index = i}));
    start_replica(*seats_.back());
  }
}

void Scene::start_replica(Seat& seat) {
  seat.ending = false;
  seat.replica = std::make_unique<Replica>(*stage_, scenario_, seat.index, seat.lives++);
  seat.replica->link().on_process_fault(
      [this, &seat](Fault fault, std::uint64_t size, bool) { befall(seat, fault, size); });
  seat.replica->on_lease_lost([this, &seat] { end_replica(seat, 3_s); });
}

void Scene::end_replica(Seat& seat, Duration until_restart) {
  if (seat.ending || seat.replica == nullptr) return;
  seat.ending = true;
  // Dead at once; taken down when nobody is inside it any more.
  seat.replica->link().cut();
  time_.cancel(seat.restart);
  time_.after({}, [this, &seat] {
    if (!seat.ending || seat.replica == nullptr) return;
    reconciles_of_the_dead_ += seat.replica->reconciles();
    seat.replica.reset();
  });
  seat.restart = time_.after(until_restart + 1_ms, [this, &seat] { start_replica(seat); });
}

void Scene::befall(Seat& seat, Fault fault, std::uint64_t size) {
  Random random(size >> 1);
  const auto seconds = [&](std::uint64_t most) {
    return Duration::from_milliseconds(static_cast<std::int64_t>(random.below(most * 1000) + 10));
  };
  ActorLoop& loop = seat.replica->loop();
  stage_->felt(fault);
  switch (fault) {
    case Fault::fd1:
      return end_replica(seat, random.below(4) == 0 ? seconds(120) : seconds(2));
    case Fault::fd2:
      return crash_again(seat, static_cast<int>(2 + random.below(5)));
    case Fault::fd3:
      return loop.stop_for(seconds(90));
    case Fault::fd6:
      return spoil_lease(size);
    case Fault::fd8:
      return end_orderly(seat, size);
    case Fault::fd10:
      loop.set_late(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(2'000))));
      time_.after(20_s, [&loop] { loop.set_late({}); }, &loop);
      return;
    case Fault::fd10b:
      loop.set_early(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(5'000))));
      time_.after(60_s, [&loop] { loop.set_early({}); }, &loop);
      return;
    case Fault::fe1: {
      const std::int64_t reach = std::int64_t{1} << random.below(17);  // To a day and a half.
      const auto step = Duration::from_seconds(random.below(2) == 0 ? reach : -reach);
      loop.set_offset(loop.offset() + step);
      clock_error_max_ = std::max(clock_error_max_, Duration{std::abs(loop.offset().nanoseconds)});
      return;
    }
    default:
      return;
  }
}

void Scene::crash_again(Seat& seat, int times) {
  end_replica(seat, 1_s);
  if (times <= 1) return;
  time_.after(1500_ms, [this, &seat, times] {
    if (!stage_->healed() && seat.replica != nullptr) crash_again(seat, times - 1);
  });
}

void Scene::end_orderly(Seat& seat, std::uint64_t size) {
  const Duration grace = Duration::from_milliseconds(static_cast<std::int64_t>(size % 5'000));
  seat.replica->shut_down([this, &seat] { end_replica(seat, 1_s); });
  time_.after(grace, [this, &seat, name = seat.replica->name()] {
    if (seat.replica != nullptr && seat.replica->name() == name) end_replica(seat, 1_s);
  });
}

void Scene::spoil_lease(std::uint64_t size) {
  const std::string path = api::kinds::lease.path("default", lease_name);
  if (size % 3 == 0) {
    stage_->carry_out({.method = kubernetes::Method::delete_, .target = path}, "operator", false,
                      0);
    return;
  }
  Json spec = Json::object({
      {"holderIdentity", size % 3 == 1 ? Json("") : Json("somebody else")}
  });
  merge_patch(*stage_, "operator", path,
              Json::object({
                  {"spec", std::move(spec)}
  }));
}

void Scene::heal() {
  stage_->heal();
  server_loop_.set_offset({});
  for (Link* link : {&pods_link_, &controller_link_, &nodes_link_}) link->heal();
  for (const auto& seat : seats_) {
    if (seat->replica == nullptr || seat->ending) continue;
    ActorLoop& loop = seat->replica->loop();
    loop.set_late({});
    loop.set_early({});
    loop.set_rate(1000);
    // What the monotonic clock has gained or lost stays: the wall clock is set right.
    loop.set_offset({});
    loop.go_on();
    seat->replica->link().heal();
  }
  if (scenario_.overlap) end_overlap();
}

/// Two leaders at once are a fault like any other: from here on one leads. Where none is up, those
/// that come back are told apart once they are.
void Scene::end_overlap() {
  Seat* alone = nullptr;
  for (const auto& seat : seats_) {
    const bool up = seat->replica != nullptr && !seat->ending;
    if (up && alone == nullptr) alone = seat.get();
  }
  if (alone == nullptr) return;
  for (const auto& seat : seats_) {
    if (seat.get() == alone) continue;
    time_.cancel(seat->restart);
    if (seat->replica == nullptr) continue;
    reconciles_of_the_dead_ += seat->replica->reconciles();
    seat->replica.reset();
  }
}

void Scene::fall_silent() {
  if (std::exchange(silent_, true)) return;
  nodes_.stop();
  replica_sets_.stop();
  garbage_.reset();
  discovery_.reset();
  pods_.stop();
  settle_leadership();
}

bool Scene::has_leader() const {
  return std::ranges::any_of(seats_, [](const auto& seat) {
    return seat->replica != nullptr && !seat->ending && seat->replica->leads();
  });
}

void Scene::settle_leadership() {
  // One goes on alone. With no lease to renew, the others would only wait for it.
  Seat* alone = nullptr;
  for (const auto& seat : seats_) {
    if (seat->replica == nullptr) continue;
    if (alone == nullptr || seat->replica->leads()) alone = seat.get();
  }
  for (const auto& seat : seats_) {
    time_.cancel(seat->restart);
    if (seat.get() == alone || seat->replica == nullptr) continue;
    reconciles_of_the_dead_ += seat->replica->reconciles();
    seat->replica.reset();
  }
  if (alone != nullptr) alone->replica->lead_without_lease();
}

void Scene::leave(Leavings leavings) {
  for (const auto& seat : seats_) {
    time_.cancel(seat->restart);
    if (seat->replica == nullptr) continue;
    reconciles_of_the_dead_ += seat->replica->reconciles();
    seat->replica.reset();
  }
  if (leavings == Leavings::anothers) strip_our_notes(*stage_);
  if (stage_->audience != nullptr) stage_->audience->at_handover(leavings);
}

void Scene::hand_over(Duration until_restart) {
  leave(Leavings::anothers);
  for (const auto& seat : seats_) {
    seat->ending = true;
    seat->restart = time_.after(until_restart, [this, &seat = *seat] { start_replica(seat); });
  }
}

void Scene::begin_anew() {
  Seat& seat = *seats_.front();
  start_replica(seat);
  seat.replica->lead_without_lease();
}

void Scene::delete_everything() {
  for (const api::Kind* kind :
       {&api::kinds::rollout, &api::kinds::replica_set, &api::kinds::service,
        &api::kinds::deployment, &api::kinds::pod_template}) {
    for (const std::string& name : names_of(*stage_, *kind)) {
      stage_->carry_out(
          {.method = kubernetes::Method::delete_, .target = kind->path("default", name)}, "user",
          false, 0);
    }
  }
}

std::size_t Scene::remembered() const {
  std::size_t sum = 0;
  for (const auto& seat : seats_) {
    if (seat->replica != nullptr) sum += seat->replica->remembered();
  }
  return sum;
}

void Scene::perform(Deed& deed) {
  deed.after_writes = our_writes_;
  deed.then = time_.now() - last_write_;
  simulation::perform(*stage_, scenario_, deed);
}

void Scene::on_commit(ObjectKind kind, const cluster::StoreEventPtr& event) {
  const cluster::ObjectPtr& object = event->object;
  const bool gone = event->type == cluster::StoreEvent::Type::deleted;
  const bool ours = stage_->writer_is_ours();
  stage_->trace(object->text(), object->revision());
  if (kind != ObjectKind::lease && kind != ObjectKind::event) {
    last_change_ = time_.now();
    if (ours) {
      ++our_writes_;
      last_write_ = time_.now();
    } else {
      ++changes_by_others_;
    }
  }
  if (stage_->audience == nullptr) return;
  const auto content = [](const cluster::ObjectPtr& of) {
    return of == nullptr ? nullptr : std::shared_ptr<const Json>(of, &of->content());
  };
  stage_->audience->on_commit({.revision = object->revision(),
                               .at = time_.now(),
                               .writer = std::string(stage_->writer()),
                               .ours = ours,
                               .kind = kind,
                               .key = object->key(),
                               .before = content(event->previous),
                               .after = gone ? nullptr : content(object),
                               .request = stage_->writing_request()});
}

std::uint64_t Scene::reconciles() const {
  std::uint64_t sum = reconciles_of_the_dead_;
  for (const auto& seat : seats_) {
    if (seat->replica != nullptr) sum += seat->replica->reconciles();
  }
  return sum;
}

Json Scene::rollout() {
  const cluster::ObjectPtr object =
      server_->store().table("rollouts.argoproj.io").find("default/" + rollout_of(scenario_));
  return object == nullptr ? Json() : object->content();
}

Duration Scene::clock_error_max() const {
  const auto look_at = [&](const ActorLoop& loop) {
    clock_error_max_ = std::max(clock_error_max_, Duration{std::abs(loop.offset().nanoseconds)});
  };
  look_at(server_loop_);
  for (const auto& seat : seats_) {
    if (seat->replica != nullptr) look_at(seat->replica->loop());
  }
  return clock_error_max_;
}

const ActorLoop* Scene::loop_of(std::string_view replica) const {
  for (const auto& seat : seats_) {
    if (seat->replica != nullptr && seat->replica->name() == replica) return &seat->replica->loop();
  }
  return nullptr;
}

Instant Scene::clock_of(std::string_view replica) const {
  const ActorLoop* loop = loop_of(replica);
  return loop == nullptr ? time_.now() : loop->now();
}

Duration Scene::late_of(std::string_view replica) const {
  const ActorLoop* loop = loop_of(replica);
  return loop == nullptr ? Duration{} : loop->late();
}

}  // namespace slipway::simulation
