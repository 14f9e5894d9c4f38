#pragma once

#include <string>
#include <vector>

#include "simulation/campaign.h"

namespace slipway::simulation {

/// "00:01:30.250 controller-0 r412 (on r409) ReplicaSet default/web-5d4: spec/replicas: 3 -> 0"
std::string text_of(const TimelineEntry& entry);

/// One page for a browser: the sizes of all ReplicaSets over time as a drawing, what broke, and who
/// wrote what on which basis.
std::string html_report(const Scenario& scenario, const RunResult& result);

/// What belongs below it: how often each fault was felt, each promise was at stake and each
/// situation came about, over all runs.
std::string html_coverage(const CampaignResult& sum);

/// Adds those Services that a Rollout's strategy names and nobody gave.
std::vector<Json> with_services(std::vector<Json> objects);

}  // namespace slipway::simulation
