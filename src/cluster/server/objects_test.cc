#include "cluster/server/server_for_test.h"

namespace slipway::cluster {
namespace {

const std::string config_maps = "/api/v1/namespaces/default/configmaps";
const std::string pods = "/api/v1/namespaces/default/pods";
const std::string replica_sets = "/apis/apps/v1/namespaces/default/replicasets";

std::string config_map(std::string_view name) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + std::string(name) + "}}";
}

std::string pod(std::string_view name) {
  return "{apiVersion: v1, kind: Pod, metadata: {name: " + std::string(name) +
         ", labels: {app: web}}, spec: {containers: [{name: c, image: 'registry.example/c:1'}]}}";
}

constexpr const char* web =
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web}, spec: {replicas: 2, "
    "selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, "
    "spec: {containers: [{name: c, image: 'registry.example/c:1'}]}}}}";

void bind(ServerForTest& test, const std::string& name) {
  const kubernetes::Response bound =
      test.create(pods + "/" + name + "/binding",
                  "{apiVersion: v1, kind: Binding, target: {kind: Node, name: node-1}}");
  REQUIRE(bound.status == 201);
}

}  // namespace

TEST_CASE("a cluster has its namespaces and the kubernetes Service from the start") {
  ServerForTest test;
  CHECK(test.read("/api/v1/namespaces")["items"].size() == 4);
  const Json service = test.read("/api/v1/namespaces/default/services/kubernetes");
  CHECK(service["spec"]["clusterIP"] == Json("10.96.0.1"));
}

TEST_CASE("pages of a list show one state, whatever happens in between") {
  ServerForTest test;
  for (const char* name : {"a", "b", "c", "d", "e"}) test.made(config_maps, config_map(name));
  const Json first = test.read(config_maps + "?limit=2");
  CHECK(first["items"].size() == 2);
  CHECK(first["metadata"]["remainingItemCount"] == Json(3));
  test.remove(config_maps + "/c");
  test.made(config_maps, config_map("cc"));
  test.merge(config_maps + "/d", "{data: {k: v}}");
  const std::string token = first["metadata"]["continue"].as_string();
  const Json second = test.read(config_maps + "?limit=2&continue=" + token);
  CHECK(second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]);
  CHECK(second["metadata"]["remainingItemCount"] == Json(1));
  CHECK(second["items"].at(0)["metadata"]["name"] == Json("c"));
  CHECK(second["items"].at(1)["metadata"]["name"] == Json("d"));
  CHECK(second["items"].at(1)["data"].is_null());
  const Json third =
      test.read(config_maps + "?limit=2&continue=" + second["metadata"]["continue"].as_string());
  CHECK(third["items"].size() == 1);
  CHECK(third["metadata"]["continue"].is_null());
  test.server().compact();
  CHECK(test.get(config_maps + "?limit=2&continue=" + token).status == 410);
}

TEST_CASE("a list can be had as it was at a version") {
  ServerForTest test;
  const Json a = test.made(config_maps, config_map("a"));
  test.remove(config_maps + "/a");
  const Json list = test.read(config_maps + "?resourceVersionMatch=Exact&resourceVersion=" +
                              a["metadata"]["resourceVersion"].as_string());
  CHECK(list["items"].size() == 1);
}

TEST_CASE("generated names are retried until one is free") {
  ServerForTest test;
  std::set<std::string> names;
  for (int i = 0; i < 50; ++i) {
    const Json made =
        test.made(config_maps, "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: gen-}}");
    names.insert(made["metadata"]["name"].as_string());
  }
  CHECK(names.size() == 50);
}

TEST_CASE("a dry run answers as if, and leaves nothing") {
  ServerForTest test;
  const std::uint64_t before = test.server().revision();
  CHECK(test.create(config_maps + "?dryRun=All", config_map("a")).status == 201);
  CHECK(test.get(config_maps + "/a").status == 404);
  const Json service = ServerForTest::body(test.create(
      "/api/v1/namespaces/default/services?dryRun=All",
      "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 1}]}}"));
  CHECK(service["metadata"]["resourceVersion"].is_null());
  CHECK(test.server().revision() == before);
  test.made(config_maps, config_map("a"));
  CHECK(test.merge(config_maps + "/a?dryRun=All", "{data: {k: v}}").status == 200);
  CHECK(test.remove(config_maps + "/a?dryRun=All").status == 200);
  CHECK(test.read(config_maps + "/a")["data"].is_null());
}

