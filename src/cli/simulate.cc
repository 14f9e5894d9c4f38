#include "cli/simulate.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <ostream>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/files.h"
#include "simulation/campaign.h"
#include "simulation/properties/judge.h"
#include "simulation/report.h"
#include "simulation/shrink.h"

namespace slipway::cli {
namespace {

using simulation::BootedServer;
using simulation::CampaignOptions;
using simulation::CampaignResult;
using simulation::FaultInfo;
using simulation::RunResult;
using simulation::Scenario;

constexpr int broken_status = 1;
constexpr std::uint64_t runs_without_end = ~std::uint64_t{0};

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) return fail(ErrorCode::invalid, path, "can't be written");
  return {};
}

/// The Rollout and the Services of a manifest, as the simulated cluster takes them: all in one
/// namespace. What a Service of the strategy lacks is made up, so that a Rollout alone will do.
Result<std::vector<Json>> read_manifest(const std::string& path) {
  std::vector<Json> objects = TRY(parse_yaml(TRY(read_file(path))));
  std::erase_if(objects, [](const Json& object) {
    const std::string_view kind = object["kind"].string_or_empty();
    return kind != "Rollout" && kind != "Service";
  });
  Scenario probe;
  probe.objects = objects;
  if (simulation::rollout_of(probe).empty()) {
    return fail(ErrorCode::invalid, path, "there is no Rollout in it");
  }
  for (Json& object : objects) object.member("metadata").set("namespace", "default");
  return simulation::with_services(std::move(objects));
}

class Progress {
 public:
  Progress(Streams streams, std::uint64_t runs, double minutes)
      : streams_(streams),
        runs_(runs),
        began_(wall_seconds()),
        ends_(minutes > 0 ? began_ + minutes * 60 : 0),
        shown_(isatty(STDERR_FILENO) != 0) {}

  /// Whether there is time for more.
  bool operator()(const CampaignResult& so_far) {
    const double now = wall_seconds();
    if (shown_ && now - last_ > 0.2) {
      last_ = now;
      draw(so_far, now);
    }
    return ends_ == 0 || now < ends_;
  }
  void clear() const {
    if (shown_) streams_.err << "\r\033[K" << std::flush;
  }
  double seconds() const { return wall_seconds() - began_; }

 private:
  void draw(const CampaignResult& so_far, double now) const {
    const double done = ends_ == 0 ? static_cast<double>(so_far.runs) / static_cast<double>(runs_)
                                   : (now - began_) / (ends_ - began_);
    constexpr int width = 30;
    const auto full = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * width);
    streams_.err << fmt::format("\r[{}{}] {} runs, {} broken, {:.0f} reconciles/s",
                                std::string(full, '#'), std::string(width - full, '.'), so_far.runs,
                                so_far.broken.size(),
                                static_cast<double>(so_far.reconciles) / (now - began_))
                 << std::flush;
  }

  Streams streams_;
  std::uint64_t runs_;
  double began_;
  double ends_;
  double last_ = 0;
  bool shown_;
};

std::string replay_command(const SimulateOptions& options, std::uint64_t seed) {
  std::string command = "slipway simulate";
  if (!options.manifest.empty()) command += " " + options.manifest;
  if (options.order == "guided") {
    // What a run goes on from is what all before it have shown; `--shrink` makes it a file.
    return command + fmt::format(" --seed {} --runs {} --faults {} --order guided", options.seed,
                                 seed - options.seed + 1, options.faults);
  }
  command += fmt::format(" --seed {} --faults {}", seed, options.faults);
  return options.order == "swarm" ? command : command + " --order " + options.order;
}

