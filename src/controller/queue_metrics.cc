#include "controller/queue_metrics.h"

namespace slipway::controller {

using kubernetes::WorkQueue;

WorkQueue::Options timed(WorkQueue::Options options, const char* name, Metrics* metrics) {
  if (metrics == nullptr) return options;
  options.on_start = [name, metrics](Duration waited) { metrics->queue_waited(name, waited); };
  options.on_end = [name, metrics](Duration worked) { metrics->queue_worked(name, worked); };
  return options;
}

QueueSample sample_of(const char* name, const WorkQueue& queue) {
  const WorkQueue::UnderWay under_way = queue.under_way();
  return {.name = name,
          .depth = queue.depth(),
          .in_flight = queue.in_flight(),
          .adds = queue.adds(),
          .retries = queue.retries(),
          .longest_running = under_way.longest,
          .unfinished = under_way.sum};
}

}  // namespace slipway::controller
