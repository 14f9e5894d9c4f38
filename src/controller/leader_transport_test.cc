#include "controller/leader_transport.h"

#include <doctest/doctest.h>

#include "kubernetes/virtual_event_loop.h"

namespace slipway::controller {
namespace {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

/// Counts what gets through.
class Counter final : public kubernetes::Transport {
 public:
  void send(Request, Done done) override {
    ++sent;
    done(Response{.status = 200});
  }
  std::unique_ptr<kubernetes::Stream> open(Request, kubernetes::StreamEvents) override {
    ++sent;
    return nullptr;
  }
  std::string server() const override { return "test"; }
  int sent = 0;
};

}  // namespace

TEST_CASE("who has lost the lease reads, and changes nothing") {
  struct Row {
    Method method;
    bool leads;
    bool passes;
  };
  const Row rows[] = {
      {Method::get,     true,  true },
      {Method::get,     false, true },
      {Method::patch,   true,  true },
      {Method::patch,   false, false},
      {Method::post,    false, false},
      {Method::delete_, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(kubernetes::to_string(row.method));
    CAPTURE(row.leads);
    Counter inner;
    kubernetes::VirtualEventLoop loop;
    LeaderTransport transport(inner, loop, [&] { return row.leads; });
    std::optional<Result<Response>> answer;
    transport.send({.method = row.method, .target = "/api/v1/namespaces/shop/services/web"},
                   [&](Result<Response> response) { answer = std::move(response); });
    CHECK(answer.has_value() == row.passes);  // Held back, it answers from the loop.
    loop.run_ready();
    REQUIRE(answer);
    CHECK(inner.sent == (row.passes ? 1 : 0));
    CHECK(answer->has_value() == row.passes);
    if (!row.passes) CHECK(answer->error().code == ErrorCode::cancelled);
  }
}

}  // namespace slipway::controller
