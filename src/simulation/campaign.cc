#include "simulation/campaign.h"

#include "simulation/garbage.h"
#include "simulation/guided.h"

namespace slipway::simulation {

void CampaignResult::add(std::uint64_t seed, const RunResult& run) {
  ++runs;
  reconciles += run.reconciles;
  reconciles_in_trouble += run.reconciles_in_trouble;
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
  if (situations.empty()) situations = run.situations;
  for (std::size_t i = 0; runs > 1 && i < situations.size(); ++i) {
    situations[i].times += run.situations[i].times;
  }
  ++phases[run.phase.empty() ? "none" : run.phase];
  if (run.broken()) broken.push_back({seed, run.violations, {}});
  last = run;
}

namespace {

/// A scenario in which nothing is left to chance but what is put in.
Scenario calm_scenario(std::uint64_t seed, const CampaignOptions& options) {
  FaultSet deeds;
  for (const FaultInfo& info : all_faults()) {
    const bool on = info.strikes == Strikes::as_deed && contains(options.faults, info.fault);
    deeds.set(static_cast<std::size_t>(info.fault), on);
  }
  Scenario scenario = draw_scenario(seed, deeds, options.objects);
  scenario.strikes.emplace();
  // Nine of ten requests of an election are about the lease: only each fourth seed tries them all.
  if (!scenario.overlap && seed % 4 != 0) scenario.replicas = 1;
  return scenario;
}

/// Every single fault of one seed, or random pairs of them. Returns whether to go on.
bool run_plans(const BootedServer& booted, const CampaignOptions& options, std::uint64_t seed,
               CampaignResult& sum, const std::function<bool(const CampaignResult&)>& progress) {
  Scenario scenario = calm_scenario(seed, options);
  const std::vector<Strike> singles =
      single_faults(booted, scenario, judgeable(options.faults, scenario.objects));
  Random random = stream_of(seed, "pairs");
  for (const Strike& single : singles) {
    scenario.strikes = std::vector{single};
    if (options.order == Order::pairs) {
      scenario.strikes->push_back(singles[random.below(singles.size())]);
    }
    const RunResult result = run(booted, scenario, options.run);
    sum.add(seed, result);
    if (result.broken()) sum.broken.back().scenario = pinned(scenario, result);
    if (!progress(sum) || sum.broken.size() >= options.broken_max) return false;
  }
  return true;
}

/// At some moment of an ordinary life every field of ours is garbage.
Scenario garbage_scenario(std::uint64_t seed, const CampaignOptions& options) {
  Scenario scenario = draw_scenario(seed, {}, options.objects);
  Random random = stream_of(seed, "garbage");
  const auto place =
      scenario.deeds.begin() + static_cast<std::ptrdiff_t>(random.below(scenario.deeds.size() + 1));
  scenario.deeds.insert(place, {.verb = std::string(garbage_verb),
                                .gap = 100_ms * (std::int64_t{1} << random.below(10)),
                                .pick = random.next()});
  scenario.strikes.emplace();
  return scenario;
}

/// Each fourth is a new one; the others go on from what was worth keeping.
Scenario guided_scenario(std::uint64_t seed, const CampaignOptions& options, Corpus& corpus) {
  Random random = stream_of(seed, "guided");
  if (corpus.empty() || random.below(4) == 0) {
    return draw_scenario(seed, options.faults, options.objects);
  }
  return mutated(corpus.pick(random), options.faults, random);
}

/// What was written by nobody of ours proves nothing about the way: only where it leads is judged.
void judge_the_end_alone(RunResult& result) {
  std::erase_if(result.violations,
                [](const Violation& violation) { return violation.property.front() != 'L'; });
  for (PropertyCount& count : result.properties) {
    if (count.id.front() != 'L') count.checks = count.violations = 0;
  }
}

}  // namespace

CampaignResult run_campaign(const BootedServer& booted, const CampaignOptions& options,
                            const std::function<bool(const CampaignResult&)>& progress) {
  CampaignResult sum;
  Corpus corpus;
  for (std::uint64_t i = 0; i < options.runs; ++i) {
    const std::uint64_t seed = options.seed + i;
    if (options.order == Order::singles || options.order == Order::pairs) {
      if (!run_plans(booted, options, seed, sum, progress)) break;
      continue;
    }
    const bool garbage = options.order == Order::garbage;
    const Scenario scenario = garbage ? garbage_scenario(seed, options)
                              : options.order == Order::guided
                                  ? guided_scenario(seed, options, corpus)
                                  : draw_scenario(seed, options.faults, options.objects);
    RunResult result = run(booted, scenario, options.run);
    if (garbage) judge_the_end_alone(result);
    if (options.order == Order::guided) {
      corpus.take(pinned(scenario, result), sights_of(result));
      sum.sights = corpus.sights();
    }
    sum.add(seed, result);
    if (result.broken()) sum.broken.back().scenario = pinned(scenario, result);
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
