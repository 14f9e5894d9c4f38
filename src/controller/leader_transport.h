#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::controller {

/// Sends changes only while this process leads: one that was stopped for longer than its lease (a
/// machine that was moved, a debugger) goes on in the middle of a plan, before it notices. Safety
/// never rests on this, since every write is conditional; it spares the new leader the noise.
///
/// *Errors*: `cancelled` for a change that is held back. Nothing was sent then.
class LeaderTransport final : public kubernetes::Transport {
 public:
  /// `inner` and `loop` must outlive this; `leads` is asked before each change.
  LeaderTransport(kubernetes::Transport& inner, kubernetes::EventLoop& loop,
                  std::function<bool()> leads)
      : inner_(inner), loop_(loop), leads_(std::move(leads)) {}

  void send(kubernetes::Request request, Done done) override;
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override {
    return inner_.open(std::move(request), std::move(events));
  }
  std::string server() const override { return inner_.server(); }

 private:
  kubernetes::Transport& inner_;
  kubernetes::EventLoop& loop_;
  std::function<bool()> leads_;
};

}  // namespace slipway::controller
