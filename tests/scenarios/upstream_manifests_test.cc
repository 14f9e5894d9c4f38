#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/file_for_test.h"
#include "base/yaml.h"
#include "rollout/unsupported.h"
#include "world.h"

using namespace slipway;
using namespace slipway::scenarios;

namespace {

/// Real manifests, written by others, are used in place: the folder beside the clone, or the one
/// that the environment names.
std::filesystem::path examples() {
  const char* shared = std::getenv("SLIPWAY_SHARED");
  return std::filesystem::path(shared == nullptr ? "../shared" : shared) / "upstream/argo-rollouts";
}

/// Whether a file holds Rollouts that need nothing beyond what is built, and only kinds that the
/// embedded cluster serves.
bool is_candidate(const std::vector<Json>& documents) {
  static const std::set<std::string_view> served{"Service", "ConfigMap", "Secret", "Ingress",
                                                 "Deployment"};
  bool has_rollout = false;
  for (const Json& document : documents) {
    const std::string_view kind = document["kind"].string_or_empty();
    if (kind == "Rollout") {
      const auto rollout = api::decode<api::Rollout>(document);
      if (!rollout || !rollout::unsupported_features(*rollout).empty()) return false;
      has_rollout = true;
    } else if (!served.contains(kind)) {
      return false;
    }
  }
  return has_rollout;
}

void update_and_promote(World& world, const std::string& name) {
  CHECK_MESSAGE(world.promote_until_healthy(name), name << ": " << world.rollout(name).status.phase
                                                        << " "
                                                        << world.rollout(name).status.message);
  const std::string before = world.rollout(name).status.stable_rs;
  world.set_image(name, "registry.example/new:2");
  // The template may be a Deployment's, of which the Rollout's own generation tells nothing.
  CHECK(world.until([&] { return world.rollout(name).status.current_pod_hash != before; }));
  CHECK_MESSAGE(world.promote_until_healthy(name), name << ": " << world.rollout(name).status.phase
                                                        << " "
                                                        << world.rollout(name).status.message);
  const api::Rollout rollout = world.rollout(name);
  CHECK(rollout.status.stable_rs != before);
  CHECK(world.until([&] {
    for (const api::ReplicaSet& replica_set : world.replica_sets(name)) {
      const std::string* hash = replica_set.metadata.label(api::pod_template_hash_label);
      if (*hash == before && replica_set.spec.replicas.value_or(1) > 0) return false;
    }
    return true;
  }));
}

}  // namespace

TEST_CASE("upstream's own manifests reach Healthy when applied, and again after an update") {
  if (!std::filesystem::exists(examples())) {
    MESSAGE("skipped: no upstream manifests at " << examples().string());
    return;
  }
  int tried = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples())) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string text = read_file_for_test(entry.path());
    const auto documents = parse_yaml(text);
    // Helm templates and the like are no YAML before they are rendered.
    if (!documents || !is_candidate(*documents)) continue;
    const std::string path = entry.path().string();
    CAPTURE(path);
    ++tried;
    World world;
    world.apply(text);
    for (const Json& document : *documents) {
      if (document["kind"].string_or_empty() == "Rollout") {
        update_and_promote(world, std::string(document["metadata"]["name"].string_or_empty()));
      }
    }
  }
  MESSAGE(tried << " files");
  CHECK(tried >= 6);
}
