#include "simulation/replica.h"

#include <fmt/format.h>

namespace slipway::simulation {
namespace {

constexpr Duration drain_poll = 50_ms;

}  // namespace

Replica::Replica(Stage& stage, const Scenario& scenario, int index, int life)
    : stage_(stage),
      name_(life == 0 ? fmt::format("controller-{}", index)
                      : fmt::format("controller-{}.{}", index, life)),
      loop_(std::make_unique<ActorLoop>(stage.time)) {
  if (!stage.healed()) {
    const auto place = static_cast<std::size_t>(index);
    loop_->set_offset(scenario.offsets[place]);
    loop_->set_rate(scenario.rates[place]);
    if (scenario.rates[place] != 1000) correct_clock_later();
  }
  link_ = std::make_unique<Link>(stage, *loop_, name_,
                                 Link::Options{.side = Link::Side::replica,
                                               .page_size = scenario.page_size,
                                               .contested = scenario.contested});
  Random seeds = stream_of(stage.seed, name_);
  as_leader_ = std::make_unique<controller::LeaderTransport>(
      *link_, *loop_, [this] { return election_ == nullptr || election_->leading(); });
  controller_ = std::make_unique<controller::RolloutController>(
      *loop_, *as_leader_, nullptr,
      controller::RolloutController::Options{.concurrency = scenario.concurrency,
                                             .on_reconcile =
                                                 [this, &stage](const api::ObjectKey& key) {
                                                   if (stage.audience != nullptr)
                                                     stage.audience->on_reconcile(name_,
                                                                                  key.text());
                                                 }},
      seeds.next());
  controller_->start();
  if (scenario.overlap || scenario.replicas == 1) {
    leads_ = true;
    controller_->lead();
    return;
  }
  election_ = std::make_unique<kubernetes::LeaderElection>(
      *loop_, *link_,
      kubernetes::LeaderElection::Options{
          .namespace_ = "default", .name = "argo-rollouts-controller-lock", .identity = name_},
      kubernetes::LeaderElection::Callbacks{.on_started =
                                                [this] {
                                                  leads_ = true;
                                                  if (!ending_) controller_->lead();
                                                },
                                            // The shipping process ends here: so does this one.
                                            .on_stopped =
                                                [this] {
                                                  leads_ = false;
                                                  controller_->stop();
                                                  if (lease_lost_) lease_lost_();
                                                },
                                            .on_new_leader = [](const std::string&) {}},
      seeds.next());
  election_->start();
}

void Replica::correct_clock_later() {
  const Duration offset = loop_->offset();
  stage_.time.after(
      clock_corrected_after,
      [this, offset] {
        if (stage_.healed()) return;
        loop_->set_offset(offset);
        correct_clock_later();
      },
      loop_.get());
}

Replica::~Replica() {
  // Nothing may go out while the parts come down.
  link_->cut();
}

void Replica::shut_down(std::function<void()> done) {
  if (ending_) return;
  ending_ = true;
  controller_->stop();
  drain(std::move(done));
}

void Replica::drain(std::function<void()> done) {
  if (!controller_->drained()) {
    loop_->after(drain_poll, [this, done = std::move(done)]() mutable { drain(std::move(done)); });
    return;
  }
  if (election_ == nullptr) return loop_->post(std::move(done));
  election_->release(std::move(done));
}

void Replica::lead_without_lease() {
  election_.reset();
  if (!std::exchange(leads_, true)) controller_->lead();
}

}  // namespace slipway::simulation
