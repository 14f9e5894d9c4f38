#include "controller/metrics.h"

#include <map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "controller/process_metrics.h"

namespace slipway::controller {
namespace {

using Labels = prometheus::Labels;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Buckets = prometheus::Histogram::BucketBoundaries;
using Histograms = prometheus::Family<prometheus::Histogram>;
using Counters = prometheus::Family<prometheus::Counter>;

const Buckets reconcile_buckets{0.01, 0.15, .25, .5, 1};
const Buckets total_buckets{30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800};
const Buckets progression_buckets{30, 60, 120, 300, 600, 900, 1800, 3600};
const Buckets pause_buckets{0, 60, 300, 600, 1800, 3600, 7200, 14400, 28800};
/// client-go's for its queues.
const Buckets queue_buckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10};

/// The metrics of one Rollout, kept so that they can be removed with it.
struct PerRollout {
  prometheus::Histogram* reconcile = nullptr;
  prometheus::Counter* errors = nullptr;
  prometheus::Counter* healed = nullptr;
  std::map<std::string, prometheus::Counter*> events;  ///< By type and reason.
};

prometheus::ClientMetric value_with(const Labels& labels, double value) {
  prometheus::ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  metric.gauge.value = value;
  return metric;
}

prometheus::ClientMetric count_with(const Labels& labels, std::uint64_t count) {
  prometheus::ClientMetric metric = value_with(labels, 0);
  metric.counter.value = static_cast<double>(count);
  return metric;
}

void observe(Histograms& family, const Labels::value_type& label, const Buckets& buckets,
             Duration time) {
  family.Add({label}, buckets).Observe(time.seconds());
}

MetricFamily gauges(const std::string& name, const std::string& help) {
  return {name, help, MetricType::Gauge, {}};
}

void collect_rollouts(const std::vector<RolloutSample>& samples, std::vector<MetricFamily>& out) {
  MetricFamily info = gauges("rollout_info", "Information about a rollout");
  MetricFamily available =
      gauges("rollout_info_replicas_available", "Available replicas of a rollout");
  MetricFamily unavailable =
      gauges("rollout_info_replicas_unavailable", "Unavailable replicas of a rollout");
  MetricFamily desired = gauges("rollout_info_replicas_desired", "Desired replicas of a rollout");
  MetricFamily updated = gauges("rollout_info_replicas_updated", "Updated replicas of a rollout");
  MetricFamily phases = gauges("rollout_phase", "Deprecated: use rollout_info");
  constexpr const char* known_phases[] = {"Completed", "Progressing", "Paused",
                                          "Timeout",   "Error",       "Abort"};
  for (const RolloutSample& sample : samples) {
    const Labels labels{
        {"namespace", sample.namespace_},
        {"name",      sample.name      }
    };
    Labels described = labels;
    described["strategy"] = sample.strategy;
    Labels with_phase = described;
    described["traffic_router"] = sample.traffic_router;
    described["phase"] = sample.phase;
    info.metric.push_back(value_with(described, 1));
    available.metric.push_back(value_with(labels, sample.available));
    unavailable.metric.push_back(value_with(labels, sample.unavailable));
    desired.metric.push_back(value_with(labels, sample.desired));
    updated.metric.push_back(value_with(labels, sample.updated));
    for (const char* phase : known_phases) {
      with_phase["phase"] = phase;
      phases.metric.push_back(value_with(with_phase, sample.phase == phase ? 1 : 0));
    }
  }
  for (MetricFamily* family : {&info, &available, &unavailable, &desired, &updated, &phases}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
}

void collect_queues(const std::vector<QueueSample>& samples, std::vector<MetricFamily>& out) {
  MetricFamily depth = gauges("workqueue_depth", "Keys waiting in the queue");
  MetricFamily busy = gauges("workqueue_in_flight", "Keys being reconciled");
  MetricFamily longest = gauges("workqueue_longest_running_processor_seconds",
                                "Age of the oldest reconcile under way");
  MetricFamily unfinished =
      gauges("workqueue_unfinished_work_seconds", "Ages of all reconciles under way, summed");
  MetricFamily adds{
      "workqueue_adds_total", "Keys that were put into the queue", MetricType::Counter, {}};
  MetricFamily retries{"workqueue_retries_total", "Failed reconciles", MetricType::Counter, {}};
  for (const QueueSample& sample : samples) {
    const Labels labels{
        {"name", sample.name}
    };
    depth.metric.push_back(value_with(labels, static_cast<double>(sample.depth)));
    busy.metric.push_back(value_with(labels, static_cast<double>(sample.in_flight)));
    longest.metric.push_back(value_with(labels, sample.longest_running.seconds()));
    unfinished.metric.push_back(value_with(labels, sample.unfinished.seconds()));
    adds.metric.push_back(count_with(labels, sample.adds));
    retries.metric.push_back(count_with(labels, sample.retries));
  }
  for (MetricFamily* family : {&depth, &busy, &longest, &unfinished, &adds, &retries}) {
    out.push_back(std::move(*family));
  }
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  Histograms& reconcile = histogram("rollout_reconcile", "Seconds of one rollout reconcile");
  Counters& errors = counter("rollout_reconcile_error", "Reconciles that failed");
  Counters& events = counter("rollout_events_total", "Events emitted on rollouts");
  Counters& requests =
      counter("controller_clientset_k8s_request_total", "Requests to the API server");
  Counters& healed =
      counter("slipway_annotations_healed_total", "Malformed annotations that were mended");
  Counters& refused = counter("slipway_writes_refused_total",
                              "Writes whose expectation did not hold, and that were planned anew");
  Histograms& total =
      histogram("rollout_duration_seconds", "Seconds from an update's start to its end");
  Histograms& progression = histogram("rollout_progression_duration_seconds",
                                      "The same without the seconds that people were waited for");
  Histograms& paused = histogram("rollout_manual_pause_duration_seconds",
                                 "Seconds of an update that people were waited for");
  Histograms& waited =
      histogram("workqueue_queue_duration_seconds", "Seconds that a key waits in the queue");
  Histograms& worked =
      histogram("workqueue_work_duration_seconds", "Seconds that the reconcile of a key takes");
  std::map<std::pair<std::string, std::string>, PerRollout> rollouts;
  std::function<std::vector<RolloutSample>()> sample_rollouts;
  std::function<std::vector<QueueSample>()> sample_queues;

  Histograms& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  Counters& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }

  Labels labels_of(const std::string& namespace_, const std::string& name) {
    return {
        {"namespace", namespace_},
        {"name",      name      }
    };
  }
};

Metrics::Metrics(const Build& build) : state_(std::make_unique<State>()) {
  prometheus::BuildGauge()
      .Name("build_info")
      .Help("What this program was built from; always 1")
      .Register(state_->registry)
      .Add({
          {"version",   build.version     },
          {"goversion", build.compiler    },
          {"goarch",    build.architecture},
          {"commit",    build.commit      }
  })
      .Set(1);
  prometheus::BuildGauge()
      .Name("argo_rollouts_controller_info")
      .Help("Version of the controller; always 1")
      .Register(state_->registry)
      .Add({
          {"version", build.version}
  })
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::reconciled(const std::string& namespace_, const std::string& name, Duration took) {
  PerRollout& rollout = state_->rollouts[{namespace_, name}];
  if (rollout.reconcile == nullptr) {
    rollout.reconcile =
        &state_->reconcile.Add(state_->labels_of(namespace_, name), reconcile_buckets);
  }
  rollout.reconcile->Observe(took.seconds());
}

void Metrics::reconcile_failed(const std::string& namespace_, const std::string& name) {
  PerRollout& rollout = state_->rollouts[{namespace_, name}];
  if (rollout.errors == nullptr) {
    rollout.errors = &state_->errors.Add(state_->labels_of(namespace_, name));
  }
  rollout.errors->Increment();
}

void Metrics::event_recorded(const std::string& namespace_, const std::string& name,
                             std::string_view type, const std::string& reason) {
  PerRollout& rollout = state_->rollouts[{namespace_, name}];
  prometheus::Counter*& counter = rollout.events[std::string(type) + "/" + reason];
  if (counter == nullptr) {
    Labels labels = state_->labels_of(namespace_, name);
    labels["type"] = type;
    labels["reason"] = reason;
    counter = &state_->events.Add(labels);
  }
  counter->Increment();
}

void Metrics::requested(std::string_view kind, const std::string& namespace_,
                        const std::string& name, std::string_view verb, int status) {
  state_->requests
      .Add({
          {"kind",        std::string(kind)     },
          {"namespace",   namespace_            },
          {"name",        name                  },
          {"verb",        std::string(verb)     },
          {"status_code", std::to_string(status)}
  })
      .Increment();
}

void Metrics::healed(const std::string& namespace_, const std::string& name) {
  PerRollout& rollout = state_->rollouts[{namespace_, name}];
  if (rollout.healed == nullptr) {
    rollout.healed = &state_->healed.Add(state_->labels_of(namespace_, name));
  }
  rollout.healed->Increment();
}

void Metrics::update_ended(const rollout::EndedUpdate& update) {
  observe(state_->total, {"status", update.status}, total_buckets, update.total);
  observe(state_->progression, {"status", update.status}, progression_buckets,
          update.total - update.paused);
  observe(state_->paused, {"status", update.status}, pause_buckets, update.paused);
}

void Metrics::queue_waited(const std::string& queue, Duration waited) {
  observe(state_->waited, {"name", queue}, queue_buckets, waited);
}

void Metrics::queue_worked(const std::string& queue, Duration worked) {
  observe(state_->worked, {"name", queue}, queue_buckets, worked);
}

void Metrics::refused(std::string_view kind) {
  state_->refused
      .Add({
          {"kind", std::string(kind)}
  })
      .Increment();
}

void Metrics::forget(const std::string& namespace_, const std::string& name) {
  const auto found = state_->rollouts.find({namespace_, name});
  if (found == state_->rollouts.end()) return;
  const PerRollout& rollout = found->second;
  if (rollout.reconcile != nullptr) state_->reconcile.Remove(rollout.reconcile);
  if (rollout.errors != nullptr) state_->errors.Remove(rollout.errors);
  if (rollout.healed != nullptr) state_->healed.Remove(rollout.healed);
  for (const auto& [reason, counter] : rollout.events) state_->events.Remove(counter);
  state_->rollouts.erase(found);
}

void Metrics::collect_from(std::function<std::vector<RolloutSample>()> rollouts,
                           std::function<std::vector<QueueSample>()> queues) {
  state_->sample_rollouts = std::move(rollouts);
  state_->sample_queues = std::move(queues);
}

std::string Metrics::text() {
  std::vector<MetricFamily> families = state_->registry.Collect();
  if (state_->sample_rollouts) collect_rollouts(state_->sample_rollouts(), families);
  if (state_->sample_queues) collect_queues(state_->sample_queues(), families);
  return prometheus::TextSerializer().Serialize(families) + process_metrics_text();
}

}  // namespace slipway::controller
