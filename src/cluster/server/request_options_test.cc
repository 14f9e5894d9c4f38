#include "cluster/server/server_for_test.h"

namespace slipway::cluster {

namespace {

const std::string config_maps = "/api/v1/namespaces/default/configmaps";

struct Row {
  const char* query;
  int code;
  const char* says;  ///< Somewhere in the answer.
};

void check(const Row& row, const kubernetes::Response& response) {
  CAPTURE(row.query);
  CHECK_MESSAGE(response.status == row.code, response.body);
  CHECK_MESSAGE(response.body.find(row.says) != std::string::npos, response.body);
}

}  // namespace

TEST_CASE("options of a list that make no sense are refused") {
  ServerForTest test;
  const Row rows[] = {
      {"limit=-1",                                     200, "ConfigMapList"                },
      {"limit=many",                                   400, "strconv.ParseInt"             },
      {"timeoutSeconds=soon",                          400, "strconv.ParseInt"             },
      {"resourceVersionMatch=Exact",                   422, "unless resourceVersion is"    },
      {"resourceVersion=1&resourceVersionMatch=Odd",   422, "Unsupported value"            },
      {"resourceVersion=0&resourceVersionMatch=Exact", 422, "forbidden for resourceVersion"},
      {"sendInitialEvents=true",                       422, "forbidden for list"           },
      {"resourceVersion=99999",                        504, "Too large resource version"   },
  };
  for (const Row& row : rows) check(row, test.get(config_maps + "?" + row.query));
}

TEST_CASE("options of a write that make no sense are refused") {
  ServerForTest test;
  test.made(config_maps, "{metadata: {name: a}}");
  const std::string long_name(129, 'm');
  const std::string manager = "fieldManager=" + long_name;
  const Row rows[] = {
      {"dryRun=All",           200, "ConfigMap"                               },
      {"dryRun=Some",          422, "PatchOptions"                            },
      {manager.c_str(),        422, "may not be more than 128 bytes"          },
      {"force=true",           422, "may not be specified for non-apply"      },
      {"fieldValidation=Some", 422, "\\\"\\\", \\\"Ignore\\\", \\\"Strict\\\""},
  };
  for (const Row& row : rows) check(row, test.merge(config_maps + "/a?" + row.query, "{}"));
}

TEST_CASE("options of a deletion come from its body, or else from its query") {
  ServerForTest test;
  test.made(config_maps, "{metadata: {name: a}}");
  const std::string path = config_maps + "/a";
  const Row queries[] = {
      {"dryRun=All",                                         200, "Success"           },
      {"dryRun=Some",                                        422, "DeleteOptions"     },
      {"gracePeriodSeconds=soon",                            400, "strconv.ParseInt"  },
      {"propagationPolicy=Odd",                              422, "Unsupported value" },
      {"propagationPolicy=Background&orphanDependents=true", 422, "cannot be both set"},
  };
  for (const Row& row : queries) check(row, test.remove(path + "?" + row.query));
  const Row bodies[] = {
      {"{kind: ConfigMap, apiVersion: v1}", 500, "no kind"                },
      {"{dryRun: [Some]}",                  422, "DeleteOptions"          },
      {"{dryRun: [All]}",                   200, "Success"                },
      {"{preconditions: {uid: other}}",     409, "UID in the precondition"},
  };
  for (const Row& row : bodies) check(row, test.remove(path, row.query));
  CHECK(test.get(path).status == 200);
  // With a body, the query counts for nothing.
  CHECK(test.remove(path + "?dryRun=All", "{propagationPolicy: Background}").status == 200);
  CHECK(test.get(path).status == 404);
}

TEST_CASE("a patch is held to its own keys, and to the object's kind") {
  ServerForTest test;
  test.made(config_maps, "{metadata: {name: a}, data: {k: v}}");
  const auto patch = [&](const std::string& query, std::string_view type, const char* body) {
    return test.send({.method = kubernetes::Method::patch,
                      .target = config_maps + "/a" + query,
                      .content_type = std::string(type),
                      .body = body});
  };
  const std::string strict = "?fieldValidation=Strict";
  const char* doubled = R"({"data":{"k":"1","k":"2"}})";
  CHECK(patch(strict, kubernetes::media::merge_patch, doubled).status == 422);
  const kubernetes::Response warned = patch("", kubernetes::media::merge_patch, doubled);
  CHECK(warned.warnings == std::vector<std::string>{R"(299 - "duplicate field \"data.k\"")"});
  const char* odd = R"([{"op":"add","path":"/data/k","value":"3","odd":1}])";
  const kubernetes::Response refused = patch(strict, kubernetes::media::json_patch, odd);
  CHECK_MESSAGE(refused.body.find("json patch unknown field") != std::string::npos, refused.body);
  CHECK(patch("", kubernetes::media::merge_patch, R"({"kind":"Secret"})").status == 422);
  CHECK(test.read(config_maps + "/a")["data"]["k"] == Json("2"));
}

TEST_CASE("what pods and accounts have elsewhere is refused by name") {
  ServerForTest test;
  const std::string pods = "/api/v1/namespaces/default/pods";
  test.made(pods, "{metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}");
  CHECK(test.get(pods + "/none/log").status == 404);
  const kubernetes::Response log = test.get(pods + "/a/log");
  CHECK(log.status == 501);
  CHECK_MESSAGE(log.body.find("does not serve pods/log") != std::string::npos, log.body);
}

}  // namespace slipway::cluster
