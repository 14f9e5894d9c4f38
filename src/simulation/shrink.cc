#include "simulation/shrink.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace slipway::simulation {
namespace {

class Shrinker {
 public:
  Shrinker(const BootedServer& booted, const Scenario& scenario, std::string property,
           std::uint64_t tries_max)
      : booted_(booted), property_(std::move(property)), tries_max_(tries_max), best_(scenario) {}

  Shrunk operator()() {
    if (best_.strikes) thin_out([](Scenario& scenario) -> auto& { return *scenario.strikes; });
    thin_out([](Scenario& scenario) -> auto& { return scenario.deeds; });
    shrink_objects();
    shrink_settings();
    RunResult result = run(booted_, best_, {.keep_timeline = true});
    return {best_, std::move(result), tries_};
  }

 private:
  /// Whether the same promise still breaks without what was taken away; if so, that is the best.
  bool accept(Scenario candidate) {
    if (tries_ >= tries_max_) return false;
    ++tries_;
    const RunResult result = run(booted_, candidate, {});
    const bool breaks = std::ranges::any_of(result.violations, [&](const Violation& violation) {
      return violation.property == property_;
    });
    if (breaks) best_ = std::move(candidate);
    return breaks;
  }

  /// Takes out ever smaller runs of items, as long as that helps. Source: Zeller and Hildebrandt,
  /// "Simplifying and Isolating Failure-Inducing Input", 2002.
  template <class Items>
  void thin_out(Items items) {
    for (std::size_t size = std::max<std::size_t>(items(best_).size(), 1); size > 0; size /= 2) {
      for (std::size_t from = 0; from < items(best_).size();) {
        Scenario candidate = best_;
        auto& list = items(candidate);
        const std::size_t to = std::min(from + size, list.size());
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(from),
                   list.begin() + static_cast<std::ptrdiff_t>(to));
        if (!accept(std::move(candidate))) from += size;
      }
    }
  }

  void shrink_objects() {
    const auto with_rollout = [&](const std::function<void(Json&)>& change) {
      Scenario candidate = best_;
      for (Json& object : candidate.objects) {
        if (object["kind"].string_or_empty() == "Rollout") change(object);
      }
      return accept(std::move(candidate));
    };
    for (const int replicas : {1, 2, 3}) {
      const bool fewer =
          with_rollout([&](Json& rollout) { rollout.member("spec").set("replicas", replicas); });
      if (fewer) break;
    }
    with_rollout([](Json& rollout) {
      Json& strategy = rollout.member("spec").member("strategy");
      if (Json* canary = strategy.find("canary")) canary->erase("steps");
    });
    for (const std::string_view field :
         {"minReadySeconds", "progressDeadlineSeconds", "progressDeadlineAbort", "rollbackWindow",
          "revisionHistoryLimit"}) {
      with_rollout([&](Json& rollout) { rollout.member("spec").erase(field); });
    }
  }

  void shrink_settings() {
    const auto with = [&](const std::function<void(Scenario&)>& change) {
      Scenario candidate = best_;
      change(candidate);
      accept(std::move(candidate));
    };
    with([](Scenario& s) {
      s.replicas = 1;
      s.offsets.resize(1);
      s.rates.resize(1);
      s.overlap = false;
    });
    with([](Scenario& s) { std::ranges::fill(s.offsets, Duration{}); });
    with([](Scenario& s) { std::ranges::fill(s.rates, 1000); });
    with([](Scenario& s) { s.server_offset = {}; });
    with([](Scenario& s) { s.contested = false; });
    with([](Scenario& s) { s.page_size = 0; });
    with([](Scenario& s) { s.concurrency = 64; });
    with([](Scenario& s) { s.calm = 60_s; });
    with([](Scenario& s) { s.tail = 5_s; });
  }

  const BootedServer& booted_;
  const std::string property_;
  const std::uint64_t tries_max_;
  std::uint64_t tries_ = 0;
  Scenario best_;
};

}  // namespace

Shrunk shrink(const BootedServer& booted, const Scenario& scenario, const std::string& property,
              std::uint64_t tries_max) {
  return Shrinker(booted, scenario, property, tries_max)();
}

std::string regression_test(const std::string& property, std::uint64_t seed,
                            const std::string& scenario_file) {
  return fmt::format(
      "// Found by seed {1}, made smaller by `slipway simulate --shrink`.\n"
      "TEST_CASE(\"{0} holds where seed {1} once broke it\") {{\n"
      "  const Scenario scenario = read_scenario(\"{2}\").value();\n"
      "  for (const Violation& violation : run(booted(), scenario).violations) {{\n"
      "    CHECK_MESSAGE(violation.property != \"{0}\", violation.text);\n"
      "  }}\n"
      "}}\n",
      property, seed, scenario_file);
}

}  // namespace slipway::simulation
