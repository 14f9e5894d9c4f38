#include "cluster/server/watch.h"

#include <deque>

#include "base/text.h"
#include "cluster/server/request_options.h"
#include "cluster/server/selectors.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

using Shape = Representation::Shape;
using Type = StoreEvent::Type;

/// What a watch asks for, checked.
struct WatchQuery {
  LabelQuery labels;
  FieldQuery fields;
  TableOptions table;
  std::uint64_t revision = 0;       ///< Events up to here are known already.
  bool from_now = false;            ///< Begins with the present state instead of a revision.
  bool initial_events_end = false;  ///< Marks the end of that state with a bookmark.
  bool bookmarks = false;
  Duration timeout;
};

Served<WatchQuery> read_watch_query(Server& server, const Call& call) {
  SERVE_DONE(check_list_options(call, true));
  WatchQuery watch;
  watch.labels = SERVE(LabelQuery::parse(call.query.get("labelSelector")));
  watch.fields =
      SERVE(FieldQuery::parse(call.query.get("fieldSelector"), call.resource->field_labels));
  watch.table = SERVE(table_options_of(call));
  watch.bookmarks = call.query.is_true("allowWatchBookmarks");
  const bool wants_state = call.query.is_true("sendInitialEvents");
  watch.initial_events_end = wants_state && watch.bookmarks;
  const std::string_view version = call.query.get("resourceVersion");
  const auto revision = version.empty() ? std::optional<std::int64_t>(0) : parse_integer(version);
  if (!revision || *revision < 0) {
    // The real server means to say 400 here, and says this.
    return Refusal(Status{500,
                          "",
                          "resourceVersion: Invalid value: " + quote(version) +
                              ": strconv.ParseUint: parsing " + quote(version) + ": invalid syntax",
                          {}});
  }
  watch.revision = static_cast<std::uint64_t>(*revision);
  const bool declines_state = call.query.get("sendInitialEvents") == "false";
  watch.from_now = wants_state || (*revision == 0 && !declines_state);
  if (*revision == 0 && declines_state) watch.revision = server.store.revision();
  const auto seconds = parse_integer(call.query.get("timeoutSeconds"));
  // Without a wish: between 30 and 60 minutes, spread so that clients don't come back all at once.
  constexpr std::uint64_t seconds_default = 1800;
  watch.timeout = Duration::from_seconds(
      seconds && *seconds > 0
          ? *seconds
          : static_cast<std::int64_t>(seconds_default + server.random.below(seconds_default)));
  return watch;
}

/// `clean end of file`, as StreamEvents puts it.
Result<kubernetes::Response> clean_end() {
  return Failure(Error{ErrorCode::unavailable, {}, {}, {}});
}

}  // namespace

/// One running watch. Shared by the stream its client holds and the tasks it has posted, so that a
/// client may let go of the stream from within a callback.
class Watch final : public StoreObserver, public std::enable_shared_from_this<Watch> {
 public:
  Watch(Server& server, Call call, WatchQuery query, kubernetes::StreamEvents events)
      : server_(server),
        resource_(std::move(call.resource)),
        form_(call.form),
        prefix_(call.path.namespace_.empty() ? "" : call.path.namespace_ + "/"),
        query_(std::move(query)),
        events_(std::move(events)),
        table_(server.store.table(resource_->table)),
        timeout_(server.loop, kubernetes::Timer::Purpose::upkeep),
        bookmark_(server.loop, kubernetes::Timer::Purpose::upkeep) {}

  void start() {
    table_.add_observer(this);
    server_.watches.insert(this);
    open_ = true;
    if (!query_.from_now && query_.revision < table_.oldest_revision()) {
      expired_ = true;
    } else if (query_.from_now) {
      queue_present_state();
    } else {
      for (const StoreEventPtr& event : table_.events_since(query_.revision)) on_event(event);
    }
    schedule();
    timeout_.set(query_.timeout, [self = shared_from_this()] { self->end(true); });
    if (query_.bookmarks) set_bookmark_timer();
  }

