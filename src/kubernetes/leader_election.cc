#include "kubernetes/leader_election.h"

#include "base/log.h"
#include "base/random.h"
#include "kubernetes/client.h"
#include "kubernetes/write.h"

namespace slipway::kubernetes {
namespace {

/// How long a released lease is said to last: until the next look of anybody.
constexpr int released_seconds = 1;
/// Another replica's write may come between our look and our release; nobody else writes the lease.
constexpr int release_attempts_max = 3;

std::string holder_of(const Json& lease) {
  return std::string(lease["spec"]["holderIdentity"].string_or_empty());
}

}  // namespace

struct LeaderElection::State : std::enable_shared_from_this<State> {
  State(EventLoop& event_loop, Transport& to_server, Options given, Callbacks to,
        std::uint64_t seed)
      : loop(event_loop),
        client(to_server),
        options(std::move(given)),
        callbacks(std::move(to)),
        random(seed),
        next_round(event_loop),
        deadline(event_loop),
        writer(to_server, [this](const Write&, const Json& object) { answer = object; }) {}

  /// A callback that does nothing once a later round has begun: what a slow answer says is old, and
  /// the next look at the lease tells what became of it.
  template <class F>
  auto guarded(F f) {
    return [weak = weak_from_this(), round = round, f = std::move(f)](auto&&... arguments) {
      const auto self = weak.lock();
      if (self != nullptr && self->round == round) {
        f(*self, std::forward<decltype(arguments)>(arguments)...);
      }
    };
  }

  // --- One round: look at the lease, then take, renew or leave it.

  void look() {
    ++round;
    writing = false;
    await_answer();
    client.get(api::kinds::lease, {options.namespace_, options.name},
               guarded([](State& self, Result<Json> found) { self.decide(std::move(found)); }));
  }

  /// A request that hangs must not cost the lease: a single lost packet would.
  void await_answer() {
    next_round.set(Duration{options.renew_deadline.nanoseconds / 5 * 2}, [this] {
      log::warn("no answer about the lease, asking again", {
                                                               {"lease", options.name}
      });
      look();
    });
  }

  void decide(Result<Json> found) {
    if (!found) {
      if (found.error().code != ErrorCode::not_found) return missed(found.error());
      return write(create_lease());
    }
    observe(*found);
    const std::string holder = holder_of(lease);
    const bool ours = holder == options.identity;
    const bool alive = !holder.empty() && loop.monotonic_now() < observed_at + duration_of(lease);
    if (ours || !alive) return write(ours ? renewal() : takeover());
    follow(holder);
    again();
  }

  /// Notes when this process saw the lease change: clocks of others don't matter.
  void observe(const Json& found) {
    const bool changed = !(found["spec"] == lease["spec"]);
    lease = found;
    if (changed) observed_at = loop.monotonic_now();
  }

  Duration duration_of(const Json& found) const {
    return Duration::from_seconds(
        found["spec"]["leaseDurationSeconds"].integer_or(options.lease_duration.whole_seconds()));
  }

  void follow(const std::string& holder) {
    if (leads) step_down();
    if (std::exchange(last_holder, holder) == holder) return;
    if (callbacks.on_new_leader) callbacks.on_new_leader(holder);
  }

  // --- Writes of the lease, each conditional on the version seen.

  Json now_text() const { return format_rfc3339_micro(loop.now()); }

  Write create_lease() const {
    const Json now = now_text();
    Json metadata = Json::object({
        {"name",      options.name      },
        {"namespace", options.namespace_}
    });
    Json spec = Json::object({
        {"holderIdentity",       options.identity                      },
        {"leaseDurationSeconds", options.lease_duration.whole_seconds()},
        {"acquireTime",          now                                   },
        {"renewTime",            now                                   },
        {"leaseTransitions",     0                                     }
    });
    return Write::create(api::kinds::lease,
                         Json::object({
                             {"metadata", std::move(metadata)},
                             {"spec",     std::move(spec)    }
    }),
                         "leader election");
  }

  Write renewal() const {
    Write write(api::Object::of(api::kinds::lease, lease), "leader election");
    write.expect_as_seen("/metadata/resourceVersion")
        .set("/spec/holderIdentity", options.identity)
        .set("/spec/leaseDurationSeconds", options.lease_duration.whole_seconds())
        .set("/spec/renewTime", now_text());
    return write;
  }

