#include "cluster/controllers/reconciler.h"

#include "base/log.h"

namespace slipway::cluster {

using kubernetes::WorkQueue;
using kubernetes::Write;
using kubernetes::Writer;

bool has_moved(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::already_exists ||
         error.message.find("because it is being terminated") != std::string::npos;
}

struct Reconciler::State : std::enable_shared_from_this<Reconciler::State> {
  State(std::string n, kubernetes::EventLoop& loop, kubernetes::Transport& transport, Callbacks c)
      : name(std::move(n)),
        callbacks(std::move(c)),
        queue(loop, [this](const api::ObjectKey& key) { reconcile(key); }),
        writer(transport, [this](const Write& write, const Json& object) {
          if (!stopped && callbacks.applied) callbacks.applied(write, object);
        }) {}

  void reconcile(const api::ObjectKey& key);
  void conclude(const api::ObjectKey& key, const Plan& plan, const Writer::Outcome& outcome);
  void end(const api::ObjectKey& key, const Plan& plan, const Writer::Outcome& outcome);

  std::string name;
  Callbacks callbacks;
  WorkQueue queue;
  Writer writer;
  bool stopped = false;
};

void Reconciler::State::reconcile(const api::ObjectKey& key) {
  if (stopped) return queue.done(key, {});
  const Plan plan = callbacks.decide(key);
  // Held until the answer comes: the Writer that takes it is in here.
  const auto self = shared_from_this();
  writer.execute(plan.writes, [self, key, plan](const Writer::Outcome& outcome) {
    if (self->stopped || !self->callbacks.conclude) {
      return self->end(key, plan, outcome);
    }
    self->conclude(key, plan, outcome);
  });
}

void Reconciler::State::conclude(const api::ObjectKey& key, const Plan& plan,
                                 const Writer::Outcome& outcome) {
  const Plan last = callbacks.conclude(key, plan.writes, outcome);
  Plan both{{}, plan.look_again};
  if (last.look_again && (!both.look_again || *last.look_again < *both.look_again)) {
    both.look_again = last.look_again;
  }
  writer.execute(last.writes,
                 [self = shared_from_this(), key, both, outcome](Writer::Outcome second) {
                   second.applied += outcome.applied;
                   if (outcome.error) second.error = outcome.error;
                   self->end(key, both, second);
                 });
}

void Reconciler::State::end(const api::ObjectKey& key, const Plan& plan,
                            const Writer::Outcome& outcome) {
  WorkQueue::Ended ended;
  ended.progressed = outcome.applied > 0;
  ended.failed = outcome.error.has_value();
  ended.look_again = plan.look_again;
  if (outcome.error) {
    log::write(has_moved(*outcome.error) ? log::Level::debug : log::Level::warn,
               "a write failed, deciding anew",
               {
                   {"controller", name                 },
                   {"object",     key.text()           },
                   {"error",      outcome.error->text()}
    });
  }
  queue.done(key, ended);
}

Reconciler::Reconciler(std::string name, kubernetes::EventLoop& loop,
                       kubernetes::Transport& transport, Callbacks callbacks)
    : state_(std::make_shared<State>(std::move(name), loop, transport, std::move(callbacks))) {}

Reconciler::~Reconciler() {
  stop();
}

void Reconciler::add(const api::ObjectKey& key) {
  state_->queue.add(key);
}

void Reconciler::forget(const api::ObjectKey& key) {
  state_->queue.forget(key);
}

void Reconciler::stop() {
  state_->stopped = true;
  state_->queue.stop();
}

}  // namespace slipway::cluster
