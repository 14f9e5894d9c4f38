#include "cluster/controllers/pod_ranking.h"

#include <doctest/doctest.h>

namespace slipway::cluster {

namespace {

constexpr Instant now{1'767'225'600'000'000'000};

struct Candidate {
  const char* name;
  const char* node = "node-1";
  const char* phase = "Running";
  std::optional<Duration> ready_for = Duration::from_seconds(1000);
  Duration age = Duration::from_seconds(2000);
  int restarts = 0;
  const char* cost = nullptr;
};

PodPointer pod_of(const Candidate& candidate) {
  CachedPod pod;
  pod.metadata.name = candidate.name;
  pod.metadata.uid = candidate.name;
  pod.metadata.creation_timestamp = now - candidate.age;
  if (candidate.cost != nullptr) {
    pod.metadata.annotations[std::string(pod_deletion_cost_annotation)] = candidate.cost;
  }
  pod.spec.node_name = candidate.node;
  pod.status.phase = candidate.phase;
  if (candidate.ready_for) {
    pod.status.conditions.push_back({"Ready", "True", now - *candidate.ready_for, {}, {}});
  }
  pod.status.container_statuses.push_back({.name = "c", .restart_count = candidate.restarts});
  return std::make_shared<CachedPod>(std::move(pod));
}

}  // namespace

TEST_CASE("the pod whose loss hurts least is deleted first") {
  struct Row {
    const char* name;
    Candidate first;
    Candidate second;
  };
  const Row rows[] = {
      {"not bound to a node",               {.name = "z", .node = ""},         {.name = "a", .phase = "Pending"}},
      {"pending before unknown",
       {.name = "z", .phase = "Pending"},
       {.name = "a", .phase = "Unknown"}                                                                        },
      {"unknown before running",            {.name = "z", .phase = "Unknown"}, {.name = "a", .ready_for = {}}   },
      {"not ready before ready",            {.name = "z", .ready_for = {}},    {.name = "a", .cost = "-9"}      },
      {"cheap before dear",                 {.name = "z", .cost = "-1"},       {.name = "a", .ready_for = 1_s}  },
      {"an unreadable cost counts as none",
       {.name = "z", .cost = "-1"},
       {.name = "a", .cost = "-9x"}                                                                             },
      {"ready for a short time",            {.name = "z", .ready_for = 10_s},  {.name = "a", .restarts = 9}     },
      {"restarted often",                   {.name = "z", .restarts = 2},      {.name = "a", .age = 1_s}        },
      {"young",                             {.name = "z", .age = 10_s},        {.name = "a", .age = 1000_s}     },
      {"much the same age: by uid",
       {.name = "a", .ready_for = 1000_s},
       {.name = "b", .ready_for = 900_s}                                                                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::vector<PodPointer> pods = {pod_of(row.second), pod_of(row.first)};
    const std::vector<PodPointer> chosen = choose_pods_to_delete(pods, {}, 1, now);
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0]->metadata.name == row.first.name);
  }
}

TEST_CASE("a pod that shares its node with many of its family goes before one that is alone") {
  const PodPointer alone = pod_of({.name = "a", .node = "node-1", .ready_for = 1_s});
  const PodPointer crowded = pod_of({.name = "b", .node = "node-2"});
  const PodPointer neighbour = pod_of({.name = "c", .node = "node-2"});
  const auto chosen = choose_pods_to_delete({alone, crowded}, {alone, crowded, neighbour}, 1, now);
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0]->metadata.name == "b");
}

TEST_CASE("no more pods are chosen than there are") {
  CHECK(choose_pods_to_delete({pod_of({.name = "a"})}, {}, 5, now).size() == 1);
}

}  // namespace slipway::cluster
