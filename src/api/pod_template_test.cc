#include "api/pod_template.h"

#include "api/test_data.h"
#include "api/workload.h"

namespace slipway::api {
namespace {

TEST_CASE("hashes are those of Argo Rollouts (2.1, 2.2)") {
  std::size_t rows = 0;
  for (const auto& row : read_table("compat/hash-vectors.tsv")) {
    CAPTURE(row.at("json"));
    CAPTURE(row.at("note"));
    const Json value = json(row.at("json"));
    std::optional<std::int32_t> collisions;
    if (!row.at("collision_count").empty()) collisions = std::stoi(row.at("collision_count"));
    const std::string& versions = row.at("versions");
    if (row.at("kind") == "stepHash") {
      // One row is of a time when the step's type lacked a field that is always written.
      CHECK((step_hash(value) == row.at("hash")) == (versions == "all"));
    } else if (versions == "up to v1.8") {
      CHECK(pod_template_hash_before_1_9(value, collisions) == row.at("hash"));
    } else {
      CHECK(pod_template_hash(value, collisions) == row.at("hash"));
    }
    ++rows;
  }
  CHECK(rows == 15);
}

TEST_CASE("a hash covers what Go's types hold, however it is written") {
  const std::string hash = pod_template_hash(
      json(R"({"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"name":"c",
               "image":"i","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}})"),
      std::nullopt);
  const char* const same[] = {
      // Other orders, unknown fields, zeros and other spellings of quantities.
      R"({"spec":{"containers":[{"resources":{"limits":{"memory":"1024Mi","cpu":"1000m"}},
          "image":"i","name":"c"}]},"metadata":{"labels":{"b":"2","a":"1"}}})",
      R"({"metadata":{"labels":{"a":"1","b":"2"},"creationTimestamp":null,"annotations":{}},
          "spec":{"volumes":[],"hostNetwork":false,"odd":{"x":1},"containers":[{"name":"c",
          "image":"i","command":null,"resources":{"limits":{"cpu":1,"memory":"1Gi"}}}]}})",
      // A field of the wrong type counts as absent.
      R"({"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"nodeName":7,"containers":[{"name":"c",
          "image":"i","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}})",
  };
  for (const char* text : same) {
    CAPTURE(text);
    CHECK(pod_template_hash(json(text), std::nullopt) == hash);
  }
  CHECK(pod_template_hash(json(same[0]), 0) != hash);
  CHECK(pod_template_hash(json(same[0]), 1) != pod_template_hash(json(same[0]), 2));
  CHECK(step_hash(Json()) == step_hash(Json::array()));
}

TEST_CASE("no input is beyond hashing") {
  for (const char* text :
       {"null", "[]", "7", "\"x\"", R"({"spec":[]})", R"({"spec":{"containers":7}})",
        R"({"spec":{"containers":[null,7,{"ports":[[]]}]}})",
        R"({"metadata":{"labels":{"a":null,"b":[],"a":"2"}}})",
        R"({"spec":{"overhead":{"cpu":"many","memory":{},"x":null}}})"}) {
    CAPTURE(text);
    CHECK(!pod_template_hash(json(text), std::nullopt).empty());
    CHECK(!step_hash(json(text)).empty());
    const PodTemplate pod_template(json(text));
    CHECK(pod_template.content() == json(text));
  }
}

constexpr const char* plain = R"({"metadata":{"labels":{"app":"web"}},
    "spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}],
    "resources":{"requests":{"cpu":"500m"}}}]}})";

TEST_CASE("templates that mean the same are equal") {
  struct Row {
    const char* name;
    const char* text;
  };
  const Row rows[] = {
      {"written again",                                  plain                                },
      {"as a server stored it",
       R"({"metadata":{"creationTimestamp":null,"labels":{"app":"web"}},"spec":{"containers":[
           {"name":"c","image":"i:1","ports":[{"containerPort":80,"protocol":"TCP"}],
           "resources":{"requests":{"cpu":"500m"}},"terminationMessagePath":"/dev/termination-log",
           "terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],
           "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
           "securityContext":{},"schedulerName":"default-scheduler"}})"},
      {"with the hash label",
       R"({"metadata":{"labels":{"app":"web","rollouts-pod-template-hash":"abc"}},
           "spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}],
           "resources":{"requests":{"cpu":"500m"}}}]}})"            },
      {"a quantity written otherwise, and empty things",
       R"({"metadata":{"labels":{"app":"web"},"annotations":{}},"spec":{"volumes":[],
           "initContainers":null,"nodeSelector":{},"containers":[{"name":"c","image":"i:1","env":[],
           "ports":[{"containerPort":80,"hostPort":0}],"resources":{"requests":{"cpu":0.5},
           "limits":{}}}]}})"         },
      {"a field that no table knows",
       R"({"metadata":{"labels":{"app":"web"}},"spec":{"fieldOfTheFuture":"on","containers":[
           {"name":"c","image":"i:1","ports":[{"containerPort":80}],
           "resources":{"requests":{"cpu":"500m"}}}]}})" },
  };
  const PodTemplate first(json(plain));
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(PodTemplate(json(row.text)) == first);
  }
}

