#include "faulty_transport.h"

#include <algorithm>
#include <cstdlib>

namespace slipway::mutants {
namespace {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;
using simulation::Addressed;
using simulation::ObjectKind;
using simulation::Outcome;
using simulation::SentRequest;

Response refusal(int status, std::string_view reason) {
  return {
      .status = status,
      .content_type = std::string(kubernetes::media::json),
      .body = to_text(Json::object({
                                    {"kind", "Status"},
                                    {"apiVersion", "v1"},
                                    {"status", "Failure"},
                                    {"reason", reason},
                                    {"message", "injected: " + std::string(reason)},
                                    {"code", status},
                                    }
        ))
  };
}

std::unexpected<Error> no_answer() {
  return std::unexpected(Error{ErrorCode::unavailable, "the embedded cluster",
                               "the connection broke (injected)", "try again"});
}

/// "namespace/name" and revision of an object, for the judge.
struct Told {
  std::string key;
  std::uint64_t revision = 0;
};

Told told_by(const Json& object) {
  const Json& metadata = object["metadata"];
  return {std::string(metadata["namespace"].string_or_empty()) + "/" +
              std::string(metadata["name"].string_or_empty()),
          std::strtoull(std::string(metadata["resourceVersion"].string_or_empty()).c_str(), nullptr,
                        10)};
}

}  // namespace

struct FaultyTransport::Exchange {
  Request request;
  SentRequest sent;
  Done done;
  Fate fate = Fate::answered;
};

FaultyTransport::FaultyTransport(TrialWire& wire, std::string replica)
    : wire_(wire), replica_(std::move(replica)) {}

FaultyTransport::Fate FaultyTransport::draw_fate(const Request& request) {
  const FaultRates& rates = wire_.rates;
  int drawn = static_cast<int>(wire_.random.below(1000));
  const auto hits = [&](int rate) { return (drawn -= rate) < 0; };
  const bool changes = request.method != Method::get;
  Fate fate = Fate::answered;
  if (changes && request.method != Method::post && hits(rates.conflict)) {
    fate = Fate::conflict;
  } else if (hits(rates.lost_answer)) {
    fate = Fate::lost_answer;
  } else if (hits(rates.lost)) {
    fate = Fate::lost;
  } else if (changes && hits(rates.late)) {
    fate = Fate::late;
  } else if (changes && hits(rates.twice)) {
    fate = Fate::twice;
  } else if (hits(rates.busy)) {
    fate = Fate::busy;
  }
  if (fate != Fate::answered) ++wire_.faults;
  return fate;
}

void FaultyTransport::send(Request request, Done done) {
  auto exchange = std::make_shared<Exchange>();
  SentRequest& sent = exchange->sent;
  sent.id = ++wire_.last_request;
  sent.at = wire_.loop.now();
  sent.replica = replica_;
  sent.method = request.method;
  sent.target = request.target;
  sent.content_type = request.content_type;
  sent.body = request.body;
  sent.about = simulation::addressed_by(request.target);
  sent.decided_on = std::strtoull(request.basis.c_str(), nullptr, 10);
  exchange->fate = draw_fate(request);
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  wire_.judge.sent(sent);
  const auto latency = static_cast<std::int64_t>(1 + wire_.random.below(20));
  wire_.loop.after(
      Duration::from_milliseconds(latency),
      [this, alive = std::weak_ptr<bool>(alive_), &wire = wire_, replica = replica_, exchange] {
        if (!alive.expired()) return arrive(exchange);
        // What was on its way arrives, though its sender has died.
        if (exchange->fate == Fate::answered) carry_out(wire, replica, *exchange);
      });
}

Response FaultyTransport::carry_out(TrialWire& wire, const std::string& replica,
                                    const Exchange& exchange) {
  wire.writer = replica;
  wire.request = exchange.sent.id;
  Response response = wire.server.handle(exchange.request);
  wire.writer = "cluster";
  wire.request = 0;
  return response;
}

void FaultyTransport::arrive(const std::shared_ptr<Exchange>& exchange) {
  switch (exchange->fate) {
    case Fate::conflict:
      return answer(exchange, refusal(409, "Conflict"));
    case Fate::busy:
      return answer(exchange, wire_.random.below(2) == 0 ? refusal(429, "TooManyRequests")
                                                         : refusal(503, "ServiceUnavailable"));
    case Fate::lost:
      return answer(exchange, no_answer());
    case Fate::lost_answer:
      carry_out(wire_, replica_, *exchange);
      return answer(exchange, no_answer());
    case Fate::late: {
      const auto delay = static_cast<std::int64_t>(100 + wire_.random.below(20'000));
      wire_.loop.after(
          Duration::from_milliseconds(delay),
          [&wire = wire_, replica = replica_, exchange] { carry_out(wire, replica, *exchange); });
      return answer(exchange, no_answer());
    }
    case Fate::twice: {
      // Something on the way got no answer and tried again: the sender hears how that went.
      carry_out(wire_, replica_, *exchange);
      return answer(exchange, carry_out(wire_, replica_, *exchange));
    }
    case Fate::answered:
      return answer(exchange, carry_out(wire_, replica_, *exchange));
  }
}

void FaultyTransport::answer(const std::shared_ptr<Exchange>& exchange, Result<Response> response) {
  const auto latency = static_cast<std::int64_t>(1 + wire_.random.below(20));
  wire_.loop.after(
      Duration::from_milliseconds(latency),
      [this, alive = std::weak_ptr<bool>(alive_), exchange, response = std::move(response)] {
        if (alive.expired()) return;
        SentRequest& sent = exchange->sent;
        sent.outcome = response ? Outcome::answered : Outcome::ambiguous;
        sent.status = response ? response->status : 0;
        sent.answered_at = wire_.loop.now();
        if (response) tell_of_objects(*exchange, *response);
        wire_.judge.answered(sent);
        exchange->done(response);
      });
}

void FaultyTransport::tell_of_objects(const Exchange& exchange, const Response& response) {
  if (response.status >= 300) return;
  const Json body = parse_json(response.body).value_or(Json());
  const ObjectKind kind = exchange.sent.about.kind;
  const Json& items = body["items"];
  if (items.is_array()) {
    for (const Json& item : items.as_array()) {
      const Told told = told_by(item);
      wire_.judge.delivered(replica_, kind, told.key, told.revision);
    }
  } else if (const Told told = told_by(body); told.revision > 0) {
    wire_.judge.delivered(replica_, kind, told.key, told.revision);
  }
}

/// Holds each line back for the stream's own lag, in order, and ends where it is cut.
class FaultyTransport::LaggingStream final : public kubernetes::Stream {
 public:
  LaggingStream(TrialWire& wire, std::string replica, ObjectKind kind,
                kubernetes::StreamEvents events)
      : wire_(wire), replica_(std::move(replica)), kind_(kind), events_(std::move(events)) {
    const auto lag_max = static_cast<std::uint64_t>(wire.rates.lag_max.milliseconds()) + 1;
    lag_ = Duration::from_milliseconds(static_cast<std::int64_t>(wire.random.below(lag_max)));
  }

  void start(const Request& request) {
    inner_ = wire_.server.watch(
        request, {.on_open = [this](int status) { later([this, status] { open(status); }); },
                  .on_line =
                      [this](std::string_view line) {
                        later([this, text = std::string(line)] { deliver(text); });
                      },
                  .on_end =
                      [this](Result<Response> end) {
                        later([this, end = std::move(end)] { finish(end); });
                      }});
  }

 private:
  void later(std::function<void()> task) {
    // A lag never lets a line overtake another.
    const Instant at = std::max(wire_.loop.now() + lag_, last_);
    last_ = at;
    wire_.loop.after(at - wire_.loop.now(),
                     [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
                       if (!alive.expired()) task();
                     });
  }
  void open(int status) {
    if (!over_) events_.on_open(status);
  }
  void deliver(const std::string& line) {
    if (over_) return;
    if (static_cast<int>(wire_.random.below(1000)) < wire_.rates.cut) {
      ++wire_.faults;
      return finish(no_answer());
    }
    const Json event = parse_json(line).value_or(Json());
    const Told told = told_by(event["object"]);
    if (event["type"].string_or_empty() != "BOOKMARK" && told.revision > 0) {
      wire_.judge.delivered(replica_, kind_, told.key, told.revision);
    }
    events_.on_line(line);
  }
  void finish(const Result<Response>& end) {
    if (over_) return;
    over_ = true;
    // The handler may destroy this stream.
    const auto on_end = events_.on_end;
    on_end(end);
  }

  TrialWire& wire_;
  std::string replica_;
  ObjectKind kind_;
  kubernetes::StreamEvents events_;
  Duration lag_;
  Instant last_;
  bool over_ = false;
  std::unique_ptr<kubernetes::Stream> inner_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<kubernetes::Stream> FaultyTransport::open(Request request,
                                                          kubernetes::StreamEvents events) {
  const ObjectKind kind = simulation::addressed_by(request.target).kind;
  auto stream = std::make_unique<LaggingStream>(wire_, replica_, kind, std::move(events));
  stream->start(request);
  return stream;
}

}  // namespace slipway::mutants
