#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json_patch.h"
#include "base/random.h"
#include "base/text.h"
#include "kubernetes/scripted_transport_for_test.h"

namespace slipway::kubernetes {

/// The little of an API server that this layer's tests need: objects by path, one history, lists in
/// pages, watches with bookmarks, the four kinds of writes with their preconditions. For tests; the
/// real thing is the embedded cluster, one layer up.
class StoreForTest {
 public:
  /// What goes wrong on the way, each with its own chance of one in so many; 0 is never.
  struct Faults {
    std::uint64_t lost_request = 0;    ///< Not done, no answer.
    std::uint64_t lost_answer = 0;     ///< Done, no answer.
    std::uint64_t refusal = 0;         ///< 401, 429, 500 or 503.
    std::uint64_t cut_answer = 0;      ///< Done, half of the body.
    std::uint64_t expired_page = 0;    ///< 410 in the middle of a list.
    std::uint64_t stale_list = 0;      ///< From a server that lags.
    std::uint64_t line = 0;            ///< At a line of a watch: end, reset, cut, stall, ERROR ...
    std::uint64_t repeated_event = 0;  ///< A watch that begins before it was asked to.
  };

  StoreForTest(EventLoop& loop, std::uint64_t seed) : transport(loop), loop_(loop), random(seed) {
    transport.respond = [this](const Request& request) { return respond_with_faults(request); };
    transport.on_watch = [this](ScriptedTransport::Watch& watch) { begin(watch); };
  }

  /// Makes or changes an object, as somebody else would. Returns it as stored.
  const Json& put(const std::string& path, Json object) {
    const auto known = objects.find(path);
    const bool fresh = known == objects.end();
    object.member("metadata").set("name", path.substr(path.rfind('/') + 1));
    object.member("metadata")
        .set("uid",
             fresh ? Json("uid-" + std::to_string(++uids_)) : known->second["metadata"]["uid"]);
    return store(path, std::move(object), fresh ? "ADDED" : "MODIFIED");
  }
  void remove(std::string path) {
    Json last = objects.at(path);
    last.member("metadata").set("resourceVersion", std::to_string(++revision));
    objects.erase(path);
    remember("DELETED", path, last);
  }
  /// Forgets the history, so that watches which resume get 410.
  void compact() { history_.clear(), compacted_ = revision; }
  /// Goes back to an earlier state, as a restored backup does; all connections break.
  void restore(std::uint64_t old_revision) {
    objects = past.at(old_revision);
    revision = old_revision;
    compact();
    for (const auto& watch : transport.watches) watch->end(no_answer());
  }
  /// Sends a bookmark on each watch.
  void send_bookmarks() {
    for (const auto& watch : transport.watches) {
      if (!watch->alive() || stalled_.contains(watch.get())) continue;
      watch->event("BOOKMARK", Json::object({
                                   {"metadata", version_object(revision)}
      }));
    }
  }

  ScriptedTransport transport;
  std::map<std::string, Json> objects;
  std::map<std::uint64_t, std::map<std::string, Json>> past;  ///< States by revision.
  std::uint64_t revision = 10;
  Faults faults;
  std::size_t refused_writes = 0;

 private:
  struct Event {
    std::uint64_t revision;
    std::string type;
    std::string path;
    Json object;
  };
  struct Target {
    std::string path;
    std::map<std::string, std::string> query;
  };

  bool happens(std::uint64_t one_in) { return one_in != 0 && random.below(one_in) == 0; }

  static Json version_object(std::uint64_t version) {
    return Json::object({
        {"resourceVersion", std::to_string(version)}
    });
  }

  static Target target_of(const Request& request) {
    Target target;
    const auto parts = split(request.target, '?');
    target.path = parts[0];
    if (parts.size() < 2) return target;
    for (const std::string_view pair : split(parts[1], '&')) {
      const auto sides = split(pair, '=');
      target.query[std::string(sides[0])] = url_decode(sides.size() > 1 ? sides[1] : "");
    }
    return target;
  }

  static std::string collection_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
  }

  const Json& store(const std::string& path, Json object, const std::string& type) {
    object.member("metadata").set("resourceVersion", std::to_string(++revision));
    Json& stored = objects[path] = std::move(object);
    remember(type, path, stored);
    return stored;
  }

  void remember(const std::string& type, const std::string& path, const Json& object) {
    past[revision] = objects;
    history_.push_back({revision, type, path, object});
    for (const auto& watch : transport.watches) {
      if (watch->alive()) tell(*watch, history_.back());
    }
  }

  // --- Requests.

  std::optional<Result<Response>> respond_with_faults(const Request& request) {
    if (happens(faults.lost_request)) return no_answer();
    if (happens(faults.refusal)) {
      constexpr int codes[] = {401, 429, 500, 503};
      return status_response(codes[random.below(4)], "Trouble");
    }
    Response response = respond(request);
    if (happens(faults.lost_answer)) return no_answer();
    if (happens(faults.cut_answer)) response.body.resize(response.body.size() / 2);
    return response;
  }

