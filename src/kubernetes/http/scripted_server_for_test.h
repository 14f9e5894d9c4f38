#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kubernetes/event_loop.h"
#include "kubernetes/http/certificates_for_test.h"

namespace slipway::kubernetes {

/// A server on loopback that says, byte for byte, what a test wants: also what no good server says.
/// It runs on the test's own loop. For tests.
class ScriptedServer {
 public:
  /// One request, as it came in.
  struct Received {
    std::string line;  ///< "GET /api/v1/pods HTTP/1.1"
    std::string head;  ///< With all headers.
    std::string body;
    int connection = 0;       ///< Counted from 1.
    std::string client_name;  ///< Of the client's certificate; empty: none was shown.

    /// A header's value; empty where it is missing. Names are matched without regard to case.
    std::string header(std::string_view name) const;
    int count(std::string_view name) const;
  };
  /// The way back to who sent a request. Harmless once the connection has gone, but not to be kept
  /// longer than the loop.
  class Connection {
   public:
    virtual ~Connection() = default;
    /// Sends bytes as one piece (and one TLS record, if they fit), after those before.
    virtual void write(std::string bytes) = 0;
    /// Ends the connection once all is written.
    virtual void close() = 0;
    /// Ends it now, with a TCP reset.
    virtual void reset() = 0;
    virtual bool open() const = 0;
  };
  using ConnectionPointer = std::shared_ptr<Connection>;
  using Handler = std::function<void(const Received&, const ConnectionPointer&)>;

  struct Options {
    std::optional<TestIdentity> identity;  ///< None: plain HTTP.
    std::string client_authority;          ///< Set: clients must show a certificate of this one.
  };

  ScriptedServer(RealEventLoop& loop, Options options, Handler handler);
  ~ScriptedServer();

  int port() const;
  /// "https://127.0.0.1:41234"
  std::string url() const;
  /// Connections accepted so far, and those open now.
  int accepted() const;
  int open() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// An answer with a length: "HTTP/1.1 200 OK ...".
std::string http_answer(int status, const std::string& body, const std::string& headers = "");
/// The head of an answer in chunks, and one chunk; an empty one is the last.
std::string http_stream_head(int status = 200);
std::string http_chunk(const std::string& bytes);

/// Runs the loop until `condition` holds. Returns false if that takes 30 s of real time.
bool run_until(RealEventLoop& loop, const std::function<bool()>& condition);

}  // namespace slipway::kubernetes
