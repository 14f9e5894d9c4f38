#pragma once

#include "api/rollout.h"
#include "controller/metrics.h"
#include "kubernetes/informer.h"

namespace slipway::controller {

/// What `rollout_info` says of a Rollout. Its phase is the metric's own, read from the Progressing
/// condition, not `status.phase` (metrics.tsv).
RolloutSample sample_of(const api::Rollout& rollout);
std::vector<RolloutSample> samples_of(const kubernetes::Informer<api::Rollout>& rollouts);

}  // namespace slipway::controller
