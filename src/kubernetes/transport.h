#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace slipway::kubernetes {

enum class Method { get, post, put, patch, delete_ };
std::string_view to_string(Method method);

namespace media {
inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view json_patch = "application/json-patch+json";
inline constexpr std::string_view merge_patch = "application/merge-patch+json";
inline constexpr std::string_view strategic_merge_patch = "application/strategic-merge-patch+json";
}  // namespace media

/// One HTTP request to an API server. Plain text both ways, so that a proxy, a fault injector and a
/// recorder can stand between any two parties.
struct Request {
  Method method = Method::get;
  std::string target;  ///< Path and query, percent-encoded: "/api/v1/pods?limit=500".
  std::string content_type = std::string(media::json);
  std::string accept = std::string(media::json);
  std::string body;
  Duration timeout = Duration::from_seconds(30);  ///< For the whole answer; of a stream: until it
                                                  ///< opens. 0: none.
  std::string user_agent = {};                    ///< Empty: the transport's own.
  /// The resourceVersion of the object that this change was decided on. Never sent: who stands
  /// between two parties can tell a decision on an old copy by it. Empty where nothing was read.
  std::string basis = {};
  /// No decision waits for it (an Event): client-side limits count it apart, so that it holds
  /// nothing else up. Never sent.
  bool background = false;
};

struct Response {
  int status = 0;
  std::string content_type;
  std::string body;
  std::vector<std::string> warnings;    ///< `Warning` headers.
  std::optional<Duration> retry_after;  ///< `Retry-After`, seconds.
};

/// A running watch. Destroying it ends the stream; no callback comes after that.
class Stream {
 public:
  virtual ~Stream() = default;
};

struct StreamEvents {
  /// The server has answered with this status; bodies of refusals come whole in `on_end`.
  std::function<void(int status)> on_open;
  /// One line of the body, without its newline. Lines over 64 MiB end the stream with an error.
  std::function<void(std::string_view line)> on_line;
  /// The stream is over; called once, last. A Response is a refusal, its body whole. An Error with
  /// an empty message is a clean end of file, any other says what broke.
  std::function<void(Result<Response>)> on_end;
};

/// The way to an API server: HTTP in production, a direct call to the embedded cluster in tests and
/// simulation. All callbacks come on the event loop, never inside the call.
///
/// *Errors*: only what kept an answer from coming, with code `unavailable` (or `cancelled`), naming
/// the server and what to do. An answer of any status is a Response.
class Transport {
 public:
  using Done = std::function<void(Result<Response>)>;
  virtual ~Transport() = default;

  virtual void send(Request request, Done done) = 0;
  virtual std::unique_ptr<Stream> open(Request request, StreamEvents events) = 0;
  /// "https://127.0.0.1:6443", for messages.
  virtual std::string server() const = 0;
};

/// Where an error of this request happened: "patch replicasets.apps shop/web (scale) at
/// https://127.0.0.1:6443", "watch pods at ...".
std::string place_of(const Request& request, std::string_view server);

/// The Error that an answer with status 300 or above stands for: reads the Status object, maps the
/// code (404 not_found, 409 refused or already_exists by reason, 410 expired, 422 invalid, 401/403
/// forbidden, 429 and 5xx unavailable ...) and names server, verb, object and what to do.
Error error_of(const Response& response, const Request& request, std::string_view server);

/// The body as JSON, or the Error that the answer stands for.
Result<Json> body_of(const Response& response, const Request& request, std::string_view server,
                     const JsonParseOptions& options = {});

}  // namespace slipway::kubernetes
