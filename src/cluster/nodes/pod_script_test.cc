#include "cluster/nodes/pod_script.h"

#include <doctest/doctest.h>

#include "cluster/pods_for_test.h"

namespace slipway::cluster {

namespace {

PodPointer annotated(const std::string& annotations, const std::string& spec = "{}") {
  return make_pod_for_test("metadata: {name: a, annotations: {" + annotations +
                           "}}\nspec: " + spec + "\n");
}

ParsedScript parse(const PodPointer& pod) {
  return parse_script(*pod, {}, Random(7));
}

}  // namespace

TEST_CASE("a pod without a script starts and is ready within two seconds") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PodScript script = parse_script(*annotated(""), {}, Random(seed)).script;
    CHECK(script.start_delay >= 300_ms);
    CHECK(script.start_delay <= 800_ms);
    CHECK(script.ready_delay >= 400_ms);
    CHECK(script.ready_delay <= 900_ms);
    CHECK(script.behaviour == Behaviour::run);
  }
}

TEST_CASE("annotations are read") {
  const auto parsed = parse(annotated(
      "slipway.dev/start-delay: 2s, slipway.dev/ready-delay: 1m30s, slipway.dev/stop-delay: 4s, "
      "slipway.dev/behaviour: crash, slipway.dev/crash-after: 5s, slipway.dev/exit-code: '3'"));
  CHECK(parsed.complaints.empty());
  CHECK(parsed.script == PodScript{.behaviour = Behaviour::crash,
                                   .start_delay = 2_s,
                                   .ready_delay = 90_s,
                                   .stop_delay = 4_s,
                                   .end_after = 5_s,
                                   .exit_code = 3});
}

TEST_CASE("a crash exits with 1 and an exit with 0, unless told otherwise") {
  CHECK(parse(annotated("slipway.dev/behaviour: crash")).script.exit_code == 1);
  CHECK(parse(annotated("slipway.dev/behaviour: exit")).script.exit_code == 0);
}

TEST_CASE("what cannot be read is ignored, and said") {
  struct Row {
    const char* annotation;
    const char* want;
  };
  const Row rows[] = {
      {"slipway.dev/start-delay: soon",
       "annotation slipway.dev/start-delay is \"soon\", expected a "
       "duration such as \"2s\": it is ignored"                          },
      {"slipway.dev/ready-delay: -1s",
       "annotation slipway.dev/ready-delay is \"-1s\", expected a "
       "duration such as \"2s\": it is ignored"                          },
      {"slipway.dev/behaviour: dance",
       "annotation slipway.dev/behaviour is \"dance\", expected "
       "run, crash, never-ready, image-pull-error or exit: it is ignored"},
      {"slipway.dev/exit-code: '256'",
       "annotation slipway.dev/exit-code is \"256\", expected a "
       "number from 0 to 255: it is ignored"                             },
  };
  const PodScript plain = parse(annotated("")).script;
  for (const Row& row : rows) {
    const ParsedScript parsed = parse(annotated(row.annotation));
    CHECK(parsed.complaints == std::vector<std::string>{row.want});
    CHECK(parsed.script == plain);
  }
}

TEST_CASE("readiness probes delay readiness, and the grace period bounds stopping") {
  const PodPointer pod = annotated("slipway.dev/stop-delay: 10s",
                                   "{terminationGracePeriodSeconds: 3, restartPolicy: OnFailure, "
                                   "containers: [{name: a, readinessProbe: {}}, {name: b, "
                                   "readinessProbe: {initialDelaySeconds: 5}}]}");
  const PodScript script = parse(pod).script;
  CHECK(script.ready_delay >= 5400_ms);
  CHECK(script.ready_delay <= 5900_ms);
  CHECK(script.stop_delay == 3_s);
  CHECK(script.restart_policy == RestartPolicy::on_failure);
}

}  // namespace slipway::cluster
