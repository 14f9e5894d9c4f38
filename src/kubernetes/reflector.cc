#include "kubernetes/reflector.h"

#include <algorithm>

#include "api/meta.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// A list older than what is known already comes from an API server that lags behind. So many in a
/// row mean that the store itself has gone back (a restored backup).
constexpr int stale_lists_max = 5;

/// A watch that so many times in a row can't be opened may be for a version that the server will
/// never have: a list finds out. Fewer would list all objects again while servers restart.
constexpr int failed_watches_max = 3;

/// After so many lists whose page token expired, pages take too long: ask for all at once.
constexpr int expired_lists_max = 2;

/// Before a watch that ended well is opened again.
constexpr Duration resume_delay = 100_ms;

constexpr std::string_view metadata_of_one =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
constexpr std::string_view metadata_of_list =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

std::string version_of(const Json& object) {
  return std::string(object["metadata"]["resourceVersion"].string_or_empty());
}

bool is_named(const Json& object) {
  return !object["metadata"]["name"].string_or_empty().empty();
}

}  // namespace

JsonParseOptions object_reading(const Reflector::Options& options,
                                const JsonParseOptions::Path& at) {
  const auto path = [&](std::string_view parent, std::string_view key) {
    JsonParseOptions::Path whole = at;
    whole.insert(whole.end(), {parent, key});
    return whole;
  };
  JsonParseOptions reading{.skip = {path("metadata", "managedFields")}};
  if (options.unread_templates) reading.unread = {path("spec", "template")};
  return reading;
}

