#include "cluster/server/server_for_test.h"

namespace slipway::cluster {
namespace {

constexpr const char* config_maps = "/api/v1/namespaces/default/configmaps";

std::string config_map(std::string_view name, std::string_view labels = "{}") {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + std::string(name) +
         ", labels: " + std::string(labels) + "}}";
}

}  // namespace

TEST_CASE("a watch without a version begins with what is there") {
  ServerForTest test;
  test.made(config_maps, config_map("a"));
  WatchForTest watch(test, std::string(config_maps) + "?watch=true");
  CHECK(watch.status == 0);  // Nothing comes inside the call.
  CHECK(watch.news() == "ADDED a");
  CHECK(watch.status == 200);
  test.made(config_maps, config_map("b"));
  test.merge(std::string(config_maps) + "/a", "{data: {k: v}}");
  test.remove(std::string(config_maps) + "/b");
  CHECK(watch.news() == "ADDED b, MODIFIED a, DELETED b");
}

TEST_CASE("a watch resumes behind the version it names") {
  ServerForTest test;
  const Json a = test.made(config_maps, config_map("a"));
  test.made(config_maps, config_map("b"));
  const std::string version = a["metadata"]["resourceVersion"].as_string();
  WatchForTest watch(test, std::string(config_maps) + "?watch=1&resourceVersion=" + version);
  CHECK(watch.news() == "ADDED b");
  WatchForTest newest(test, std::string(config_maps) + "?watch=1&resourceVersion=" +
                                std::to_string(test.server().revision()));
  CHECK(newest.news().empty());
}

TEST_CASE("a watch sees its namespace only") {
  ServerForTest test;
  WatchForTest watch(test, std::string(config_maps) + "?watch=1");
  test.made("/api/v1/namespaces/kube-system/configmaps", config_map("other"));
  CHECK(watch.news().empty());
  WatchForTest all(test, "/api/v1/configmaps?watch=1");
  CHECK(all.news() == "ADDED other");
}

TEST_CASE("to a watch with a selector, labels move objects in and out") {
  ServerForTest test;
  test.made(config_maps, config_map("a", "{app: web}"));
  WatchForTest watch(test, std::string(config_maps) + "?watch=1&labelSelector=app%3Dweb");
  CHECK(watch.news() == "ADDED a");
  test.made(config_maps, config_map("b"));
  CHECK(watch.news().empty());
  test.merge(std::string(config_maps) + "/b", "{metadata: {labels: {app: web}}}");
  CHECK(watch.news() == "ADDED b");
  const Json changed = ServerForTest::body(
      test.merge(std::string(config_maps) + "/b", "{metadata: {labels: {app: api}}}"));
  test.loop().run_ready();
  REQUIRE(watch.events.size() == 1);
  // It leaves as it was in the selection, under the version of the change.
  const Json& gone = watch.events[0]["object"];
  CHECK(gone["metadata"]["labels"]["app"] == Json("web"));
  CHECK(gone["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]);
  CHECK(watch.news() == "DELETED b");
  test.remove(std::string(config_maps) + "/b");
  CHECK(watch.news().empty());
}

TEST_CASE("a watch of one name sees one object") {
  ServerForTest test;
  test.made(config_maps, config_map("a"));
  test.made(config_maps, config_map("ab"));
  WatchForTest watch(test, std::string(config_maps) + "?watch=1&fieldSelector=metadata.name%3Da");
  CHECK(watch.news() == "ADDED a");
  test.remove(std::string(config_maps) + "/ab");
  test.remove(std::string(config_maps) + "/a");
  CHECK(watch.news() == "DELETED a");
}

TEST_CASE("a watch from a forgotten version gets a 410 and ends") {
  ServerForTest test;
  const Json a = test.made(config_maps, config_map("a"));
  test.made(config_maps, config_map("b"));
  test.server().compact();
  WatchForTest watch(test, std::string(config_maps) + "?watch=1&resourceVersion=" +
                               a["metadata"]["resourceVersion"].as_string());
  test.loop().run_ready();
  REQUIRE(watch.events.size() == 1);
  CHECK(watch.events[0]["type"] == Json("ERROR"));
  CHECK(watch.events[0]["object"]["code"] == Json(410));
  CHECK(watch.events[0]["object"]["reason"] == Json("Expired"));
  CHECK(watch.ended);
}

TEST_CASE("history that is longer than its limit is forgotten from its old end") {
  ServerForTest test({.history_limit = 3});
  const Json a = test.made(config_maps, config_map("a"));
  for (int i = 0; i < 5; ++i) {
    test.merge(std::string(config_maps) + "/a", "{data: {k: '" + std::to_string(i) + "'}}");
  }
  WatchForTest watch(test, std::string(config_maps) + "?watch=1&resourceVersion=" +
                               a["metadata"]["resourceVersion"].as_string());
  CHECK(watch.news() == "ERROR");
}

TEST_CASE("bookmarks tell a silent watch how far it is") {
  ServerForTest test({.bookmark_interval = Duration::from_seconds(10)});
  WatchForTest watch(
      test, std::string(config_maps) + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=25");
  test.made("/api/v1/namespaces/kube-system/configmaps", config_map("elsewhere"));
  test.loop().run_for(Duration::from_seconds(11));
  REQUIRE(watch.events.size() == 1);
  CHECK(watch.events[0]["object"]["kind"] == Json("ConfigMap"));
  CHECK(watch.events[0]["object"]["metadata"]["resourceVersion"].as_string() ==
        std::to_string(test.server().revision()));
  CHECK(watch.news() == "BOOKMARK");
  // One more, and a last one when its time is over.
  test.loop().run_for(Duration::from_seconds(20));
  CHECK(watch.news() == "BOOKMARK, BOOKMARK");
  CHECK(watch.ended);
}

TEST_CASE("a streamed list ends with a bookmark that says so") {
  ServerForTest test;
  test.made(config_maps, config_map("a"));
  WatchForTest watch(test, std::string(config_maps) +
                               "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true"
                               "&resourceVersionMatch=NotOlderThan");
  test.loop().run_ready();
  REQUIRE(watch.events.size() == 2);
  CHECK(watch.events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] ==
        Json("true"));
}

TEST_CASE("a watch ends when its time is over, and says nothing once it is let go") {
  ServerForTest test;
  WatchForTest timed(test, std::string(config_maps) + "?watch=1&timeoutSeconds=5");
  WatchForTest dropped(test, std::string(config_maps) + "?watch=1");
  test.server().handle({.method = kubernetes::Method::post,
                        .target = config_maps,
                        .body = R"({"metadata":{"name":"a"}})"});
  dropped.stop();
  test.loop().run_for(Duration::from_seconds(6));
  CHECK(timed.ended);
  CHECK(timed.news() == "ADDED a");
  CHECK(dropped.news().empty());
  CHECK_FALSE(dropped.ended);
}

TEST_CASE("a watch that can't be is refused with a Status") {
  ServerForTest test;
  struct Row {
    const char* target;
    int code;
  };
  const Row rows[] = {
      {"/api/v1/gadgets?watch=1",                             404},
      {"/apis/none.example.com/v1/things?watch=1",            404},
      {"/api/v1/pods?watch=1&resourceVersion=abc",            500},
      {"/api/v1/pods?watch=1&labelSelector=a%3D%3D%3Db",      400},
      {"/api/v1/pods?watch=1&fieldSelector=spec.nothing%3D1", 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    WatchForTest watch(test, row.target);
    test.loop().run_ready();
    CHECK(watch.status == row.code);
    CHECK(watch.ended);
    CHECK_FALSE(watch.refusal.empty());
  }
}

TEST_CASE("a watch as a table sends the columns once") {
  ServerForTest test;
  test.made(config_maps, config_map("a"));
  WatchForTest watch(test, std::string(config_maps) + "?watch=1",
                     "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  test.made(config_maps, config_map("b"));
  test.loop().run_ready();
  REQUIRE(watch.events.size() == 2);
  CHECK(watch.events[0]["object"]["kind"] == Json("Table"));
  CHECK(watch.events[0]["object"]["columnDefinitions"].size() == 3);
  CHECK(watch.events[1]["object"]["columnDefinitions"].is_null());
  CHECK(watch.events[1]["object"]["rows"].at(0)["cells"].at(0) == Json("b"));
}

TEST_CASE("events of both groups are the same events") {
  ServerForTest test;
  WatchForTest core(test, "/api/v1/events?watch=1");
  WatchForTest alias(test, "/apis/events.k8s.io/v1/events?watch=1");
  test.made("/apis/events.k8s.io/v1/namespaces/default/events",
            "{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: e}, note: hello, "
            "regarding: {kind: Pod, namespace: default, name: web}, reason: Tried, type: Normal}");
  test.loop().run_ready();
  REQUIRE(core.events.size() == 1);
  REQUIRE(alias.events.size() == 1);
  CHECK(core.events[0]["object"]["apiVersion"] == Json("v1"));
  CHECK(core.events[0]["object"]["message"] == Json("hello"));
  CHECK(alias.events[0]["object"]["apiVersion"] == Json("events.k8s.io/v1"));
  CHECK(alias.events[0]["object"]["note"] == Json("hello"));
}

}  // namespace slipway::cluster
