#include "api/core_conform.h"

#include "api/core_rules.h"
#include "api/test_data.h"

namespace slipway::api {
namespace {

/// The type of an object of a recording; nothing for custom resources, lists and the like.
const CoreType* type_of(const Json& object) {
  const std::string_view version = object["apiVersion"].string_or_empty();
  const std::string_view kind = object["kind"].string_or_empty();
  const bool core = version == "v1" || version == "apps/v1" || version == "batch/v1" ||
                    version == "autoscaling/v1" || version == "coordination.k8s.io/v1" ||
                    version == "discovery.k8s.io/v1" || version == "networking.k8s.io/v1";
  return core && kind != "Status" ? find_core_type(kind) : nullptr;
}

std::vector<const Json*> objects_in(const Json& body) {
  if (!body["items"].is_array()) return {&body};
  std::vector<const Json*> objects;
  for (const Json& item : body["items"].as_array()) objects.push_back(&item);
  return objects;
}

TEST_CASE("what a real server printed is printed again, to the byte") {
  std::size_t objects = 0;
  for (const Json& exchange : read_recorded_exchanges()) {
    for (const Json* object : objects_in(exchange["body"])) {
      const CoreType* type = type_of(*object);
      if (type == nullptr) continue;
      CAPTURE(exchange["name"].string_or_empty());
      std::vector<std::string> unknown;
      for (const auto read : {&conform, &conform_with_defaults}) {
        const auto result = read(*type, *object, &unknown);
        REQUIRE_MESSAGE(result.has_value(), result.error().message);
        CHECK(to_text(*result) == to_text(*object));
      }
      CHECK(unknown == std::vector<std::string>{});
      ++objects;
    }
  }
  CHECK(objects > 60);
}

TEST_CASE("objects of real clusters need no more defaults") {
  std::size_t objects = 0;
  for (const auto& [file, list] : read_snapshots()) {
    for (const Json& object : list["items"].as_array()) {
      const CoreType* type = type_of(object);
      if (type == nullptr) continue;
      CAPTURE(file);
      CAPTURE(object["kind"].string_or_empty());
      const auto result = conform_with_defaults(*type, object);
      REQUIRE_MESSAGE(result.has_value(), result.error().message);
      CHECK(*result == object);
      ++objects;
    }
  }
  CHECK((objects == 0 || objects > 300));
}

TEST_CASE("what a client sends gets the defaults of a real server") {
  std::size_t objects = 0;
  for (const Json& exchange : read_recorded_exchanges()) {
    const Json& body = exchange["body"];
    const CoreType* type = type_of(body);
    if (type == nullptr || exchange["method"] != Json("POST")) continue;
    if (!exchange["sent"].is_object() || exchange["code"] != Json(201)) continue;
    CAPTURE(exchange["name"].string_or_empty());
    auto sent = conform_with_defaults(*type, exchange["sent"]);
    REQUIRE_MESSAGE(sent.has_value(), sent.error().message);
    if (type->name == "Pod") admit_pod(*sent);
    Json want = body["spec"];
    if (type->name == "Service") {  // Allocated, not defaulted.
      want.erase("clusterIP");
      want.erase("clusterIPs");
    }
    if (type->name == "Namespace") want = Json::object();  // Its finalizer is the server's doing.
    CHECK((*sent)["spec"] == want);
    CHECK((*sent)["data"] == body["data"]);
    CHECK((*sent)["status"] == body["status"]);
    CHECK((*sent)["metadata"]["labels"] == body["metadata"]["labels"]);
    ++objects;
  }
  CHECK(objects > 10);
}

TEST_CASE("defaults that follow from other fields") {
  struct Row {
    const char* type;
    const char* given;
    const char* pointer;
    const char* want;
  };
  const Row rows[] = {
      {"ReplicaSet",      R"({})",                                                                           "/spec/replicas",                        "1"                                                                                                                                   },
      {"ReplicaSet",      R"({"spec":{"replicas":0}})",                                                      "/spec/replicas",                        "0"                                                                                                                                   },
      {"Deployment",      R"({})",                                                                           "/spec/strategy/rollingUpdate/maxSurge", R"("25%")"                                                                                                                            },
      {"Deployment",      R"({"spec":{"strategy":{"type":"Recreate"}}})",                                    "/spec/strategy",
       R"({"type":"Recreate"})"                                                                                                                                                                                                                                                             },
      {"Deployment",      R"({})",                                                                           "/spec/progressDeadlineSeconds",         "600"                                                                                                                                 },
      {"Job",             R"({})",                                                                           "/spec/completions",                     "1"                                                                                                                                   },
      {"Job",             R"({"spec":{"parallelism":2}})",                                                   "/spec/completions",                     "null"                                                                                                                                },
      {"Job",             R"({"spec":{"backoffLimitPerIndex":1}})",                                          "/spec/backoffLimit",                    "2147483647"                                                                                                                          },
      {"Job",             R"({"spec":{"template":{"metadata":{"labels":{"a":"1"}}}}})",                      "/metadata/labels/a",
       R"("1")"                                                                                                                                                                                                                                                                             },
      {"Secret",          R"({"stringData":{"k":"v"}})",                                                     "/data/k",                               R"("dg==")"                                                                                                                           },
      {"Secret",          R"({"stringData":{"k":"v"}})",                                                     "/stringData",                           "null"                                                                                                                                },
      {"Secret",          R"({})",                                                                           "/type",                                 R"("Opaque")"                                                                                                                         },
      {"Namespace",       R"({"metadata":{"name":"shop"}})",
       "/metadata/labels/kubernetes.io~1metadata.name",                                                                                               R"("shop")"                                                                                                                           },
      {"Node",            R"({"status":{"capacity":{"cpu":"4000m"}}})",                                      "/status/allocatable/cpu",               R"("4")"                                                                                                                              },
      {"Endpoints",       R"({"subsets":[{"ports":[{"port":1}]}]})",                                         "/subsets/0/ports/0/protocol",
       R"("TCP")"                                                                                                                                                                                                                                                                           },
      {"EndpointSlice",   R"({"ports":[{"port":1}]})",                                                       "/ports/0",
       R"({"name":"","protocol":"TCP","port":1})"                                                                                                                                                                                                                                           },
      {"Service",         R"({"spec":{"ports":[{"port":8,"targetPort":"web"}]}})",
       "/spec/ports/0/targetPort",                                                                                                                    R"("web")"                                                                                                                            },
      {"Service",         R"({"spec":{"type":"ExternalName"}})",                                             "/spec/internalTrafficPolicy",           "null"                                                                                                                                },
      {"Service",         R"({"spec":{"type":"LoadBalancer"}})",                                             "/spec/allocateLoadBalancerNodePorts",
       "true"                                                                                                                                                                                                                                                                               },
      {"Service",         R"({"spec":{"type":"NodePort"}})",                                                 "/spec/externalTrafficPolicy",           R"("Cluster")"                                                                                                                        },
      {"Service",         R"({"spec":{"sessionAffinity":"ClientIP"}})",
       "/spec/sessionAffinityConfig/clientIP/timeoutSeconds",                                                                                         "10800"                                                                                                                               },
      {"Service",         R"({"spec":{"sessionAffinityConfig":{"clientIP":{}}}})",
       "/spec/sessionAffinityConfig",                                                                                                                 "null"                                                                                                                                },
      {"Pod",             R"({"spec":{"containers":[{"resources":{"limits":{"cpu":1}}}]}})",
       "/spec/containers/0/resources/requests/cpu",                                                                                                   R"("1")"                                                                                                                              },
      {"Pod",             R"({"spec":{"hostNetwork":true,"containers":[{"ports":[{"containerPort":8}]}]}})",
       "/spec/containers/0/ports/0/hostPort",                                                                                                         "8"                                                                                                                                   },
      {"Pod",             R"({"spec":{"serviceAccountName":"robot"}})",                                      "/spec/serviceAccount",                  R"("robot")"                                                                                                                          },
      {"Pod",             R"({"status":{"podIP":"10.1.2.3"}})",                                              "/status/podIPs/0/ip",                   R"("10.1.2.3")"                                                                                                                       },
      {"PodTemplateSpec", R"({"spec":{"containers":[{"resources":{"limits":{"cpu":1}}}]}})",
       "/spec/containers/0/resources/requests",                                                                                                       "null"                                                                                                                                },
      {"PodTemplateSpec", R"({})",                                                                           "/spec/enableServiceLinks",              "null"                                                                                                                                },
      {"PodTemplateSpec", R"({"spec":{"volumes":[{"name":"s","secret":{}}]}})",
       "/spec/volumes/0/secret/defaultMode",                                                                                                          "420"                                                                                                                                 },
      {"PodTemplateSpec", R"({"spec":{"volumes":[{"name":"h","hostPath":{"path":"/x"}}]}})",
       "/spec/volumes/0/hostPath/type",                                                                                                               R"("")"                                                                                                                               },
      {"PodTemplateSpec", R"({"spec":{"volumes":[{"name":"i","iscsi":{}}]}})",
       "/spec/volumes/0/iscsi/iscsiInterface",                                                                                                        R"("default")"                                                                                                                        },
      {"PodTemplateSpec", R"({"spec":{"containers":[{"env":[{"valueFrom":{"fieldRef":{}}}]}]}})",
       "/spec/containers/0/env/0/valueFrom/fieldRef/apiVersion",                                                                                      R"("v1")"                                                                                                                             },
      {"PodTemplateSpec", R"({"spec":{"ephemeralContainers":[{"name":"e"}]}})",
       "/spec/ephemeralContainers/0/terminationMessagePolicy",                                                                                        R"("File")"                                                                                                                           },
      {"PodTemplateSpec", R"({"spec":{"initContainers":[{"livenessProbe":{"httpGet":{}}}]}})",
       "/spec/initContainers/0/livenessProbe",                                                                                                        R"({"httpGet":{"path":"/","port":0,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    CAPTURE(row.pointer);
    const auto result = conform_with_defaults(*find_core_type(row.type), json(row.given));
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    const Json* found = result->find_pointer(row.pointer);
    CHECK((found == nullptr ? Json() : *found) == json(row.want));
  }
}

TEST_CASE("an image's tag decides when it is pulled") {
  struct Row {
    const char* image;
    const char* policy;
  };
  const Row rows[] = {
      {"nginx",                   "Always"      },
      {"nginx:latest",            "Always"      },
      {"nginx:1.27",              "IfNotPresent"},
      {"registry:5000/nginx",     "Always"      },
      {"registry:5000/nginx:1",   "IfNotPresent"},
      {"Registry.Example/nginx",  "Always"      },
      {"nginx@sha256:abc",        "IfNotPresent"},
      {"nginx:latest@sha256:abc", "Always"      },
      {"nginx:1@sha256:abc",      "IfNotPresent"},
      {"Nginx",                   "IfNotPresent"},
      {"",                        "IfNotPresent"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.image);
    CHECK(image_pull_policy(row.image) == row.policy);
  }
}

TEST_CASE("values of the wrong type are refused in the words of Go's decoder") {
  struct Row {
    const char* type;
    const char* text;
    const char* where;
    const char* message;
  };
  const Row rows[] = {
      // The first three as recorded.
      {"ReplicaSet", R"({"spec":{"replicas":"three"}})",                                             "spec.replicas",
       "json: cannot unmarshal string into Go struct field ReplicaSetSpec.spec.replicas of type "
       "int32"                                                                                                                                                          },
      {"ConfigMap",  R"({"data":{"k":7}})",                                                          "data",
       "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"                                                                               },
      {"Lease",      R"({"spec":{"renewTime":"2026-01-01T00:00:00Z"}})",                             "spec.renewTime",
       R"(parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000")"                                                    },
      {"ReplicaSet", R"([])",                                                                        "",
       "json: cannot unmarshal array into Go value of type v1.ReplicaSet"                                                                                               },
      {"ReplicaSet", R"({"spec":7})",                                                                "spec",
       "json: cannot unmarshal number into Go struct field ReplicaSet.spec of type "
       "v1.ReplicaSetSpec"                                                                                                                                              },
      {"ReplicaSet", R"({"spec":{"replicas":1.5}})",                                                 "spec.replicas",
       "json: cannot unmarshal number 1.5 into Go struct field ReplicaSetSpec.spec.replicas of "
       "type int32"                                                                                                                                                     },
      {"ReplicaSet", R"({"spec":{"replicas":3000000000}})",                                          "spec.replicas",
       "json: cannot unmarshal number 3000000000 into Go struct field ReplicaSetSpec.spec.replicas "
       "of type int32"                                                                                                                                                  },
      {"Pod",        R"({"spec":{"containers":{}}})",                                                "spec.containers",
       "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type "
       "[]v1.Container"                                                                                                                                                 },
      {"Pod",        R"({"spec":{"containers":[{"name":"a"},{"ports":[{"containerPort":true}]}]}})",
       "spec.containers[1].ports[0].containerPort",                                                                                "json: cannot unmarshal bool into Go struct field "
       "ContainerPort.spec.containers.ports.containerPort of type int32"                                             },
      {"Pod",        R"({"metadata":{"labels":["a"]}})",                                             "metadata.labels",
       "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type "
       "map[string]string"                                                                                                                                              },
      {"Pod",        R"({"metadata":{"creationTimestamp":"yesterday"}})",                            "metadata.creationTimestamp",
       R"(parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006")"                                                                 },
      {"Pod",        R"({"spec":{"overhead":{"cpu":"much"}}})",                                      "spec.overhead",
       "quantities must match the regular expression "
       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"                                                                                                                 },
      {"Service",    R"({"spec":{"ports":[{"targetPort":true}]}})",                                  "spec.ports[0].targetPort",
       "json: cannot unmarshal bool into Go value of type int32"                                                                                                        },
      {"Secret",     R"({"data":{"k":"?"}})",                                                        "data",                       "illegal base64 data at input byte 0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto result = conform(*find_core_type(row.type), json(row.text));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().where == row.where);
    CHECK(result.error().message == row.message);
  }
}

TEST_CASE("unknown fields are dropped and told") {
  std::vector<std::string> unknown;
  const auto result = conform(*find_core_type("ReplicaSet"),
                              json(R"({"odd":1,"spec":{"template":{"spec":{"containers":[
                                  {"name":"a"},{"name":"b","Image":"i"}]}},"selector":{"x":{}}}})"),
                              &unknown);
  REQUIRE(result.has_value());
  CHECK(unknown == std::vector<std::string>{"odd", "spec.selector.x",
                                            "spec.template.spec.containers[1].Image"});
  CHECK(result->find("odd") == nullptr);
}

TEST_CASE("quality of service follows from requests and limits") {
  struct Row {
    const char* resources;
    const char* quality;
  };
  const Row rows[] = {
      {R"({})",                                                                          "BestEffort"},
      {R"({"requests":{"cpu":"1"}})",                                                    "Burstable" },
      {R"({"limits":{"cpu":"1"}})",                                                      "Burstable" },
      {R"({"limits":{"cpu":"1","memory":"1Gi"}})",                                       "Guaranteed"},
      {R"({"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1","memory":"1Gi"}})",
       "Guaranteed"                                                                                  },
      {R"({"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"1","memory":"1Gi"}})",
       "Burstable"                                                                                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.resources);
    Json pod = json(R"({"spec":{"containers":[{"name":"c"}]}})");
    pod.member("spec").member("containers").as_array()[0].set("resources", json(row.resources));
    auto stored = conform_with_defaults(*find_core_type("Pod"), pod);
    REQUIRE(stored.has_value());
    admit_pod(*stored);
    CHECK((*stored)["status"]["qosClass"] == Json(row.quality));
    CHECK((*stored)["spec"]["tolerations"].size() == 2);
  }
}

}  // namespace
}  // namespace slipway::api
