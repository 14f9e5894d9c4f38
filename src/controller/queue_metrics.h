#pragma once

#include "controller/metrics.h"
#include "kubernetes/workqueue.h"

namespace slipway::controller {

/// The options, with the times of the queue told to `metrics`, which must outlive it. Null: as
/// they are.
kubernetes::WorkQueue::Options timed(kubernetes::WorkQueue::Options options, const char* name,
                                     Metrics* metrics);

QueueSample sample_of(const char* name, const kubernetes::WorkQueue& queue);

}  // namespace slipway::controller
