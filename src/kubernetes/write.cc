#include "kubernetes/write.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/json_patch.h"
#include "base/text.h"

namespace slipway::kubernetes {
namespace {

constexpr std::string_view uid_path = "/metadata/uid";

Json operation(std::string_view op, std::string_view path) {
  return Json::object({
      {"op",   std::string(op)  },
      {"path", std::string(path)}
  });
}

Json operation(std::string_view op, std::string_view path, Json value) {
  Json made = operation(op, path);
  made.set("value", std::move(value));
  return made;
}

bool has_operation(const Json& operations, std::string_view op, std::string_view path) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Json& one = operations.at(i);
    if (one["op"].string_or_empty() == op && one["path"].string_or_empty() == path) return true;
  }
  return false;
}

std::string_view parent_of(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

/// Whether one of the paths lies on the way to the other.
bool on_one_way(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (b.size() == a.size() || b[a.size()] == '/');
}

bool touches(const Json& changes, std::string_view path) {
  return std::ranges::any_of(changes.as_array(), [path](const Json& change) {
    return on_one_way(change["path"].string_or_empty(), path);
  });
}

/// What is at a path, null counting as nothing: no member can be below it either.
const Json* find_value(const Json& document, std::string_view path) {
  const Json* found = document.find_pointer(path);
  return found == nullptr || found->is_null() ? nullptr : found;
}

/// Without the null members, which a merge patch can't write: it would delete them again and again.
Json without_nulls(const Json& value) {
  if (!value.is_object()) return value;
  Json kept = Json::object();
  for (const auto& [key, member] : value.as_object()) {
    if (!member.is_null()) kept.set(key, without_nulls(member));
  }
  return kept;
}

std::string short_text(const Json* value) {
  if (value == nullptr) return "absent";
  std::string text = to_text(*value);
  std::size_t shown = 60;
  if (text.size() <= shown) return text;
  const auto inside_character = [&] { return (text[shown] & 0xC0) == 0x80; };
  while (shown > 0 && inside_character()) --shown;
  return text.substr(0, shown) + "...";
}

}  // namespace

std::string annotation_path(std::string_view key) {
  return "/metadata/annotations/" + escape_pointer(key);
}

Write::Write(const api::Object& seen, std::string why)
    : target_(seen.ref),
      why_(std::move(why)),
      seen_(seen.content),
      tests_(Json::array()),
      changes_(Json::array()) {
  ENSURE(!target_.uid.empty());
}

Write& Write::expect_as_seen(std::string_view path) {
  if (path == uid_path) return *this;  // Always tested.
  std::string_view place = path;
  if (seen_.find_pointer(path) == nullptr) {
    // A `test` with null passes only where the parent exists, so the absence is tested as high up
    // as it begins. In a list it can't be tested at all: there the whole list must be as seen.
    while (!parent_of(place).empty() && find_value(seen_, parent_of(place)) == nullptr) {
      place = parent_of(place);
    }
    const Json* container = find_value(seen_, parent_of(place));
    if (container != nullptr && !container->is_object()) place = parent_of(place);
  }
  if (has_operation(tests_, "test", place)) return *this;
  const Json* value = seen_.find_pointer(place);
  tests_.push_back(operation("test", place, value == nullptr ? Json() : *value));
  return *this;
}

Write& Write::set(std::string_view path, Json value) {
  return change(path, [&](const Json& now) {
    if (const Json* old = now.find_pointer(path)) {
      if (!(*old == value)) changes_.push_back(operation("replace", path, std::move(value)));
      return;
    }
    std::vector<std::string_view> missing;
    std::string_view parent = parent_of(path);
    for (; !parent.empty() && find_value(now, parent) == nullptr; parent = parent_of(parent)) {
      missing.push_back(parent);
    }
    // Lists are set as a whole: an index means another item as soon as somebody inserts one.
    ENSURE(find_value(now, parent) == nullptr || find_value(now, parent)->is_object());
    // An add would also overwrite what somebody else has put there since.
    expect_as_seen(path);
    for (const std::string_view made : std::views::reverse(missing)) {
      changes_.push_back(operation("add", made, Json::object()));
    }
    changes_.push_back(operation("add", path, std::move(value)));
  });
}

