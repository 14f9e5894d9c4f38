#include "simulation/link.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/server/store.h"
#include "simulation/channel.h"
#include "simulation/disturbance.h"

namespace slipway::simulation {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

/// One request on its way.
struct Link::Call {
  Request request;
  Done done;
  SentRequest sent;
  std::string what;
  Point point;
  Duration latency;
  bool writes = false;              ///< An object of the rollout: neither a lease nor an event.
  bool landed = false;              ///< A late write that has been carried out.
  std::uint64_t revision_read = 0;  ///< Of the one object that it found, or made.
};

/// What becomes of a request.
struct Link::Fate {
  enum class Answer : std::uint8_t { real, lost, refused, cut_short };
  std::optional<Fault> fault;
  std::uint64_t size = 0;
  int times = 1;      ///< How often it is carried out.
  bool late = false;  ///< Carried out after the caller was told that it failed.
  Answer answer = Answer::real;
  Duration hold;          ///< Before it goes out.
  Duration answer_after;  ///< Beyond the network's own time.
  int status = 0;         ///< Of a refusal.
  std::optional<Duration> retry_after;
};

namespace {

/// Of the objects of a list, what names them.
const JsonParseOptions heads_only{
    .skip = {{"spec"}, {"status"}, {"metadata", "managedFields"}}
};

/// Where the store keeps what properties look up by version; null for all other kinds.
const char* table_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::rollout:
      return "rollouts.argoproj.io";
    case ObjectKind::replica_set:
      return "replicasets.apps";
    case ObjectKind::service:
      return "services";
    case ObjectKind::deployment:
      return "deployments.apps";
    case ObjectKind::pod_template:
      return "podtemplates";
    default:
      return nullptr;
  }
}

/// A number in [least, most], more often a small one: half of them lie below the geometric mean.
Duration stretch(std::uint64_t size, Duration least, Duration most) {
  Duration reach = least;
  Random random(size);
  while (reach < most && random.below(4) != 0) reach = reach * 2;
  const auto width = static_cast<std::uint64_t>(std::max<std::int64_t>(reach.nanoseconds, 1));
  return std::min(most, reach + Duration{static_cast<std::int64_t>(random.below(width))});
}

/// A reset comes at once, a timeout when the client's patience ends.
Duration until_error(const Request& request, std::uint64_t size) {
  return size % 3 == 0 && request.timeout.nanoseconds > 0 ? request.timeout : 20_ms;
}

Error broken_connection(const std::string& actor, const Request& request) {
  return {ErrorCode::unavailable, kubernetes::place_of(request, actor),
          "the connection broke before an answer came", "look at the network"};
}

std::string_view reason_of(int status) {
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 410:
      return "Expired";
    case 413:
      return "RequestEntityTooLarge";
    case 422:
      return "Invalid";
    case 429:
      return "TooManyRequests";
    case 503:
      return "ServiceUnavailable";
    default:
      return "InternalError";
  }
}

}  // namespace

Response refusal(int status, std::string_view message) {
  Response response;
  response.status = status;
  response.content_type = std::string(kubernetes::media::json);
  response.body = to_text(Json::object({
      {"kind",       "Status"         },
      {"apiVersion", "v1"             },
      {"metadata",   Json::object()   },
      {"status",     "Failure"        },
      {"message",    message          },
      {"reason",     reason_of(status)},
      {"code",       status           }
  }));
  return response;
}

Link::Link(Stage& stage, ActorLoop& loop, std::string actor, Options options)
    : stage_(stage), loop_(loop), actor_(std::move(actor)), options_(options) {}

Link::~Link() {
  cut();
}

void Link::cut() {
  dead_ = true;
  for (const auto& weak : channels_) {
    if (const ChannelPtr channel = weak.lock()) channel->close();
  }
  channels_.clear();
}

void Link::heal() {
  for (Window* window : {&cut_, &no_answers_, &no_etcd_, &forbidden_, &burst_, &no_lease_,
                         &no_names_, &slow_, &no_quota_}) {
    window->until = {};
  }
  for (const auto& weak : channels_) {
    if (const ChannelPtr channel = weak.lock()) channel->flow();
  }
  for (const CallPtr& call : std::exchange(late_, {})) {
    if (!std::exchange(call->landed, true)) apply(*call);
  }
}

