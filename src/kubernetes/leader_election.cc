#include "kubernetes/leader_election.h"

#include "base/log.h"
#include "base/random.h"
#include "kubernetes/client.h"
#include "kubernetes/write.h"

namespace slipway::kubernetes {
namespace {

/// How long a released lease is said to last: until the next look of anybody.
constexpr int released_seconds = 1;

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
        timer(event_loop),
        lapse(event_loop),
        writer(to_server, [this](const Write&, const Json& object) { lease = object; }) {}

  template <class F>
  auto guarded(F f) {
    return [weak = weak_from_this(), f = std::move(f)](auto&&... arguments) {
      if (const auto self = weak.lock()) f(*self, std::forward<decltype(arguments)>(arguments)...);
    };
  }

  // --- One round: look at the lease, then take, renew or leave it.

  void look() {
    if (released) return;
    client.get(api::kinds::lease, {options.namespace_, options.name},
               guarded([](State& self, Result<Json> found) { self.decide(std::move(found)); }));
  }

  void decide(Result<Json> found) {
    if (released) return;
    if (!found) {
      if (found.error().code == ErrorCode::not_found) {
        write(create_lease());
      } else {
        missed(found.error());
      }
      return;
    }
    observe(*found);
    const std::string holder = holder_of(lease);
    const bool ours = holder == options.identity;
    const bool alive = !holder.empty() && loop.monotonic_now() < observed_at + duration_of(lease);
    if (!ours && alive) {
      follow(holder);
      again();
      return;
    }
    write(ours ? renewal() : takeover());
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
    if (holder == last_holder) return;
    last_holder = holder;
    if (callbacks.on_new_leader) callbacks.on_new_leader(holder);
    if (leads) step_down();
  }

  // --- Writes of the lease, each conditional on the version seen.

  Json spec(std::int64_t transitions, const Json& acquired) const {
    const std::string now = format_rfc3339_micro(loop.now());
    return Json::object({
        {"holderIdentity",       options.identity                         },
        {"leaseDurationSeconds", options.lease_duration.whole_seconds()   },
        {"acquireTime",          acquired.is_null() ? Json(now) : acquired},
        {"renewTime",            now                                      },
        {"leaseTransitions",     transitions                              }
    });
  }

  Write create_lease() const {
    return Write::create(
        api::kinds::lease,
        Json::object({
            {"metadata", Json::object({{"name", options.name}, {"namespace", options.namespace_}})},
            {"spec", spec(0, Json())}
    }),
        "leader election");
  }

  Write change(const Json& wanted) const {
    Write write(api::Object::of(api::kinds::lease, lease), "leader election");
    write.expect_as_seen("/metadata/resourceVersion").set("/spec", wanted);
    return write;
  }

  Write renewal() const {
    return change(
        spec(lease["spec"]["leaseTransitions"].integer_or(0), lease["spec"]["acquireTime"]));
  }

  Write takeover() const {
    return change(spec(lease["spec"]["leaseTransitions"].integer_or(0) + 1, Json()));
  }

  void write(Write wanted) {
    // Counted from before the request: the server may have taken it at once.
    const Instant sent = loop.monotonic_now();
    writer.execute({std::move(wanted)}, guarded([sent](State& self, Writer::Outcome outcome) {
                     self.written(sent, outcome);
                   }));
  }

  void written(Instant sent, const Writer::Outcome& outcome) {
    if (released) return;
    if (outcome.error) {
      missed(*outcome.error);
      return;
    }
    renewed_at = sent;
    observed_at = sent;
    last_holder = options.identity;
    lapse.set(sent + options.renew_deadline - loop.monotonic_now(), [this] {
      if (leads) step_down();
    });
    if (!leads) {
      leads = true;
      log::info("the lease is ours", {
                                         {"lease",    options.name    },
                                         {"identity", options.identity}
      });
      if (callbacks.on_new_leader) callbacks.on_new_leader(options.identity);
      if (callbacks.on_started) callbacks.on_started();
    }
    again();
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
    lapse.cancel();
    if (callbacks.on_stopped) callbacks.on_stopped();
  }

  /// The next round, with jitter while waiting so that replicas don't race in step.
  void again() {
    const double jitter = leads ? 0 : random.fraction() * 0.2;
    const auto wait = static_cast<std::int64_t>(
        static_cast<double>(options.retry_period.nanoseconds) * (1 + jitter));
    timer.set(Duration{wait}, [this] { look(); });
  }

  void release(std::function<void()> done) {
    released = true;
    timer.cancel();
    lapse.cancel();
    if (!leads) {
      loop.post(std::move(done));
      return;
    }
    leads = false;
    Json wanted =
        spec(lease["spec"]["leaseTransitions"].integer_or(0), lease["spec"]["acquireTime"]);
    wanted.set("holderIdentity", "");
    wanted.set("leaseDurationSeconds", released_seconds);
    writer.execute({change(wanted)}, [done = std::move(done)](const Writer::Outcome&) { done(); });
  }

  EventLoop& loop;
  Client client;
  const Options options;
  const Callbacks callbacks;
  Random random;
  Timer timer;
  Timer lapse;  ///< Ends our lead when renewals stay without an answer.
  Writer writer;
  Json lease;           ///< As last seen or written.
  Instant observed_at;  ///< Monotonic, like the next.
  Instant renewed_at;
  std::string last_holder;
  bool leads = false;
  bool released = false;
};

LeaderElection::LeaderElection(EventLoop& loop, Transport& transport, Options options,
                               Callbacks callbacks, std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, std::move(options), std::move(callbacks),
                                     seed)) {}

LeaderElection::~LeaderElection() {
  state_->timer.cancel();
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
