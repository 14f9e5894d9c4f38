#include "api/strategic_merge.h"

#include "api/core_conform.h"
#include "api/test_data.h"

namespace slipway::api {
namespace {

TEST_CASE("strategic merge patches") {
  struct Row {
    const char* name;
    const char* type;
    const char* original;
    const char* patch;
    const char* want;
  };
  const Row rows[] = {
      {"objects merge, null deletes",                      "ConfigMap",      R"({"data":{"a":"1","b":"2"}})",
       R"({"data":{"b":null,"c":"3","d":null},"immutable":true})",                                                                                                                                   R"({"data":{"a":"1","c":"3"},"immutable":true})"                   },
      {"a list merges by its key",                         "PodSpec",
       R"({"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]})",                                                 R"({"containers":[{"name":"b","image":"2"}]})",
       R"({"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]})"                                                                                                                                                                                          },
      {"new items come first",                             "PodSpec",        R"({"containers":[{"name":"a"}]})",
       R"({"containers":[{"name":"c"}]})",                                                                                                                                                           R"({"containers":[{"name":"c"},{"name":"a"}]})"                    },
      {"an item goes by its key",                          "PodSpec",        R"({"containers":[{"name":"a"},{"name":"b"}]})",
       R"({"containers":[{"name":"a","$patch":"delete"}]})",                                                                                                                                         R"({"containers":[{"name":"b"}]})"                                 },
      {"a list is replaced on demand",                     "PodSpec",        R"({"containers":[{"name":"a"},{"name":"b"}]})",
       R"({"containers":[{"$patch":"replace"},{"name":"z"}]})",                                                                                                                                      R"({"containers":[{"name":"z"}]})"                                 },
      {"nested lists merge",                               "PodSpec",
       R"({"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"1"}]}]})",                            R"({"containers":[{"name":"a","env":[{"name":"X","value":"2"}]}]})",
       R"({"containers":[{"name":"a","env":[{"name":"X","value":"2"},{"name":"Y","value":"1"}]}]})"                                                                                                                                                                     },
      {"ports merge by number",                            "Container",
       R"({"ports":[{"containerPort":80,"name":"http"},{"containerPort":90}]})",                                                R"({"ports":[{"containerPort":80,"name":"web"}]})",
       R"({"ports":[{"containerPort":80,"name":"web"},{"containerPort":90}]})"                                                                                                                                                                                          },
      {"other lists are replaced",                         "PodSpec",        R"({"tolerations":[{"key":"a"}]})",
       R"({"tolerations":[{"key":"b"}]})",                                                                                                                                                           R"({"tolerations":[{"key":"b"}]})"                                 },
      {"so are lists of strings without a strategy",       "Container",      R"({"args":["a","b"]})",
       R"({"args":["c"]})",                                                                                                                                                                          R"({"args":["c"]})"                                                },
      {"finalizers merge as a set",                        "ObjectMeta",     R"({"finalizers":["a","b"]})",
       R"({"finalizers":["b","c"]})",                                                                                                                                                                R"({"finalizers":["a","b","c"]})"                                  },
      {"and are deleted by name",                          "ObjectMeta",     R"({"finalizers":["a","b","c"]})",
       R"({"$deleteFromPrimitiveList/finalizers":["b"]})",                                                                                                                                           R"({"finalizers":["a","c"]})"                                      },
      {"deleted and ordered at once",                      "ObjectMeta",     R"({"finalizers":["a","b","c"]})",
       R"({"$deleteFromPrimitiveList/finalizers":["b"],"$setElementOrder/finalizers":["c","a"]})",                                                                                                   R"({"finalizers":["c","a"]})"                                      },
      {"owners merge by uid",                              "ObjectMeta",     R"({"ownerReferences":[{"uid":"1","name":"a"}]})",
       R"({"ownerReferences":[{"uid":"1","controller":true}]})",                                                                                                                                     R"({"ownerReferences":[{"uid":"1","name":"a","controller":true}]})"},
      {"order is set by name",                             "PodSpec",
       R"({"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]})",                                                            R"({"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]})",
       R"({"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]})"                                                                                                                                                                                                     },
      {"order and change together",                        "PodSpec",        R"({"containers":[{"name":"a"},{"name":"b"}]})",
       R"({"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],
           "containers":[{"name":"a","image":"2"}]})",                                                                                                                               R"({"containers":[{"name":"b"},{"name":"a","image":"2"}]})"        },
      {"order and the first items",                        "PodSpec",        R"({})",
       R"({"$setElementOrder/containers":[{"name":"b"}],"containers":[{"name":"b"}]})",                                                                                                              R"({"containers":[{"name":"b"}]})"                                 },
      {"order of nothing",                                 "PodSpec",        R"({})",                                           R"({"$setElementOrder/containers":[{"name":"b"}]})",
       R"({})"                                                                                                                                                                                                                                                          },
      {"an object is replaced on demand",                  "PodSpec",        R"({"nodeSelector":{"a":"1"}})",
       R"({"nodeSelector":{"$patch":"replace","b":"2"}})",                                                                                                                                           R"({"nodeSelector":{"b":"2"}})"                                    },
      {"or emptied",                                       "PodSpec",        R"({"nodeSelector":{"a":"1"}})",
       R"({"nodeSelector":{"$patch":"delete"}})",                                                                                                                                                    R"({"nodeSelector":{}})"                                           },
      {"or not made at all",                               "PodSpec",        R"({})",                                           R"({"nodeSelector":{"$patch":"delete"}})",
       R"({})"                                                                                                                                                                                                                                                          },
      {"keys are retained",                                "DeploymentSpec",
       R"({"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}})",                                               R"({"strategy":{"$retainKeys":["type"],"type":"Recreate"}})",
       R"({"strategy":{"type":"Recreate"}})"                                                                                                                                                                                                                            },
      {"nulls and directives of a new object are dropped", "PodSpec",        R"({})",
       R"({"securityContext":{"runAsUser":1,"runAsGroup":null,"seLinuxOptions":{"$patch":"delete"}}})",
       R"({"securityContext":{"runAsUser":1}})"                                                                                                                                                                                                                         },
      {"a value of another type is replaced",              "ReplicaSetSpec", R"({"replicas":1})",
       R"({"replicas":{"a":1}})",                                                                                                                                                                    R"({"replicas":{"a":1}})"                                          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto result =
        apply_strategic_merge_patch(json(row.original), json(row.patch), *find_core_type(row.type));
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    CHECK(to_text(*result) == to_text(json(row.want)));
  }
}