void Link::send(Request request, Done done) {
  if (dead_) return;
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->done = std::move(done);
  SentRequest& sent = call->sent;
  sent.about = addressed_by(call->request.target);
  sent.method = call->request.method;
  call->what.append(actor_).append(" ").append(kubernetes::to_string(sent.method)).append(" ");
  call->what.append(sent.about.plural).append("/").append(sent.about.key);
  if (!sent.about.subresource.empty()) call->what.append("/").append(sent.about.subresource);
  call->point = {call->what, stage_.ordinal(call->what)};
  call->latency = stage_.latency(call->point);
  call->writes = sent.method != Method::get && sent.about.kind != ObjectKind::lease &&
                 sent.about.kind != ObjectKind::event;
  if (options_.side == Side::replica) {
    sent.id = stage_.next_request_id();
    sent.at = stage_.time.now();
    sent.replica = actor_;
    sent.target = call->request.target;
    sent.content_type = call->request.content_type;
    sent.body = call->request.body;
    sent.decided_on = static_cast<std::uint64_t>(parse_integer(call->request.basis).value_or(0));
    stage_.trace(call->what, sent.at.nanoseconds);
    stage_.trace(sent.body, sent.id);
    if (stage_.audience != nullptr) stage_.audience->on_request(sent);
  }
  begin(call);
}

void Link::begin(const CallPtr& call) {
  Fate fate;
  if (options_.side == Side::replica) {
    strike_process(*call);
    if (dead_) return;  // Killed before it went out.
    open_windows(*call);
    fate = decide(*call);
  } else if (call->writes) {
    if (const auto size = stage_.strikes(Fault::ff1, call->point)) {
      fate.fault = Fault::ff1;
      fate.hold = stretch(*size, 100_ms, 30_s);
    }
    const Instant now = stage_.time.now();
    const bool makes_pod = call->sent.about.kind == ObjectKind::pod &&
                           call->sent.method == Method::post && call->sent.about.collection;
    if (makes_pod && !no_quota_.open(now)) {
      if (const auto size = stage_.strikes(Fault::ff3, call->point)) {
        no_quota_ = {now + stretch(*size, 2_s, 300_s), Fault::ff3, *size};
      }
    }
    if (makes_pod && no_quota_.open(now)) {
      fate = {.fault = Fault::ff3, .times = 0, .answer = Fate::Answer::refused, .status = 403};
    }
  }
  if (fate.late) late_.push_back(call);
  const auto go = [this, alive = std::weak_ptr<bool>(alive_), call, fate] {
    if (!alive.expired()) arrive(call, fate);
  };
  stage_.time.after(call->latency + fate.hold, go);
}

void Link::strike_process(Call& call) {
  if (!process_fault_) return;
  for (const Fault fault : {Fault::fd1, Fault::fd2, Fault::fd3, Fault::fd6, Fault::fd8, Fault::fd10,
                            Fault::fd10b, Fault::fe1}) {
    const auto size = stage_.strikes(fault, call.point);
    if (!size || dead_) continue;
    const bool kills = fault == Fault::fd1 || fault == Fault::fd2;
    const bool before = (*size & 1) != 0;
    if (kills && !before) {
      // Carried out, and the process dies before it hears of it.
      stage_.time.after(call.latency + 1_ms,
                        [alive = std::weak_ptr<bool>(alive_), this, fault, size] {
                          if (!alive.expired() && !dead_) process_fault_(fault, *size, false);
                        });
      continue;
    }
    process_fault_(fault, *size, true);
  }
}

