#include "cluster/serve_cluster.h"

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "cluster/certificates.h"
#include "cluster/http_server.h"
#include "cluster/kubeconfig_file.h"

namespace slipway::cluster {

namespace {

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};

Result<HostAndPort> parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::int64_t port =
      colon == std::string::npos
          ? -1
          : parse_integer(std::string_view(address).substr(colon + 1)).value_or(-1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (port < 0 || port > 65535 || host.empty()) {
    return fail(ErrorCode::invalid, "address", quote(address) + " is not HOST:PORT",
                "write it as 127.0.0.1:6443, or 127.0.0.1:0 for any free port");
  }
  return HostAndPort{host, static_cast<std::uint16_t>(port)};
}

EmbeddedCluster::Options cluster_options(const ServeOptions& options) {
  EmbeddedCluster::Options made;
  made.seed = options.seed != 0 ? options.seed : random_seed();
  made.nodes.count = options.nodes;
  made.nodes.timing = options.timing;
  return made;
}

}  // namespace

struct ServedCluster::State {
  State(kubernetes::RealEventLoop& loop, const ServeOptions& options)
      : cluster(loop, cluster_options(options)) {}

  EmbeddedCluster cluster;
  std::unique_ptr<HttpServer> http;  ///< After the cluster: it goes first.
  std::string kubeconfig;
};

ServedCluster::ServedCluster(std::unique_ptr<State> state) : state_(std::move(state)) {}

ServedCluster::~ServedCluster() = default;

Result<std::unique_ptr<ServedCluster>> ServedCluster::start(kubernetes::RealEventLoop& loop,
                                                            const ServeOptions& options) {
  if (options.nodes < 0 || options.nodes > 100) {
    return fail(ErrorCode::invalid, "nodes", fmt::format("found {}", options.nodes),
                "ask for 0 to 100 simulated nodes");
  }
  const HostAndPort address = TRY(parse_address(options.address));
  const Credentials credentials = TRY(make_credentials(loop.now()));
  auto state = std::make_unique<State>(loop, options);
  HttpServer::Options http;
  http.host = address.host;
  http.port = address.port;
  state->http = TRY(HttpServer::start(loop, state->cluster.server(), credentials, http));
  state->kubeconfig = kubeconfig_text(state->http->url(), credentials);
  state->cluster.start();
  if (!options.kubeconfig.empty()) {
    TRY_DONE(write_private_file(options.kubeconfig, state->kubeconfig));
  }
  return std::unique_ptr<ServedCluster>(new ServedCluster(std::move(state)));
}

std::string ServedCluster::url() const {
  return state_->http->url();
}

const std::string& ServedCluster::kubeconfig() const {
  return state_->kubeconfig;
}

EmbeddedCluster& ServedCluster::cluster() {
  return state_->cluster;
}

void ServedCluster::stop(std::function<void()> done) {
  state_->cluster.stop();
  state_->http->stop(std::move(done));
}

Result<int> serve_cluster(const ServeOptions& options) {
  const std::unique_ptr<kubernetes::RealEventLoop> loop = kubernetes::make_real_event_loop();
  const std::unique_ptr<ServedCluster> served = TRY(ServedCluster::start(*loop, options));
  loop->on_termination([&] { served->stop([&] { loop->stop(); }); });
  log::info("the cluster serves",
            {
                {"server",     served->url()     },
                {"kubeconfig", options.kubeconfig}
  });
  loop->run();
  return 0;
}

}  // namespace slipway::cluster
