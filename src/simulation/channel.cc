#include "simulation/channel.h"

#include <algorithm>

#include "base/text.h"
#include "simulation/line_head.h"

namespace slipway::simulation {
namespace {

using kubernetes::Response;

constexpr Duration network = 1_ms;

Duration between(std::uint64_t size, Duration least, Duration most) {
  Random random(size);
  // Evenly over orders of magnitude, so that short and long ones are both common.
  Duration reach = least;
  while (reach < most && random.below(3) != 0) reach = reach * 2;
  const auto width = static_cast<std::uint64_t>(std::max<std::int64_t>(reach.nanoseconds, 1));
  return std::min(most, reach + Duration{static_cast<std::int64_t>(random.below(width))});
}

std::string gone_line() {
  return R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},)"
         R"("status":"Failure","message":"too old resource version","reason":"Expired",)"
         R"("code":410}})";
}

/// The request from some revisions earlier, so that events come again.
void rewind(std::string& target, std::uint64_t revisions) {
  constexpr std::string_view key = "resourceVersion=";
  const std::size_t at = target.find(key);
  if (at == std::string::npos) return;
  const std::size_t from = at + key.size();
  const std::size_t to = std::min(target.find('&', from), target.size());
  const auto version = parse_integer(std::string_view(target).substr(from, to - from));
  if (!version || *version <= static_cast<std::int64_t>(revisions)) return;
  target.replace(from, to - from, std::to_string(*version - static_cast<std::int64_t>(revisions)));
}

}  // namespace

void Channel::open(kubernetes::Request request) {
  const Addressed about = addressed_by(request.target);
  what_ = actor_ + " EVENT " + about.plural;
  kind_ = about.kind;
  if (faulty_ && opens_badly(request)) return;
  const std::weak_ptr<Channel> weak = weak_from_this();
  inner_ = stage_.server.watch(
      request, {.on_open =
                    [weak](int status) {
                      const auto self = weak.lock();
                      if (self && !self->silent_) {
                        self->put({.what = Item::What::opened, .status = status});
                      }
                    },
                .on_line =
                    [weak](std::string_view line) {
                      if (const auto self = weak.lock()) self->receive(line);
                    },
                .on_end =
                    [weak](Result<Response> end) {
                      const auto self = weak.lock();
                      if (!self || self->silent_ || self->swallowing_) return;
                      Item item{.what = Item::What::ended};
                      if (end) item = {.what = Item::What::refused, .response = std::move(*end)};
                      self->put(std::move(item));
                    }});
}

bool Channel::opens_badly(kubernetes::Request& request) {
  const std::string what = what_ + " OPEN";
  const Point point{what, stage_.ordinal(what)};
  if (const auto size = stage_.strikes(Fault::fa2, point)) {
    lag_ = between(*size, 20_ms, 20_s);
  }
  if (const auto size = stage_.strikes(Fault::fb4, point)) {
    rewind(request.target, 1 + *size % 20);
    stage_.felt(Fault::fb4);
  }
  const auto gone = stage_.strikes(Fault::fb2, point);
  const auto closed = stage_.strikes(Fault::fb11, point);
  if (gone) {
    Item item{.what = Item::What::refused, .fault = Fault::fb2};
    item.response = refusal(410, "too old resource version");
    put(std::move(item));
    return true;
  }
  if (closed) {
    constexpr int statuses[] = {401, 403, 429, 500, 503};
    Item item{.what = Item::What::refused, .fault = Fault::fb11};
    item.response = refusal(statuses[*closed % 5], "simulated trouble");
    put(std::move(item));
    return true;
  }
  return false;
}

void Channel::refuse(Response response) {
  put({.what = Item::What::refused, .response = std::move(response)});
}

void Channel::close() {
  closed_ = true;
  inner_.reset();
  queue_.clear();
  events_ = {};
  ++turn_;
}