void Link::open_windows(const Call& call) {
  const Instant now = stage_.time.now();
  const auto open = [&](Window& window, Fault fault, Duration least, Duration most) {
    const auto size = stage_.draw(fault, call.point);
    if (!size || window.open(now)) return;
    stage_.note(fault, call.point, *size);
    window = {now + stretch(*size, least, most), fault, *size};
  };
  open(cut_, Fault::fi1, 500_ms, 120_s);
  open(cut_, Fault::fi6, 1_h, 6_h);
  open(cut_, Fault::fi7, 20_s, 300_s);
  open(no_answers_, Fault::fi3, 500_ms, 60_s);
  open(no_etcd_, Fault::fi4, 1_s, 120_s);
  open(forbidden_, Fault::fc12, 500_ms, 300_s);
  open(burst_, Fault::fc13, 100_ms, 20_s);
  open(no_lease_, Fault::fd5, 10_s, 300_s);
  open(no_names_, Fault::fi5, 500_ms, 120_s);
  if (const auto size = stage_.strikes(Fault::fi8, call.point)) {
    Random random(*size);
    for (const auto& weak : channels_) {
      const Duration clogged = stretch(random.next(), 1_s, 60_s);
      if (const ChannelPtr channel = weak.lock()) channel->hold_until(now + clogged);
    }
    stage_.felt(Fault::fi8);
  }
  const bool new_cut = cut_.open(now) && cut_.fault != Fault::fi7;
  for (const auto& weak : channels_) {
    const ChannelPtr channel = weak.lock();
    if (channel == nullptr) continue;
    if (new_cut) channel->break_at(cut_.until);
    if (no_answers_.open(now)) channel->hold_until(no_answers_.until);
  }
}

bool Link::fail_by_window(const Call& call, Fate& fate) const {
  const Instant now = stage_.time.now();
  const auto refuse = [&](const Window& window, int status) {
    fate = {.fault = window.fault,
            .size = window.size,
            .times = 0,
            .answer = Fate::Answer::refused,
            .status = status};
    return true;
  };
  // A flapping link is up and down in turn, two seconds each.
  const bool down = cut_.fault != Fault::fi7 || (cut_.until - now).whole_seconds() / 2 % 2 == 0;
  if (cut_.open(now) && down) {
    fate = {.fault = cut_.fault, .size = cut_.size, .times = 0, .answer = Fate::Answer::lost};
    return true;
  }
  if (no_answers_.open(now)) {
    fate = {.fault = no_answers_.fault, .size = no_answers_.size, .answer = Fate::Answer::lost};
    return true;
  }
  // What is open goes on, for it has its address.
  if (no_names_.open(now)) {
    fate = {
        .fault = no_names_.fault, .size = no_names_.size, .times = 0, .answer = Fate::Answer::lost};
    return true;
  }
  if (no_etcd_.open(now)) return refuse(no_etcd_, 500);
  if (forbidden_.open(now)) return refuse(forbidden_, forbidden_.size % 2 == 0 ? 403 : 401);
  if (burst_.open(now)) {
    constexpr int statuses[] = {429, 500, 503};
    refuse(burst_, statuses[burst_.size % 3]);
    if (fate.status == 429) fate.retry_after = Duration::from_seconds(burst_.size % 5);
    return true;
  }
  if (no_lease_.open(now) && call.sent.about.kind == ObjectKind::lease) {
    return refuse(no_lease_, 500);
  }
  return false;
}

Link::Fate Link::decide(Call& call) {
  Fate fate;
  if (call.writes) fate = decide_write(call);
  if (call.sent.about.kind == ObjectKind::event) {
    if (stage_.strikes(Fault::fd14, call.point)) {
      fate = {.fault = Fault::fd14, .times = 0, .answer = Fate::Answer::refused, .status = 500};
    }
  }
  if (call.sent.method == Method::get && call.sent.about.collection) {
    shape_list(call, fate);
  }
  if (!fate.fault && slow_.open(stage_.time.now()) &&
      slow_object_ == call.sent.about.plural + "/" + call.sent.about.key) {
    // Never so slow that its sender gives up: that is FC3.
    constexpr Duration slowness = 15_s;
    fate = {.fault = Fault::fd11,
            .size = slow_.size,
            .hold = std::min(slowness, slow_.until - stage_.time.now())};
  }
  Fate by_window;
  return fail_by_window(call, by_window) ? by_window : fate;
}

