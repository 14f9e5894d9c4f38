#pragma once

#include <memory>
#include <set>
#include <string>

#include "controller/metrics.h"
#include "kubernetes/transport.h"

namespace slipway::controller {

/// Counts each request and its answer (`controller_clientset_k8s_request_total`) on its way, and
/// logs what the server warns of (a deprecated API, a webhook's advice), each warning once.
class CountingTransport final : public kubernetes::Transport {
 public:
  CountingTransport(kubernetes::Transport& inner, Metrics& metrics)
      : inner_(inner), metrics_(metrics) {}

  void send(kubernetes::Request request, Done done) override;
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override;
  std::string server() const override { return inner_.server(); }

 private:
  void pass_on_warnings(const kubernetes::Response& response);

  kubernetes::Transport& inner_;
  Metrics& metrics_;
  std::set<std::string> warned_;
};

}  // namespace slipway::controller
