#include "simulation/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulation/deeds.h"
#include "simulation/verdict.h"

namespace slipway::simulation {
namespace {

/// How long nothing may happen before all is taken to be settled: longer than any wait that the
/// generated manifests hold.
constexpr Duration settled_after = 2_h;
constexpr Duration settles_within = 72_h;
/// By then a replica that works has taken over from whoever did not.
constexpr Duration leadership_settles_within = 5_min;
/// Longer than a lease: a leader without one has noticed, and one that has one has renewed it.
constexpr Duration leadership_lasts = 20_s;
/// By then every watch has ended once and was opened again.
constexpr Duration watch_lasts_max = 10_min;
constexpr int pushes_max = 40;
constexpr Duration week = 168_h;
/// By then a fresh replica has filled its caches and looked at all there is.
constexpr Duration looks_around_within = 5_min;

class Run {
 public:
  Run(const BootedServer& booted, const Scenario& scenario, const RunOptions& options,
      std::unique_ptr<Schedule> schedule)
      : scenario_(scenario),
        options_(options),
        deeds_(scenario.deeds),
        scene_(booted, scenario, std::move(schedule)),
        verdict_(scene_, options.keep_timeline) {}

  RunResult operator()() {
    scene_.tell(&verdict_);
    const Instant began = scene_.now();
    scene_.start();
    scene_.time().run_until(began + scenario_.calm);
    for (Deed& deed : deeds_) {
      wait_for(deed);
      scene_.perform(deed);
    }
    scene_.time().run_until(scene_.now() + scenario_.tail);
    reconciles_in_trouble_ = scene_.reconciles();
    scene_.heal();
    mend_pods(scene_.stage(), scenario_);
    let_deletions_go_on(scene_.stage());
    verdict_.at_heal();
    await_leader();
    scene_.settle_leadership();
    scene_.time().run_until(scene_.now() + watch_lasts_max);
    if (!scenario_.upkeep) scene_.time().rest_upkeep();
    leave_broken_version(scene_.stage(), rollout_of(scenario_));
    const Instant settled_by = scene_.now();
    settle();
    for (int i = 0; scenario_.finishes && i < pushes_max; ++i) {
      if (!push_on(scene_.stage(), rollout_of(scenario_))) break;
      settle();
    }
    scene_.fall_silent();
    // Pods that crashed and came back until now end what they did like any others: an update that
    // waited for them runs out of time.
    scene_.time().run_until(std::max(scene_.now() + 5_s, quiet_after(settled_by)));
    verdict_.at_quiet();
    scene_.time().run_until(scene_.now() + options_.silence);
    virtual_time_ = scene_.now() - began;
    if (scenario_.leavings) come_back();
    verdict_.at_end();
    if (scenario_.leavings) go_for_good();
    return result();
  }

 private:
  /// Until the deed's place is reached, or its time where it has no place.
  void wait_for(const Deed& deed) {
    const Instant due = scene_.now() + deed.gap;
    if (!deed.after_writes) return scene_.time().run_until(due);
    while (scene_.our_writes() < *deed.after_writes && scene_.time().step(due)) {
    }
    const bool reached = scene_.our_writes() >= *deed.after_writes;
    scene_.time().run_until(reached ? std::max(scene_.now(), scene_.last_write() + deed.then)
                                    : due);
  }

  /// Ends with a replica that leads, or that could have led long since.
  void await_leader() {
    const Instant limit = scene_.now() + leadership_settles_within;
    do {
      scene_.time().run_until(scene_.now() + leadership_lasts);
    } while (!scene_.has_leader() && scene_.now() < limit);
  }

  void come_back() {
    scene_.leave(*scenario_.leavings);
    scene_.time().run_until(scene_.now() + week);
    scene_.begin_anew();
    scene_.time().run_until(scene_.now() + looks_around_within);
  }

  void go_for_good() {
    scene_.delete_everything();
    scene_.time().run_until(scene_.now() + looks_around_within);
    verdict_.at_emptied(scene_.remembered());
  }

  /// When nothing will have changed, since the last change or since then, for as long as anything
  /// may take.
  Instant quiet_after(Instant then) const {
    // A clock that was wrong may have set a deadline so much later.
    return std::max(then, scene_.last_change()) + settled_after + scene_.clock_error_max();
  }

  void settle() {
    const Instant limit = scene_.now() + settles_within;
    const Instant began = scene_.now();
    const std::uint64_t ours = scene_.our_writes();
    const std::uint64_t others = scene_.changes_by_others();
    while (true) {
      const Instant quiet = quiet_after(began);
      if (scene_.now() >= quiet) return;
      if (scene_.now() >= limit) {
        // Pods that crash and come back for ever are told of for ever.
        const bool by_us = scene_.our_writes() - ours > scene_.changes_by_others() - others;
        return by_us ? verdict_.never_settled() : void();
      }
      scene_.time().run_until(std::min(quiet, limit));
    }
  }

  RunResult result() {
    RunResult result;
    verdict_.write_to(result);
    Stage& stage = scene_.stage();
    result.faults = stage.counts();
    result.strikes = stage.struck();
    result.deeds = deeds_;
    result.trace_hash = stage.trace_hash();
    result.reconciles = scene_.reconciles();
    result.reconciles_in_trouble = reconciles_in_trouble_;
    result.requests = stage.requests();
    result.virtual_time = virtual_time_;
    result.phase = scene_.rollout()["status"]["phase"].string_or_empty();
    return result;
  }

  const Scenario& scenario_;
  const RunOptions options_;
  std::vector<Deed> deeds_;
  Scene scene_;
  Verdict verdict_;
  std::uint64_t reconciles_in_trouble_ = 0;
  Duration virtual_time_;  ///< To the end of the silence: a week without anybody is no feat.
};

}  // namespace

RunResult run(const BootedServer& booted, const Scenario& scenario, const RunOptions& options) {
  return Run(booted, scenario, options,
             scenario.strikes ? make_fixed_schedule(*scenario.strikes)
                              : make_random_schedule(scenario.seed, scenario.fault_rates))();
}

std::vector<Strike> single_faults(const BootedServer& booted, const Scenario& scenario,
                                  const FaultSet& allowed) {
  std::vector<Strike> places;
  Run(booted, scenario, {}, make_noting_schedule(places))();
  std::vector<Strike> plans;
  for (Strike& place : places) {
    if (!contains(allowed, place.fault)) continue;
    // The lowest bit tells before from after, the rest a length of time: both ways, and a length
    // of its own for each place.
    const bool two_ways = place.fault == Fault::fd1 || place.fault == Fault::fb1;
    place.size = stream_of(scenario.seed, place.what).next() + place.ordinal * 2;
    place.size &= ~std::uint64_t{1};
    if (two_ways) plans.push_back(place);
    place.size |= 1;
    plans.push_back(std::move(place));
  }
  return plans;
}

Scenario pinned(const Scenario& scenario, const RunResult& result) {
  Scenario fixed = scenario;
  fixed.strikes = result.strikes;
  fixed.deeds = result.deeds;
  fixed.fault_rates = {};
  return fixed;
}

}  // namespace slipway::simulation
