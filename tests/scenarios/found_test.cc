#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "base/log.h"
#include "simulation/run.h"

namespace slipway {
namespace {

/// Runs that once broke a promise, made small by `slipway simulate --shrink`, each named after the
/// promise and its seed. What was wrong stands in docs/reliability.md.
constexpr const char* folder = "tests/scenarios/found";

}  // namespace

TEST_CASE("what once broke a promise breaks none any more") {
  log::configure(log::Level::off, log::Format::text);
  const simulation::BootedServer booted;
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.insert(entry.path().string());
  }
  CHECK_FALSE(files.empty());
  for (const std::string& file : files) {
    CAPTURE(file);
    const Result<simulation::Scenario> scenario = simulation::read_scenario(file);
    REQUIRE(scenario);
    for (const simulation::Violation& violation : simulation::run(booted, *scenario).violations) {
      FAIL_CHECK(violation.property << ": " << violation.text);
    }
  }
}

}  // namespace slipway
