#include <memory>

#include <CLI/CLI.hpp>

#include "base/log.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/demo/demo.h"
#include "cli/doctor.h"
#include "cli/simulate.h"
#include "cli/version.h"
#include "cluster/nodes/run_nodes.h"
#include "cluster/serve_cluster.h"
#include "controller/run_controller.h"

namespace slipway::cli {
namespace {

using controller::ControllerFlags;

void duration_flag(CLI::App& command, const char* name, Duration& into, const char* meaning) {
  command.add_option_function<std::string>(
      name,
      [&into, name](const std::string& text) {
        const Result<Duration> duration = parse_go_duration(text);
        if (!duration || duration->nanoseconds <= 0) {
          throw CLI::ValidationError(name, "expected a duration such as 15s, found " + text);
        }
        into = *duration;
      },
      meaning);
}

/// Flags of Argo Rollouts' controller for what Slipway does another way, or does not do yet. They
/// are taken, so that a Deployment's arguments need not change, and have no effect.
void add_ignored_flags(CLI::App& command) {
  for (const char* name :
       {"--experiment-threads", "--analysis-threads", "--service-threads", "--ingress-threads",
        "--ephemeral-metadata-threads", "--ephemeral-metadata-update-pod-retries",
        "--aws-target-group-binding-api-version", "--alb-tag-key-resource-id",
        "--traffic-split-api-version", "--traefik-api-group", "--traefik-api-version",
        "--ingress-api-version", "--alb-ingress-classes", "--nginx-ingress-classes",
        "--enable-pprof-address"}) {
    command
        .add_option_function<std::string>(name,
                                          [name](const std::string&) {
                                            log::warn("flag has no effect yet",
                                                      {
                                                          {"flag", name}
                                            });
                                          })
        ->group("");
  }
  for (const char* name : {"--alb-verify-weight", "--aws-verify-target-group",
                           "--self-service-notification-enabled"}) {
    command
        .add_flag_callback(name,
                           [name] {
                             log::warn("flag has no effect yet", {
                                                                     {"flag", name}
                             });
                           })
        ->group("");
  }
}

void add_router_versions(CLI::App& command, rollout::RouterVersions& versions) {
  command.add_option("--istio-api-version", versions.istio, "Version of Istio's VirtualServices")
      ->capture_default_str();
  command
      .add_option("--ambassador-api-version", versions.ambassador,
                  "Group and version of Ambassador's Mappings")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const auto slash = text.find('/');
            return slash != std::string::npos && slash > 0 && slash + 1 < text.size()
                       ? std::string()
                       : "expected a group and a version such as getambassador.io/v2, found " +
                             text;
          },
          "GROUP/VERSION"))
      ->capture_default_str();
  command.add_option("--appmesh-crd-version", versions.app_mesh, "Version of App Mesh's kinds")
      ->capture_default_str();
}

void add_controller(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("controller", "Reconcile the Rollouts of a cluster");
  const auto flags = std::make_shared<ControllerFlags>();
  command->add_flag("--namespaced", flags->namespaced, "Only the namespace of the kubeconfig");
  command->add_option("--instance-id", flags->instance_id,
                      "Only Rollouts whose controller-instance-id label is this");
  command
      ->add_option("--controllers", flags->controllers,
                   "Which controllers to run; only 'analysis' can be named (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember({"analysis"}));
  add_router_versions(*command, flags->router_versions);
  command->add_option("--rollout-resync", flags->rollout_resync_seconds, "Seconds between resyncs")
      ->capture_default_str();
  command->add_option("--metricsPort,--metricsport", flags->metrics_port, "Port of /metrics")
      ->capture_default_str();
  command->add_option("--healthzPort", flags->healthz_port, "Port of /healthz and /readyz")
      ->capture_default_str();
  command->add_option("--qps", flags->queries_per_second, "Requests a second at most")
      ->capture_default_str();
  command->add_option("--burst", flags->burst, "Requests at once beyond --qps")
      ->capture_default_str();
  command
      ->add_option("--rollout-threads", flags->rollout_threads,
                   "Rollouts whose writes are under way at once")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_flag("--leader-elect", flags->leader_elect,
                    "Work only while holding the lease (default true)");
  duration_flag(*command, "--leader-election-lease-duration", flags->lease_duration,
                "How long a lease lasts (default 15s)");
  duration_flag(*command, "--leader-election-renew-deadline", flags->renew_deadline,
                "How long to try to renew it (default 10s)");
  duration_flag(*command, "--leader-election-retry-period", flags->retry_period,
                "Time between tries (default 2s)");
  add_ignored_flags(*command);
  command->callback([&line, flags] {
    line.command = [&line, flags](Streams) -> Result<int> {
      flags->connection = line.connection;
      flags->build = {.version = version_text(),
                      .compiler = build_info().compiler,
                      .architecture = build_info().platform,
                      .commit = build_info().commit};
      return controller::run_controller(*flags);
    };
  });
}

void add_cluster(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("cluster", "Run an embedded Kubernetes for development and tests");
  const auto options = std::make_shared<cluster::ServeOptions>();
  command->add_option("--address", options->address, "Loopback address and port to serve on")
      ->capture_default_str();
  command->add_option("--nodes", options->nodes, "Simulated nodes")->capture_default_str();
  command->callback([&line, options] {
    line.command = [&line, options](Streams) -> Result<int> {
      // Elsewhere the kubeconfig is read; here it is what is written.
      options->kubeconfig = line.connection.kubeconfig;
      if (options->kubeconfig.empty()) {
        return fail(ErrorCode::invalid, "--kubeconfig", "is missing",
                    "name the file that the cluster writes its kubeconfig to");
      }
      return cluster::serve_cluster(*options);
    };
  });
}

void add_nodes(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "nodes", "Play the nodes of a cluster that has none: bind its pods and run them by a script");
  const auto options = std::make_shared<cluster::RunNodesOptions>();
  command->add_option("--nodes", options->nodes, "Simulated nodes")->capture_default_str();
  command->add_flag("--beside-real-nodes", options->beside_real_nodes,
                    "Work even where real nodes exist, whose pods would run nowhere");
  command->footer(
      "Pods choose what becomes of them by annotations: slipway.dev/start-delay, ready-delay,\n"
      "stop-delay, behaviour (crash, never-ready, image-pull-error, exit), crash-after,\n"
      "exit-after and exit-code.");
  command->callback([&line, options] {
    line.command = [&line, options](Streams) -> Result<int> {
      options->connection = line.connection;
      options->version = version_text();
      return cluster::run_nodes(*options);
    };
  });
}