  Response respond(const Request& request) {
    const Target target = target_of(request);
    const auto found = objects.find(target.path);
    if (request.method == Method::post) return create(target.path, request.body);
    if (found == objects.end()) {
      if (target.query.contains("limit")) return list(target);
      return status_response(404, "NotFound");
    }
    if (request.method == Method::get) return json_response(200, found->second);
    if (request.method == Method::delete_) return erase(target.path, request.body);
    return patch(target.path, request);
  }

  Response create(const std::string& collection, const std::string& body) {
    Json object = parse_json(body).value();
    const std::string path =
        collection + "/" + std::string(object["metadata"]["name"].string_or_empty());
    if (objects.contains(path)) return status_response(409, "AlreadyExists");
    return json_response(201, put(path, std::move(object)));
  }

  Response erase(const std::string& path, const std::string& body) {
    const Json metadata = objects.at(path)["metadata"];
    const Json options = parse_json(body).value();
    for (const auto& [key, value] : options["preconditions"].as_object()) {
      if (!(metadata[key] == value)) return refuse(409, "Conflict", "");
    }
    remove(path);
    return json_response(200, Json::object({
                                  {"kind", "Status"}
    }));
  }

  Response patch(const std::string& path, const Request& request) {
    const Json& now = objects.at(path);
    const Json body = parse_json(request.body).value();
    Result<Json> changed = Json();
    if (request.content_type == media::json_patch) {
      changed = apply_json_patch(now, body);
      if (!changed) {
        return refuse(422, "Invalid",
                      "the server rejected our request due to an error in our request");
      }
    } else {
      changed = apply_merge_patch(now, body);
      if (!((*changed)["metadata"] == now["metadata"])) return refuse(409, "Conflict", "");
    }
    if (!(*changed == now)) store(path, *std::move(changed), "MODIFIED");
    return json_response(200, objects.at(path));
  }

  Response refuse(int code, std::string reason, std::string message) {
    ++refused_writes;
    return status_response(code, std::move(reason), std::move(message));
  }

  Response list(const Target& target) {
    const auto at = target.query.find("continue");
    if (at != target.query.end() && happens(faults.expired_page)) {
      return status_response(410, "Expired");
    }
    // A token is "revision first-path".
    std::uint64_t version = revision;
    std::string first = target.path;
    if (at != target.query.end()) {
      const auto parts = split(at->second, ' ');
      version = std::stoull(std::string(parts[0]));
      first = parts[1];
    } else if (happens(faults.stale_list) && past.size() > 3) {
      version = std::prev(past.end(), 3)->first;
    }
    const auto& state = version == revision ? objects : past.at(version);
    const std::size_t limit = std::stoull(target.query.at("limit"));
    Json items = Json::array();
    std::string next;
    for (auto object = state.lower_bound(first); object != state.end(); ++object) {
      if (collection_of(object->first) != target.path) continue;
      if (limit != 0 && items.size() == limit) {
        next = std::to_string(version) + " " + object->first;
        break;
      }
      items.push_back(object->second);
    }
    Json metadata = version_object(version);
    if (!next.empty()) metadata.set("continue", next);
    return json_response(200, Json::object({
                                  {"kind",     "ThingList"        },
                                  {"metadata", std::move(metadata)},
                                  {"items",    std::move(items)   }
    }));
  }

  // --- Watches.

  void begin(ScriptedTransport::Watch& watch) {
    if (happens(faults.lost_request)) return watch.end(no_answer());
    if (happens(faults.refusal)) return watch.end(status_response(503, "Trouble"));
    const Target target = target_of(watch.request);
    std::uint64_t version = std::stoull(target.query.at("resourceVersion"));
    if (version > revision) return watch.end(status_response(504, "Timeout", "too large"));
    watch.open(200);
    if (version < compacted_) {
      return watch.event("ERROR", Json::object({
                                      {"kind", "Status"},
                                      {"code", 410     }
      }));
    }
    if (happens(faults.repeated_event)) version -= std::min<std::uint64_t>(version, 5);
    for (const Event& event : history_) {
      if (event.revision > version) tell(watch, event);
    }
  }

  void tell(ScriptedTransport::Watch& watch, const Event& event) {
    if (stalled_.contains(&watch) || collection_of(event.path) != target_of(watch.request).path) {
      return;
    }
    if (happens(faults.line)) return spoil(watch, event);
    watch.event(event.type, event.object);
  }

  /// This line and what follows does not get through.
  void spoil(ScriptedTransport::Watch& watch, const Event& event) {
    stalled_.insert(&watch);
    const auto error = [&](int code) {
      watch.event("ERROR", Json::object({
                               {"kind", "Status"},
                               {"code", code    }
      }));
    };
    switch (random.below(8)) {
      case 0:
        return watch.end();
      case 1:
        return watch.end(no_answer());
      case 2:
        return watch.line(to_text(event.object).substr(0, 20));
      case 3:
        return error(410);
      case 4:
        return error(500);
      case 5:
        return watch.event(event.type, Json());
      case 6:
        watch.event("UNHEARD_OF", Json::object());
        return watch.end();
      default:
        return;  // Silence.
    }
  }

  QuietLog quiet_;
  EventLoop& loop_;
  std::deque<Event> history_;
  std::uint64_t compacted_ = 0;
  std::uint64_t uids_ = 0;
  std::set<const ScriptedTransport::Watch*> stalled_;

 public:
  Random random;
};

}  // namespace slipway::kubernetes
