#include "cluster/server/discovery.h"

#include "cluster/server/server_for_test.h"

namespace slipway::cluster {

TEST_CASE("kinds are hashed as the real server does") {
  CHECK(storage_version_hash("apps", "v1", "ReplicaSet") == "P1RzHs8/mWQ=");
  CHECK(storage_version_hash("", "v1", "ConfigMap") == "qFsyl6wFWjQ=");
}

TEST_CASE("one aggregated answer holds what all others do") {
  ServerForTest test;
  const kubernetes::Response response =
      test.get("/apis",
               "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
               "application/json");
  CHECK(response.content_type ==
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  const Json groups = test.read("/apis")["groups"];
  const Json aggregated = ServerForTest::body(response);
  REQUIRE(aggregated["items"].size() == groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string group = groups.at(i)["name"].as_string();
    CAPTURE(group);
    const Json& item = aggregated["items"].at(i);
    CHECK(item["metadata"]["name"] == groups.at(i)["name"]);
    const Json list =
        test.read("/apis/" + group + "/" + groups.at(i)["preferredVersion"]["version"].as_string());
    std::size_t count = 0;
    const Json& resources = item["versions"].at(0)["resources"];
    for (std::size_t k = 0; k < resources.size(); ++k) {
      count += 1 + resources.at(k)["subresources"].size();
    }
    CHECK(count == list["resources"].size());
  }
  CHECK(ServerForTest::body(test.get("/api",
                                     "application/json;g=apidiscovery.k8s.io;v=v2beta1;"
                                     "as=APIGroupDiscoveryList"))["items"]
            .size() == 1);
}

TEST_CASE("each version's OpenAPI document describes its kinds") {
  ServerForTest test;
  const Json index = test.read("/openapi/v3");
  for (const auto& [path, entry] : index["paths"].as_object()) {
    CAPTURE(path);
    const Json document = test.read(entry["serverRelativeURL"].as_string());
    const Json resources = test.read("/" + path)["resources"];
    const std::string text = to_text(document["components"]["schemas"]);
    for (std::size_t i = 0; i < resources.size(); ++i) {
      const Json& resource = resources.at(i);
      if (resource["name"].as_string().find('/') != std::string::npos) continue;
      CHECK(text.find("\"kind\":\"" + resource["kind"].as_string() + "\"") != std::string::npos);
    }
    // Every reference leads somewhere.
    const std::string mark = "#/components/schemas/";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const std::size_t begin = at + mark.size();
      const std::string schema = text.substr(begin, text.find('"', begin) - begin);
      CHECK_MESSAGE(document["components"]["schemas"].find(schema) != nullptr, schema);
    }
  }
}

TEST_CASE("the OpenAPI index changes where a definition does") {
  ServerForTest test;
  const Json before = test.read("/openapi/v3")["paths"];
  test.made(
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: "
      "{name: things.test.example.com}, spec: {group: test.example.com, scope: Cluster, "
      "names: {plural: things, kind: Thing}, versions: [{name: v1, served: true, storage: "
      "true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: string}}}}}]}}");
  const Json after = test.read("/openapi/v3")["paths"];
  CHECK(after.size() == before.size() + 1);
  CHECK(after["apis/apps/v1"] == before["apis/apps/v1"]);
  const Json document =
      test.read(after["apis/test.example.com/v1"]["serverRelativeURL"].as_string());
  const Json& schema = document["components"]["schemas"]["com.example.test.v1.Thing"];
  CHECK(schema["properties"]["spec"]["type"] == Json("string"));
  CHECK(schema["properties"]["metadata"]["$ref"].is_string());
}

TEST_CASE("old kubectl gets a Swagger document that tells it nothing") {
  ServerForTest test;
  const kubernetes::Response response =
      test.get("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  CHECK(response.body.starts_with(std::string("\x0a\x03") + "2.0"));
}

}  // namespace slipway::cluster
