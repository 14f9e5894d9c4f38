#pragma once

#include <memory>
#include <string>

#include "controller/metrics.h"
#include "kubernetes/transport.h"

namespace slipway::controller {

/// Counts each request and its answer (`controller_clientset_k8s_request_total`) on its way.
class CountingTransport final : public kubernetes::Transport {
 public:
  CountingTransport(kubernetes::Transport& inner, Metrics& metrics)
      : inner_(inner), metrics_(metrics) {}

  void send(kubernetes::Request request, Done done) override;
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override;
  std::string server() const override { return inner_.server(); }

 private:
  kubernetes::Transport& inner_;
  Metrics& metrics_;
};

}  // namespace slipway::controller