  /// No callback comes after this.
  void close() {
    if (!open_) return;
    open_ = false;
    table_.remove_observer(this);
    server_.watches.erase(this);
    timeout_.cancel();
    bookmark_.cancel();
    queue_.clear();
  }

  /// Delivers what is queued and ends the stream.
  void end(bool with_bookmark) {
    const auto self = shared_from_this();
    flush();
    if (open_ && with_bookmark && query_.bookmarks) events_.on_line(bookmark_line(false));
    if (!open_) return;
    close();
    events_.on_end(clean_end());
  }

  const std::string& table_name() const { return resource_->table; }

  void on_event(const StoreEventPtr& event) override {
    if (event->revision() <= query_.revision) return;
    if (!event->object->key().starts_with(prefix_)) return;
    const bool now = event->type != Type::deleted && is_selected(*event->object);
    const bool before = event->previous && is_selected(*event->previous);
    if (!now && !before) return;
    const Type type = !now ? Type::deleted : before ? Type::modified : Type::added;
    queue_.push_back({event, type});
    schedule();
  }

 private:
  struct Queued {
    StoreEventPtr event;
    Type type;  ///< To this watch: a change of labels may take an object in or out.
  };

  bool is_selected(const StoredObject& object) const {
    if (!query_.labels.matches(object.metadata()["labels"])) return false;
    if (query_.fields.empty()) return true;
    if (!resource_->from_stored) return query_.fields.matches(object.content());
    return query_.fields.matches(resource_->from_stored(object.content()));
  }

  void queue_present_state() {
    const auto queue = [this](const ObjectPtr& object) {
      if (!is_selected(*object)) return;
      queue_.push_back(
          {std::make_shared<const StoreEvent>(Type::added, object, nullptr), Type::added});
    };
    const std::string_view name = query_.fields.name();
    if (!name.empty() && prefix_.empty() != resource_->namespaced) {
      if (const ObjectPtr object = table_.find(prefix_ + std::string(name))) queue(object);
    } else {
      for (auto at = table_.objects().lower_bound(prefix_);
           at != table_.objects().end() && at->first.starts_with(prefix_); ++at) {
        queue(at->second);
      }
    }
    query_.revision = server_.store.revision();
  }

  void schedule() {
    if (scheduled_ || !open_) return;
    scheduled_ = true;
    server_.loop.post([self = shared_from_this()] {
      self->scheduled_ = false;
      self->flush();
    });
  }

  void flush() {
    const auto self = shared_from_this();
    if (open_ && !announced_) {
      announced_ = true;
      if (events_.on_open) events_.on_open(200);
    }
    if (open_ && expired_) {
      events_.on_line(expired_line());
      if (!open_) return;
      close();
      events_.on_end(clean_end());
      return;
    }
    while (open_ && !queue_.empty()) {
      const Queued next = std::move(queue_.front());
      queue_.pop_front();
      deliver(next);
    }
    if (open_ && query_.initial_events_end) {
      query_.initial_events_end = false;
      events_.on_line(bookmark_line(true));
    }
  }

  void deliver(const Queued& next) {
    const StoreEvent& event = *next.event;
    if (form_.shape == Shape::object && !resource_->from_stored && next.type == event.type) {
      events_.on_line(event.line());
      return;
    }
    // An object that left the selection is shown as it was in it, under the new version.
    const bool left = next.type == Type::deleted && event.type != Type::deleted;
    const ObjectPtr object = left ? renumbered(*event.previous, event.revision()) : event.object;
    events_.on_line(line_of(to_string(next.type), shown_text(*object)));
  }

  std::string shown_text(const StoredObject& object) {
    if (form_.shape == Shape::object && !resource_->from_stored) return object.text();
    const Json content =
        resource_->from_stored ? resource_->from_stored(object.content()) : object.content();
    if (form_.shape == Shape::object) return to_text(content);
    if (form_.shape != Shape::table) {
      return to_text(partial_metadata(content, form_.shape_version));
    }
    Json table = make_table(*resource_, {&content}, server_.loop.now(), query_.table);
    table.member("metadata").set("resourceVersion", content["metadata"]["resourceVersion"]);
    query_.table.with_columns = false;
    return to_text(table);
  }

