#include "simulation/guided.h"

#include <doctest/doctest.h>

#include "base/log.h"
#include "simulation/campaign.h"

namespace slipway::simulation {
namespace {

RunResult result_of(std::vector<std::uint64_t> times, const std::vector<Fault>& felt) {
  RunResult result;
  for (const std::uint64_t count : times) result.situations.push_back({"one", count});
  for (const Fault fault : felt) result.faults[static_cast<std::size_t>(fault)].felt = 1;
  return result;
}

Scenario of_seed(std::uint64_t seed) {
  Scenario scenario;
  scenario.seed = seed;
  return scenario;
}

TEST_CASE("a run is kept for a situation, or a fault beside one, that none before it had shown") {
  Corpus corpus;
  CHECK(corpus.take(of_seed(1), sights_of(result_of({0, 0}, {Fault::fc3}))) == 0);
  CHECK(corpus.take(of_seed(2), sights_of(result_of({1, 0}, {}))) == 1);
  CHECK(corpus.take(of_seed(3), sights_of(result_of({7, 0}, {}))) == 0);
  CHECK(corpus.take(of_seed(4), sights_of(result_of({1, 0}, {Fault::fc3}))) == 1);
  CHECK(corpus.take(of_seed(5), sights_of(result_of({1, 2}, {Fault::fc3, Fault::fd1}))) == 4);
  CHECK(corpus.size() == 3);
  CHECK(corpus.sights() == 6);
}

TEST_CASE("each run that is kept is gone on from, and none much more than another") {
  Corpus corpus;
  for (std::uint64_t i = 0; i < 10; ++i) {
    std::vector<std::uint64_t> times(10);
    times[i] = 1;
    corpus.take(of_seed(i), sights_of(result_of(times, {})));
  }
  Random random(1);
  std::vector<int> picked(10);
  for (int i = 0; i < 1000; ++i) ++picked[corpus.pick(random).seed];
  for (const int times : picked) {
    CHECK(times > 80);
    CHECK(times < 120);
  }
}

TEST_CASE(
    "a mutated scenario is another, puts in nothing but what may be, and is drawn by its seed") {
  FaultSet faults = parse_faults("FC3,FC4,FF5,FF7").value();
  Scenario scenario = draw_scenario(1, faults);
  scenario.strikes = {
      {Fault::fc3, "controller-0 PATCH rollouts/default/web", 1, 7},
      {Fault::fc4, "controller-0 PATCH rollouts/default/web", 2, 8}
  };
  int same = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    Random again(seed);
    const Scenario changed = mutated(scenario, faults, random);
    CHECK(to_json(changed) == to_json(mutated(scenario, faults, again)));
    same += to_json(changed) == to_json(scenario);
    CHECK_FALSE(changed.deeds.empty());
    for (const Strike& strike : *changed.strikes) {
      CHECK((strike.fault == Fault::fc3 || strike.fault == Fault::fc4));
    }
    // It can be written down, and so replayed.
    const Result<Scenario> read = scenario_from_json(to_json(changed));
    REQUIRE(read);
    CHECK(to_json(*read) == to_json(changed));
  }
  CHECK(same < 60);
}

TEST_CASE("a guided campaign is the same each time, and sees more than its seeds alone") {
  log::configure(log::Level::off, log::Format::text);
  const BootedServer booted;
  CampaignOptions options{.seed = 1, .runs = 40, .faults = FaultSet{}.set()};
  options.replay_every = 0;
  options.order = Order::guided;
  const auto go_on = [](const CampaignResult&) { return true; };
  const CampaignResult guided = run_campaign(booted, options, go_on);
  CHECK(guided.trace_hash == run_campaign(booted, options, go_on).trace_hash);
  CHECK(guided.sights > 0);
}

}  // namespace
}  // namespace slipway::simulation