TEST_CASE("templates that mean something else differ") {
  const char* const others[] = {
      R"({"metadata":{"labels":{"app":"other"}},"spec":{"containers":[{"name":"c","image":"i:1",
          "ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"500m"}}}]}})",
      R"({"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i:2",
          "ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"500m"}}}]}})",
      R"({"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i:1",
          "ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"501m"}}}]}})",
      R"({"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i:1",
          "ports":[{"containerPort":80,"protocol":"UDP"}],
          "resources":{"requests":{"cpu":"500m"}}}]}})",
      R"({"metadata":{"labels":{"app":"web"},"annotations":{"a":""}},"spec":{"containers":[
          {"name":"c","image":"i:1","ports":[{"containerPort":80}],
          "resources":{"requests":{"cpu":"500m"}}}]}})",
      R"({"metadata":{"labels":{"app":"web"}},"spec":{"automountServiceAccountToken":false,
          "containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}],
          "resources":{"requests":{"cpu":"500m"}}}]}})",
  };
  for (const char* other : others) {
    CAPTURE(other);
    CHECK_FALSE(PodTemplate(json(other)) == PodTemplate(json(plain)));
  }
  CHECK_FALSE(PodTemplate(json(plain)) == PodTemplate());
  CHECK(PodTemplate() == PodTemplate(Json()));
}

TEST_CASE("what servers of other times filled in doesn't make a template differ") {
  struct Row {
    const char* name;
    const char* wanted;
    const char* stored;
  };
  const Row rows[] = {
      {"the host's ports, up to Kubernetes 1.27",
       R"({"spec":{"hostNetwork":true,"containers":[{"ports":[{"containerPort":80}]}]}})",      R"({"spec":{"hostNetwork":true,"containers":[{"ports":[{"hostPort":80,"containerPort":80,
           "protocol":"TCP"}]}]}})"},
      {"the old name of the service account",     R"({"spec":{"serviceAccount":"robot"}})",
       R"({"spec":{"serviceAccount":"robot","serviceAccountName":"robot"}})"                                                                                                             },
      {"the new name of the service account",     R"({"spec":{"serviceAccountName":"robot"}})",
       R"({"spec":{"serviceAccount":"robot","serviceAccountName":"robot"}})"                                                                                                             },
      {"a volume without a source",               R"({"spec":{"volumes":[{"name":"v"}]}})",
       R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})"                                                                                                                            },
      {"an image volume's pull policy",
       R"({"spec":{"volumes":[{"name":"v","image":{"reference":"i"}}]}})",                      R"({"spec":{"volumes":[{"name":"v","image":{"reference":"i","pullPolicy":"Always"}}]}})" },
      {"resources finer than a thousandth",       R"({"spec":{"overhead":{"cpu":"1u"}}})",
       R"({"spec":{"overhead":{"cpu":"1m"}}})"                                                                                                                                           },
      {"a gRPC probe's service",
       R"({"spec":{"containers":[{"livenessProbe":{"grpc":{"port":1}}}]}})",                    R"({"spec":{"containers":[{"livenessProbe":{"grpc":{"port":1,"service":""},
           "timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}}]}})"              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(PodTemplate(json(row.wanted)) == PodTemplate(json(row.stored)));
  }
}

TEST_CASE("a template gives back what it was made of, unknown fields included") {
  const Json content = json(R"({"metadata":{"labels":{"rollouts-pod-template-hash":"5d4"}},
      "spec":{"containers":[],"odd":[1,2.5,null]}})");
  const PodTemplate pod_template(content);
  CHECK(to_text(pod_template.content()) == to_text(content));
  CHECK_FALSE(pod_template.absent());
  CHECK(PodTemplate().absent());
  CHECK(PodTemplate().content().is_null());
  CHECK(PodTemplate().meaning() == Hash128{});
}

TEST_CASE("a template that nobody read yet is the same as one that was read") {
  const Json content = json(plain);
  const PodTemplate unread = PodTemplate::unread(to_pretty_text(content));
  CHECK(unread == PodTemplate(content));
  CHECK(unread.content() == content);
  const auto replica_set = decode<ReplicaSet>(Json::object({
      {"spec", Json::object({{"template", to_text(content)}})}
  }));
  REQUIRE(replica_set.has_value());
  CHECK(replica_set->spec.template_ == unread);
  // What no server sends is no crash either.
  CHECK(PodTemplate::unread("{\"a\":}").content().is_null());
  CHECK(PodTemplate::unread("{\"a\":}") != unread);
  CHECK_FALSE(decode<ReplicaSet>(Json::object({
                                     {"spec", Json::object({{"template", "text"}})}
  }))
                  .has_value());
}

