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
/// Per object and type: a burst, then one each five minutes. Source: client-go's
/// EventSourceObjectSpamFilter, which knows no types: there, what went well hides what did not.
constexpr double burst = 25;
constexpr Duration refill_interval = 300_s;
constexpr std::size_t queue_max = 4096;
constexpr std::size_t remembered_max = 4096;
constexpr std::size_t in_flight_max = 8;
constexpr int attempts_max = 4;
constexpr Duration retry_delay = 1_s;
/// How the server refuses to create anything in a namespace that is being deleted.
constexpr std::string_view being_terminated = "because it is being terminated";
/// Limits of the API server: an object's name, and an event's message (of the newer Event API).
constexpr std::size_t name_max = 253;
constexpr std::size_t message_max = 1024;

/// What makes two events the same for people.
struct Signature {
  std::string uid;
  EventType type;
  std::string reason;
  std::string message;
  auto operator<=>(const Signature&) const = default;
};

/// All equal events within the window: one object in the API server.
struct Series {
  api::ObjectRef about;
  std::string name;  ///< Of the Event. Fixed, so that a create that is sent again makes no twin.
  Instant first;
  Instant last;
  std::int64_t unwritten = 0;          ///< Repeats that the API server doesn't know of.
  std::optional<api::Object> written;  ///< As the API server has it.
  std::int64_t sending = 0;            ///< Repeats in the write under way; 0: none is.
  std::int64_t in_doubt = 0;           ///< Repeats in one that may have been carried out unheard.
  int attempts = 0;
};

/// Of an object, by its uid.
using BucketKey = std::pair<std::string, EventType>;

struct Bucket {
  double tokens = burst;
  Instant last;
};

/// At most so many bytes, cut between two characters.
std::string_view cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return text;
  while (size_max > 0 && (text[size_max] & 0xC0) == 0x80) --size_max;
  return text.substr(0, size_max);
}

std::string event_name(const api::ObjectRef& about, Random& random) {
  const std::string suffix = fmt::format(".{:016x}", random.next());
  return std::string(cut(about.key.name, name_max - suffix.size())) + suffix;
}

Json involved_object(const api::ObjectRef& about) {
  Json object = Json::object({
      {"apiVersion", about.kind.api_version()},
      {"kind",       about.kind.kind         },
      {"name",       about.key.name          },
      {"uid",        about.uid               },
  });
  if (!about.key.namespace_.empty()) object.set("namespace", about.key.namespace_);
  if (!about.resource_version.empty()) object.set("resourceVersion", about.resource_version);
  return object;
}

Json event_object(const Signature& what, const Series& series, const std::string& component) {
  // Events of cluster-scoped objects live in "default".
  const std::string& own = series.about.key.namespace_;
  Json metadata = Json::object();
  metadata.set("name", series.name);
  metadata.set("namespace", own.empty() ? "default" : own);
  Json event = Json::object();
  event.set("metadata", std::move(metadata));
  event.set("involvedObject", involved_object(series.about));
  event.set("type", to_string(what.type));
  event.set("reason", what.reason);
  event.set("message", what.message);
  event.set("source", Json::object({
                          {"component", component}
  }));
  event.set("reportingComponent", component);
  event.set("reportingInstance", "");
  event.set("firstTimestamp", format_rfc3339(series.first));
  event.set("lastTimestamp", format_rfc3339(series.last));
  event.set("count", series.sending);
  return event;
}

