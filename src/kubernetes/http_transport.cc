#include "kubernetes/http_transport.h"

#include <deque>

#include <fmt/format.h>

#include "base/text.h"
#include "kubernetes/credentials.h"
#include "kubernetes/curl_loop.h"
#include "kubernetes/curl_request.h"

namespace slipway::kubernetes {
namespace {

/// Requests that may go out now, and so many more a second. Source: client-go's flowcontrol.
class RateLimit {
 public:
  RateLimit(EventLoop& loop, double per_second, int burst)
      : loop_(loop), timer_(loop), per_second_(per_second), burst_(burst), tokens_(burst) {
    refilled_ = loop.monotonic_now();
  }

  /// Runs `task` at once, or as soon as it is its turn.
  void admit(Task task) {
    if (per_second_ <= 0) {
      task();
      return;
    }
    waiting_.push_back(std::move(task));
    serve();
  }

 private:
  void serve() {
    const Instant now = loop_.monotonic_now();
    tokens_ = std::min<double>(burst_, tokens_ + (now - refilled_).seconds() * per_second_);
    refilled_ = now;
    while (!waiting_.empty() && tokens_ >= 1) {
      tokens_ -= 1;
      const Task task = std::move(waiting_.front());
      waiting_.pop_front();
      task();
    }
    if (waiting_.empty() || timer_.pending()) return;
    const double wait = (1 - tokens_) / per_second_;
    timer_.set(Duration{static_cast<std::int64_t>(wait * 1e9) + 1}, [this] { serve(); });
  }

  EventLoop& loop_;
  Timer timer_;
  double per_second_;
  int burst_;
  double tokens_;
  Instant refilled_;
  std::deque<Task> waiting_;
};

class HttpTransport final : public Transport, public std::enable_shared_from_this<HttpTransport> {
 public:
  HttpTransport(RealEventLoop& loop, ConnectionConfig config, HttpTransportOptions options)
      : loop_(loop),
        config_(std::move(config)),
        options_(std::move(options)),
        credentials_(loop, config_, Environment::real()),
        limit_(loop, options_.queries_per_second, options_.burst),
        curl_(loop) {}

  void send(Request request, Done done) override {
    if (config_.request_timeout && config_.request_timeout->nanoseconds > 0) {
      request.timeout = *config_.request_timeout;
    }
    limit_.admit(
        [weak = weak_from_this(), request = std::move(request), done = std::move(done)]() mutable {
          if (const auto self = weak.lock())
            self->attempt(std::move(request), std::move(done), true);
        });
  }

  std::unique_ptr<Stream> open(Request request, StreamEvents events) override;

  std::string server() const override { return config_.server; }

  /// Sends with the present proof; after a 401 once more with a fresh one.
  void attempt(Request request, Done done, bool may_refresh) {
    auto deferred = [weak = weak_from_this(), request = std::move(request), done = std::move(done),
                     may_refresh](Result<Proof> proof) mutable {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (!proof) {
        self->loop_.post([done = std::move(done), error = proof.error()] { done(Failure(error)); });
        return;
      }
      self->start(std::move(request), std::move(done), *proof, may_refresh);
    };
    credentials_.get(std::move(deferred));
  }

  void start(Request request, Done done, const Proof& proof, bool may_refresh) {
    auto transfer = std::make_shared<CurlRequest>(config_, options_.user_agent, request, proof);
    CURL* easy = transfer->easy();
    transfers_[easy] = transfer;
    curl_.add(easy, [this, transfer, request = std::move(request), done = std::move(done),
                     may_refresh](CURLcode code) mutable {
      transfers_.erase(transfer->easy());
      Result<Response> response = transfer->finish(code);
      if (response && response->status == 401 && may_refresh && can_refresh()) {
        credentials_.reject();
        attempt(std::move(request), std::move(done), false);
        return;
      }
      done(std::move(response));
    });
  }

  bool can_refresh() const { return config_.exec.has_value() || !config_.token_file.empty(); }

  RealEventLoop& loop_;
  const ConnectionConfig config_;
  const HttpTransportOptions options_;
  Credentials credentials_;
  RateLimit limit_;
  std::map<CURL*, std::shared_ptr<CurlRequest>> transfers_;
  // Last, so that it goes first: its transfers point into the requests above.
  CurlLoop curl_;
};

/// One watch. Lines are handed out from the loop, never from inside libcurl, so that a callback may
/// end the stream.
class HttpStream final : public Stream {
 public:
  HttpStream(std::shared_ptr<HttpTransport> transport, Request request, StreamEvents events)
      : state_(
            std::make_shared<State>(std::move(transport), std::move(request), std::move(events))) {
    state_->begin();
  }
  ~HttpStream() override { state_->close(); }