struct Reflector::State : std::enable_shared_from_this<State> {
  State(EventLoop& event_loop, Transport& to_server, Interest what, ReflectorSink& into,
        std::uint64_t seed, Options given)
      : loop(event_loop),
        transport(to_server),
        interest(std::move(what)),
        sink(into),
        random(seed),
        options(given),
        item_reading(object_reading(given)),
        event_reading(object_reading(given, {"object"})),
        retry(event_loop),
        silence(event_loop, Timer::Purpose::upkeep) {}

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
    close();
    answered = false;
    list_version.clear();
    ask_page("");
  }

  void ask_page(const std::string& next) {
    // Without a resourceVersion: a list of the newest state, not of some server's cache.
    const bool paged = expired_lists < expired_lists_max;
    Request request;
    request.target = query(paged ? "limit=" + std::to_string(options.page_size) : "limit=0");
    if (interest.metadata_only) request.accept = metadata_of_list;
    if (!next.empty()) request.target += "&continue=" + url_encode(next);
    transport.send(request, guarded([request](State& self, Result<Response> response) {
                     self.take_page(request, std::move(response));
                   }));
  }

  void take_page(const Request& request, Result<Response> response) {
    if (!response) return failed(response.error());
    if (response->status != 200) {
      const Error error = error_of(*response, request, transport.server());
      if (error.code == ErrorCode::expired) ++expired_lists;
      unserved = error.code == ErrorCode::not_found;
      return failed(error, response->retry_after);
    }
    const Result<Json> head = parse_json_list_head(response->body, "items");
    if (!head) return failed(inside(request.target, head.error()));
    const std::string version = version_of(*head);
    if (version.empty() || !(*head)["kind"].string_or_empty().ends_with("List")) {
      return failed({ErrorCode::unavailable, request.target, "the answer is no list", ""});
    }
    if (list_version.empty() && !begin_list(request, version)) return;
    // Pages of different versions: what came between the two is still to be watched.
    if (api::newer_version(list_version, version)) list_version = version;

    const std::uint64_t before = turn;
    const Result<Json> read = deliver(response->body);
    if (!running || turn != before) return;
    if (!read) return failed(inside(request.target, read.error()));
    const std::string next((*head)["metadata"]["continue"].string_or_empty());
    next.empty() ? listed() : ask_page(next);
  }

  /// Whether the list is to be believed.
  bool begin_list(const Request& request, const std::string& version) {
    const bool stale = api::newer_version(known_version, version);
    if (!stale) stale_lists = 0;  // Whatever becomes of its other pages.
    if (stale && ++stale_lists < stale_lists_max) {
      failed({ErrorCode::unavailable, request.target,
              "the list is of version " + version + ", older than " + known_version, ""});
      return false;
    }
    if (stale) {
      log::error("the store has gone back in time",
                 {
                     {"kind",    interest.kind.kind},
                     {"version", version           },
                     {"known",   known_version     }
      });
      sink.store_went_back();
    }
    list_version = version;
    sink.replace_begin();
    return true;
  }

  /// Hands the objects of a page on one by one: a list of any length needs the memory of a page.
  Result<Json> deliver(const std::string& page) {
    return parse_json_list(
        page, "items",
        [this](const Json& object) -> Result<void> {
          if (!is_named(object)) {
            return fail(ErrorCode::unavailable, "items", "found an item without a name");
          }
          sink.replace_item(object);
          return {};
        },
        item_reading);
  }

  void listed() {
    stale_lists = 0;
    expired_lists = 0;
    failed_watches = 0;
    sink.replace_end(list_version);
    known_version = list_version;
    has_synced = true;
    unserved = false;
    trouble.clear();
    if (running) watch();
  }

  // --- Watch.

  void watch() {
    ++turn;
    answered = false;
    opened_at = loop.monotonic_now();
    opened_version = known_version;
    const std::int64_t least = std::max<std::int64_t>(options.watch_timeout_min.whole_seconds(), 1);
    const auto extra = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(least)));
    watch_request = {};
    watch_request.target =
        query("watch=true&allowWatchBookmarks=true&resourceVersion=" + url_encode(known_version) +
              "&timeoutSeconds=" + std::to_string(least + extra));
    watch_request.timeout = Duration{};
    if (interest.metadata_only) watch_request.accept = metadata_of_one;
    listen_for_silence();
    stream = transport.open(
        watch_request,
        {.on_open = guarded([](State& self, int status) { self.opened(status); }),
         .on_line = guarded([](State& self, std::string_view line) { self.take_line(line); }),
         .on_end = guarded([](State& self, Result<Response> end) { self.ended(std::move(end)); })});
  }

  void opened(int status) {
    answered = status == 200;
    if (answered) trouble.clear();
  }

  /// A half-open connection brings neither events nor an end.
  void listen_for_silence() {
    heard_at = loop.monotonic_now();
    // One timer for many lines: it looks when it comes up how long the last one is ago.
    if (!silence.pending()) wait_for_silence(options.silence_limit);
  }

  void wait_for_silence(Duration left) {
    silence.set(left, [this] {
      const Duration rest = heard_at + options.silence_limit - loop.monotonic_now();
      if (rest.nanoseconds > 0) return wait_for_silence(rest);
      log::warn("a watch has gone silent and is opened anew",
                {
                    {"kind",   interest.kind.kind},
                    {"server", transport.server()}
      });
      resume(watch_error("nothing came for " + format_go_duration(options.silence_limit)));
    });
  }

  void take_line(std::string_view line) {
    listen_for_silence();
    const Result<Json> event = parse_json(line, event_reading);
    if (!event) return failed(watch_error(event.error().text()));
    const std::string_view type = (*event)["type"].string_or_empty();
    const Json& object = (*event)["object"];
    if (type == "ERROR") return take_error(object);
    const bool change = type == "ADDED" || type == "MODIFIED" || type == "DELETED";
    if (change && !is_named(object)) {
      return failed(watch_error("found an event without an object's name"));
    }
    // Noted first: what the sink's handlers set off may stop this watch.
    const std::string version = version_of(object);
    if (api::newer_version(version, known_version)) known_version = version;
    if (type == "DELETED") {
      sink.remove(object);
    } else if (change) {
      sink.upsert(object);
    } else if (type != "BOOKMARK") {
      log::warn("an event of an unknown type is left out", {
                                                               {"type", std::string(type)}
      });
    }
  }

  void take_error(const Json& status) {
    if (status["code"].integer_or(0) == 410) return expired();
    failed(watch_error("the server sent an error: " +
                       std::string(status["message"].string_or_empty())));
  }

  void ended(Result<Response> end) {
    if (!end) return resume(end.error());
    if (end->status == 200) return resume(watch_error("the server ended it"));
    const Error error = error_of(*end, watch_request, transport.server());
    error.code == ErrorCode::expired ? expired() : resume(error, end->retry_after);
  }

  /// Whether the stream did its work: it lasted, or brought something new.
  bool was_healthy() const {
    return answered && (known_version != opened_version ||
                        loop.monotonic_now() - opened_at >= options.backoff_min);
  }

  /// The version is compacted away: list at once, but not again and again.
  void expired() {
    if (was_healthy()) backoff = {};
    if (backoff.nanoseconds != 0) return failed(watch_error("its version has expired"));
    backoff = options.backoff_min;
    list();
  }

  /// Opens the watch again where it broke: at once after a healthy stream, else with backoff.
  void resume(const Error& error, std::optional<Duration> retry_after = {}) {
    if (was_healthy()) {
      close();
      backoff = {};
      failed_watches = 0;
      retry.set(resume_delay, [this] { watch(); });
      return;
    }
    if (++failed_watches >= failed_watches_max) return failed(error, retry_after);
    close();
    note(error);
    retry.set(std::max(next_backoff(), retry_after.value_or(Duration{})), [this] { watch(); });
  }

  Error watch_error(std::string message) const {
    return {ErrorCode::unavailable, "watch of " + std::string(interest.kind.plural),
            std::move(message), ""};
  }

  // --- Trouble.

  void note(const Error& error) {
    trouble = std::string(interest.kind.plural) + ": " + error.text();
    log::warn("cannot follow a kind", {
                                          {"kind",  interest.kind.kind},
                                          {"error", error.text()      }
    });
  }

  void close() {
    ++turn;
    stream.reset();
    silence.cancel();
  }

  /// Begins afresh with a list, after a while.
  void failed(const Error& error, std::optional<Duration> retry_after = {}) {
    if (was_healthy()) backoff = {};
    close();
    note(error);
    retry.set(std::max(next_backoff(), retry_after.value_or(Duration{})), [this] { list(); });
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
  const JsonParseOptions item_reading;
  const JsonParseOptions event_reading;
  Timer retry;
  Timer silence;
  std::unique_ptr<Stream> stream;
  Request watch_request;
  Instant opened_at;           ///< Of the watch, monotonic.
  Instant heard_at;            ///< The watch, last.
  std::string opened_version;  ///< Where the watch began.
  std::string known_version;   ///< The newest seen, in lists, events and bookmarks.
  std::string list_version;    ///< Of the list under way; empty before its first page.
  std::string trouble;
  Duration backoff;
  std::uint64_t turn = 0;  ///< Counts lists and watches; callbacks of earlier ones are deaf.
  int stale_lists = 0;     ///< In a row, like the next two.
  int expired_lists = 0;
  int failed_watches = 0;
  bool answered = false;
  bool has_synced = false;
  bool unserved = false;
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
  state_->retry.cancel();
  state_->close();
}

bool Reflector::synced() const {
  return state_->has_synced;
}
bool Reflector::unserved() const {
  return state_->unserved;
}
std::string Reflector::trouble() const {
  return state_->trouble;
}

}  // namespace slipway::kubernetes