Write& Write::remove(std::string_view path) {
  return change(path, [&](const Json& now) {
    if (now.find_pointer(path) == nullptr) return;
    expect_as_seen(path);
    changes_.push_back(operation("remove", path));
  });
}

Write& Write::change(std::string_view path, const std::function<void(const Json&)>& make) {
  ENSURE(verb_ == Verb::patch && !path.empty());
  if (!touches(changes_, path)) {
    make(seen_);
    return *this;
  }
  // What an earlier change of this write has touched is now as that change left it.
  const auto changed = [this] {
    Result<Json> applied = apply_json_patch(seen_, changes_);
    ENSURE(applied.has_value());
    return *std::move(applied);
  };
  make(changed());
  if (changed() == seen_) changes_ = Json::array();
  return *this;
}

Write& Write::through(std::string_view subresource) {
  subresource_ = subresource;
  return *this;
}

Write Write::create(const api::Kind& kind, Json object, std::string why) {
  Write write;
  write.verb_ = Verb::create;
  write.why_ = std::move(why);
  object.set("apiVersion", kind.api_version());
  object.set("kind", kind.kind);
  const Json& metadata = object["metadata"];
  write.target_.kind = kind;
  write.target_.key = {std::string(metadata["namespace"].string_or_empty()),
                       std::string(metadata["name"].string_or_empty())};
  ENSURE(!write.target_.key.name.empty());
  write.body_ = std::move(object);
  return write;
}

Write Write::delete_object(const api::Object& seen, std::string why, std::string propagation,
                           std::optional<std::int64_t> grace_seconds) {
  Write write(seen, std::move(why));
  write.verb_ = Verb::delete_;
  ENSURE(!seen.ref.resource_version.empty());
  write.body_ = Json::object({
      {"kind",              "DeleteOptions"                                                 },
      {"apiVersion",        "v1"                                                            },
      {"propagationPolicy", std::move(propagation)                                          },
      {"preconditions",
       Json::object({{"uid", seen.ref.uid}, {"resourceVersion", seen.ref.resource_version}})}
  });
  if (grace_seconds) write.body_.set("gracePeriodSeconds", *grace_seconds);
  return write;
}

Write Write::evict(const api::Object& pod, std::string why) {
  Write write(pod, std::move(why));
  write.verb_ = Verb::delete_;
  write.subresource_ = "eviction";
  write.body_ = Json::object({
      {"apiVersion",    "policy/v1"                                                            },
      {"kind",          "Eviction"                                                             },
      {"metadata",
       Json::object({{"name", pod.ref.key.name}, {"namespace", pod.ref.key.namespace_}})       },
      {"deleteOptions", Json::object({{"preconditions", Json::object({{"uid", pod.ref.uid}})}})}
  });
  return write;
}

Write Write::replace_through(const api::Object& seen, Json object, std::string_view subresource,
                             std::string why) {
  Write write(seen, std::move(why));
  write.verb_ = Verb::replace;
  ENSURE(!seen.ref.resource_version.empty());
  object.member("metadata").set("uid", seen.ref.uid);
  object.member("metadata").set("resourceVersion", seen.ref.resource_version);
  write.subresource_ = subresource;
  write.body_ = std::move(object);
  return write;
}

Write Write::status(const api::Object& seen, const Json& new_status, std::string why,
                    bool subresource) {
  Write write(seen, std::move(why));
  write.verb_ = Verb::status;
  ENSURE(!seen.ref.resource_version.empty());
  if (subresource) write.subresource_ = "status";
  const Json* old = seen.content.find("status");
  Json diff = make_merge_patch(old == nullptr ? Json::object() : without_nulls(*old),
                               without_nulls(new_status));
  if (diff.empty()) return write;
  write.body_ = Json::object({
      {"metadata",
       Json::object({{"uid", seen.ref.uid}, {"resourceVersion", seen.ref.resource_version}})},
      {"status",   std::move(diff)                                                          }
  });
  return write;
}

bool Write::changes_nothing() const {
  switch (verb_) {
    case Verb::patch:
      return changes_.empty();
    case Verb::status:
      return body_.is_null();
    default:
      return false;
  }
}

