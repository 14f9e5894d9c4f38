#include "rollout/workload.h"

#include <doctest/doctest.h>

#include "rollout/keys.h"
#include "rollout/observed.h"
#include "rollout/simulated_world.h"

/// behaviour.md 22.
namespace slipway::rollout {
namespace {

Json json(const std::string& text) {
  return parse_json(text).value();
}

Json deployment(const std::string& image, int replicas) {
  Json object = json(R"({"apiVersion":"apps/v1","kind":"Deployment",
      "metadata":{"name":"web","namespace":"shop","uid":"uid-deployment"},
      "spec":{"selector":{"matchLabels":{"app":"web"}},
              "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web"}]}}}})");
  Json& spec = object.member("spec");
  spec.set("replicas", replicas);
  spec.member("template").member("spec").member("containers").as_array()[0].set("image", image);
  return object;
}

/// A Rollout of four pods that takes over from a Deployment of four.
SimulatedWorld taking_over(const std::string& scale_down) {
  SimulatedWorld world(4, R"({"canary":{"steps":[{"setWeight":50},{"pause":{}}]}})");
  world.edit(R"({"template":null,"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment",
                 "name":"web","scaleDown":")" +
             scale_down + "\"}}");
  world.put("Deployment", deployment("v1", 4));
  return world;
}

TEST_CASE("each kind lends its template, and those that have one their selector (22.1, 22.2)") {
  struct Row {
    api::Kind kind;
    const char* object;
    bool has_selector;
  };
  const Row rows[] = {
      {api::kinds::deployment,
       R"({"metadata":{"name":"x"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}}}}})",
       true                                                                                                                                         },
      {api::kinds::replica_set,
       R"({"metadata":{"name":"x"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}}}}})",
       true                                                                                                                                         },
      {api::kinds::pod_template,
       R"({"metadata":{"name":"x"},"template":{"metadata":{"labels":{"a":"b"}}}})",                                                            false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.object);
    const Workload workload = decode_workload(row.kind, json(row.object)).value();
    CHECK(workload.template_ == api::PodTemplate(json(R"({"metadata":{"labels":{"a":"b"}}})")));
    CHECK(workload.selector.has_value() == row.has_selector);
  }
}

TEST_CASE("what is wrong with a reference is told in words (22.1, 22.2, InvalidSpec)") {
  struct Row {
    const char* spec;
    bool exists;
    const char* want;
  };
  const std::string plain =
      R"({"template":null,"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}})";
  const Row rows[] = {
      {plain.c_str(),                                                                                 true,  ""                                                                            },
      {plain.c_str(),                                                                                 false, R"(Invalid value: "web": deployments.apps "web" not found)"                   },
      {R"({"template":null,"workloadRef":{"apiVersion":"v1","kind":"PodTemplate","name":"web"}})",
       false,                                                                                                R"(Invalid value: "web": podtemplates "web" not found)"                       },
      {R"({"template":null,"workloadRef":{"apiVersion":"apps/v1","kind":"DaemonSet","name":"web"}})",
       true,                                                                                                 R"(Invalid value: "web": workload of type apps/v1/DaemonSet is not supported)"},
      {R"({"template":null,"workloadRef":{"apiVersion":"v1","kind":"Deployment","name":"web"}})",
       true,                                                                                                 R"(Invalid value: "web": workload of type v1/Deployment is not supported)"    },
      {R"({"workloadRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}})",                true,
       R"(Invalid value: "web": template must be empty for workload reference rollout)"                                                                                                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.want);
    SimulatedWorld world(1, R"({"canary":{}})");
    world.edit(row.spec);
    if (row.exists) world.put("Deployment", deployment("v1", 1));
    const Observed seen = world.observe();
    CHECK((seen.workload_error ? seen.workload_error->message : "") == row.want);
    if (!seen.workload_error) continue;
    const Plan made = plan(seen);
    // The watch of the kind it names tells when it is mended.
    CHECK_FALSE(made.look_again);
    CHECK(made.writes.empty());
    world.reconcile();
    CHECK(world.rollout().status.message ==
          "InvalidSpec: The Rollout \"web\" is invalid: spec.workloadRef: " +
              std::string(row.want));
    CHECK(world.settle() == 0);
  }
}

