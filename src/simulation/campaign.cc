#include "simulation/campaign.h"

namespace slipway::simulation {

void CampaignResult::add(std::uint64_t seed, const RunResult& run) {
  ++runs;
  reconciles += run.reconciles;
  requests += run.requests;
  commits += run.commits;
  virtual_time = virtual_time + run.virtual_time;
  trace_hash = Random(trace_hash ^ run.trace_hash).next();
  for (std::size_t i = 0; i < fault_count; ++i) {
    faults[i].injected += run.faults[i].injected;
    faults[i].felt += run.faults[i].felt;
  }
  for (const PropertyCount& count : run.properties) {
    PropertyCount& sum = properties.try_emplace(count.id, count.id, count.sentence).first->second;
    sum.checks += count.checks;
    sum.violations += count.violations;
  }
  ++phases[run.phase.empty() ? "none" : run.phase];
  if (run.broken()) broken.push_back({seed, run.violations});
  last = run;
}

CampaignResult run_campaign(const BootedServer& booted, const CampaignOptions& options,
                            const std::function<bool(const CampaignResult&)>& progress) {
  CampaignResult sum;
  for (std::uint64_t i = 0; i < options.runs; ++i) {
    const std::uint64_t seed = options.seed + i;
    const Scenario scenario = draw_scenario(seed, options.faults, options.objects);
    const RunResult result = run(booted, scenario, options.run);
    sum.add(seed, result);
    if (options.replay_every != 0 && i % options.replay_every == 0) {
      ++sum.replays;
      if (run(booted, scenario, options.run).trace_hash != result.trace_hash) {
        sum.unfaithful.push_back(seed);
      }
    }
    if (!progress(sum) || sum.broken.size() >= options.broken_max) break;
  }
  return sum;
}

}  // namespace slipway::simulation
