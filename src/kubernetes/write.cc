#include "kubernetes/write.h"

#include <algorithm>

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

std::string short_text(const Json* value) {
  if (value == nullptr) return "absent";
  std::string text = to_text(*value);
  constexpr std::size_t shown = 60;
  if (text.size() > shown) text = text.substr(0, shown) + "...";
  return text;
}

}  // namespace

Write::Write(const api::Object& seen, std::string why)
    : target_(seen.ref),
      why_(std::move(why)),
      seen_(seen.content),
      tests_(Json::array()),
      changes_(Json::array()) {
  ENSURE(!target_.uid.empty());
}

Write& Write::expect_as_seen(std::string_view path) {
  if (const Json* value = seen_.find_pointer(path)) {
    if (!has_operation(tests_, "test", path)) tests_.push_back(operation("test", path, *value));
    return *this;
  }
  // A `test` with null passes only where the parent exists, so the absence is tested as high up as
  // it begins.
  std::string_view absent = path;
  while (!parent_of(absent).empty() && seen_.find_pointer(parent_of(absent)) == nullptr) {
    absent = parent_of(absent);
  }
  if (!has_operation(tests_, "test", absent)) tests_.push_back(operation("test", absent, nullptr));
  return *this;
}

Write& Write::set(std::string_view path, Json value) {
  const Json* old = seen_.find_pointer(path);
  if (old != nullptr) {
    if (!(*old == value)) changes_.push_back(operation("replace", path, std::move(value)));
    return *this;
  }
  std::vector<std::string_view> missing;
  for (std::string_view parent = parent_of(path);
       !parent.empty() && seen_.find_pointer(parent) == nullptr; parent = parent_of(parent)) {
    missing.push_back(parent);
  }
  // An add would also overwrite what somebody else has put there since.
  expect_as_seen(missing.empty() ? path : missing.back());
  for (auto parent = missing.rbegin(); parent != missing.rend(); ++parent) {
    if (!has_operation(changes_, "add", *parent)) {
      changes_.push_back(operation("add", *parent, Json::object()));
    }
  }
  changes_.push_back(operation("add", path, std::move(value)));
  return *this;
}

Write& Write::remove(std::string_view path) {
  if (seen_.find_pointer(path) == nullptr) return *this;
  expect_as_seen(path);
  if (!has_operation(changes_, "remove", path)) changes_.push_back(operation("remove", path));
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

Write Write::status(const api::Object& seen, const Json& new_status, std::string why,
                    bool subresource) {
  Write write(seen, std::move(why));
  write.verb_ = Verb::status;
  ENSURE(!seen.ref.resource_version.empty());
  if (subresource) write.subresource_ = "status";
  const Json* old = seen.content.find("status");
  Json diff = make_merge_patch(old == nullptr ? Json::object() : *old, new_status);
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
  switch (verb_) {
    case Verb::create:
      request.method = Method::post;
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
  constexpr std::string_view verbs[] = {"patch", "create", "delete", "write status of"};
  std::string text =
      fmt::format("{} {}: {}", verbs[static_cast<std::size_t>(verb_)], target_.text(), why_);
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
  Outcome outcome;
};

void Writer::execute(std::vector<Write> writes, std::function<void(Outcome)> done) {
  auto run = std::make_shared<Run>(Run{std::move(writes), std::move(done), {}});
  proceed(std::move(run));
}

void Writer::proceed(std::shared_ptr<Run> run) {
  // What changes nothing counts as applied: the world already is as the plan wants it.
  while (run->outcome.applied < run->writes.size() &&
         run->writes[run->outcome.applied].changes_nothing()) {
    ++run->outcome.applied;
  }
  if (run->outcome.applied == run->writes.size()) {
    run->done(std::move(run->outcome));
    return;
  }
  Request request = run->writes[run->outcome.applied].request();
  Request sent = request;
  transport_.send(std::move(request), [this, run = std::move(run),
                                       sent = std::move(sent)](Result<Response> response) mutable {
    receive(std::move(run), sent, std::move(response));
  });
}

void Writer::receive(std::shared_ptr<Run> run, const Request& sent, Result<Response> response) {
  Result<Json> body = Json();
  if (!response) {
    body = Failure(response.error());
  } else {
    body = body_of(*response, sent, transport_.server());
    run->outcome.retry_after = response->retry_after;
  }
  const Write& write = run->writes[run->outcome.applied];
  if (!body) {
    run->outcome.error = std::move(body).error();
    run->done(std::move(run->outcome));
    return;
  }
  ++run->outcome.applied;
  on_response_(write, write.is_delete() ? Json() : *body);
  proceed(std::move(run));
}

}  // namespace slipway::kubernetes
