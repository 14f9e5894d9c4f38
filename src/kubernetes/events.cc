#include "kubernetes/events.h"

#include <algorithm>
#include <deque>
#include <map>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "kubernetes/write.h"

namespace slipway::kubernetes {
namespace {

/// Repeats within this time raise a count instead of making another object.
constexpr Duration aggregation_window = 10_min;
/// Per object: a burst, then one each five minutes. Source: client-go's
/// EventSourceObjectSpamFilter.
constexpr double burst = 25;
constexpr Duration refill_interval = 300_s;
constexpr std::size_t queue_max = 1000;
constexpr std::size_t remembered_max = 4096;
constexpr int attempts_max = 4;
constexpr Duration retry_delay = 1_s;

/// What makes two events the same for people.
struct Signature {
  std::string uid;
  EventType type;
  std::string reason;
  std::string message;
  auto operator<=>(const Signature&) const = default;
};

/// The first of some equal events, as the API server has it.
struct Known {
  api::Object object;
  std::int64_t count = 1;
  Instant last;
};

struct Bucket {
  double tokens = burst;
  Instant last;
};

struct Job {
  api::ObjectRef about;
  EventNote note;
  Instant at;
  int attempts = 0;
};

Signature signature_of(const Job& job) {
  return {job.about.uid, job.note.type, job.note.reason, job.note.message};
}

/// Cluster-scoped objects' events live in "default".
std::string event_namespace(const api::ObjectRef& about) {
  return about.key.namespace_.empty() ? "default" : about.key.namespace_;
}

Json event_object(const Job& job, const std::string& component, const std::string& suffix) {
  const std::string time = format_rfc3339(job.at);
  const std::string namespace_ = event_namespace(job.about);
  return Json::object({
      {"metadata",
       Json::object({{"name", job.about.key.name + "." + suffix}, {"namespace", namespace_}})                   },
      {"involvedObject",     Json::object({{"apiVersion", job.about.kind.api_version()},
                                       {"kind", job.about.kind.kind},
                                       {"namespace", job.about.key.namespace_},
                                       {"name", job.about.key.name},
                                       {"uid", job.about.uid},
                                       {"resourceVersion", job.about.resource_version}})},
      {"type",               to_string(job.note.type)                                                           },
      {"reason",             job.note.reason                                                                    },
      {"message",            job.note.message                                                                   },
      {"source",             Json::object({{"component", component}})                                           },
      {"firstTimestamp",     time                                                                               },
      {"lastTimestamp",      time                                                                               },
      {"count",              1                                                                                  },
      {"reportingComponent", component                                                                          },
      {"reportingInstance",  ""                                                                                 }
  });
}

}  // namespace

std::string_view to_string(EventType type) {
  return type == EventType::warning ? "Warning" : "Normal";
}

struct EventRecorder::State : std::enable_shared_from_this<State> {
  State(EventLoop& event_loop, Transport& to_server, std::string name, std::uint64_t seed)
      : loop(event_loop),
        component(std::move(name)),
        random(seed),
        writer(to_server, [this](const Write&, const Json& object) { written = object; }),
        retry(event_loop) {}

  /// Takes a token of the object's bucket; returns false when it is empty.
  bool admit(const std::string& uid) {
    if (buckets.size() > remembered_max) buckets.clear();
    const Instant now = loop.monotonic_now();
    const auto [at, fresh] = buckets.try_emplace(uid, Bucket{burst, now});
    Bucket& bucket = at->second;
    const double refilled = (now - bucket.last).seconds() / refill_interval.seconds();
    bucket.tokens = std::min(burst, bucket.tokens + refilled);
    bucket.last = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /// Drops what nobody will repeat any more.
  void tidy() {
    if (known.size() <= remembered_max) return;
    const Instant old = loop.now() - aggregation_window;
    std::erase_if(known, [&](const auto& entry) { return entry.second.last < old; });
    if (known.size() > remembered_max) known.clear();
  }

  void next() {
    if (busy || jobs.empty()) return;
    busy = true;
    const Job& job = jobs.front();
    writer.execute({write_of(job)}, [weak = weak_from_this()](const Writer::Outcome& outcome) {
      if (const auto self = weak.lock()) self->finished(outcome);
    });
  }

  Write write_of(const Job& job) {
    const auto found = known.find(signature_of(job));
    if (found != known.end() && job.at - found->second.last <= aggregation_window) {
      Write write(found->second.object, "the same again");
      write.expect_as_seen("/count")
          .set("/count", found->second.count + 1)
          .set("/lastTimestamp", format_rfc3339(job.at));
      return write;
    }
    return Write::create(api::kinds::event,
                         event_object(job, component, fmt::format("{:016x}", random.next())),
                         "for people");
  }

  void finished(const Writer::Outcome& outcome) {
    busy = false;
    Job& job = jobs.front();
    if (!outcome.error) {
      const std::int64_t count = std::max<std::int64_t>(written["count"].integer_or(1), 1);
      known[signature_of(job)] = {api::Object::of(api::kinds::event, std::move(written)), count,
                                  job.at};
      jobs.pop_front();
      tidy();
      next();
      return;
    }
    const ErrorCode code = outcome.error->code;
    // The event counted on is gone or has changed: make a new one.
    known.erase(signature_of(job));
    const bool hopeless = code == ErrorCode::forbidden || code == ErrorCode::invalid;
    if (hopeless || ++job.attempts >= attempts_max) {
      log::warn("an event is not recorded", {
                                                {"object", job.about.text()     },
                                                {"reason", job.note.reason      },
                                                {"error",  outcome.error->text()}
      });
      jobs.pop_front();
      next();
      return;
    }
    retry.set(code == ErrorCode::unavailable ? retry_delay * job.attempts : Duration{},
              [this] { next(); });
  }

  EventLoop& loop;
  const std::string component;
  Random random;
  Writer writer;
  Timer retry;
  std::deque<Job> jobs;
  std::map<Signature, Known> known;
  std::map<std::string, Bucket> buckets;
  Json written;
  bool busy = false;
};

EventRecorder::EventRecorder(EventLoop& loop, Transport& transport, std::string component,
                             std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, std::move(component), seed)) {}

EventRecorder::~EventRecorder() {
  state_->retry.cancel();
}

void EventRecorder::record(const api::ObjectRef& about, const EventNote& note) {
  State& state = *state_;
  if (!state.admit(about.uid) || state.jobs.size() >= queue_max) {
    log::info("an event is left out, there are too many",
              {
                  {"object",  about.text()},
                  {"reason",  note.reason },
                  {"message", note.message}
    });
    return;
  }
  state.jobs.push_back({about, note, state.loop.now()});
  state.loop.post([weak = state.weak_from_this()] {
    if (const auto self = weak.lock()) {
      if (!self->retry.pending()) self->next();
    }
  });
}

std::size_t EventRecorder::pending() const {
  return state_->jobs.size();
}

}  // namespace slipway::kubernetes