void add_demo(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("demo", "Watch a canary and a blue-green update, start to end");
  const auto options = std::make_shared<DemoOptions>();
  command->add_option("manifest", options->manifest, "Rollout to show (default: built in)");
  command->add_flag("--plain", options->plain, "Lines instead of a live page");
  command->callback([&line, options] {
    line.command = [options](Streams streams) -> Result<int> { return demo(*options, streams); };
  });
}

void add_doctor(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("doctor", "Find and mend zombie ReplicaSets and bad annotations");
  const auto options = std::make_shared<DoctorOptions>();
  command->add_flag("-A,--all-namespaces", options->all_namespaces, "Sweep all namespaces");
  command->add_flag("--fix", options->fix, "Mend what is found");
  command->callback([&line, options] {
    line.command = [&line, options](Streams streams) -> Result<int> {
      const auto connection = TRY(ServerSession::connect(line.connection));
      return doctor(connection->session(), *options, streams);
    };
  });
}

using SessionCommand = Result<void> (*)(Session&, const std::string&, Streams);

void add_foresight(CLI::App& app, CommandLine& line, const char* name, const char* argument,
                   const char* meaning, SessionCommand run) {
  CLI::App* command = app.add_subcommand(name, meaning);
  const auto what = std::make_shared<std::string>();
  command->add_option(argument, *what)->required();
  command->callback([&line, what, run] {
    line.command =
        with_session(line, [what, run](Session& s, Streams t) { return run(s, *what, t); });
  });
}

void add_simulate(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("simulate", "Run a Rollout through simulated hours, and try to break it");
  const auto options = std::make_shared<SimulateOptions>();
  command->add_option("manifest", options->manifest,
                      "Rollout to simulate (default: each run makes up its own)");
  command->add_option("--seed", options->seed, "Of the first run")->capture_default_str();
  command->add_option("--runs", options->runs, "How many, each with the next seed")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--faults", options->faults, "none, all, or ids and groups: FC3,FD")
      ->capture_default_str();
  command->add_option("--minutes", options->minutes,
                      "Ends after so long; without --runs, and not before");
  command->add_option("--report", options->report, "File for a page that shows the run");
  command
      ->add_option("--order", options->order,
                   "swarm; singles: every fault at every place, one at a time; pairs; garbage: no "
                   "faults, but nonsense in every field of ours; guided: goes on from runs that "
                   "showed something new")
      ->capture_default_str();
  command->add_option("--shrink", options->shrink, "File for the smallest run that still breaks");
  command->add_option("--scenario", options->scenario, "File of one run, to replay");
  command->add_flag("--json", options->json, "Print one JSON object");
  command->callback([&line, options] {
    line.command = [options](Streams streams) -> Result<int> {
      return simulate(*options, streams);
    };
  });
}

}  // namespace

void add_server_commands(CLI::App& app, CommandLine& line) {
  add_controller(app, line);
  add_cluster(app, line);
  add_nodes(app, line);
  add_demo(app, line);
  add_doctor(app, line);
  add_foresight(app, line, "explain", "rollout",
                "Say why a rollout does not move, and what frees it", explain_rollout);
  add_foresight(app, line, "plan", "rollout_or_file",
                "Show what the controller would do next, without doing it", plan_rollout);
  add_simulate(app, line);
}

}  // namespace slipway::cli