  static std::string line_of(std::string_view type, const std::string& object) {
    std::string line;
    line.reserve(object.size() + 32);
    return line.append(R"({"type":")")
        .append(type)
        .append(R"(","object":)")
        .append(object)
        .append("}");
  }

  std::string bookmark_line(bool initial_events_end) {
    Json metadata = Json::object({
        {"resourceVersion", std::to_string(server_.store.revision())}
    });
    if (initial_events_end) {
      metadata.set("annotations", Json::object({
                                      {"k8s.io/initial-events-end", "true"}
      }));
    }
    Json object;
    if (form_.shape == Shape::table) {
      object = make_table(*resource_, {}, server_.loop.now(), query_.table);
    } else if (form_.shape == Shape::object) {
      object = Json::object({
          {"kind",       std::string_view(resource_->kind)},
          {"apiVersion", resource_->api_version()         }
      });
    } else {
      object = partial_metadata(Json(), form_.shape_version);
    }
    object.set("metadata", std::move(metadata));
    return line_of("BOOKMARK", to_text(object));
  }

  std::string expired_line() const {
    const Status status = expired("too old resource version: " + std::to_string(query_.revision) +
                                  " (" + std::to_string(table_.oldest_revision()) + ")");
    return line_of("ERROR", to_text(status.to_json()));
  }

  void set_bookmark_timer() {
    bookmark_.set(server_.options.bookmark_interval, [self = shared_from_this()] {
      self->flush();
      if (!self->open_) return;
      self->events_.on_line(self->bookmark_line(false));
      if (self->open_) self->set_bookmark_timer();
    });
  }

  Server& server_;
  ResourcePtr resource_;
  Representation form_;
  std::string prefix_;
  WatchQuery query_;
  kubernetes::StreamEvents events_;
  ObjectTable& table_;
  kubernetes::Timer timeout_;
  kubernetes::Timer bookmark_;
  std::deque<Queued> queue_;
  bool open_ = false;
  bool announced_ = false;
  bool scheduled_ = false;
  bool expired_ = false;
};

namespace {

/// What the client holds.
class WatchStream final : public kubernetes::Stream {
 public:
  explicit WatchStream(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}
  ~WatchStream() override { watch_->close(); }

 private:
  std::shared_ptr<Watch> watch_;
};

/// Says no on the loop, unless the client has let go by then.
class RefusedStream final : public kubernetes::Stream {
 public:
  RefusedStream(Server& server, kubernetes::Response response, kubernetes::StreamEvents events) {
    server.loop.post([alive = std::weak_ptr<bool>(alive_), response = std::move(response),
                      events = std::move(events)] {
      if (alive.expired()) return;
      if (events.on_open) events.on_open(response.status);
      if (!alive.expired()) events.on_end(response);
    });
  }

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<kubernetes::Stream> open_watch(Server& server, Call call,
                                               kubernetes::StreamEvents events) {
  Served<WatchQuery> query = read_watch_query(server, call);
  if (!query) return refuse_watch(server, to_response(query.error()), std::move(events));
  auto watch =
      std::make_shared<Watch>(server, std::move(call), std::move(*query), std::move(events));
  watch->start();
  return std::make_unique<WatchStream>(std::move(watch));
}

std::unique_ptr<kubernetes::Stream> refuse_watch(Server& server, kubernetes::Response response,
                                                 kubernetes::StreamEvents events) {
  return std::make_unique<RefusedStream>(server, std::move(response), std::move(events));
}

void end_watches(Server& server, const std::string& table) {
  std::vector<std::shared_ptr<Watch>> ending;
  for (Watch* watch : server.watches) {
    if (watch->table_name() == table) ending.push_back(watch->shared_from_this());
  }
  for (const std::shared_ptr<Watch>& watch : ending) watch->end(false);
}

void close_watches(Server& server) {
  std::vector<std::shared_ptr<Watch>> open;
  for (Watch* watch : server.watches) open.push_back(watch->shared_from_this());
  for (const std::shared_ptr<Watch>& watch : open) watch->close();
}

}  // namespace slipway::cluster