TEST_CASE("malformed directives are refused") {
  struct Row {
    const char* type;
    const char* original;
    const char* patch;
    const char* message;
  };
  const Row rows[] = {
      {"PodSpec",        "{}",                               "[]",                                      "invalid JSON document"             },
      {"PodSpec",        R"({"nodeSelector":{}})",           R"({"nodeSelector":{"$patch":"twist"}})",
       R"(unknown patch type: twist in map: map[$patch:twist])"                                                                             },
      {"PodSpec",        R"({"containers":[{"name":"a"}]})", R"({"containers":[{"image":"i"}]})",
       R"(map: map[image:i] does not contain declared merge key: name)"                                                                     },
      {"PodSpec",        R"({"containers":[{"name":"a"}]})", R"({"containers":[{"$patch":"delete"}]})",
       R"(map: map[$patch:delete] does not contain declared merge key: name)"                                                               },
      {"PodSpec",        R"({"containers":[{"name":"a"}]})", R"({"containers":[["a"]]})",
       "lists of lists are not supported"                                                                                                   },
      {"PodSpec",        "{}",                               R"({"$setElementOrder/containers":7})",
       "invalid patch format of setElementOrder list"                                                                                       },
      {"PodSpec",        "{}",                               R"({"$setElementOrder":[]})",
       "invalid patch format of setElementOrder list"                                                                                       },
      {"PodSpec",        "{}",                               R"({"$setElementOrder/odd":[]})",
       "unable to find api field in struct PodSpec for the json field \"odd\""                                                              },
      {"PodSpec",        "{}",
       R"({"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]})",                 "The order in patch list:\n[{\"name\":\"b\"}]\n doesn't match $setElementOrder list:\n"
       "[{\"name\":\"a\"}]\n"                        },
      {"ObjectMeta",     R"({"finalizers":["a"]})",          R"({"$deleteFromPrimitiveList":["a"]})",
       "invalid patch format of primitive list"                                                                                             },
      {"DeploymentSpec", R"({"strategy":{}})",               R"({"strategy":{"$retainKeys":7}})",
       "invalid patch format of retainKeys"                                                                                                 },
      {"DeploymentSpec", R"({"strategy":{}})",
       R"({"strategy":{"$retainKeys":[],"type":"Recreate"}})",                                          "invalid patch format of retainKeys"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    const auto result =
        apply_strategic_merge_patch(json(row.original), json(row.patch), *find_core_type(row.type));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().message == row.message);
  }
}

TEST_CASE("recorded patches have the recorded effect") {
  std::map<std::string, Json> stored;
  std::size_t patches = 0;
  for (const Json& exchange : read_recorded_exchanges()) {
    const Json& body = exchange["body"];
    const CoreType* type = find_core_type(body["kind"].string_or_empty());
    if (type == nullptr || body["metadata"]["name"].is_null()) continue;
    const std::string key =
        std::string(type->name) + "/" + std::string(body["metadata"]["name"].string_or_empty());
    const bool strategic =
        exchange["content_type"] == Json("application/strategic-merge-patch+json");
    if (strategic && exchange["code"] == Json(200)) {
      CAPTURE(exchange["name"].string_or_empty());
      const auto merged = apply_strategic_merge_patch(stored[key], exchange["sent"], *type);
      REQUIRE_MESSAGE(merged.has_value(), merged.error().message);
      const auto result = conform_with_defaults(*type, *merged);
      REQUIRE_MESSAGE(result.has_value(), result.error().message);
      CHECK(to_text((*result)["metadata"]["annotations"]) ==
            to_text(body["metadata"]["annotations"]));
      Json spec = (*result)["spec"];
      // Bound to its node between the two requests, by another one that isn't recorded as an
      // object.
      if (!body["spec"]["nodeName"].is_null()) spec.set("nodeName", body["spec"]["nodeName"]);
      CHECK(spec == body["spec"]);
      if (type->name == "Pod") {
        CHECK((*result)["status"]["conditions"].at(0) == body["status"]["conditions"].at(0));
      }
      ++patches;
    }
    stored[key] = body;
  }
  CHECK(patches == 8);
}

}  // namespace
}  // namespace slipway::api
