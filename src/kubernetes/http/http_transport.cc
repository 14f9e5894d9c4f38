#include "kubernetes/http_transport.h"

#include <curl/curl.h>

#include <deque>
#include <set>

#include "base/text.h"
#include "kubernetes/http/credentials.h"
#include "kubernetes/http/curl_loop.h"
#include "kubernetes/http/endpoint.h"
#include "kubernetes/http/line_splitter.h"
#include "kubernetes/http/plugin_process.h"
#include "kubernetes/http/rate_limit.h"
#include "kubernetes/http/transfer.h"

namespace slipway::kubernetes {
namespace {

/// Requests under way at once; further ones wait in line. Watches don't count. Without HTTP/2 each
/// takes a connection of its own.
constexpr std::size_t requests_max = 128;

/// The longest line of a watch: an object of 3 MiB, thrice over for escapes, and far beyond.
constexpr std::size_t line_max = 64u << 20;

class Call;

/// What all calls of one transport share.
struct Core {
  Core(RealEventLoop& event_loop, Endpoint to, const HttpTransportOptions& options)
      : loop(event_loop),
        endpoint(std::move(to)),
        limit(event_loop, options.queries_per_second, options.burst),
        background_limit(event_loop, options.queries_per_second, options.burst),
        curl(event_loop),
        credentials(make_credentials()) {}

  std::unique_ptr<Credentials> make_credentials() const {
    const ConnectionConfig& config = endpoint.config;
    if (config.exec) {
      return make_plugin_credentials(loop, config, run_plugin_process(loop, config));
    }
    if (!config.token_file.empty()) {
      return make_token_file_credentials(loop, config, Environment::real());
    }
    return make_fixed_credentials(config);
  }

  ~Core();

  RealEventLoop& loop;
  const Endpoint endpoint;
  RateLimit limit;
  RateLimit background_limit;
  CurlLoop curl;
  std::set<std::shared_ptr<Call>> calls;  ///< They end with us, before what they use.
  std::unique_ptr<Credentials> credentials;
};

/// One request on its way: gets a proof, sends, and after a 401 once more with a fresh proof.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Core& core, Request request, Transfer::Kind kind)
      : core_(core), request_(std::move(request)), kind_(kind) {}
  virtual ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void start() {
    core_.credentials->get([weak = weak_from_this()](Result<ProofPointer> proof) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (proof) return self->send(*std::move(proof));
      // It may have come at once, and callbacks never come inside the call.
      self->core_.loop.post([weak, error = std::move(proof).error()]() mutable {
        if (const auto waiting = weak.lock()) waiting->fail_with(std::move(error));
      });
    });
  }

  /// Ends it without a callback.
  virtual void stop() {
    if (transfer_ != nullptr) core_.curl.remove(transfer_->handle());
    transfer_ = nullptr;
  }

 protected:
  virtual void prepare(Transfer&) {}
  /// The transfer has ended, and is not to be tried again.
  virtual void ended(int code) = 0;
  virtual void fail_with(Error error) = 0;

  std::string place() const { return place_of(request_, core_.endpoint.config.server); }
  /// A later task of this call, unless it has ended by then.
  template <class F>
  void post(F f) {
    core_.loop.post([weak = weak_from_this(), f = std::move(f)] {
      if (const auto self = weak.lock()) f();
    });
  }

  Core& core_;
  const Request request_;
  const Transfer::Kind kind_;
  std::unique_ptr<Transfer> transfer_;

 private:
  void send(ProofPointer proof) {
    transfer_ = std::make_unique<Transfer>(core_.endpoint, request_, std::move(proof), kind_);
    prepare(*transfer_);
    core_.curl.add(transfer_->handle(), [this](int code) {
      const auto self = shared_from_this();
      if (code == CURLE_OK && transfer_->status() == 401 && !retried_ &&
          core_.credentials->rejected(transfer_->proof())) {
        retried_ = true;
        transfer_ = nullptr;
        return start();
      }
      ended(code);
    });
  }

  bool retried_ = false;
};

/// A callback that destroys the transport may have calls on its stack still: they must not touch
/// what is gone.
Core::~Core() {
  for (const std::shared_ptr<Call>& call : calls) call->stop();
}

class RequestCall final : public Call {
 public:
  RequestCall(Core& core, Request request, Transport::Done done, Task finished)
      : Call(core, std::move(request), Transfer::Kind::whole),
        done_(std::move(done)),
        finished_(std::move(finished)) {}

 private:
  void ended(int code) override {
    Result<Response> result = transfer_->finish(code, place());
    transfer_ = nullptr;
    finish(std::move(result));
  }
  void fail_with(Error error) override {
    error.where = place() + ": " + error.where;
    finish(Failure(std::move(error)));
  }

  void finish(Result<Response> result) {
    const auto self = shared_from_this();
    core_.calls.erase(self);
    finished_();
    const Transport::Done done = std::move(done_);  // It may destroy the transport.
    done(std::move(result));
  }

  Transport::Done done_;
  const Task finished_;
};

/// A watch. Its lines go out from tasks of their own, never from inside libcurl, so that a callback
/// may do anything: even destroy the stream, or the transport.
class StreamCall final : public Call {
 public:
  StreamCall(Core& core, Request request, StreamEvents events)
      : Call(core, std::move(request), Transfer::Kind::stream),
        events_(std::move(events)),
        open_timer_(core.loop) {}