Link::Fate Link::decide_write(const Call& call) {
  Fate fate;
  const bool creates = call.sent.method == Method::post;
  const bool status = call.sent.about.subresource == "status";
  // All are asked, so that none shifts another's luck; the first gets the request.
  const auto take = [&](Fault fault, bool fits, const std::function<Fate(std::uint64_t)>& make) {
    if (!fits) return;
    const auto size = stage_.draw(fault, call.point);
    if (!size || fate.fault) return;
    stage_.note(fault, call.point, *size);
    fate = make(*size);
    fate.fault = fault;
    fate.size = *size;
  };
  using Answer = Fate::Answer;
  const Request& request = call.request;
  const auto lost = [&](int times) {
    return [times, &request](std::uint64_t size) {
      return Fate{
          .times = times, .answer = Answer::lost, .answer_after = until_error(request, size)};
    };
  };
  const auto refused = [](int code, Duration after) {
    return [code, after](std::uint64_t) {
      return Fate{.times = 0, .answer = Answer::refused, .answer_after = after, .status = code};
    };
  };
  take(Fault::fc3, true, lost(1));
  take(Fault::fc4, true, lost(0));
  take(Fault::fc19, status, lost(0));
  take(Fault::fc5, true, [&](std::uint64_t size) {
    return Fate{.late = true, .answer = Answer::lost, .answer_after = until_error(request, size)};
  });
  take(Fault::fc6, true, [](std::uint64_t) { return Fate{.times = 2}; });
  // To a patch, 422 says that a test failed: a refusal for good has another status there.
  take(Fault::fc11, true, refused(creates ? 422 : 413, {}));
  take(Fault::fc15, true, refused(500, 10_s));
  take(Fault::fc23, true, [](std::uint64_t) { return Fate{.answer = Answer::cut_short}; });
  take(Fault::fc24, true,
       [](std::uint64_t size) { return Fate{.hold = stretch(size, 100_ms, 20_s)}; });
  take(Fault::fc1, !creates, [](std::uint64_t) { return Fate{}; });
  take(Fault::fc17, !creates, [](std::uint64_t) { return Fate{}; });
  take(Fault::fc14, creates && call.sent.about.kind == ObjectKind::replica_set,
       [](std::uint64_t) { return Fate{}; });
  take(Fault::fd11, !slow_.open(stage_.time.now()), [&](std::uint64_t size) {
    slow_ = {stage_.time.now() + stretch(size, 1_s, 120_s), Fault::fd11, size};
    slow_object_ = call.sent.about.plural + "/" + call.sent.about.key;
    return Fate{};
  });
  if (options_.contested && !creates && !fate.fault && !stage_.healed()) {
    stage_.injected(Fault::fj5);
    fate.fault = Fault::fj5;
  }
  return fate;
}

void Link::shape_list(Call& call, Fate& fate) {
  std::string& target = call.request.target;
  const bool goes_on = target.find("continue=") != std::string::npos;
  const Fault past = listed_once_ ? Fault::fa4 : Fault::fa3;
  listed_once_ = true;
  const auto age = stage_.draw(past, call.point);
  const auto slow = stage_.draw(Fault::fa10, call.point);
  const auto expired = goes_on ? stage_.draw(Fault::fb12, call.point) : std::nullopt;
  const auto closed = stage_.draw(Fault::fb11, call.point);
  if (options_.page_size > 0 && !stage_.healed()) {
    if (const std::size_t at = target.find("limit=250"); at != std::string::npos) {
      target.replace(at, 9, "limit=" + std::to_string(options_.page_size));
      stage_.felt(Fault::fd16);
    }
  }
  if (expired) {
    stage_.note(Fault::fb12, call.point, *expired);
    fate = {.fault = Fault::fb12, .times = 0, .answer = Fate::Answer::refused, .status = 410};
  } else if (closed) {
    stage_.note(Fault::fb11, call.point, *closed);
    constexpr int statuses[] = {401, 403, 429, 500, 503};
    fate = {.fault = Fault::fb11,
            .times = 0,
            .answer = Fate::Answer::refused,
            .status = statuses[*closed % 5]};
  } else if (slow) {
    stage_.note(Fault::fa10, call.point, *slow);
    fate = {.fault = Fault::fa10, .hold = stretch(*slow, 500_ms, 60_s)};
  } else if (age && !goes_on && stage_.server.revision() > 40 && may_be_stale(call)) {
    stage_.note(past, call.point, *age);
    const std::uint64_t back = 1 + Random(*age).below(30);
    target += "&resourceVersionMatch=Exact&resourceVersion=" +
              std::to_string(stage_.server.revision() - back);
    fate = {.fault = past};
  }
}

