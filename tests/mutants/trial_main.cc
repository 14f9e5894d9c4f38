#include <cstdio>
#include <ctime>
#include <map>
#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "simulation/properties/judge.h"
#include "trial.h"

/// Runs trials until promises are broken, and says which.
///
///   trial [--from SEED] [--seeds N] [--seconds S] [--go-on] [--at-least N] [--verbose]
///
/// Seconds are those of the processor. It stops after the life that broke one; with --at-least N it
/// goes on for some seconds in the hope of N different ones, with --go-on through all seeds.
///
/// Exit status 1 when a promise was broken. The last line is for programs:
/// "broken SEEDS-RUN SECONDS ID,ID,..." or "kept SEEDS-RUN SECONDS".
namespace {

using namespace slipway;

constexpr double seconds_for_more = 3;

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 50;
  double seconds = 60;
  bool go_on = false;
  std::size_t at_least = 1;
  bool verbose = false;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    const auto number = [&] {
      return i + 1 < count ? parse_integer(arguments[++i]).value_or(0) : 0;
    };
    if (name == "--from") options.from = static_cast<std::uint64_t>(number());
    if (name == "--seeds") options.seeds = static_cast<std::uint64_t>(number());
    if (name == "--seconds") options.seconds = static_cast<double>(number());
    if (name == "--go-on") options.go_on = true;
    if (name == "--at-least") options.at_least = static_cast<std::size_t>(number());
    if (name == "--verbose") options.verbose = true;
  }
  return options;
}

void print_counts(const std::map<std::string, simulation::PropertyCount>& counts) {
  for (const auto& [id, count] : counts) {
    fmt::print("{:<4} {:>9} checks {:>6} broken  {}\n", id, count.checks, count.violations,
               count.sentence);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  log::configure(log::Level::error, log::Format::text);
  // Of the processor: what else runs on this machine must not decide what is caught.
  const auto seconds = [] {
    return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
  };
  std::map<std::string, simulation::PropertyCount> counts;
  std::map<std::string, int> broken;
  std::uint64_t runs = 0;
  double first_broken_at = 0;
  std::uint64_t reconciles = 0;
  std::uint64_t faults = 0;
  while (runs < options.seeds && seconds() < options.seconds) {
    const std::uint64_t seed = options.from + runs++;
    const mutants::TrialResult result = mutants::run_trial(seed);
    reconciles += result.reconciles;
    faults += result.faults;
    for (const simulation::Violation& violation : result.violations) {
      if (++broken[violation.property] <= 3) {
        fmt::print("seed {}: {}\n", seed, simulation::text_of(violation));
      }
    }
    for (const simulation::PropertyCount& one : result.counts) {
      simulation::PropertyCount& sum = counts[one.id];
      const std::uint64_t checks = sum.checks + one.checks;
      const std::uint64_t violations = sum.violations + one.violations;
      sum = one;
      sum.checks = checks;
      sum.violations = violations;
    }
    const bool enough =
        broken.size() >= options.at_least || seconds() > first_broken_at + seconds_for_more;
    if (!broken.empty() && first_broken_at == 0) first_broken_at = seconds();
    if (!broken.empty() && enough && !options.go_on) break;
  }
  if (options.verbose) {
    print_counts(counts);
    fmt::print("{} reconciles, {} faults\n", reconciles, faults);
  }
  std::string ids;
  for (const auto& [id, times] : broken) ids += (ids.empty() ? "" : ",") + id;
  fmt::print("{} {} {:.1f}{}\n", broken.empty() ? "kept" : "broken", runs, seconds(),
             broken.empty() ? "" : " " + ids);
  return broken.empty() ? 0 : 1;
}
