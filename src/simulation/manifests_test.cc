#include "simulation/manifests.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "api/rollout.h"
#include "base/text.h"
#include "rollout/observed.h"
#include "rollout/unsupported.h"
#include "rollout/validation.h"

namespace slipway::simulation {
namespace {

/// Fields of a Rollout's spec that no run draws, and why. A path covers all below it.
const std::map<std::string, std::string, std::less<>> not_drawn{
    {"spec.analysis",                                         "analysis is not built yet"       },
    {"spec.strategy.blueGreen.prePromotionAnalysis",          "analysis is not built yet"       },
    {"spec.strategy.blueGreen.postPromotionAnalysis",         "analysis is not built yet"       },
    {"spec.strategy.canary.analysis",                         "analysis is not built yet"       },
    {"spec.strategy.canary.steps[].analysis",                 "analysis is not built yet"       },
    {"spec.strategy.canary.steps[].experiment",               "experiments are not built yet"   },
    {"spec.strategy.canary.steps[].plugin",                   "plugins are not built yet"       },
    {"spec.strategy.canary.trafficRouting",                   "routers are not built yet"       },
    {"spec.strategy.canary.steps[].setCanaryScale",           "takes effect with a router alone"},
    {"spec.strategy.canary.steps[].setHeaderRoute",           "takes effect with a router alone"},
    {"spec.strategy.canary.steps[].setMirrorRoute",           "takes effect with a router alone"},
    {"spec.strategy.canary.steps[].replicaProgressThreshold", "upstream reads the strategy's"   },
    {"spec.strategy.canary.dynamicStableScale",               "takes effect with a router alone"},
    {"spec.strategy.canary.minPodsPerReplicaSet",             "takes effect with a router alone"},
    {"spec.strategy.canary.scaleDownDelaySeconds",            "takes effect with a router alone"},
    {"spec.strategy.canary.scaleDownDelayRevisionLimit",      "takes effect with a router alone"},
    {"spec.strategy.canary.pingPong",                         "takes effect with a router alone"},
    {"spec.template",                                         "opaque to a rollout controller"  },
};

bool is_listed(std::string_view path) {
  for (const auto& [listed, why] : not_drawn) {
    if (!path.starts_with(listed)) continue;
    const std::string_view rest = path.substr(listed.size());
    if (rest.empty() || rest.front() == '.' || rest.front() == '[') return true;
  }
  return false;
}

void collect(const Json& value, const std::string& path, std::set<std::string>& paths) {
  paths.insert(path);
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) collect(member, path + "." + key, paths);
  } else if (value.is_array()) {
    for (const Json& item : value.as_array()) collect(item, path + "[]", paths);
  }
}

constexpr std::uint64_t seeds = 3000;

/// What its workloadRef names, among the objects that were made up with it.
std::shared_ptr<const rollout::Workload> lender_of(const api::Rollout& made, std::uint64_t seed) {
  const auto named = rollout::named_workload(made);
  for (const Json& object : make_up_manifests(seed)) {
    if (!named || object["kind"].string_or_empty() != named->kind.kind) continue;
    const auto workload = rollout::decode_workload(named->kind, object);
    REQUIRE(workload);
    return std::make_shared<const rollout::Workload>(*workload);
  }
  return nullptr;
}

TEST_CASE("made-up manifests draw each field of the spec, or it is listed here with why not") {
  std::set<std::string> drawn;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Json& object : make_up_manifests(seed)) {
      if (object["kind"].string_or_empty() == "Rollout") collect(object["spec"], "spec", drawn);
    }
  }
  std::ifstream rows("tests/data/compat/crd-fields.tsv");
  REQUIRE(rows);
  int fields = 0;
  for (std::string line; std::getline(rows, line);) {
    const auto cells = split(line, '\t');
    if (cells.size() < 2 || cells[0] != "Rollout" || !cells[1].starts_with("spec")) continue;
    ++fields;
    const std::string path(cells[1]);
    CHECK_MESSAGE((drawn.contains(path) != is_listed(path) || path == "spec.template"), path);
  }
  CHECK(fields > 200);
}

TEST_CASE("made-up manifests are valid by construction, and hold nothing that waits untouched") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    for (const Json& object : make_up_manifests(seed)) {
      if (object["kind"].string_or_empty() != "Rollout") continue;
      const auto decoded = api::decode<api::Rollout>(object);
      REQUIRE(decoded);
      CHECK(rollout::unsupported_features(*decoded).empty());
      rollout::Observed seen{.rollout = std::make_shared<const api::Rollout>(*decoded)};
      seen.workload = lender_of(*decoded, seed);
      rollout::resolve_workload(seen);
      CHECK_FALSE(seen.workload_error);
      for (const Error& problem : rollout::validate(*seen.rollout)) FAIL_CHECK(problem.text());
      for (const Error& problem : rollout::validate_template(*seen.rollout)) {
        FAIL_CHECK(problem.text());
      }
    }
  }
}

TEST_CASE("in one of eight made-up manifests another object lends the template, of any kind") {
  std::map<std::string, int> modes;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const Json& object : make_up_manifests(seed)) {
      const Json& reference = object["spec"]["workloadRef"];
      if (!reference.is_object()) continue;
      ++modes[std::string(reference["kind"].string_or_empty()) + " " +
              std::string(reference["scaleDown"].string_or_empty())];
    }
  }
  std::uint64_t sum = 0;
  for (const char* mode : {"PodTemplate ", "ReplicaSet ", "Deployment never",
                           "Deployment onsuccess", "Deployment progressively"}) {
    CAPTURE(mode);
    CHECK(modes[mode] > 20);
    sum += static_cast<std::uint64_t>(modes[mode]);
  }
  CHECK(modes.size() == 5);
  CHECK(sum > seeds / 10);
  CHECK(sum < seeds / 6);
}

}  // namespace
}  // namespace slipway::simulation
