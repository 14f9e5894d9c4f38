#include <doctest/doctest.h>

#include "base/log.h"
#include "simulation/campaign.h"

namespace slipway::simulation {
namespace {

const BootedServer& booted() {
  static const BootedServer server;
  return server;
}

}  // namespace

TEST_CASE("without faults no promise breaks") {
  log::configure(log::Level::off, log::Format::text);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    const RunResult result = run(booted(), draw_scenario(seed, {}));
    for (const Violation& violation : result.violations) MESSAGE(violation.text);
    CHECK_FALSE(result.broken());
    CHECK(result.reconciles > 0);
  }
}

TEST_CASE("a seed replays its run") {
  FaultSet all;
  all.set();
  const Scenario scenario = draw_scenario(5, all);
  const RunResult first = run(booted(), scenario);
  CHECK(first.trace_hash == run(booted(), scenario).trace_hash);
  CHECK(first.trace_hash != run(booted(), draw_scenario(6, all)).trace_hash);
}

TEST_CASE("a run that is pinned down replays without chance, from a file too") {
  FaultSet all;
  all.set();
  const Scenario scenario = draw_scenario(5, all);
  const RunResult first = run(booted(), scenario);
  const Scenario fixed = pinned(scenario, first);
  CHECK(run(booted(), fixed).trace_hash == first.trace_hash);
  const Result<Scenario> read = scenario_from_json(to_json(fixed));
  REQUIRE(read);
  CHECK(run(booted(), *read).trace_hash == first.trace_hash);
}

TEST_CASE("a single fault strikes where a calm run could have been struck") {
  Scenario scenario = draw_scenario(2, {});
  scenario.strikes.emplace();
  const std::vector<Strike> singles = single_faults(booted(), scenario, *parse_faults("FC3"));
  REQUIRE_FALSE(singles.empty());
  scenario.strikes = std::vector{singles.front()};
  const RunResult result = run(booted(), scenario);
  CHECK(result.faults[static_cast<std::size_t>(Fault::fc3)].felt == 1);
  CHECK_FALSE(result.broken());
}

TEST_CASE("from garbage in every field of ours each life finds its way") {
  log::configure(log::Level::off, log::Format::text);
  const CampaignOptions options{.runs = 40, .order = Order::garbage};
  const CampaignResult sum =
      run_campaign(booted(), options, [](const CampaignResult&) { return true; });
  CHECK(sum.runs == 40);
  CHECK(sum.unfaithful.empty());
  for (const BrokenRun& broken : sum.broken) {
    CAPTURE(broken.seed);
    FAIL_CHECK(broken.violations.front().text);
  }
  // Where all is well again there is a ReplicaSet with its pods, or a person was asked.
  CHECK(sum.phases.at("Healthy") > 20);
}

TEST_CASE("faults are named by ids and groups") {
  CHECK(parse_faults("none")->none());
  CHECK(parse_faults("all")->all());
  CHECK(format_faults(*parse_faults("FC3,FD1")) == "FC3,FD1");
  CHECK(format_faults(*parse_faults("FA")).starts_with("FA1,FA2,"));
  CHECK_FALSE(parse_faults("FZ9"));
}

}  // namespace slipway::simulation