  Write takeover() const {
    const std::int64_t transitions = lease["spec"]["leaseTransitions"].integer_or(0);
    return renewal()
        .set("/spec/acquireTime", now_text())
        .set("/spec/leaseTransitions", transitions + 1);
  }

  Write handover() const {
    return renewal()
        .set("/spec/holderIdentity", "")
        .set("/spec/leaseDurationSeconds", released_seconds);
  }

  void write(Write wanted) {
    // Counted from before the request: the server may have taken it at once.
    const Instant sent = loop.monotonic_now();
    writing = true;
    await_answer();
    writer.execute({std::move(wanted)},
                   guarded([sent](State& self, const Writer::Outcome& outcome) {
                     outcome.error ? self.missed(*outcome.error) : self.written(sent);
                   }));
  }

  void written(Instant sent) {
    lease = std::move(answer);
    renewed_at = sent;
    observed_at = sent;
    deadline.set(renewed_at + options.renew_deadline - loop.monotonic_now(), [this] {
      log::error("the lease could not be renewed in time", {
                                                               {"lease", options.name}
      });
      step_down();
    });
    again();
    if (leads) return;
    leads = true;
    log::info("the lease is ours", {
                                       {"lease",    options.name    },
                                       {"identity", options.identity}
    });
    const bool news = std::exchange(last_holder, options.identity) != options.identity;
    if (news && callbacks.on_new_leader) callbacks.on_new_leader(options.identity);
    if (callbacks.on_started) callbacks.on_started();
  }

  void missed(const Error& error) {
    // Another replica was quicker: no trouble, look again.
    if (error.code != ErrorCode::refused && error.code != ErrorCode::already_exists) {
      log::warn("cannot take or renew the lease", {
                                                      {"error", error.text()}
      });
    }
    again();
  }

  void step_down() {
    leads = false;
    deadline.cancel();
    if (callbacks.on_stopped) callbacks.on_stopped();
  }

  /// The next round in its time, with jitter while waiting so that replicas don't race in step.
  void again() {
    writing = false;
    const double jitter = leads ? 0 : random.fraction() * 0.2;
    const auto wait = static_cast<std::int64_t>(
        static_cast<double>(options.retry_period.nanoseconds) * (1 + jitter));
    next_round.set(Duration{wait}, [this] { look(); });
  }

  // --- The end.

  void release(std::function<void()> done) {
    next_round.cancel();
    deadline.cancel();
    ++round;  // A renewal under way: what became of it, the look that follows tells.
    const bool may_hold = std::exchange(leads, false) || writing;
    if (!may_hold) return loop.post(std::move(done));
    hand_over(1, std::make_shared<std::function<void()>>(std::move(done)));
  }

  void hand_over(int attempt, std::shared_ptr<std::function<void()>> done) {
    client.get(api::kinds::lease, {options.namespace_, options.name},
               guarded([attempt, done](State& self, Result<Json> found) {
                 if (!found || holder_of(*found) != self.options.identity) return (*done)();
                 self.lease = *std::move(found);
                 self.writer.execute(
                     {self.handover()},
                     self.guarded([attempt, done](State& me, const Writer::Outcome& outcome) {
                       const bool moved =
                           outcome.error && outcome.error->code == ErrorCode::refused;
                       if (!moved || attempt >= release_attempts_max) return (*done)();
                       me.hand_over(attempt + 1, done);
                     }));
               }));
  }

  EventLoop& loop;
  Client client;
  const Options options;
  const Callbacks callbacks;
  Random random;
  Timer next_round;
  Timer deadline;  ///< Of our leading.
  Writer writer;
  Json lease;           ///< As last seen or written.
  Json answer;          ///< To the write under way.
  Instant observed_at;  ///< Monotonic, like the next.
  Instant renewed_at;
  std::string last_holder;
  std::uint64_t round = 0;
  bool leads = false;
  bool writing = false;
};

LeaderElection::LeaderElection(EventLoop& loop, Transport& transport, Options options,
                               Callbacks callbacks, std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, std::move(options), std::move(callbacks),
                                     seed)) {}

LeaderElection::~LeaderElection() {
  state_->next_round.cancel();
  state_->deadline.cancel();
}

void LeaderElection::start() {
  state_->look();
}

void LeaderElection::release(std::function<void()> done) {
  state_->release(std::move(done));
}

bool LeaderElection::leading() const {
  return state_->leads &&
         state_->loop.monotonic_now() < state_->renewed_at + state_->options.renew_deadline;
}

std::string LeaderElection::holder() const {
  return state_->last_holder;
}

}  // namespace slipway::kubernetes