Json json_of(const CampaignResult& sum, double seconds) {
  Json faults = Json::object();
  for (const FaultInfo& info : simulation::all_faults()) {
    const simulation::FaultCount& count = sum.faults[static_cast<std::size_t>(info.fault)];
    faults.set(info.id, Json::object({
                            {"injected", static_cast<long>(count.injected)},
                            {"felt",     static_cast<long>(count.felt)    }
    }));
  }
  Json properties = Json::object();
  for (const auto& [id, count] : sum.properties) {
    properties.set(id, Json::object({
                           {"checks",     static_cast<long>(count.checks)    },
                           {"violations", static_cast<long>(count.violations)}
    }));
  }
  Json situations = Json::object();
  for (const simulation::SituationCount& situation : sum.situations) {
    situations.set(situation.name, static_cast<long>(situation.times));
  }
  Json seeds = Json::array();
  for (const simulation::BrokenRun& run : sum.broken) seeds.push_back(static_cast<long>(run.seed));
  return Json::object({
      {"runs", static_cast<long>(sum.runs)},
      {"broken", static_cast<long>(sum.broken.size())},
      {"broken_seeds", std::move(seeds)},
      {"replays", static_cast<long>(sum.replays)},
      {"sights", static_cast<long>(sum.sights)},
      {"unfaithful", static_cast<long>(sum.unfaithful.size())},
      {"reconciles", static_cast<long>(sum.reconciles)},
      {"reconciles_in_trouble", static_cast<long>(sum.reconciles_in_trouble)},
      {"requests", static_cast<long>(sum.requests)},
      {"commits", static_cast<long>(sum.commits)},
      {"virtual_seconds", sum.virtual_time.whole_seconds()},
      {"seconds", seconds},
      {"trace_hash", fmt::format("{:016x}", sum.trace_hash)},
      {"faults", std::move(faults)},
      {"properties", std::move(properties)},
      {"situations", std::move(situations)}
  });
}

void print_summary(const CampaignResult& sum, double seconds, std::ostream& out) {
  const auto row = [&](std::string_view name, const std::string& value) {
    out << fmt::format("{:<22}{:>20}\n", name, value);
  };
  const double virtual_seconds = sum.virtual_time.seconds();
  row("runs", std::to_string(sum.runs));
  row("broken", std::to_string(sum.broken.size()));
  row("virtual time", format_human_duration(sum.virtual_time));
  row("real time", fmt::format("{:.1f}s", seconds));
  row("times real time", fmt::format("{:.0f}", virtual_seconds / seconds));
  row("reconciles", std::to_string(sum.reconciles));
  row("reconciles a second", fmt::format("{:.0f}", static_cast<double>(sum.reconciles) / seconds));
  row("before the healing", std::to_string(sum.reconciles_in_trouble));
  row("runs a second", fmt::format("{:.1f}", static_cast<double>(sum.runs) / seconds));
  row("requests", std::to_string(sum.requests));
  row("commits", std::to_string(sum.commits));
  std::uint64_t felt = 0;
  for (const simulation::FaultCount& count : sum.faults) felt += count.felt;
  row("faults felt a run",
      fmt::format("{:.1f}", static_cast<double>(felt) / static_cast<double>(sum.runs)));
  if (sum.sights != 0) row("seen", std::to_string(sum.sights));
  row("replayed the same",
      fmt::format("{} of {}", sum.replays - sum.unfaithful.size(), sum.replays));
  row("trace hash", fmt::format("{:016x}", sum.trace_hash));
  if (felt == 0) return;
  out << "\nfault   injected       felt\n";
  for (const FaultInfo& info : simulation::all_faults()) {
    const simulation::FaultCount& count = sum.faults[static_cast<std::size_t>(info.fault)];
    out << fmt::format("{:<6}{:>10} {:>10}  {}\n", info.id, count.injected, count.felt, info.title);
  }
}

void print_properties(const CampaignResult& sum, std::ostream& out) {
  out << "\npromise   checked     broken\n";
  for (const auto& [id, count] : sum.properties) {
    out << fmt::format("{:<6}{:>11} {:>10}  {}\n", id, count.checks, count.violations,
                       count.sentence);
  }
}

void print_situations(const CampaignResult& sum, std::ostream& out) {
  const auto reached =
      std::ranges::count_if(sum.situations, [](const auto& one) { return one.times > 0; });
  out << fmt::format("\n     times  situation ({} of {} reached)\n", reached,
                     sum.situations.size());
  for (const simulation::SituationCount& situation : sum.situations) {
    out << fmt::format("{:>10}  {}\n", situation.times, situation.name);
  }
}

void print_timeline(const RunResult& result, std::ostream& out) {
  for (const simulation::TimelineEntry& entry : result.timeline) {
    out << simulation::text_of(entry) << "\n";
  }
}

void print_broken(const SimulateOptions& options, const CampaignResult& sum, std::ostream& out) {
  constexpr std::size_t shown_max = 10;
  constexpr std::size_t violations_shown = 5;
  for (std::size_t i = 0; i < std::min(sum.broken.size(), shown_max); ++i) {
    const simulation::BrokenRun& broken = sum.broken[i];
    out << fmt::format("\nseed {} broke a promise:\n", broken.seed);
    for (std::size_t k = 0; k < std::min(broken.violations.size(), violations_shown); ++k) {
      out << "  " << simulation::text_of(broken.violations[k]) << "\n";
    }
    out << "  replay: " << replay_command(options, broken.seed) << "\n";
  }
  for (const std::uint64_t seed : sum.unfaithful) {
    out << fmt::format("\nseed {} ran another way the second time: {}\n", seed,
                       replay_command(options, seed));
  }
}

