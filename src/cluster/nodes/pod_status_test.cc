#include "cluster/nodes/pod_status.h"

#include <doctest/doctest.h>

#include "base/yaml.h"
#include "cluster/pods_for_test.h"

namespace slipway::cluster {

namespace {

constexpr Instant t0{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
const Placement placement{"10.0.0.1", "10.1.0.7"};

PodPointer pod_with(const Json& status,
                    const char* spec = "{containers: [{name: c, image: 'web:1'}]}") {
  PodPointer pod = make_pod_for_test(
      std::string("metadata: {name: a, namespace: shop, uid: u}\nspec: ") + spec + "\n");
  Json content = pod->content;
  content.set("status", status);
  return make_pod_for_test(to_yaml(content));
}

/// The status after `elapsed`, each change written as it comes.
Json status_after(const PodScript& script, Duration elapsed,
                  const char* spec = "{containers: [{name: c, image: 'web:1'}]}") {
  PodLife life = begin_life(t0);
  Json status = render_status(*pod_with(Json::object(), spec), life, script, placement, t0);
  for (auto next = next_change(life, script); next && *next <= t0 + elapsed;
       next = next_change(life, script)) {
    life = advance(life, script, *next);
    status = render_status(*pod_with(status, spec), life, script, placement, *next);
  }
  return status;
}

std::string condition(const Json& status, std::string_view type) {
  for (const Json& condition : status["conditions"].as_array()) {
    if (condition["type"].string_or_empty() != type) continue;
    return fmt::format("{} {} {}", condition["status"].string_or_empty(),
                       condition["reason"].string_or_empty(),
                       condition["lastTransitionTime"].string_or_empty());
  }
  return "none";
}

std::string reason(const Json& status) {
  const Json& container = status["containerStatuses"].at(0);
  for (const Json::Member& state : container["state"].as_object()) {
    return state.first + " " + std::string(state.second["reason"].string_or_empty());
  }
  return "none";
}

}  // namespace

TEST_CASE("a status says what kubectl prints") {
  const PodScript plain{.start_delay = 2_s, .ready_delay = 3_s};
  const PodScript crash{
      .behaviour = Behaviour::crash, .ready_delay = 9_s, .end_after = 2_s, .exit_code = 1};
  const PodScript job{Behaviour::exit, RestartPolicy::never, 1_s, 9_s, 0_s, 2_s, 0};
  const PodScript no_image{.behaviour = Behaviour::image_pull_error, .start_delay = 1_s};
  struct Row {
    const char* name;
    PodScript script;
    Duration elapsed;
    const char* phase;
    const char* state;
    const char* ready;
    int restarts;
  };
  const Row rows[] = {
      {"bound",                    plain,    1_s, "Pending",   "waiting ContainerCreating",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   0},
      {"running",                  plain,    3_s, "Running",   "running ",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   0},
      {"ready",                    plain,    9_s, "Running",   "running ",                  "True  2026-01-01T00:00:05Z", 0},
      {"crashed",                  crash,    2_s, "Running",   "terminated Error",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   0},
      {"backs off",                crash,    6_s, "Running",   "waiting CrashLoopBackOff",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   1},
      {"complete",                 job,      5_s, "Succeeded", "terminated Completed",
       "False PodCompleted 2026-01-01T00:00:00Z",                                                                         0},
      {"no image",                 no_image, 1_s, "Pending",   "waiting ErrImagePull",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   0},
      {"backs off from the image", no_image, 5_s, "Pending",   "waiting ImagePullBackOff",
       "False ContainersNotReady 2026-01-01T00:00:00Z",                                                                   0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Json status = status_after(row.script, row.elapsed);
    CHECK(status["phase"] == Json(row.phase));
    CHECK(reason(status) == row.state);
    CHECK(condition(status, "Ready") == row.ready);
    CHECK(status["containerStatuses"].at(0)["restartCount"] == Json(row.restarts));
    CHECK(status["podIP"] == Json("10.1.0.7"));
    CHECK(status["startTime"] == Json("2026-01-01T00:00:00Z"));
  }
}

TEST_CASE("a restarted container remembers how it ended") {
  const PodScript crash{
      .behaviour = Behaviour::crash, .ready_delay = 9_s, .end_after = 2_s, .exit_code = 7};
  const Json status = status_after(crash, 4_s);
  const Json& container = status["containerStatuses"].at(0);
  CHECK(container["state"]["running"]["startedAt"] == Json("2026-01-01T00:00:03Z"));
  CHECK(container["lastState"]["terminated"]["exitCode"] == Json(7));
  CHECK(container["lastState"]["terminated"]["finishedAt"] == Json("2026-01-01T00:00:02Z"));
}

TEST_CASE("init containers are done before the others start, sidecars go on") {
  const char* spec =
      "{initContainers: [{name: i, image: 'i:1'}, {name: s, image: 's:1', restartPolicy: Always}],"
      " containers: [{name: c, image: 'web:1'}]}";
  const PodScript plain{.start_delay = 2_s, .ready_delay = 3_s};
  const Json early = status_after(plain, 1_s, spec);
  CHECK(condition(early, "Initialized") == "False ContainersNotInitialized 2026-01-01T00:00:00Z");
  CHECK(reason(early) == "waiting PodInitializing");
  const Json late = status_after(plain, 9_s, spec);
  CHECK(condition(late, "Initialized") == "True  2026-01-01T00:00:02Z");
  CHECK(late["initContainerStatuses"].at(0)["state"]["terminated"]["reason"] == Json("Completed"));
  CHECK(late["initContainerStatuses"].at(1)["state"]["running"].is_object());
}

TEST_CASE("a closed readiness gate keeps a pod from being ready, and others' conditions stay") {
  const char* spec = "{readinessGates: [{conditionType: lb}], containers: [{name: c, image: x}]}";
  const PodScript plain{.start_delay = 1_s, .ready_delay = 1_s};
  const PodLife life = advance(begin_life(t0), plain, t0 + 5_s);
  const Json closed = render_status(*pod_with(Json::object(), spec), life, plain, placement, t0);
  CHECK(condition(closed, "Ready").starts_with("False ReadinessGatesNotReady"));
  CHECK(condition(closed, "ContainersReady").starts_with("True"));
  const Json gate = parse_yaml_document("conditions: [{type: lb, status: 'True'}]").value();
  const Json open = render_status(*pod_with(gate, spec), life, plain, placement, t0);
  CHECK(condition(open, "Ready").starts_with("True"));
  CHECK(condition(open, "lb").starts_with("True"));
}

TEST_CASE("a life is found again in the status it wrote, to the second") {
  const PodScript scripts[] = {
      {.start_delay = 2_s, .ready_delay = 3_s},
      {.behaviour = Behaviour::crash, .ready_delay = 9_s, .end_after = 2_s, .exit_code = 1},
      {Behaviour::exit, RestartPolicy::never, 1_s, 9_s, 0_s, 2_s, 0},
  };
  for (const PodScript& script : scripts) {
    for (int second = 0; second < 40; ++second) {
      const Duration elapsed = Duration::from_seconds(second);
      CAPTURE(second);
      const PodLife life = advance(begin_life(t0), script, t0 + elapsed);
      const PodLife found = recover_life(*pod_with(status_after(script, elapsed)), t0 + elapsed);
      CHECK(found.stage == life.stage);
      CHECK(found.ready == life.ready);
      CHECK(found.restarts == life.restarts);
      CHECK(next_change(found, script) == next_change(life, script));
    }
  }
}

}  // namespace slipway::cluster
