#include "cli/pod_status.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

using namespace slipway;
using namespace slipway::cli;

TEST_CASE("a pod's status reads as kubectl prints it") {
  struct Row {
    const char* name;
    const char* pod;
    PodSummary want;
  };
  const Row rows[] = {
      {"running",
       "{spec: {containers: [{name: a}]}, status: {phase: Running, containerStatuses: "
       "[{name: a, ready: true, restartCount: 2, state: {running: {}}}]}}",      {"Running", 1, 1, 2}          },
      {"starting",
       "{spec: {containers: [{name: a}]}, status: {phase: Pending, containerStatuses: "
       "[{name: a, state: {waiting: {reason: ContainerCreating}}}]}}",           {"ContainerCreating", 0, 1, 0}},
      {"killed by a signal",
       "{spec: {containers: [{name: a}]}, status: {phase: Failed, "
       "containerStatuses: [{name: a, state: {terminated: {signal: 9}}}]}}",     {"Signal:9", 0, 1, 0}         },
      {"failed",
       "{spec: {containers: [{name: a}]}, status: {phase: Failed, containerStatuses: "
       "[{name: a, state: {terminated: {exitCode: 3}}}]}}",                      {"ExitCode:3", 0, 1, 0}       },
      {"a finished helper beside a running container",
       "{spec: {containers: [{name: a}, {name: "
       "b}]}, status: {phase: Running, containerStatuses: [{name: a, state: {terminated: {reason: "
       "Completed}}}, {name: b, ready: true, state: {running: {}}}]}}",          {"Running", 1, 2, 0}          },
      {"initialising",
       "{spec: {initContainers: [{name: i}, {name: j}], containers: [{name: a}]}, "
       "status: {phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: "
       "0}}}, {name: j, state: {running: {}}}]}}",                               {"Init:1/2", 0, 1, 0}         },
      {"a sidecar that has started holds nothing up",
       "{spec: {initContainers: [{name: i, "
       "restartPolicy: Always}], containers: [{name: a}]}, status: {phase: Running, "
       "initContainerStatuses: [{name: i, ready: true, started: true, state: {running: {}}}], "
       "containerStatuses: [{name: a, ready: true, state: {running: {}}}]}}",    {"Running", 1, 1, 0}          },
      {"going",
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: {containers: [{name: "
       "a}]}, status: {phase: Running}}",                                        {"Terminating", 0, 1, 0}      },
      {"lost with its node",
       "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}, spec: "
       "{containers: [{name: a}]}, status: {phase: Running, reason: NodeLost}}", {"Unknown", 0, 1, 0}          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto pod = api::decode<api::Pod>(parse_yaml_document(row.pod).value());
    REQUIRE(pod);
    const PodSummary summary = summarise(*pod);
    CHECK(summary.status == row.want.status);
    CHECK(summary.ready == row.want.ready);
    CHECK(summary.total == row.want.total);
    CHECK(summary.restarts == row.want.restarts);
  }
}