  void start_timed() {
    if (request_.timeout.nanoseconds > 0) {
      open_timer_.set(request_.timeout, [this] {
        finish(fail(ErrorCode::unavailable, place(),
                    "no answer within " + format_go_duration(request_.timeout),
                    "the server is slow or overloaded: try again"));
      });
    }
    start();
  }

  void stop() override {
    closed_ = true;
    Call::stop();
    open_timer_.cancel();
  }
  void close() {
    stop();
    core_.calls.erase(shared_from_this());
  }
  bool closed() const { return closed_; }

 private:
  void prepare(Transfer& transfer) override {
    transfer.on_arrival([this] {
      if (flushing_) return;
      flushing_ = true;
      post([this] {
        flushing_ = false;
        flush();
      });
    });
  }

  /// Hands out what has come. Returns false when the stream is over, or gone.
  bool flush() {
    const auto self = shared_from_this();
    if (closed_ || transfer_ == nullptr) return false;
    // Before the headers there is nothing to hand out; a refusal goes out whole, at the end.
    if (transfer_->status() != 200) return true;
    if (!tell_open(200)) return false;
    lines_.add(transfer_->take_body());
    while (const auto line = lines_.next()) {
      if (!line->empty()) events_.on_line(*line);
      if (closed_) return false;
    }
    if (lines_.rest().size() <= line_max) return true;
    finish(fail(ErrorCode::unavailable, place(), "a line of the stream has no end",
                "does something else than an API server answer there?"));
    return false;
  }

  bool tell_open(int status) {
    if (opened_) return true;
    opened_ = true;
    open_timer_.cancel();
    if (events_.on_open) events_.on_open(status);
    return !closed_;
  }

  void ended(int code) override {
    // As a task of its own, behind those that hand out lines.
    post([this, code] { finish_transfer(code); });
  }

  void finish_transfer(int code) {
    const auto self = shared_from_this();
    if (!flush()) return;
    const bool refused = code == CURLE_OK && transfer_->status() != 200;
    Result<Response> result = transfer_->finish(code, place());
    if (refused) {
      if (!tell_open(result->status)) return;
      return finish(std::move(result));
    }
    if (!result) return finish(std::move(result));
    // A last line may lack its newline.
    const std::string last(lines_.rest());
    if (!last.empty()) events_.on_line(last);
    if (!closed_) finish(fail(ErrorCode::unavailable, {}, {}));
  }

  void fail_with(Error error) override {
    if (closed_) return;
    error.where = place() + ": " + error.where;
    finish(Failure(std::move(error)));
  }

  void finish(Result<Response> result) {
    const auto self = shared_from_this();
    close();
    const auto on_end = std::move(events_.on_end);
    if (on_end) on_end(std::move(result));
  }

  StreamEvents events_;
  Timer open_timer_;
  LineSplitter lines_;
  bool opened_ = false;
  bool flushing_ = false;
  bool closed_ = false;
};

/// What the caller holds. It does not keep the transport alive: a stream whose transport is gone
/// is silent.
class HttpStream final : public Stream {
 public:
  explicit HttpStream(const std::shared_ptr<StreamCall>& call) : call_(call) {}
  ~HttpStream() override {
    const auto call = call_.lock();
    if (call != nullptr && !call->closed()) call->close();
  }

 private:
  const std::weak_ptr<StreamCall> call_;
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(RealEventLoop& loop, Endpoint endpoint, const HttpTransportOptions& options)
      : core_(loop, std::move(endpoint), options) {}

  void send(Request request, Done done) override {
    const auto& timeout = core_.endpoint.config.request_timeout;
    if (timeout && timeout->nanoseconds > 0) request.timeout = *timeout;
    RateLimit& limit = request.background ? core_.background_limit : core_.limit;
    auto call = std::make_shared<RequestCall>(core_, std::move(request), std::move(done),
                                              [this] { release(); });
    core_.calls.insert(call);
    limit.admit([this, call = std::move(call)] {
      waiting_.push_back(call);
      serve();
    });
  }

  std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    auto call = std::make_shared<StreamCall>(core_, std::move(request), std::move(events));
    core_.calls.insert(call);
    call->start_timed();
    return std::make_unique<HttpStream>(call);
  }

  std::string server() const override { return core_.endpoint.config.server; }

 private:
  void release() {
    --under_way_;
    serve();
  }

  void serve() {
    while (under_way_ < requests_max && !waiting_.empty()) {
      ++under_way_;
      const std::shared_ptr<Call> call = std::move(waiting_.front());
      waiting_.pop_front();
      call->start();
    }
  }

  Core core_;
  std::size_t under_way_ = 0;
  std::deque<std::shared_ptr<Call>> waiting_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(RealEventLoop& loop, ConnectionConfig config,
                                                       HttpTransportOptions options) {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!started) return fail(ErrorCode::internal, "libcurl", "does not start");
  Endpoint endpoint =
      TRY(Endpoint::make(std::move(config), std::move(options.user_agent), Environment::real()));
  return std::unique_ptr<Transport>(
      std::make_unique<HttpTransport>(loop, std::move(endpoint), options));
}

}  // namespace slipway::kubernetes
