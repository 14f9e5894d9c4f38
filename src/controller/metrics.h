#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "rollout/duration.h"

namespace slipway::controller {

/// What `rollout_info` says of one Rollout at the moment of a scrape.
struct RolloutSample {
  std::string namespace_;
  std::string name;
  std::string strategy;        ///< none, blueGreen, canary
  std::string traffic_router;  ///< "Nginx", "Istio" ...; empty for none.
  std::string phase;  ///< As the metric has it: Completed, Progressing, Paused, Timeout ...
  int available = 0;
  int unavailable = 0;
  int desired = 0;
  int updated = 0;
};

/// The numbers of one work queue at the moment of a scrape.
struct QueueSample {
  std::string name;  ///< "Rollouts"
  std::size_t depth = 0;
  std::size_t in_flight = 0;
  std::uint64_t adds = 0;
  std::uint64_t retries = 0;
  Duration longest_running;  ///< Of the reconciles under way.
  Duration unfinished;       ///< Sum of how long those have run.
};

/// The controller's metrics, with the names, labels and buckets of Argo Rollouts (metrics.tsv).
/// Used from the event loop only.
class Metrics {
 public:
  struct Build {
    std::string version;
    std::string compiler;
    std::string architecture;
    std::string commit;
  };
  explicit Metrics(const Build& build);
  ~Metrics();

  void reconciled(const std::string& namespace_, const std::string& name, Duration took);
  void reconcile_failed(const std::string& namespace_, const std::string& name);
  void event_recorded(const std::string& namespace_, const std::string& name, std::string_view type,
                      const std::string& reason);
  /// One request to the API server. `name` is "N/A" for lists, events and ReplicaSets, as upstream
  /// keeps the number of series bounded.
  void requested(std::string_view kind, const std::string& namespace_, const std::string& name,
                 std::string_view verb, int status);
  /// A malformed annotation that was mended: the founding bug's family, counted.
  void healed(const std::string& namespace_, const std::string& name);
  void update_ended(const rollout::EndedUpdate& update);
  void queue_waited(const std::string& queue, Duration waited);
  void queue_worked(const std::string& queue, Duration worked);
  /// A write that met another world and was planned anew.
  void refused(std::string_view kind);
  /// A Rollout is gone: its series end.
  void forget(const std::string& namespace_, const std::string& name);

  /// What is read from the cache at each scrape.
  void collect_from(std::function<std::vector<RolloutSample>()> rollouts,
                    std::function<std::vector<QueueSample>()> queues);
  /// The page of /metrics, in Prometheus' text format.
  std::string text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::controller
