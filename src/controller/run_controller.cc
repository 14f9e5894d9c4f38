#include "controller/run_controller.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/process_memory.h"
#include "base/random.h"
#include "controller/counting_transport.h"
#include "controller/endpoint_server.h"
#include "controller/leader_transport.h"
#include "controller/rollout_controller.h"
#include "kubernetes/http_transport.h"
#include "kubernetes/leader_election.h"

namespace slipway::controller {
namespace {

using kubernetes::EventLoop;
using kubernetes::LeaderElection;
using kubernetes::RealEventLoop;

/// How long a shutdown waits for writes under way; the platform's own patience is 30 s.
constexpr Duration drain_limit = 15_s;
constexpr Duration drain_poll = 20_ms;
/// When memory goes back to the system: after the start, which needs much for a moment, and then
/// now and again.
constexpr Duration memory_after_start = 3_s;
constexpr Duration memory_period = 60_s;

std::string hostname() {
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  return name;
}

/// The namespace of the controller's own lease. Compat: outside of a pod Argo Rollouts takes
/// "argo-rollouts", which need not exist; here it is the kubeconfig's, which the person chose.
std::string own_namespace(const kubernetes::ConnectionConfig& config) {
  const char* given = std::getenv("POD_NAMESPACE");
  return given != nullptr && *given != '\0' ? given : config.namespace_;
}

LeaderElection::Options lease_options(const ControllerFlags& flags, const std::string& namespace_,
                                      Random& random) {
  const std::string suffix = flags.instance_id.empty() ? "" : "-" + flags.instance_id;
  return {.namespace_ = namespace_,
          .name = "argo-rollouts-controller-lock" + suffix,
          .identity = hostname() + "_" + random.uuid(),
          .lease_duration = flags.lease_duration,
          .renew_deadline = flags.renew_deadline,
          .retry_period = flags.retry_period};
}

/// One run of the process, from connection to shutdown.
class Run {
 public:
  Run(const ControllerFlags& flags, const kubernetes::ConnectionConfig& config)
      : flags_(flags),
        config_(config),
        random_(random_seed()),
        loop_(kubernetes::make_real_event_loop()),
        metrics_(flags.build),
        drain_timer_(*loop_),
        memory_timer_(*loop_) {}

  Result<int> operator()() {
    const auto http =
        TRY(kubernetes::make_http_transport(*loop_, config_,
                                            {.user_agent = "slipway/" + flags_.build.version,
                                             .queries_per_second = flags_.queries_per_second,
                                             .burst = flags_.burst}));
    CountingTransport transport(*http, metrics_);
    LeaderTransport as_leader(transport, *loop_,
                              [this] { return election_ == nullptr || election_->leading(); });
    RolloutController controller(*loop_, as_leader, &metrics_,
                                 {.namespace_ = flags_.namespaced ? config_.namespace_ : "",
                                  .instance_id = flags_.instance_id,
                                  .router_versions = flags_.router_versions,
                                  .resync = Duration::from_seconds(flags_.rollout_resync_seconds),
                                  .concurrency = static_cast<std::size_t>(flags_.rollout_threads)},
                                 random_.next());
    controller_ = &controller;
    const auto health = TRY(serve_health());
    const auto metrics = TRY(serve_metrics());
    log::info("controller started", {
                                        {"server",       transport.server()               },
                                        {"metrics_port", static_cast<int>(metrics->port())},
                                        {"healthz_port", static_cast<int>(health->port()) }
    });
    controller.start();
    LeaderElection election(*loop_, transport,
                            lease_options(flags_, own_namespace(config_), random_),
                            {.on_started = [&] { controller.lead(); },
                             .on_stopped =
                                 [&] {
                                   log::error("the lease is lost");
                                   status_ = 1;
                                   loop_->stop();
                                 },
                             .on_new_leader =
                                 [](const std::string& holder) {
                                   log::info("new leader", {
                                                               {"holder", holder}
                                   });
                                 }},
                            random_.next());
    if (flags_.leader_elect) {
      election_ = &election;
      election.start();
    } else {
      controller.lead();
    }
    memory_timer_.set(memory_after_start, [this] { trim(); });
    loop_->on_termination([this] { shut_down(); });
    loop_->run();
    return status_;
  }

 private:
  Result<std::unique_ptr<EndpointServer>> serve_health() {
    return serve_endpoints(*loop_, flags_.healthz_port, "--healthzPort",
                           {
                               {"/healthz", [] { return Page{.body = "ok"}; }},
                               {"/readyz",  [this] {
                                  const std::string trouble = controller_->trouble();
                                  return trouble.empty() ? Page{.body = "ok"}
                                                         : Page{.status = 503, .body = trouble};
                                }  }
    });
  }

  Result<std::unique_ptr<EndpointServer>> serve_metrics() {
    return serve_endpoints(*loop_, flags_.metrics_port, "--metricsPort",
                           {
                               {"/metrics", [this] {
                                  return Page{.content_type = "text/plain; version=0.0.4",
                                              .body = metrics_.text()};
                                }}
    });
  }

  void trim() {
    give_back_memory();
    memory_timer_.set(memory_period, [this] { trim(); });
  }

  void shut_down() {
    log::info("shutting down: no new plans, waiting for writes under way");
    controller_->stop();
    drain_until_ = loop_->monotonic_now() + drain_limit;
    drain();
  }

  /// The lease goes last: until then nobody else may start to work beside us.
  void drain() {
    if (!controller_->drained() && loop_->monotonic_now() < drain_until_) {
      drain_timer_.set(drain_poll, [this] { drain(); });
      return;
    }
    if (election_ == nullptr) {
      loop_->stop();
      return;
    }
    election_->release([this] { loop_->stop(); });
    drain_timer_.set(drain_limit, [this] { loop_->stop(); });
  }

  const ControllerFlags& flags_;
  const kubernetes::ConnectionConfig& config_;
  Random random_;
  std::unique_ptr<RealEventLoop> loop_;
  Metrics metrics_;
  kubernetes::Timer drain_timer_;
  kubernetes::Timer memory_timer_;
  Instant drain_until_;
  RolloutController* controller_ = nullptr;
  LeaderElection* election_ = nullptr;
  int status_ = 0;
};

}  // namespace

Result<int> run_controller(const ControllerFlags& flags) {
  // Rollouts must then be left alone, and beside them there is nothing to run yet.
  if (!flags.controllers.empty()) {
    return fail(ErrorCode::invalid, "--controllers", "AnalysisRuns are not supported yet",
                "leave the flag out to reconcile Rollouts");
  }
  const kubernetes::ConnectionConfig config =
      TRY(kubernetes::load_connection_config(flags.connection, kubernetes::Environment::real()));
  return Run(flags, config)();
}

}  // namespace slipway::controller
