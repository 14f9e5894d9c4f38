#include "kubernetes/reflector.h"

#include <algorithm>

#include "api/meta.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// Lists that are older than what is known already come from an API server that lags behind. So
/// many are not believed; after that the store itself must have gone back (a restored backup).
constexpr int stale_lists_max = 5;

/// Before a watch that ended well is opened again.
constexpr Duration resume_delay = 100_ms;

const JsonParseOptions without_managed_fields{.skip = {{"metadata", "managedFields"}}};
const JsonParseOptions event_without_managed_fields{
    .skip = {{"object", "metadata", "managedFields"}}};

std::string version_of(const Json& object) {
  return std::string(object["metadata"]["resourceVersion"].string_or_empty());
}

}  // namespace

struct Reflector::State : std::enable_shared_from_this<State> {
  State(EventLoop& event_loop, Transport& to_server, Interest what, ReflectorSink& into,
        std::uint64_t seed, Options given)
      : loop(event_loop),
        transport(to_server),
        interest(std::move(what)),
        sink(into),
        random(seed),
        options(given),
        retry(event_loop),
        silence(event_loop) {}

  /// A callback that does nothing once stopped, or once a newer list or watch has begun.
  template <class F>
  auto guarded(F f) {
    return [weak = weak_from_this(), turn = turn, f = std::move(f)](auto&&... arguments) {
      const auto self = weak.lock();
      if (self != nullptr && self->running && self->turn == turn) {
        f(*self, std::forward<decltype(arguments)>(arguments)...);
      }
    };
  }

  std::string query(const std::string& more) const {
    std::string text = interest.kind.path(interest.namespace_) + "?" + more;
    if (!interest.label_selector.empty()) {
      text += "&labelSelector=" + url_encode(interest.label_selector);
    }
    if (!interest.field_selector.empty()) {
      text += "&fieldSelector=" + url_encode(interest.field_selector);
    }
    return text;
  }

  // --- List.

  void list() {
    ++turn;
    stream.reset();
    silence.cancel();
    ask_page("");
  }

  void ask_page(const std::string& next) {
    Request request;
    request.target = query("limit=" + std::to_string(options.page_size));
    if (!next.empty()) request.target += "&continue=" + url_encode(next);
    const bool first = next.empty();
    transport.send(request, guarded([request, first](State& self, Result<Response> response) {
                     self.take_page(request, first, std::move(response));
                   }));
  }

  void take_page(const Request& request, bool first, Result<Response> response) {
    if (!response) {
      failed(response.error());
      return;
    }
    if (response->status != 200) {
      // An expired page token, too, begins the list afresh.
      failed(error_of(*response, request, transport.server()));
      return;
    }
    const Result<Json> head = parse_json(response->body, {.skip = {{"items"}}});
    if (!head) {
      failed(inside(request.target, head.error()));
      return;
    }
    const std::string version = version_of(*head);
    if (first && api::newer_version(known_version, version) && stale_lists < stale_lists_max) {
      ++stale_lists;
      failed({ErrorCode::unavailable, request.target,
              "the list is of version " + version + ", older than " + known_version, ""});
      return;
    }
    if (first) sink.replace_begin();
    deliver(response->body);
    const std::string next((*head)["metadata"]["continue"].string_or_empty());
    if (next.empty()) {
      listed(version);
    } else {
      ask_page(next);
    }
  }

  /// Hands the objects of a page on one by one: a list of any length needs the memory of a page.
  void deliver(const std::string& page) {
    const Result<Json> read = parse_json_list(
        page, "items",
        [this](const Json& object) -> Result<void> {
          sink.replace_item(object);
          return {};
        },
        without_managed_fields);
    if (!read)
      log::error("cannot read a list", {
                                           {"error", read.error().text()}
      });
  }

  void listed(const std::string& version) {
    stale_lists = 0;
    sink.replace_end(version);
    known_version = version;
    has_synced = true;
    trouble.clear();
    backoff = {};
    watch();
  }

  // --- Watch.