/// A template of a common fleet: all alike but for a few names and values.
Json fleet_template(int number) {
  Json pod_template = json(plain);
  Json& spec = pod_template.member("spec");
  spec.set("schedulerName", "scheduler-" + std::to_string(number % 7));
  Json env = Json::array();
  for (int i = 0; i < 20; ++i) {
    Json variable = Json::object();
    variable.set("name", "SETTING_" + std::to_string(i));
    variable.set("value", "value-" + std::to_string(number * 31 + i));
    env.push_back(std::move(variable));
  }
  spec.member("containers").as_array()[0].set("env", std::move(env));
  return pod_template;
}

TEST_CASE("equal contents are kept once, and are gone with their last template") {
  const std::size_t before = pod_template_memory().templates;
  {
    const PodTemplate first(fleet_template(-1));
    const PodTemplate second(fleet_template(-1));
    const PodTemplate copy = second;
    CHECK(pod_template_memory().templates == before + 1);
  }
  CHECK(pod_template_memory().templates == before);
}

TEST_CASE("templates of one fleet pack well, and come back as they were") {
  std::vector<PodTemplate> templates;
  for (int i = 0; i < 1200; ++i) templates.emplace_back(fleet_template(i));
  const PodTemplateMemory before = pod_template_memory();
  for (int i = 1200; i < 1300; ++i) templates.emplace_back(fleet_template(i));
  const PodTemplateMemory after = pod_template_memory();
  CHECK(after.templates - before.templates == 100);
  // By now the dictionary is trained, if perhaps of other tests' templates.
  CHECK((after.packed_bytes - before.packed_bytes) * 4 < after.text_bytes - before.text_bytes);
  for (int i = 0; i < 1300; i += 37) {
    CAPTURE(i);
    CHECK(templates[static_cast<std::size_t>(i)].content() == fleet_template(i));
  }
}

TEST_CASE("of a template that differs in little from the one before, only that is kept") {
  const PodTemplate first(fleet_template(5000));
  Json content = fleet_template(5000);
  content.member("metadata").member("labels").set("rollouts-pod-template-hash", "5d4f");
  const PodTemplateMemory before = pod_template_memory();
  auto base = std::make_unique<PodTemplate>(first);
  const PodTemplate second(content);
  const PodTemplateMemory after = pod_template_memory();
  CHECK(after.packed_bytes - before.packed_bytes < 100);
  base.reset();
  CHECK(second.content() == content);
  CHECK(first.content() == fleet_template(5000));
}

TEST_CASE("in real clusters each ReplicaSet means its Rollout's template, and hashes agree") {
  std::size_t replica_sets = 0;
  for (const auto& [file, list] : read_snapshots()) {
    CAPTURE(file);
    const auto& items = list["items"].as_array();
    for (const Json& rollout : items) {
      if (rollout["kind"] != Json("Rollout")) continue;
      const Json* pod_template = rollout.find_pointer("/spec/template");
      for (const Json& other : items) {
        const bool referred = rollout["spec"]["workloadRef"].is_object();
        if (referred && other["kind"] == Json("Deployment")) {
          pod_template = other.find_pointer("/spec/template");
        }
      }
      REQUIRE(pod_template != nullptr);
      const Json& current = rollout["status"]["currentPodHash"];
      const bool is_old = file.starts_with("1.7.1");
      const std::string hash = is_old ? pod_template_hash_before_1_9(*pod_template, std::nullopt)
                                      : pod_template_hash(*pod_template, std::nullopt);
      CHECK(Json(hash) == current);
      const Json& step = rollout["status"]["currentStepHash"];
      if (step.is_string() && file != "1.7.1/analysis-running.json") {
        CHECK(Json(step_hash(rollout["spec"]["strategy"]["canary"]["steps"])) == step);
      }
      for (const Json& other : items) {
        if (other["kind"] != Json("ReplicaSet")) continue;
        if (other["metadata"]["labels"][pod_template_hash_label] != current) continue;
        if (other["metadata"]["ownerReferences"].at(0)["uid"] != rollout["metadata"]["uid"])
          continue;
        const PodTemplate stored(other["spec"]["template"]);
        CHECK(stored == PodTemplate(*pod_template));
        ++replica_sets;
      }
    }
  }
  CHECK((replica_sets == 0 || replica_sets > 30));
}

}  // namespace
}  // namespace slipway::api
