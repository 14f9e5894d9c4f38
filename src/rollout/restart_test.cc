#include "rollout/restart.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

/// Pods made before spec.restartAt are replaced a few at a time. Source: behaviour.md 25.
namespace slipway::rollout {
namespace {

constexpr Instant restart_at{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z

/// Pods of one ReplicaSet: "o" older than restartAt, "n" newer; in capitals: ready; "x": old, ready
/// and on its way out.
struct Part {
  std::int32_t spec;
  const char* pods;
};

std::shared_ptr<const api::Pod> make_pod(const std::string& owner, int number, char kind) {
  api::Pod pod;
  pod.metadata.name = fmt::format("{}-{}", owner, number);
  const bool is_new = kind == 'n' || kind == 'N';
  pod.metadata.creation_timestamp = is_new ? restart_at + 1_s : restart_at - 60_s;
  pod.metadata.owner_references.push_back({.uid = owner, .controller = true});
  if (kind == 'x') pod.metadata.deletion_timestamp = restart_at;
  if (kind != 'o' && kind != 'n') {
    pod.status.conditions.push_back({.type = "Ready", .status = "True"});
  }
  return std::make_shared<const api::Pod>(std::move(pod));
}

struct Scene {
  std::int32_t desired;
  Part stable;
  Part canary = {0, ""};
  Part old = {0, ""};
  Duration since = 5_s;  ///< restartAt is so long ago.
  bool done_before = false;
};

/// "evicts stable-0 stable-1, looks again in 30s", "done".
std::string decide(const Scene& scene, std::int32_t max_unavailable) {
  Observed seen{.now = restart_at + scene.since};
  api::Rollout rollout;
  rollout.spec.replicas = scene.desired;
  rollout.spec.restart_at = restart_at;
  if (scene.done_before) rollout.status.restarted_at = restart_at;
  seen.rollout = std::make_shared<const api::Rollout>(rollout);
  std::vector<api::ReplicaSet> all(3);
  const char* names[] = {"stable", "canary", "old"};
  const Part* parts[] = {&scene.stable, &scene.canary, &scene.old};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].metadata.name = all[i].metadata.uid = names[i];
    all[i].spec.replicas = parts[i]->spec;
    int number = 0;
    for (const char* kind = parts[i]->pods; *kind != '\0'; ++kind) {
      seen.pods.push_back(make_pod(names[i], number++, *kind));
      if (*kind == 'O' || *kind == 'N') ++all[i].status.available_replicas;
    }
  }
  Roles roles;
  roles.stable = &all[0];
  roles.new_ = &all[1];
  roles.others = {&all[2]};
  const Restart restart = decide_restart(seen, roles, max_unavailable);
  std::string told = restart.done ? "done" : "";
  for (const api::Pod* pod : restart.evict) told += (told.empty() ? "" : " ") + pod->metadata.name;
  if (restart.look_again_in) told += " in " + format_go_duration(*restart.look_again_in);
  return told;
}

TEST_CASE("a restart evicts as many old pods as may be missing, stable ones first (25)") {
  struct Row {
    const char* name;
    Scene scene;
    std::int32_t max_unavailable;
    const char* want;
  };
  const Row rows[] = {
      {"none may be missing: one at a time", {4, {4, "OOOO"}},                              0, "stable-0 in 30s"                  },
      {"one may be missing",                 {4, {4, "OOOO"}},                              1, "stable-0 in 30s"                  },
      {"two may be missing",                 {4, {4, "OOOO"}},                              2, "stable-0 stable-1 in 30s"         },
      {"one is missing already",             {4, {4, "OOOo"}},                              1, " in 30s"                          },
      {"one of two is missing already",      {4, {4, "OOOo"}},                              2, "stable-0 in 30s"                  },
      {"one is on its way out",              {4, {4, "OOOx"}},                              1, " in 30s"                          },
      {"half of them are new",               {4, {4, "NNOO"}},                              1, "stable-2 in 30s"                  },
      {"a new one does not serve yet",       {4, {4, "nNOO"}},                              1, " in 30s"                          },
      {"all are new",                        {4, {4, "NNNN"}},                              1, "done"                             },
      {"none is left",                       {0, {0, ""}},                                  1, "done"                             },
      {"stable before canary before old",
       {4, {1, "O"}, {2, "OO"}, {1, "O"}},
       3,                                                                                      "stable-0 canary-0 canary-1 in 30s"},
      {"a surge counts as asked for",        {4, {4, "OOOO"}, {1, "O"}},                    1, "stable-0 in 30s"                  },
      {"no more than spec.replicas asked",   {4, {3, "OOO"}},                               1, " in 30s"                          },
      {"two are about to go",                {4, {4, "OOOO"}, {1, "OOO"}},                  2, "stable-0 stable-1 in 30s"         },
      {"no more than are asked for serve",   {4, {2, "OOOO"}, {2, "NN"}},                   1, "stable-0 in 30s"                  },
      {"an old pod that is not ready",       {4, {4, "oNNN"}},                              2, "stable-0 in 30s"                  },
      {"in a minute",                        {4, {4, "OOOO"}, {0, ""}, {0, ""}, -60_s},     1, " in 1m0s"                         },
      {"done before",                        {4, {4, "OOOO"}, {0, ""}, {0, ""}, 5_s, true}, 1, ""                                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(decide(row.scene, row.max_unavailable) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