Result<int> replay(const SimulateOptions& options, Streams streams) {
  const Scenario scenario = TRY(simulation::read_scenario(options.scenario));
  const BootedServer booted;
  const RunResult result = simulation::run(booted, scenario, {.keep_timeline = true});
  print_timeline(result, streams.out);
  for (const simulation::Violation& violation : result.violations) {
    streams.out << simulation::text_of(violation) << "\n";
  }
  if (!options.report.empty()) {
    TRY_DONE(write_file(options.report, simulation::html_report(scenario, result)));
  }
  return result.broken() ? broken_status : 0;
}

Result<simulation::Order> order_of(const std::string& name) {
  if (name == "swarm") return simulation::Order::swarm;
  if (name == "singles") return simulation::Order::singles;
  if (name == "pairs") return simulation::Order::pairs;
  if (name == "garbage") return simulation::Order::garbage;
  if (name == "guided") return simulation::Order::guided;
  return fail(ErrorCode::invalid, "--order",
              "found " + quote(name) + ", expected swarm, singles, pairs, garbage or guided");
}

/// Makes the first broken run small, and writes it down with a test and a timeline.
Result<void> shrink_first(const std::string& file, const BootedServer& booted,
                          const CampaignResult& sum, std::ostream& out) {
  if (sum.broken.empty()) return {};
  const simulation::BrokenRun& first = sum.broken.front();
  const std::string& property = first.violations.front().property;
  const simulation::Shrunk small = simulation::shrink(booted, first.scenario, property);
  TRY_DONE(write_file(file, to_pretty_text(simulation::to_json(small.scenario)) + "\n"));
  out << fmt::format("\n{} with {} faults and {} deeds, after {} runs: {}\n\n", property,
                     small.scenario.strikes->size(), small.scenario.deeds.size(), small.tries, file)
      << simulation::regression_test(property, first.seed, file) << "\n";
  print_timeline(small.result, out);
  return {};
}

}  // namespace

Result<int> simulate(const SimulateOptions& options, Streams streams) {
  log::configure(log::Level::off, log::Format::text);
  if (!options.scenario.empty()) return replay(options, streams);
  CampaignOptions campaign{.seed = options.seed, .runs = options.runs};
  campaign.faults = TRY(simulation::parse_faults(options.faults));
  campaign.order = TRY(order_of(options.order));
  if (!options.manifest.empty()) campaign.objects = TRY(read_manifest(options.manifest));
  if (options.minutes > 0 && options.runs == 1) campaign.runs = runs_without_end;
  campaign.run.keep_timeline = campaign.runs == 1;
  const BootedServer booted;
  Progress progress(streams, campaign.runs, options.minutes);
  const CampaignResult sum = run_campaign(
      booted, campaign, [&](const CampaignResult& so_far) { return progress(so_far); });
  const double seconds = progress.seconds();
  progress.clear();

  const bool broken = !sum.broken.empty() || !sum.unfaithful.empty();
  if (options.json) {
    streams.out << to_text(json_of(sum, seconds)) << "\n";
  } else {
    if (campaign.runs == 1) print_timeline(sum.last, streams.out);
    if (campaign.runs != 1) print_summary(sum, seconds, streams.out);
    if (campaign.runs != 1) print_properties(sum, streams.out);
    if (campaign.runs != 1) print_situations(sum, streams.out);
    print_broken(options, sum, streams.out);
  }
  if (!options.shrink.empty()) TRY_DONE(shrink_first(options.shrink, booted, sum, streams.err));
  if (!options.report.empty()) {
    const std::uint64_t seed = sum.broken.empty() ? options.seed : sum.broken.front().seed;
    const Scenario scenario = simulation::draw_scenario(seed, campaign.faults, campaign.objects);
    const RunResult shown = simulation::run(booted, scenario, {.keep_timeline = true});
    TRY_DONE(write_file(options.report,
                        simulation::html_report(scenario, shown) + simulation::html_coverage(sum)));
  }
  return broken ? broken_status : 0;
}

}  // namespace slipway::cli
