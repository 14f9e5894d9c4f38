#include "cluster/api_server.h"

namespace slipway::cluster {
namespace {

class DirectTransport final : public kubernetes::Transport {
 public:
  DirectTransport(ApiServer& server, kubernetes::EventLoop& loop) : server_(server), loop_(loop) {}

  void send(kubernetes::Request request, Done done) override {
    loop_.post([this, alive = std::weak_ptr<bool>(alive_), request = std::move(request),
                done = std::move(done)] {
      if (!alive.expired()) done(server_.handle(request));
    });
  }

  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override {
    return server_.watch(request, std::move(events));
  }

  std::string server() const override { return "the embedded cluster"; }

 private:
  ApiServer& server_;
  kubernetes::EventLoop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<kubernetes::Transport> make_direct_transport(ApiServer& server,
                                                             kubernetes::EventLoop& loop) {
  return std::make_unique<DirectTransport>(server, loop);
}

}  // namespace slipway::cluster