 private:
  struct State : std::enable_shared_from_this<State> {
    State(std::shared_ptr<HttpTransport> t, Request r, StreamEvents e)
        : transport(std::move(t)), request(std::move(r)), events(std::move(e)) {}

    void begin() {
      transport->credentials_.get([weak = weak_from_this()](Result<Proof> proof) {
        const auto self = weak.lock();
        if (self == nullptr || self->closed) return;
        if (proof) {
          self->start(*proof);
        } else {
          self->post([error = proof.error()](State& state) { state.end(Failure(error)); });
        }
      });
    }

    void start(const Proof& proof) {
      transfer = std::make_shared<CurlRequest>(transport->config_, transport->options_.user_agent,
                                               request, proof);
      transfer->stream([weak = weak_from_this()](std::string_view bytes) {
        const auto self = weak.lock();
        if (self == nullptr) return false;
        self->pending.append(bytes);
        self->flush_soon();
        return true;
      });
      transport->curl_.add(transfer->easy(), [weak = weak_from_this()](CURLcode code) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->added = false;
        self->post([code](State& state) { state.finished(code); });
      });
      added = true;
    }

    template <class F>
    void post(F f) {
      transport->loop_.post([weak = weak_from_this(), f = std::move(f)] {
        const auto self = weak.lock();
        if (self != nullptr && !self->closed) f(*self);
      });
    }

    void flush_soon() {
      if (flushing) return;
      flushing = true;
      post([](State& state) {
        state.flushing = false;
        state.flush();
      });
    }

    void tell_open(int status) {
      if (opened) return;
      opened = true;
      if (events.on_open) events.on_open(status);
    }

    void flush() {
      const auto keep = shared_from_this();  // A callback may end the stream.
      const int status = transfer->status();
      if (status != 200) return;  // The body of a refusal goes out whole, at the end.
      tell_open(status);
      std::string bytes = std::move(pending);
      pending.clear();
      std::size_t begin = 0;
      for (std::size_t end; !closed && (end = bytes.find('\n', begin)) != std::string::npos;) {
        line.append(bytes, begin, end - begin);
        begin = end + 1;
        const std::string whole = std::move(line);
        line.clear();
        if (!whole.empty()) events.on_line(whole);
      }
      if (closed) return;
      line.append(bytes, begin);
      if (line.size() > stream_line_max) {
        end(fail(ErrorCode::unavailable, transport->server(), "a line of the watch has no end",
                 "is something else than an API server answering there?"));
      }
    }

    void finished(CURLcode code) {
      const auto keep = shared_from_this();
      if (code == CURLE_OK || transfer->status() == 200) flush();
      if (closed) return;
      Result<Response> response = transfer->finish(code);
      if (response) {
        tell_open(response->status);
        if (closed) return;
        response->body = std::move(pending);
        if (response->status == 401) transport->credentials_.reject();
      }
      end(std::move(response));
    }

    void end(Result<Response> result) {
      close();
      events.on_end(std::move(result));
    }

    void close() {
      closed = true;
      if (added) transport->curl_.remove(transfer->easy());
      added = false;
    }

    std::shared_ptr<HttpTransport> transport;
    Request request;
    StreamEvents events;
    std::shared_ptr<CurlRequest> transfer;
    std::string pending;  ///< Received, not yet looked at.
    std::string line;     ///< The beginning of a line whose end is to come.
    bool added = false;
    bool opened = false;
    bool flushing = false;
    bool closed = false;
  };

  std::shared_ptr<State> state_;
};

std::unique_ptr<Stream> HttpTransport::open(Request request, StreamEvents events) {
  request.timeout = {};
  return std::make_unique<HttpStream>(shared_from_this(), std::move(request), std::move(events));
}

/// What callers own: the transport itself lives on as long as streams point to it.
class Handle final : public Transport {
 public:
  explicit Handle(std::shared_ptr<HttpTransport> transport) : transport_(std::move(transport)) {}
  void send(Request request, Done done) override {
    transport_->send(std::move(request), std::move(done));
  }
  std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    return transport_->open(std::move(request), std::move(events));
  }
  std::string server() const override { return transport_->server(); }

 private:
  std::shared_ptr<HttpTransport> transport_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(RealEventLoop& loop, ConnectionConfig config,
                                                       HttpTransportOptions options) {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!started) return fail(ErrorCode::internal, "libcurl", "does not start");
  if (options.user_agent.empty()) options.user_agent = "slipway";
  if (options.queries_per_second > 0 && options.burst < 1) options.burst = 1;
  while (config.server.ends_with('/')) config.server.pop_back();
  return std::unique_ptr<Transport>(std::make_unique<Handle>(
      std::make_shared<HttpTransport>(loop, std::move(config), std::move(options))));
}

}  // namespace slipway::kubernetes