void Channel::receive(std::string_view line) {
  if (closed_ || swallowing_ || silent_) return;
  Item item{.line = std::string(line)};
  if (!faulty_) return put(std::move(item));
  const std::optional<LineHead> head = read_line_head(line);
  if (!head) return put(std::move(item));
  item.kind = kind_;
  item.key.append(head->namespace_).append("/").append(head->name);
  item.revision = static_cast<std::uint64_t>(parse_integer(head->resource_version).value_or(0));
  Duration lag = lag_;
  if (lag_ > Duration{} && !std::exchange(lag_felt_, true)) stage_.felt(Fault::fa2);
  const std::string what = what_ + "/" + item.key;
  const Point point{what, stage_.ordinal(what)};
  const bool deleted = head->type == "DELETED";
  if (const auto size = stage_.strikes(Fault::fa1, point)) {
    lag = std::max(lag, between(*size, 20_ms, 60_s));
    item.fault = Fault::fa1;
  }
  if (const auto size = deleted ? stage_.strikes(Fault::fa8, point) : std::nullopt) {
    lag = std::max(lag, between(*size, 2_s, 120_s));
    item.fault = Fault::fa8;
  }
  const auto again = stage_.strikes(Fault::fb14, point);
  if (again && item.line.starts_with(R"({"type":"MODIFIED")")) {
    item.line.replace(9, 8, "ADDED");
    stage_.felt(Fault::fb14);
  } else if (again && item.line.starts_with(R"({"type":"ADDED")")) {
    item.line.replace(9, 5, "MODIFIED");
    stage_.felt(Fault::fb14);
  }
  if (stage_.strikes(Fault::fb10, point)) {
    put({.line = R"({"type":"NOVELTY","object":{"kind":"Unheard","of":[null,{}]},"more":null})"},
        lag);
    stage_.felt(Fault::fb10);
  }
  const auto gap = stage_.strikes(Fault::fa6, point);
  const auto missed = deleted ? stage_.strikes(Fault::fa7, point) : std::nullopt;
  const auto silent = stage_.strikes(Fault::fb6, point);
  const auto gone = stage_.strikes(Fault::fb3, point);
  const auto broken = stage_.strikes(Fault::fb1, point);
  const auto ended = stage_.strikes(Fault::fb7, point);
  if (missed) return swallow_then_expire(Fault::fa7, between(*missed, 200_ms, 30_s));
  if (gap) return swallow_then_expire(Fault::fa6, between(*gap, 200_ms, 60_s));
  if (silent) {
    silent_ = true;
    stage_.felt(Fault::fb6);
    return;
  }
  if (gone) return swallow_then_expire(Fault::fb3, {});
  // A break may come before or after the event that it comes with.
  if (!broken || *broken % 2 != 0) put(std::move(item), lag);
  if (broken || ended) {
    inner_.reset();
    swallowing_ = true;
    Item last{.what = broken ? Item::What::broken : Item::What::ended};
    last.fault = broken ? Fault::fb1 : Fault::fb7;
    put(std::move(last), lag);
  }
}

void Channel::swallow_then_expire(Fault fault, Duration after) {
  swallowing_ = true;
  inner_.reset();
  Item error{.line = gone_line(), .fault = fault};
  put(std::move(error), after);
  put({.what = Item::What::ended}, after);
}

void Channel::put(Item item, Duration lag) {
  if (closed_) return;
  item.due = stage_.time.now() + network + lag;
  if (!queue_.empty()) item.due = std::max(item.due, queue_.back().due);
  queue_.push_back(std::move(item));
  if (queue_.size() == 1) schedule();
}

void Channel::schedule() {
  if (queue_.empty() || closed_) return;
  const std::uint64_t turn = ++turn_;
  const Instant due = std::max({queue_.front().due, held_until_, stage_.time.now()});
  stage_.time.at(
      due,
      [weak = weak_from_this(), turn] {
        const auto self = weak.lock();
        if (self != nullptr && self->turn_ == turn) self->pump();
      },
      &loop_);
}

void Channel::pump() {
  const Instant now = stage_.time.now();
  while (!closed_ && !queue_.empty() && std::max(queue_.front().due, held_until_) <= now) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    deliver(std::move(item));
  }
  schedule();
}

void Channel::deliver(Item item) {
  if (item.fault) stage_.felt(*item.fault);
  // The client may let go of the stream, and so of these, from within.
  const kubernetes::StreamEvents events = events_;
  switch (item.what) {
    case Item::What::opened:
      if (events.on_open) events.on_open(item.status);
      return;
    case Item::What::line:
      if (faulty_ && item.revision != 0 && stage_.audience != nullptr) {
        stage_.audience->on_delivery(actor_, item.kind, item.key, item.revision);
      }
      events.on_line(item.line);
      return;
    case Item::What::refused:
      if (events.on_open) events.on_open(item.response->status);
      if (!closed_) events.on_end(std::move(*item.response));
      return;
    case Item::What::broken:
      events.on_end(Failure(Error{ErrorCode::unavailable, "watch", "the connection was reset",
                                  "look at the network"}));
      return;
    case Item::What::ended:
      events.on_end(Failure(Error{ErrorCode::unavailable, {}, {}, {}}));
      return;
  }
}

void Channel::hold_until(Instant until) {
  if (until <= held_until_) return;
  held_until_ = until;
  schedule();
}

void Channel::break_at(Instant when) {
  if (silent_) return;
  silent_ = true;
  inner_.reset();
  queue_.clear();
  Item item{.what = Item::What::broken};
  put(std::move(item), when - stage_.time.now());
}

void Channel::flow() {
  held_until_ = {};
  lag_ = {};
  for (Item& item : queue_) item.due = std::min(item.due, stage_.time.now());
  if (silent_ && queue_.empty()) put({.what = Item::What::broken});
  schedule();
}

}  // namespace slipway::simulation