TEST_CASE("the Deployment's size follows mode and revision (22.4)") {
  using enum WorkloadScaleDown;
  struct Row {
    const char* name;
    WorkloadFacts facts;
    std::optional<std::int32_t> want;
  };
  const Row rows[] = {
      {"never",                                 {never, true, true, true, false, 5, 5},          {}},
      {"on success: not yet",                   {on_success, true, true, false, false, 5, 4},    {}},
      {"on success: healthy",                   {on_success, true, true, true, false, 5, 5},     0 },
      {"on success: healthy, but not promoted", {on_success, true, false, true, false, 5, 5},    {}},
      {"on success: later revisions",           {on_success, false, true, true, false, 5, 5},    {}},
      {"progressively: no pod is ready",        {progressively, true, true, false, false, 5, 0}, {}},
      {"progressively: some are",               {progressively, true, true, false, false, 5, 2}, 3 },
      {"progressively: more than asked for",    {progressively, true, true, false, false, 5, 7}, 0 },
      {"progressively: healthy",                {progressively, true, true, true, false, 5, 5},  0 },
      {"progressively: it goes back",           {progressively, true, true, false, true, 5, 0},  5 },
      {"progressively: later revisions",        {progressively, false, true, true, false, 5, 5}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(workload_size(row.facts) == row.want);
  }
}

TEST_CASE("an unknown scaleDown is never (conditions-events)") {
  for (const auto& [text, want] : {
           std::pair{"",              WorkloadScaleDown::never        },
           {"never",         WorkloadScaleDown::never        },
           {"OnSuccess",     WorkloadScaleDown::never        },
           {"onsuccess",     WorkloadScaleDown::on_success   },
           {"progressively", WorkloadScaleDown::progressively}
  }) {
    CAPTURE(text);
    api::Rollout rollout;
    rollout.spec.workload_ref.emplace();
    rollout.spec.workload_ref->scale_down = text;
    CHECK(scale_down_mode(rollout) == want);
  }
}

TEST_CASE("the Deployment keeps its pods until the Rollout's serve, as its mode says (22.4)") {
  struct Row {
    const char *mode, *want;
  };
  for (const Row& row : {
           Row{"never",         "4"},
           {"onsuccess",     "0"},
           {"progressively", "0"}
  }) {
    CAPTURE(row.mode);
    SimulatedWorld world = taking_over(row.mode);
    world.settle();
    CHECK(world.observe().workload->replicas == 4);  // None of ours is ready.
    world.run();
    CHECK(world.sizes() == "v1:4/4");
    CHECK(world.rollout().status.phase == "Healthy");
    CHECK(std::to_string(*world.observe().workload->replicas) == row.want);
    CHECK(world.settle() == 0);
  }
}

TEST_CASE("a new template of the Deployment is an update, and is told as seen (22.3)") {
  SimulatedWorld world = taking_over("never");
  world.run();
  CHECK(*world.rollout().metadata.annotation(keys::workload_generation) == "1");
  CHECK(world.rollout().status.workload_observed_generation == "1");
  Json changed = deployment("v2", 4);
  changed.member("metadata").set("generation", 1);
  world.put("Deployment", changed);
  world.run();
  CHECK(world.sizes() == "v1:2/2 v2:2/2");
  CHECK(world.rollout().status.phase == "Paused");
  CHECK(*world.rollout().metadata.annotation(keys::workload_generation) == "2");
  CHECK(world.rollout().status.workload_observed_generation == "2");
  // The template is lent, never written.
  CHECK(world.rollout().spec.template_.absent());
}

TEST_CASE("who knows an older workload than was decided on reads it first (C8)") {
  SimulatedWorld world = taking_over("never");
  world.run();
  const Observed before = world.observe();
  Json changed = deployment("v2", 4);
  changed.member("metadata").set("generation", 1);
  world.put("Deployment", changed);
  world.run();
  Observed mixed = world.observe();
  mixed.rollout = std::make_shared<const api::Rollout>(world.rollout());
  mixed.workload = before.workload;
  resolve_workload(mixed);
  const Plan catches_up = plan(mixed);
  CHECK(catches_up.read_workload_live);
  CHECK(catches_up.writes_nothing());
  // One that was deleted and made anew counts from the beginning.
  mixed.workload_is_live = true;
  const Plan follows = plan(mixed);
  CHECK_FALSE(follows.read_workload_live);
  CHECK_FALSE(follows.writes_nothing());
}

TEST_CASE("a Deployment that goes away leaves the pods as they are") {
  SimulatedWorld world = taking_over("never");
  world.run();
  world.edit(R"({"workloadRef":{"name":"other"}})");
  world.run(10_s);
  CHECK(world.sizes() == "v1:4/4");
  CHECK(world.rollout().status.phase == "Degraded");
}

TEST_CASE("a PodTemplate lends no selector, so the Rollout needs its own (22.1)") {
  SimulatedWorld world(1, R"({"canary":{}})");
  world.edit(R"({"template":null,"selector":null,
                 "workloadRef":{"apiVersion":"v1","kind":"PodTemplate","name":"web"}})");
  world.put("PodTemplate", json(R"({"metadata":{"name":"web","namespace":"shop","uid":"u"},
      "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"v1"}]}}})"));
  world.settle();
  CHECK(world.rollout().status.message.find("missing field '.spec.selector'") != std::string::npos);
  world.edit(R"({"selector":{"matchLabels":{"app":"web"}}})");
  world.run();
  CHECK(world.sizes() == "v1:1/1");
}

}  // namespace
}  // namespace slipway::rollout