/// All that the next count needs to know of an Event: thousands are remembered.
Json what_to_count_on(const Json& event) {
  Json metadata = Json::object();
  for (const char* key : {"namespace", "name", "uid", "resourceVersion"}) {
    metadata.set(key, event["metadata"][key]);
  }
  return Json::object({
      {"metadata",      std::move(metadata)   },
      {"count",         event["count"]        },
      {"lastTimestamp", event["lastTimestamp"]},
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
        writer(to_server, [this](const Write& write,
                                 const Json& object) { answers[write.target().key] = object; }),
        retry(event_loop) {}

  // --- What comes in.

  void record(const api::ObjectRef& about, const EventNote& note) {
    const bool room = waiting.size() + in_flight < queue_max;
    if (!admit({about.uid, note.type}) || !room) {
      log::info("an event is left out, there are too many",
                {
                    {"object",  about.text()},
                    {"reason",  note.reason },
                    {"message", note.message}
      });
      return;
    }
    const Instant now = loop.now();
    const Signature what{about.uid, note.type, note.reason,
                         std::string(cut(note.message, message_max))};
    Series& series = all[what];
    const bool busy = series.unwritten > 0;  // Waits, or is being sent: grows as it is.
    if (!busy && (series.name.empty() || now - series.last > aggregation_window)) {
      series = {.about = about, .name = event_name(about, random), .first = now};
    }
    series.last = now;
    ++series.unwritten;
    if (!busy) enqueue(what);
  }

  /// Takes a token of a bucket; returns false when it is empty.
  bool admit(const BucketKey& key) {
    const Instant now = loop.monotonic_now();
    if (buckets.size() >= remembered_max) forget_full_buckets(now);
    Bucket& bucket = buckets.try_emplace(key, Bucket{burst, now}).first->second;
    bucket.tokens = tokens_of(bucket, now);
    bucket.last = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  static double tokens_of(const Bucket& bucket, Instant now) {
    const double refilled = (now - bucket.last).seconds() / refill_interval.seconds();
    return std::min(burst, bucket.tokens + refilled);
  }

  void forget_full_buckets(Instant now) {
    std::erase_if(buckets,
                  [&](const auto& entry) { return tokens_of(entry.second, now) >= burst; });
    if (buckets.size() >= remembered_max) buckets.clear();
  }

  // --- What goes out.

  void enqueue(const Signature& what) {
    waiting.push_back(what);
    if (scheduled) return;
    scheduled = true;
    loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->send_some();
    });
  }

  void send_some() {
    scheduled = false;
    while (!retry.pending() && !waiting.empty() && in_flight < in_flight_max) {
      const Signature what = std::move(waiting.front());
      waiting.pop_front();
      send(what, all.at(what));
    }
  }

  void send(const Signature& what, Series& series) {
    ++in_flight;
    // What may be there already goes out as it was, so that a refusal tells that it is.
    series.sending = series.in_doubt > 0 ? series.in_doubt : series.unwritten;
    writer.execute({write_of(what, series)},
                   [weak = weak_from_this(), what](const Writer::Outcome& outcome) {
                     if (const auto self = weak.lock()) self->sent(what, outcome);
                   });
  }

  Write write_of(const Signature& what, const Series& series) const {
    if (!series.written) {
      return Write::create(api::kinds::event, event_object(what, series, component), "for people");
    }
    const std::int64_t count = series.written->content["count"].integer_or(1);
    return Write(*series.written, "the same again")
        .expect_as_seen("/count")
        .set("/count", count + series.sending)
        .set("/lastTimestamp", format_rfc3339(series.last));
  }

  void sent(const Signature& what, const Writer::Outcome& outcome) {
    --in_flight;
    Series& series = all.at(what);
    const std::int64_t sending = std::exchange(series.sending, 0);
    if (outcome.error && !is_there_already(series, *outcome.error)) {
      failed(what, series, sending, outcome);
    } else {
      take_answer(series);
      series.unwritten -= sending;
      series.in_doubt = 0;
      series.attempts = 0;
      if (series.unwritten > 0) enqueue(what);
    }
    tidy();
    send_some();
  }

  /// The write was sent again, here or by something on the way, after its answer got lost: no one
  /// else draws the name of a create, or changes a count.
  static bool is_there_already(const Series& series, const Error& error) {
    if (!series.written) return error.code == ErrorCode::already_exists;
    return series.in_doubt > 0 && error.code == ErrorCode::refused;
  }

  /// What follows goes into another Event.
  void begin_anew(Series& series) {
    series.written.reset();
    series.name = event_name(series.about, random);
    series.first = series.last;
  }

  void take_answer(Series& series) {
    const auto& key = series.about.key;
    const auto found =
        answers.find({key.namespace_.empty() ? "default" : key.namespace_, series.name});
    if (found != answers.end()) {
      series.written = api::Object::of(api::kinds::event, what_to_count_on(found->second));
      answers.erase(found);
    } else {
      begin_anew(series);  // Written, but not known well enough to be counted on.
    }
  }

  void failed(const Signature& what, Series& series, std::int64_t sent,
              const Writer::Outcome& outcome) {
    const ErrorCode code = outcome.error->code;
    const bool hopeless = code == ErrorCode::forbidden || code == ErrorCode::invalid ||
                          (code == ErrorCode::not_found && !series.written);
    if (hopeless || ++series.attempts >= attempts_max) {
      // Nobody is left to read it.
      const bool closing = code == ErrorCode::forbidden &&
                           outcome.error->message.find(being_terminated) != std::string::npos;
      log::write(closing ? log::Level::debug : log::Level::warn, "an event is not recorded",
                 {
                     {"object", series.about.text()  },
                     {"reason", what.reason          },
                     {"error",  outcome.error->text()}
      });
      all.erase(what);
      return;
    }
    // Held back while another leads: perhaps not for long, and it happened all the same.
    const bool held_back = code == ErrorCode::cancelled;
    if (code != ErrorCode::unavailable && !held_back) {
      // The event that was counted on is gone, or has changed: begin another.
      begin_anew(series);
      series.in_doubt = 0;
    } else {
      if (!held_back) series.in_doubt = sent;
      // No event goes out until then: the server has enough to do.
      const Duration wait =
          std::max(retry_delay * series.attempts, outcome.retry_after.value_or(Duration{}));
      retry.set(wait, [this] { send_some(); });
    }
    enqueue(what);
  }

  /// Drops what nobody will repeat any more.
  void tidy() {
    if (all.size() <= remembered_max) return;
    const Instant old = loop.now() - aggregation_window;
    const auto idle = [](const Series& series) { return series.unwritten == 0; };
    std::erase_if(all, [&](const auto& e) { return idle(e.second) && e.second.last < old; });
    if (all.size() <= remembered_max) return;
    std::erase_if(all, [&](const auto& e) { return idle(e.second); });
  }

  EventLoop& loop;
  const std::string component;
  Random random;
  Writer writer;
  Timer retry;
  std::map<Signature, Series> all;
  std::deque<Signature> waiting;  ///< Those with something unwritten that are not being sent.
  std::map<BucketKey, Bucket> buckets;
  std::map<api::ObjectKey, Json> answers;
  std::size_t in_flight = 0;
  bool scheduled = false;
};

EventRecorder::EventRecorder(EventLoop& loop, Transport& transport, std::string component,
                             std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, std::move(component), seed)) {}

EventRecorder::~EventRecorder() {
  state_->retry.cancel();
}

void EventRecorder::record(const api::ObjectRef& about, const EventNote& note) {
  state_->record(about, note);
}

std::size_t EventRecorder::pending() const {
  return state_->waiting.size() + state_->in_flight;
}

}  // namespace slipway::kubernetes