TEST_CASE("what a write may change depends on the way it takes") {
  ServerForTest test;
  const std::string path = replica_sets + "/web";
  test.made(replica_sets, web);
  CHECK(test.read(path)["metadata"]["generation"] == Json(1));
  test.merge(path + "/status", "{spec: {replicas: 9}, status: {replicas: 2, readyReplicas: 1}}");
  Json now = test.read(path);
  CHECK(now["spec"]["replicas"] == Json(2));
  CHECK(now["status"]["readyReplicas"] == Json(1));
  CHECK(now["metadata"]["generation"] == Json(1));
  test.merge(path, "{spec: {replicas: 3}, status: {readyReplicas: 7}}");
  now = test.read(path);
  CHECK(now["spec"]["replicas"] == Json(3));
  CHECK(now["status"]["readyReplicas"] == Json(1));
  CHECK(now["metadata"]["generation"] == Json(2));
  const Json scale = ServerForTest::body(test.merge(path + "/scale", "{spec: {replicas: 5}}"));
  CHECK(scale["kind"] == Json("Scale"));
  CHECK(scale["status"]["selector"] == Json("app=web"));
  CHECK(test.read(path)["spec"]["replicas"] == Json(5));
  CHECK(test.merge(path + "/scale", "{spec: {replicas: -1}}").status == 422);
}