  void watch() {
    ++turn;
    answered = false;
    const std::int64_t least = options.watch_timeout_min.whole_seconds();
    const auto extra = static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(least, 1))));
    Request request;
    request.target = query("watch=true&allowWatchBookmarks=true&resourceVersion=" + known_version +
                           "&timeoutSeconds=" + std::to_string(least + extra));
    request.timeout = Duration{};
    listen_for_silence();
    stream = transport.open(
        request,
        {.on_open = guarded([](State& self, int status) { self.answered = status == 200; }),
         .on_line = guarded([](State& self, std::string_view line) { self.take_line(line); }),
         .on_end = guarded([request](State& self, Result<Response> end) {
           self.ended(request, std::move(end));
         })});
  }

  /// A half-open connection brings neither events nor an end.
  void listen_for_silence() {
    silence.set(options.silence_limit, [this] {
      log::warn("a watch has gone silent and is opened anew",
                {
                    {"kind",   interest.kind.kind},
                    {"server", transport.server()}
      });
      stream.reset();
      resume({});
    });
  }

  void take_line(std::string_view line) {
    listen_for_silence();
    const Result<Json> event = parse_json(line, event_without_managed_fields);
    if (!event) {
      failed(inside("watch of " + std::string(interest.kind.plural), event.error()));
      return;
    }
    const std::string_view type = (*event)["type"].string_or_empty();
    const Json& object = (*event)["object"];
    if (type == "ERROR") {
      take_error(object);
      return;
    }
    const std::string version = version_of(object);
    if (type == "ADDED" || type == "MODIFIED") {
      sink.upsert(object);
    } else if (type == "DELETED") {
      sink.remove(object);
    } else if (type != "BOOKMARK") {
      log::warn("an event of an unknown type is left out", {
                                                               {"type", std::string(type)}
      });
    }
    if (api::newer_version(version, known_version)) known_version = version;
    backoff = {};
    trouble.clear();
  }

  void take_error(const Json& status) {
    const std::string message(status["message"].string_or_empty());
    if (status["code"].integer_or(0) == 410) {
      list();
      return;
    }
    failed({ErrorCode::unavailable, "watch of " + std::string(interest.kind.plural), message, ""});
  }

  void ended(const Request& request, Result<Response> end) {
    stream.reset();
    silence.cancel();
    if (!end) {
      resume(end.error());
      return;
    }
    if (end->status == 200) {
      resume({});
      return;
    }
    const Error error = error_of(*end, request, transport.server());
    if (error.code == ErrorCode::expired) {
      list();
    } else {
      failed(error);
    }
  }

  /// Opens the watch again where it broke: at once after a healthy stream, else with backoff.
  void resume(const std::optional<Error>& error) {
    if (answered) {
      // Even a healthy server may end each stream at once; a short wait keeps that from spinning.
      ++turn;
      retry.set(resume_delay, [this] { watch(); });
      return;
    }
    ++turn;
    note(
        error.value_or(Error{ErrorCode::unavailable, "", "the watch ended without an answer", ""}));
    retry.set(next_backoff(), [this] { watch(); });
  }

  // --- Trouble.

  void note(const Error& error) {
    trouble = std::string(interest.kind.plural) + ": " + error.text();
    log::warn("cannot follow a kind", {
                                          {"kind",  interest.kind.kind},
                                          {"error", error.text()      }
    });
  }

  /// Begins afresh with a list, after a while.
  void failed(const Error& error) {
    ++turn;
    stream.reset();
    silence.cancel();
    note(error);
    retry.set(next_backoff(), [this] { list(); });
  }

  /// Doubles, with up to half of it as jitter, so that many clients don't come back together.
  Duration next_backoff() {
    backoff =
        backoff.nanoseconds == 0 ? options.backoff_min : std::min(backoff * 2, options.backoff_max);
    const double jitter = random.fraction() / 2;
    return Duration{
        static_cast<std::int64_t>(static_cast<double>(backoff.nanoseconds) * (1.0 - jitter))};
  }

  EventLoop& loop;
  Transport& transport;
  const Interest interest;
  ReflectorSink& sink;
  Random random;
  const Options options;
  Timer retry;
  Timer silence;
  std::unique_ptr<Stream> stream;
  std::string known_version;  ///< The newest seen, in lists, events and bookmarks.
  std::string trouble;
  Duration backoff;
  std::uint64_t turn = 0;  ///< Counts lists and watches; callbacks of earlier ones are deaf.
  int stale_lists = 0;
  bool answered = false;
  bool has_synced = false;
  bool running = false;
};

Reflector::Reflector(EventLoop& loop, Transport& transport, Interest interest, ReflectorSink& sink,
                     std::uint64_t seed, Options options)
    : state_(std::make_shared<State>(loop, transport, std::move(interest), sink, seed, options)) {}

Reflector::~Reflector() {
  stop();
}

void Reflector::start() {
  if (state_->running) return;
  state_->running = true;
  state_->list();
}

void Reflector::stop() {
  state_->running = false;
  state_->stream.reset();
  state_->retry.cancel();
  state_->silence.cancel();
}

bool Reflector::synced() const {
  return state_->has_synced;
}
std::string Reflector::trouble() const {
  return state_->trouble;
}

}  // namespace slipway::kubernetes
