#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

inline Response json_response(int status, const Json& body) {
  return {.status = status,
          .content_type = std::string(media::json),
          .body = to_text(body),
          .warnings = {}};
}

/// What an API server answers when it refuses.
inline Response status_response(int code, std::string reason, std::string message = "") {
  return json_response(code, Json::object({
                                 {"kind",       "Status"          },
                                 {"apiVersion", "v1"              },
                                 {"status",     "Failure"         },
                                 {"message",    std::move(message)},
                                 {"reason",     std::move(reason) },
                                 {"code",       code              }
  }));
}

inline Failure no_answer() {
  return fail(ErrorCode::unavailable, "test server", "no answer came", "wait and try again");
}

/// No log lines while it lives: for tests in which everything goes wrong.
struct QuietLog {
  QuietLog() { log::configure(log::Level::off, log::Format::text); }
  ~QuietLog() { log::configure(log::Level::warn, log::Format::text); }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;
};

/// A Transport whose other end is the test: requests are answered by `respond`, or wait until the
/// test answers them by hand; watches say what the test lets them say. For tests.
class ScriptedTransport final : public Transport {
 public:
  /// The server's end of a watch. All it says arrives in order, from the loop.
  class Watch {
   public:
    Watch(EventLoop& loop, Request request, StreamEvents events)
        : request(std::move(request)), loop_(loop), events_(std::move(events)) {}

    void open(int status = 200) {
      deliver([this, status] { events_.on_open(status); });
    }
    void line(std::string text) {
      deliver([this, text = std::move(text)] { events_.on_line(text); });
    }
    void event(std::string_view type, const Json& object) {
      line(to_text(Json::object({
          {"type",   std::string(type)},
          {"object", object           }
      })));
    }
    void end(Result<Response> how = Response{
                 .status = 200, .content_type = {}, .body = {}, .warnings = {}}) {
      deliver([this, how = std::move(how)] {
        alive_ = false;
        events_.on_end(how);
      });
    }
    /// Whether the client still listens.
    bool alive() const { return alive_; }

    const Request request;

   private:
    friend class ScriptedTransport;
    void deliver(std::function<void()> say) {
      loop_.post([keep = self.lock(), say = std::move(say)] {
        if (keep != nullptr && keep->alive_) say();
      });
    }

    EventLoop& loop_;
    StreamEvents events_;
    bool alive_ = true;
    std::weak_ptr<Watch> self;
  };

  struct Waiting {
    Request request;
    Done done;
  };

  explicit ScriptedTransport(EventLoop& loop) : loop_(loop) {}

  void send(Request request, Done done) override {
    requests.push_back(request);
    if (!respond) {
      waiting.push_back({std::move(request), std::move(done)});
      return;
    }
    loop_.after(latency, [this, request = std::move(request), done = std::move(done)] {
      if (auto answer = respond(request)) {
        done(std::move(*answer));
      } else {
        waiting.push_back({request, done});
      }
    });
  }

  std::unique_ptr<Stream> open(Request request, StreamEvents events) override {
    requests.push_back(request);
    auto watch = std::make_shared<Watch>(loop_, std::move(request), std::move(events));
    watch->self = watch;
    watches.push_back(watch);
    if (on_watch) on_watch(*watch);
    return std::make_unique<Handle>(std::move(watch));
  }

  std::string server() const override { return "test server"; }

  /// Answers the request that has waited longest.
  void answer(Result<Response> response) {
    Waiting first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    loop_.post([done = std::move(first.done), response = std::move(response)] { done(response); });
  }

  /// Nothing returned: the request waits.
  std::function<std::optional<Result<Response>>(const Request&)> respond;
  std::function<void(Watch&)> on_watch;
  Duration latency;
  std::vector<Request> requests;  ///< All so far, watches too.
  std::vector<Waiting> waiting;
  std::vector<std::shared_ptr<Watch>> watches;

 private:
  struct Handle final : Stream {
    explicit Handle(std::shared_ptr<Watch> w) : watch(std::move(w)) {}
    ~Handle() override { watch->alive_ = false; }
    std::shared_ptr<Watch> watch;
  };

  EventLoop& loop_;
};

}  // namespace slipway::kubernetes