Request Write::request() const {
  Request request;
  const bool in_collection = verb_ == Verb::create && subresource_.empty();
  request.target = target_.kind.path(target_.key.namespace_, in_collection ? "" : target_.key.name,
                                     subresource_);
  request.basis = target_.resource_version;
  request.background = target_.kind == api::kinds::event;
  switch (verb_) {
    case Verb::create:
      request.method = Method::post;
      request.body = to_text(body_);
      break;
    case Verb::replace:
      request.method = Method::put;
      request.body = to_text(body_);
      break;
    case Verb::delete_:
      request.method = subresource_.empty() ? Method::delete_ : Method::post;
      request.body = to_text(body_);
      break;
    case Verb::status:
      request.method = Method::patch;
      request.content_type = media::merge_patch;
      request.body = to_text(body_);
      break;
    case Verb::patch: {
      request.method = Method::patch;
      request.content_type = media::json_patch;
      Json operations = Json::array({operation("test", uid_path, target_.uid)});
      for (const Json& test : tests_.as_array()) operations.push_back(test);
      for (const Json& change : changes_.as_array()) operations.push_back(change);
      request.body = to_text(operations);
      break;
    }
  }
  return request;
}

std::string Write::text() const {
  constexpr std::string_view verbs[] = {"patch", "create", "delete", "write status of", "replace"};
  const std::string part =
      verb_ == Verb::patch && !subresource_.empty() ? subresource_ + " of " : "";
  std::string text = fmt::format("{} {}{}: {}", verbs[static_cast<std::size_t>(verb_)], part,
                                 target_.text(), why_);
  if (verb_ == Verb::status) return text + " " + short_text(body_.find("status"));
  if (verb_ != Verb::patch) return text;
  std::string changes;
  for (const Json& change : changes_.as_array()) {
    const std::string& path = change["path"].as_string();
    if (!changes.empty()) changes += ", ";
    changes += fmt::format("{}: {} -> {}", path, short_text(seen_.find_pointer(path)),
                           short_text(change.find("value")));
  }
  return text + " {" + changes + "}";
}

/// One call of `execute` under way.
struct Writer::Run {
  std::vector<Write> writes;
  std::function<void(Outcome)> done;
  std::function<bool()> goes_on;
  Outcome outcome;
};

void Writer::execute(std::vector<Write> writes, std::function<void(Outcome)> done,
                     std::function<bool()> goes_on) {
  auto run = std::make_shared<Run>(Run{std::move(writes), std::move(done), std::move(goes_on), {}});
  proceed(std::move(run));
}

void Writer::proceed(std::shared_ptr<Run> run) {
  // What changes nothing counts as applied: the world already is as the plan wants it.
  while (run->outcome.applied < run->writes.size() &&
         run->writes[run->outcome.applied].changes_nothing()) {
    ++run->outcome.applied;
  }
  const bool begun = run->outcome.applied > 0;
  if (run->outcome.applied == run->writes.size() || (begun && run->goes_on && !run->goes_on())) {
    run->done(std::move(run->outcome));
    return;
  }
  Request request = run->writes[run->outcome.applied].request();
  Request sent = request;
  transport_.send(std::move(request),
                  [this, alive = std::weak_ptr<const bool>(alive_), run = std::move(run),
                   sent = std::move(sent)](Result<Response> response) mutable {
                    if (!alive.expired()) receive(std::move(run), sent, std::move(response));
                  });
}

void Writer::receive(std::shared_ptr<Run> run, const Request& sent, Result<Response> response) {
  const Write& write = run->writes[run->outcome.applied];
  Result<Json> body = Json();
  if (response) {
    run->outcome.retry_after = response->retry_after;
    body = body_of(*response, sent, transport_.server(), reading_);
    if (body && !body->is_object()) {
      body = fail(ErrorCode::unavailable, write.target().text(),
                  "the server answered something else than an object", "wait and try again");
    }
  } else {
    body = Failure(response.error());
  }
  if (!body) {
    run->outcome.error = std::move(body).error();
    run->done(std::move(run->outcome));
    return;
  }
  ++run->outcome.applied;
  const std::weak_ptr<const bool> alive = alive_;
  on_response_(write, write.is_delete() ? Json() : *std::move(body));
  if (!alive.expired()) proceed(std::move(run));
}

}  // namespace slipway::kubernetes