/// Pods are listed to be decided on, and not to begin a watch: such a read asks a quorum. And lists
/// that are old time after time tell of a store that was restored from a backup (FC22), which is
/// another fault with other promises.
bool Link::may_be_stale(const Call& call) {
  constexpr int in_a_row_max = 3;
  return call.sent.about.kind != ObjectKind::pod &&
         ++stale_in_a_row_[call.sent.about.plural] <= in_a_row_max;
}

Response Link::apply(Call& call) {
  const Addressed& about = call.sent.about;
  if (call.sent.method == Method::get && !about.collection && table_of(about.kind) != nullptr) {
    const auto found = stage_.server.store().table(table_of(about.kind)).find(about.key);
    call.revision_read = found == nullptr ? 0 : found->revision();
  }
  Response response =
      stage_.carry_out(call.request, actor_, options_.side == Side::replica, call.sent.id);
  if (call.sent.method == Method::patch && response.status == 200 &&
      table_of(about.kind) != nullptr) {
    const auto found = stage_.server.store().table(table_of(about.kind)).find(about.key);
    call.revision_read = found == nullptr ? 0 : found->revision();
  }
  return response;
}

void Link::disturb(const Call& call, const Fate& fate) {
  if (fate.fault == Fault::fc1 || fate.fault == Fault::fj5) {
    touch(stage_, call.sent.about, call.sent.id);
  } else if (fate.fault == Fault::fc17) {
    change_what_matters(stage_, call.sent.about, fate.size);
  }
}

void Link::arrive(const CallPtr& call, const Fate& fate) {
  disturb(*call, fate);
  if (fate.fault == Fault::fc14) call->request.body = with_policy_annotation(call->request.body);
  if (fate.late) {
    const Duration wait = stretch(fate.size, 1_s, 120_s);
    stage_.time.after(wait, [this, alive = std::weak_ptr<bool>(alive_), call] {
      if (alive.expired() || std::exchange(call->landed, true)) return;
      late_.remove(call);
      stage_.felt(Fault::fc5);
      apply(*call);
    });
  }
  Result<Response> response;
  if (!fate.late) {
    for (int i = 0; i < fate.times; ++i) response = apply(*call);
  }
  if (fate.answer == Fate::Answer::lost) {
    response = Failure(broken_connection(actor_, call->request));
  } else if (fate.answer == Fate::Answer::refused) {
    response = refusal(fate.status, "simulated trouble");
    response->retry_after = fate.retry_after;
  } else if (fate.answer == Fate::Answer::cut_short) {
    response->body.resize(response->body.size() / 2);
  }
  const auto give = [this, alive = std::weak_ptr<bool>(alive_), call, fate,
                     response = std::move(response)]() mutable {
    if (!alive.expired() && !dead_) answer(call, std::move(response), fate);
  };
  stage_.time.after(call->latency + fate.answer_after, give, &loop_);
}

void Link::answer(const CallPtr& call, Result<Response> response, const Fate& fate) {
  if (fate.fault) stage_.felt(*fate.fault);
  if (tells_of_now(*call, response, fate)) stale_in_a_row_.erase(call->sent.about.plural);
  if (options_.side == Side::replica) {
    SentRequest& sent = call->sent;
    sent.outcome = response ? Outcome::answered : Outcome::ambiguous;
    sent.status = response ? response->status : 0;
    sent.whole = fate.answer != Fate::Answer::cut_short;
    sent.answered_at = stage_.time.now();
    stage_.trace(response ? "answered" : "lost", static_cast<std::uint64_t>(sent.status));
    if (stage_.audience != nullptr) {
      if (response && sent.method == Method::get) tell_of(*call, *response);
      if (response) tell_of_write(*call, *response);
      stage_.audience->on_answer(sent);
    }
  }
  call->done(std::move(response));
}

