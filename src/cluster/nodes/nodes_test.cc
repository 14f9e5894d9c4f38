#include "cluster/nodes/nodes.h"

#include <doctest/doctest.h>

#include "cluster/testing.h"

namespace slipway::cluster {

namespace {

void create_pod(TestCluster& cluster, const std::string& name, const std::string& annotations = {},
                const std::string& spec = {}) {
  cluster.apply("apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", annotations: {" +
                annotations + "}}\nspec: {containers: [{name: c, image: 'web:1'}]" + spec + "}\n");
}

Json pod(TestCluster& cluster, const std::string& name) {
  return cluster.get(api::kinds::pod, {"default", name}).value_or(Json());
}

/// "Running ready 0 running": phase, readiness, restarts, state.
std::string sight(TestCluster& cluster, const std::string& name) {
  const Json found = pod(cluster, name);
  if (found.is_null()) return "gone";
  const Json& status = found["status"];
  const Json& container = status["containerStatuses"].at(0);
  std::string state = "none";
  if (container["state"].is_object()) {
    for (const auto& [key, detail] : container["state"].as_object()) {
      state = detail["reason"].is_string() ? detail["reason"].as_string() : key;
    }
  }
  return fmt::format("{}{} {} {}", status["phase"].string_or_empty(),
                     container["ready"].bool_or(false) ? " ready" : "",
                     container["restartCount"].integer_or(0), state);
}

std::vector<std::string> event_reasons(TestCluster& cluster, const std::string& name) {
  std::vector<std::string> reasons;
  for (const Json& event : cluster.list(api::kinds::event)) {
    if (event["involvedObject"]["name"].string_or_empty() == name) {
      reasons.emplace_back(event["reason"].string_or_empty());
    }
  }
  std::sort(reasons.begin(), reasons.end());
  return reasons;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("nodes register, ready and with room") {
  TestCluster cluster({.nodes = {.count = 2}});
  cluster.run_for(5_s);
  const auto nodes = cluster.list(api::kinds::node);
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0]["metadata"]["name"] == Json("node-1"));
  CHECK(nodes[0]["status"]["allocatable"]["pods"] == Json("500"));
  bool ready = false;
  for (const Json& condition : nodes[0]["status"]["conditions"].as_array()) {
    ready = ready || (condition["type"] == Json("Ready") && condition["status"] == Json("True"));
  }
  CHECK(ready);
}

TEST_CASE("pods are spread over the nodes and run within two seconds, at addresses of their own") {
  TestCluster cluster;
  cluster.run_for(5_s);
  for (int i = 0; i < 6; ++i) create_pod(cluster, fmt::format("p{}", i));
  cluster.run_for(2_s);
  std::map<std::string, int> on_node;
  std::set<std::string> addresses;
  for (const Json& one : cluster.list(api::kinds::pod)) {
    CHECK(sight(cluster, std::string(one["metadata"]["name"].string_or_empty())) ==
          "Running ready 0 running");
    ++on_node[std::string(one["spec"]["nodeName"].string_or_empty())];
    addresses.emplace(one["status"]["podIP"].string_or_empty());
  }
  CHECK(on_node == std::map<std::string, int>{
                       {"node-1", 2},
                       {"node-2", 2},
                       {"node-3", 2}
  });
  CHECK(addresses.size() == 6);
  CHECK(event_reasons(cluster, "p0") == Texts{"Created", "Pulled", "Scheduled", "Started"});
}

TEST_CASE("a pod plays the script of its annotations") {
  struct Row {
    const char* name;
    const char* annotations;
    const char* spec;
    Duration after;
    const char* want;
  };
  const Row rows[] = {
      {"slow",             "slipway.dev/start-delay: 10s",                            "",                       5_s, "Pending 0 ContainerCreating"},
      {"slow-to-be-ready", "slipway.dev/ready-delay: 10s",                            "",                       5_s, "Running 0 running"          },
      {"never-ready",      "slipway.dev/behaviour: never-ready",                      "",                       1_h, "Running 0 running"          },
      {"crash",            "slipway.dev/behaviour: crash",                            "",                       8_s, "Running 1 CrashLoopBackOff" },
      {"no-image",         "slipway.dev/behaviour: image-pull-error",                 "",                       5_s,
       "Pending 0 ImagePullBackOff"                                                                                                               },
      {"job",              "slipway.dev/behaviour: exit",                             ", restartPolicy: Never", 5_s,
       "Succeeded 0 Completed"                                                                                                                    },
      {"failed-job",       "slipway.dev/behaviour: exit, slipway.dev/exit-code: '3'",
       ", restartPolicy: Never",                                                                                5_s, "Failed 0 Error"             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    TestCluster cluster;
    cluster.run_for(5_s);
    create_pod(cluster, row.name, row.annotations, row.spec);
    cluster.run_for(row.after);
    CHECK(sight(cluster, row.name) == row.want);
  }
}

TEST_CASE("a deleted pod stops, within its grace period, and is gone") {
  TestCluster cluster;
  cluster.run_for(5_s);
  create_pod(cluster, "quick");
  create_pod(cluster, "slow", "slipway.dev/stop-delay: 1m", ", terminationGracePeriodSeconds: 10");
  cluster.run_for(5_s);
  cluster.delete_object(api::kinds::pod, {"default", "quick"});
  cluster.delete_object(api::kinds::pod, {"default", "slow"});
  CHECK(sight(cluster, "quick") == "Running ready 0 running");
  cluster.run_for(1_s);
  CHECK(sight(cluster, "quick") == "gone");
  cluster.run_for(8_s);
  CHECK(sight(cluster, "slow") == "Running ready 0 running");
  cluster.run_for(2_s);
  CHECK(sight(cluster, "slow") == "gone");
}

TEST_CASE("a pod that no node will have waits, says why, and is bound once one will") {
  TestCluster cluster({.nodes = {.count = 1}});
  cluster.run_for(5_s);
  cluster.merge(api::kinds::node, {"", "node-1"}, "spec: {unschedulable: true}");
  create_pod(cluster, "p");
  cluster.run_for(5_s);
  const Json waiting = pod(cluster, "p");
  const Json& condition = waiting["status"]["conditions"].at(0);
  CHECK(condition["reason"] == Json("Unschedulable"));
  CHECK(event_reasons(cluster, "p") == Texts{"FailedScheduling"});
  cluster.merge(api::kinds::node, {"", "node-1"}, "spec: {unschedulable: null}");
  CHECK(cluster.run_until([&] { return sight(cluster, "p") == "Running ready 0 running"; }));
}

TEST_CASE("an annotation that cannot be read is told of, and the pod runs all the same") {
  TestCluster cluster;
  cluster.run_for(5_s);
  create_pod(cluster, "p", "slipway.dev/start-delay: soon");
  cluster.run_for(10_s);
  CHECK(sight(cluster, "p") == "Running ready 0 running");
  CHECK(event_reasons(cluster, "p") ==
        Texts{"Created", "MalformedAnnotation", "Pulled", "Scheduled", "Started"});
}

TEST_CASE("nodes that start anew go on with the pods that run on them") {
  TestCluster cluster({.run_nodes = false});
  PodCache pods(cluster.loop(), cluster.transport(), 5);
  auto nodes =
      std::make_unique<Nodes>(cluster.loop(), cluster.transport(), pods, 6, Nodes::Options{});
  pods.start();
  nodes->start();
  create_pod(cluster, "p", "slipway.dev/ready-delay: 20s");
  cluster.run_for(10_s);
  CHECK(sight(cluster, "p") == "Running 0 running");
  nodes.reset();
  PodCache later_pods(cluster.loop(), cluster.transport(), 7);
  Nodes later(cluster.loop(), cluster.transport(), later_pods, 8, {});
  later_pods.start();
  later.start();
  cluster.run_for(5_s);
  CHECK(sight(cluster, "p") == "Running 0 running");
  cluster.run_for(10_s);
  CHECK(sight(cluster, "p") == "Running ready 0 running");
}

TEST_CASE("the same seed replays the same run, another one differs") {
  const auto run = [](std::uint64_t seed) {
    TestCluster cluster({.seed = seed});
    for (int i = 0; i < 5; ++i) create_pod(cluster, fmt::format("p{}", i));
    cluster.run_for(30_s);
    std::string text;
    for (const Json& one : cluster.list(api::kinds::pod)) text += to_text(one);
    return text;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("a pod that another scheduler shall place is left to it") {
  TestCluster cluster;
  create_pod(cluster, "theirs", "", ", schedulerName: theirs");
  create_pod(cluster, "ours", "", ", schedulerName: default-scheduler");
  cluster.run_for(10_s);
  CHECK(sight(cluster, "theirs") == "Pending 0 none");
  CHECK(sight(cluster, "ours") == "Running ready 0 running");
}

}  // namespace slipway::cluster