TEST_CASE("a patch that touches one field reads and keeps all others") {
  ServerForTest test;
  const std::string path = replica_sets + "/web";
  const Json made = test.made(replica_sets, web);
  Json patched = ServerForTest::body(test.merge(path, "{spec: {replicas: 1}}"));
  CHECK(patched["spec"]["template"] == made["spec"]["template"]);
  patched = ServerForTest::body(
      test.merge(path, "{spec: {template: {spec: {containers: [{name: c, image: 'a:2'}]}}}}"));
  // What the new container left out is filled in.
  CHECK(patched["spec"]["template"]["spec"]["containers"].at(0)["imagePullPolicy"] ==
        Json("IfNotPresent"));
  const kubernetes::Response odd = test.merge(path, "{spec: {odd: 1, replicas: 2}}");
  CHECK(odd.warnings == std::vector<std::string>{R"(299 - "unknown field \"spec.odd\"")"});
  CHECK(test.merge(path + "?fieldValidation=Strict", "{spec: {odd: 1}}").status == 422);
  CHECK(test.merge(path + "?fieldValidation=Odd", "{spec: {odd: 1}}").status == 422);
}

TEST_CASE("server-side apply is refused with its name") {
  ServerForTest test;
  const kubernetes::Response refused =
      test.patch(config_maps + "/a", "application/apply-patch+yaml", "{}");
  CHECK(refused.status == 415);
  CHECK(refused.body.find("server-side apply") != std::string::npos);
}

TEST_CASE("a pod with a node gets the time it asks for, then goes") {
  ServerForTest test;
  test.made(pods, pod("idle"));
  CHECK(test.remove(pods + "/idle").status == 200);
  CHECK(test.get(pods + "/idle").status == 404);

  test.made(pods, pod("busy"));
  bind(test, "busy");
  CHECK(test.read(pods + "/busy")["status"]["conditions"].at(0)["type"] == Json("PodScheduled"));
  test.remove(pods + "/busy");
  const Json going = test.read(pods + "/busy");
  CHECK(going["metadata"]["deletionGracePeriodSeconds"] == Json(30));
  CHECK(going["metadata"]["deletionTimestamp"] ==
        Json(format_rfc3339(test.loop().now() + Duration::from_seconds(30))));
  // A later deletion shortens the time, and never lengthens it.
  test.remove(pods + "/busy", "{gracePeriodSeconds: 60}");
  CHECK(test.read(pods + "/busy")["metadata"]["deletionGracePeriodSeconds"] == Json(30));
  test.remove(pods + "/busy", "{gracePeriodSeconds: 5}");
  CHECK(test.read(pods + "/busy")["metadata"]["deletionGracePeriodSeconds"] == Json(5));
  test.remove(pods + "/busy", "{gracePeriodSeconds: 0}");
  CHECK(test.get(pods + "/busy").status == 404);
}

TEST_CASE("an eviction is a deletion that a disruption budget can forbid") {
  ServerForTest test;
  const char* eviction = "{apiVersion: policy/v1, kind: Eviction, metadata: {name: web}}";
  test.made(pods, pod("web"));
  bind(test, "web");
  test.merge(pods + "/web/status", "{status: {phase: Running}}");
  const std::string budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
  test.made(budgets,
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: "
            "{minAvailable: 1, selector: {matchLabels: {app: web}}}}");
  CHECK(test.create(pods + "/web/eviction", eviction).status == 429);
  test.merge(budgets + "/b/status", "{status: {disruptionsAllowed: 1}}");
  CHECK(test.create(pods + "/web/eviction", eviction).status == 201);
  CHECK_FALSE(test.read(pods + "/web")["metadata"]["deletionTimestamp"].is_null());
  CHECK(test.read(budgets + "/b")["status"]["disruptionsAllowed"] == Json(0));
  CHECK(test.create(pods + "/none/eviction", eviction).status == 404);
  const Json evicted = test.read(pods + "/web");
  test.merge(budgets + "/b/status", "{status: {disruptionsAllowed: 1}}");
  CHECK(test.create(pods + "/web/eviction", eviction).status == 201);
  CHECK(test.read(pods + "/web") == evicted);  // Once more changes nothing.
}

TEST_CASE("finalizers hold an object until the last is gone") {
  ServerForTest test;
  const std::string path = config_maps + "/held";
  test.made(config_maps,
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: "
            "[example.com/a, example.com/b]}}");
  WatchForTest watch(test, config_maps + "?watch=1");
  CHECK(test.remove(path).status == 200);
  CHECK_FALSE(test.read(path)["metadata"]["deletionTimestamp"].is_null());
  test.merge(path, "{metadata: {finalizers: [example.com/b]}}");
  CHECK(test.get(path).status == 200);
  test.merge(path, "{metadata: {finalizers: null}}");
  CHECK(test.get(path).status == 404);
  CHECK(watch.news() == "ADDED held, MODIFIED held, MODIFIED held, DELETED held");
}

TEST_CASE("the cascade that a deletion asks for becomes a finalizer") {
  struct Row {
    const char* options;
    const char* finalizer;
  };
  const Row rows[] = {
      {"{propagationPolicy: Foreground}", "foregroundDeletion"},
      {"{propagationPolicy: Orphan}",     "orphan"            },
      {"{orphanDependents: true}",        "orphan"            },
      {"{propagationPolicy: Background}", ""                  },
      {"{}",                              ""                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.options);
    ServerForTest test;
    test.made(config_maps, config_map("a"));
    test.remove(config_maps + "/a", row.options);
    const kubernetes::Response left = test.get(config_maps + "/a");
    CHECK((left.status == 404) == std::string(row.finalizer).empty());
    if (left.status == 404) continue;
    CHECK(ServerForTest::body(left)["metadata"]["finalizers"].at(0) == Json(row.finalizer));
  }
}

TEST_CASE("a namespace goes in two steps, and takes nothing new in between") {
  ServerForTest test;
  test.made("/api/v1/namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  const std::string inside = "/api/v1/namespaces/shop/configmaps";
  test.made(inside, config_map("a"));
  test.remove("/api/v1/namespaces/shop");
  const Json going = test.read("/api/v1/namespaces/shop");
  CHECK(going["status"]["phase"] == Json("Terminating"));
  const kubernetes::Response refused = test.create(inside, config_map("b"));
  CHECK(refused.status == 403);
  CHECK(ServerForTest::body(refused)["details"]["causes"].at(0)["reason"] ==
        Json("NamespaceTerminating"));
  // Nobody but the finalize subresource lets it go.
  test.merge("/api/v1/namespaces/shop", "{spec: {finalizers: []}}");
  CHECK(test.get("/api/v1/namespaces/shop").status == 200);
  CHECK(test.replace("/api/v1/namespaces/shop/finalize",
                     "{apiVersion: v1, kind: Namespace, metadata: {name: shop}, spec: {}}")
            .status == 200);
  CHECK(test.get("/api/v1/namespaces/shop").status == 404);
  CHECK(test.remove("/api/v1/namespaces/default").status == 403);
}

TEST_CASE("Services get addresses, keep them, and give them back") {
  ServerForTest test;
  const std::string services = "/api/v1/namespaces/default/services";
  const auto service = [](std::string_view name, std::string_view more) {
    return "{apiVersion: v1, kind: Service, metadata: {name: " + std::string(name) +
           "}, spec: {ports: [{port: 80}]" + std::string(more) + "}}";
  };
  const Json a = test.made(services, service("a", ""));
  const std::string address = a["spec"]["clusterIP"].as_string();
  CHECK(address != "10.96.0.1");
  // A replacement that leaves the address out keeps it.
  test.replace(services + "/a", service("a", ", selector: {app: web}"));
  CHECK(test.read(services + "/a")["spec"]["clusterIP"] == Json(std::string_view(address)));
  CHECK(test.create(services, service("b", ", clusterIP: " + address)).status == 422);
  CHECK(test.create(services, service("b", ", clusterIP: 1.2.3.4")).status == 422);
  CHECK(test.merge(services + "/a", "{spec: {clusterIP: 10.96.9.9}}").status == 422);
  test.remove(services + "/a");
  CHECK(test.create(services, service("b", ", clusterIP: " + address)).status == 201);
  const Json headless = test.made(services, service("h", ", clusterIP: None"));
  CHECK(headless["spec"]["clusterIPs"].at(0) == Json("None"));
  const Json node_port = test.made(services, service("np", ", type: NodePort"));
  const Json port = node_port["spec"]["ports"].at(0)["nodePort"];
  CHECK(port.integer_or(0) >= 30000);
  test.replace(services + "/np", service("np", ", type: NodePort, selector: {a: b}"));
  CHECK(test.read(services + "/np")["spec"]["ports"].at(0)["nodePort"] == port);
}

TEST_CASE("a collection is deleted by selector") {
  ServerForTest test;
  test.made(pods, pod("a"));
  test.made(pods, pod("b"));
  test.made(config_maps, config_map("a"));
  CHECK(test.remove(pods + "?labelSelector=app%3Dother").status == 200);
  CHECK(test.read(pods)["items"].size() == 2);
  CHECK(ServerForTest::body(test.remove(pods + "?labelSelector=app%3Dweb"))["items"].size() == 2);
  CHECK(test.read(pods)["items"].empty());
  CHECK(test.read(config_maps)["items"].size() == 1);
  CHECK(test.remove("/api/v1/namespaces").status == 405);
}

TEST_CASE("what invalid objects are told") {
  ServerForTest test;
  struct Row {
    std::string path;
    const char* yaml;
    const char* message;
  };
  const std::string services = "/api/v1/namespaces/default/services";
  const Row rows[] = {
      {pods,        "{metadata: {name: a}, spec: {containers: [{name: c}]}}",
       "Pod \"a\" is invalid: spec.containers[0].image: Required value"                                                                                                           },
      {pods,
       "{metadata: {name: a}, spec: {containers: [{name: c, image: i}, {name: c, image: i}]}}",  "Pod \"a\" is invalid: spec.containers[1].name: Duplicate value: \"c\""          },
      {pods,
       "{metadata: {name: a}, spec: {containers: [{name: c, image: i, volumeMounts: "
       "[{name: v, mountPath: /x}]}]}}",                                                         "Pod \"a\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"v\""},
      {pods,
       "{metadata: {name: a}, spec: {restartPolicy: Often, containers: [{name: c, image: i}]}}", "Pod \"a\" is invalid: spec.restartPolicy: Unsupported value: \"Often\": supported values: "
       "\"Always\", \"OnFailure\", \"Never\""                                     },
      {services,    "{metadata: {name: a}, spec: {}}",
       "Service \"a\" is invalid: spec.ports: Required value"                                                                                                                     },
      {config_maps, "{metadata: {name: a}, data: {'a b': c}}",
       "ConfigMap \"a\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key must "
       "consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
       "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"                                                                                                              },
      {config_maps,
       "{metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: p}]}}",         "ConfigMap \"a\" is invalid: metadata.ownerReferences.uid: Invalid value: \"\": must not "
       "be empty"                                                                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const kubernetes::Response response = test.create(row.path, row.yaml);
    CHECK(response.status == 422);
    CHECK(ServerForTest::body(response)["message"] == Json(row.message));
  }
}

TEST_CASE("paths and methods that are not served are told so") {
  ServerForTest test;
  using kubernetes::Method;
  struct Row {
    Method method;
    const char* target;
    int code;
  };
  const Row rows[] = {
      {Method::get,     "/api/v1/namespaces/default/pods/a/log",    404},
      {Method::post,    "/api/v1/pods",                             405},
      {Method::put,     "/api/v1/namespaces/default/pods",          405},
      {Method::post,    "/api/v1/namespaces/default/pods/a",        405},
      {Method::delete_, "/api/v1/namespaces/default/pods/a/status", 405},
      {Method::get,     "/api/v1/pods/a",                           404},
      {Method::get,     "/api/v1/namespaces/default/nodes",         404},
      {Method::get,     "/apis/apps/v9/deployments",                404},
      {Method::get,     "/openapi/v3/apis/none/v1",                 404},
      {Method::get,     "/livez/ping",                              200},
      {Method::get,     "/",                                        200},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CHECK(test.send({.method = row.method, .target = row.target}).status == row.code);
  }
}

}  // namespace slipway::cluster