/// A list that arrives and is not from the past ends a row of those that are. One that is refused
/// or lost says nothing of how old it would have been.
bool Link::tells_of_now(const Call& call, const Result<Response>& response, const Fate& fate) {
  const bool begins = call.sent.target.find("continue=") == std::string::npos;
  return call.sent.method == Method::get && call.sent.about.collection && begins && response &&
         response->status == 200 && fate.answer != Fate::Answer::cut_short &&
         fate.fault != Fault::fa3 && fate.fault != Fault::fa4;
}

void Link::tell_of(const Call& call, const Response& response) const {
  const Addressed& about = call.sent.about;
  if (response.status != 200 || table_of(about.kind) == nullptr) return;
  if (!about.collection) {
    stage_.audience->on_delivery(actor_, about.kind, about.key, call.revision_read);
    return;
  }
  const auto tell = [&](const Json& object) -> Result<void> {
    const Json& metadata = object["metadata"];
    const std::string key = std::string(metadata["namespace"].string_or_empty()) + "/" +
                            std::string(metadata["name"].string_or_empty());
    const auto revision = parse_integer(metadata["resourceVersion"].string_or_empty());
    stage_.audience->on_delivery(actor_, about.kind, key,
                                 static_cast<std::uint64_t>(revision.value_or(0)));
    return {};
  };
  // A list that was cut short tells of nothing more than it holds.
  const Result<Json> rest = parse_json_list(response.body, "items", tell, heads_only);
  (void)rest;
}

/// The answer to a write tells all of its object.
void Link::tell_of_write(const Call& call, const Response& response) const {
  const Addressed& about = call.sent.about;
  if (response.status == 200 && call.sent.method == Method::patch && call.revision_read != 0) {
    stage_.audience->on_delivery(actor_, about.kind, about.key, call.revision_read);
  }
  if (response.status != 201 || call.sent.method != Method::post || !about.collection) return;
  const Result<Json> made = parse_json(response.body);
  if (!made) return;  // Cut short.
  const Json& metadata = (*made)["metadata"];
  const auto revision = parse_integer(metadata["resourceVersion"].string_or_empty());
  stage_.audience->on_delivery(actor_, about.kind,
                               about.key + std::string(metadata["name"].string_or_empty()),
                               static_cast<std::uint64_t>(revision.value_or(0)));
}

/// What the client holds.
class Link::Handle final : public kubernetes::Stream {
 public:
  explicit Handle(ChannelPtr channel) : channel_(std::move(channel)) {}
  ~Handle() override { channel_->close(); }

 private:
  ChannelPtr channel_;
};

std::unique_ptr<kubernetes::Stream> Link::open(Request request, kubernetes::StreamEvents events) {
  std::erase_if(channels_, [](const auto& weak) { return weak.expired(); });
  const Instant now = stage_.time.now();
  auto channel = std::make_shared<Channel>(stage_, loop_, actor_, std::move(events),
                                           options_.side == Side::replica);
  if (dead_) return std::make_unique<Handle>(channel);
  channels_.push_back(channel);
  Call call;
  call.sent.about = addressed_by(request.target);
  call.sent.about.kind = ObjectKind::other;
  call.request = request;
  Fate fate;
  if (fail_by_window(call, fate)) {
    stage_.felt(*fate.fault);
    if (fate.answer == Fate::Answer::refused) {
      channel->refuse(refusal(fate.status, "simulated trouble"));
    } else {
      channel->break_at(now + until_error(request, fate.size));
    }
  } else {
    channel->open(std::move(request));
  }
  return std::make_unique<Handle>(std::move(channel));
}

}  // namespace slipway::simulation
