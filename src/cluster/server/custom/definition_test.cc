#include "cluster/server/server_for_test.h"

namespace slipway::cluster {
namespace {

const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const std::string name = "things.test.example.com";
const std::string things = "/apis/test.example.com/v1/namespaces/default/things";

/// A definition of Things whose spec has this schema.
std::string definition(std::string_view spec_schema, std::string_view more_versions = {}) {
  return "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: " +
         name +
         "}, spec: {group: test.example.com, scope: Namespaced, names: {plural: things, kind: "
         "Thing}, versions: [{name: v1, served: true, storage: true, subresources: {status: {}}, "
         "schema: {openAPIV3Schema: {type: object, properties: {spec: " +
         std::string(spec_schema) +
         ", status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}" +
         std::string(more_versions) + "]}}";
}

std::string thing(std::string_view thing_name, std::string_view spec,
                  std::string_view version = "v1") {
  return "{apiVersion: test.example.com/" + std::string(version) +
         ", kind: Thing, metadata: {name: " + std::string(thing_name) +
         "}, spec: " + std::string(spec) + "}";
}

}  // namespace

TEST_CASE("a definition is served at once, and says so a moment later") {
  ServerForTest test;
  CHECK(test.get(things).status == 404);
  const Json made = test.made(definitions, definition("{type: object}"));
  CHECK(made["spec"]["names"]["listKind"] == Json("ThingList"));
  CHECK(made["status"]["conditions"].is_null());
  CHECK(test.read(things)["kind"] == Json("ThingList"));
  const Json now = test.read(definitions + "/" + name);
  CHECK(now["status"]["conditions"].at(1)["type"] == Json("Established"));
  CHECK(now["status"]["acceptedNames"]["plural"] == Json("things"));
  CHECK(test.read("/apis/test.example.com/v1")["resources"].at(0)["kind"] == Json("Thing"));
}

TEST_CASE("what a schema doesn't know is pruned, what it defaults is filled in") {
  ServerForTest test;
  test.made(definitions,
            definition("{type: object, properties: {a: {type: string, default: x}, "
                       "list: {type: array, items: {type: object, properties: {k: {type: string, "
                       "default: w}}}}, map: {type: object, additionalProperties: {type: object, "
                       "properties: {num: {type: integer, default: 1}}}}, free: {type: object, "
                       "x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: "
                       "object, properties: {}}}}}}"));
  const Json made =
      test.made(things, thing("a",
                              "{odd: 1, list: [{}, {k: z, odd: 2}], map: {m: {}}, free: {any: [1], "
                              "known: {odd: 3}}}"));
  const Result<Json> wanted = parse_json(
      R"({"a":"x","list":[{"k":"w"},{"k":"z"}],"map":{"m":{"num":1}},"free":{"any":[1],"known":{}}})");
  CHECK_MESSAGE(made["spec"] == *wanted, to_text(made["spec"]));
  const kubernetes::Response strict =
      test.create(things + "?fieldValidation=Strict", thing("b", "{odd: 1, list: [{odd: 2}]}"));
  CHECK(ServerForTest::body(strict)["message"] ==
        Json("Thing in version \"v1\" cannot be handled as a Thing: strict decoding error: unknown "
             "field \"spec.list[0].odd\", unknown field \"spec.odd\""));
}

TEST_CASE("a value that breaks the schema is refused in the real server's words") {
  struct Row {
    const char* schema;
    const char* spec;
    const char* message;  ///< Without what all have in front; empty: accepted.
  };
  const Row rows[] = {
      {"{type: string, minLength: 2}",                                                           "é",
       "Invalid value: \"é\": spec.x in body should be at "
       "least 2 chars long"                                                                                        },
      {"{type: string, maxLength: 2}",                                                           "éé",           ""},
      {"{type: string, pattern: '^a+$'}",                                                        "b",
       "Invalid value: \"b\": spec.x in body should match '^a+$'"                                                  },
      {"{type: string, format: date-time}",                                                      "noon",
       "Invalid value: \"noon\": spec.x in body must be of type date-time: \"noon\""                               },
      {"{type: integer}",                                                                        "1.0",          ""},
      {"{type: integer, maximum: 3, exclusiveMaximum: true}",                                    "3",
       "Invalid value: 3: spec.x in body should be less than 3"                                                    },
      {"{type: number, minimum: 0.5}",                                                           "0.25",
       "Invalid value: 0.25: spec.x in body should be greater than or equal to 0.5"                                },
      {"{type: number, multipleOf: 5}",                                                          "7",
       "Invalid value: 7: spec.x in body should be a multiple of 5"                                                },
      {"{type: array, minItems: 1, items: {type: string}}",                                      "[]",
       "Invalid value: 0: spec.x in body should have at least 1 items"                                             },
      {"{type: array, items: {type: string}}",                                                   "[1]",          ""}, // See below: item paths.
      {"{type: object, maxProperties: 1, additionalProperties: {type: string}}",                 "{a: b, c: d}",
       "Too many: 2: must have at most 1 items"                                                                    },
      {"{type: boolean}",                                                                        "'true'",
       "Invalid value: \"string\": spec.x in body must be of type boolean: \"string\""                             },
      {"{x-kubernetes-int-or-string: true}",                                                     "25%",          ""},
      {"{type: array, x-kubernetes-list-type: set, items: {type: string}}",                      "[a, b]",       ""},
      {"{x-kubernetes-preserve-unknown-fields: true, oneOf: [{type: string}, {type: integer}]}",
       "a",                                                                                                      ""},
      {"{x-kubernetes-preserve-unknown-fields: true, not: {type: string}}",                      "a",
       "Invalid value: \"\": \"spec.x\" must not validate the schema (not)"                                        },
      {"{type: string, nullable: true}",                                                         "null",         ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CAPTURE(row.spec);
    ServerForTest test;
    test.made(definitions,
              definition("{type: object, properties: {x: " + std::string(row.schema) + "}}"));
    const kubernetes::Response response =
        test.create(things, thing("a", "{x: " + std::string(row.spec) + "}"));
    const Json body = ServerForTest::body(response);
    if (std::string_view(row.spec) == "[1]") {
      CHECK(body["details"]["causes"].at(0)["field"] == Json("spec.x[0]"));
    } else if (std::string_view(row.message).empty()) {
      CHECK_MESSAGE(response.status == 201, response.body);
    } else {
      CHECK(body["details"]["causes"].at(0)["message"] == Json(row.message));
    }
  }
}

TEST_CASE("lists that are maps or sets hold nothing twice") {
  ServerForTest test;
  test.made(definitions,
            definition("{type: object, properties: {map: {type: array, x-kubernetes-list-type: "
                       "map, x-kubernetes-list-map-keys: [k], items: {type: object, required: "
                       "[k], properties: {k: {type: string}, v: {type: string}}}}, set: {type: "
                       "array, x-kubernetes-list-type: set, items: {type: string}}}}"));
  CHECK(test.create(things, thing("a", "{map: [{k: a}, {k: b}], set: [a, b]}")).status == 201);
  const Json refused = ServerForTest::body(
      test.create(things, thing("b", "{map: [{k: a, v: x}, {k: a}], set: [a, a]}")));
  const Json& causes = refused["details"]["causes"];
  CHECK(causes.at(0)["message"] == Json("Duplicate value: {\"k\":\"a\"}"));
  CHECK(causes.at(0)["field"] == Json("spec.map[1]"));
  CHECK(causes.at(1)["message"] == Json("Duplicate value: \"a\""));
}

TEST_CASE("a rule that forbids changes is kept; others are named as unchecked") {
  ServerForTest test;
  const kubernetes::Response made = test.create(
      definitions,
      definition("{type: object, properties: {fixed: {type: string, x-kubernetes-validations: "
                 "[{rule: self == oldSelf, message: it is fixed}]}, other: {type: string, "
                 "x-kubernetes-validations: [{rule: self.size() < 3}]}}}"));
  REQUIRE(made.status == 201);
  CHECK(made.warnings.size() == 1);
  test.made(things, thing("a", "{fixed: x}"));
  const kubernetes::Response refused = test.merge(things + "/a", "{spec: {fixed: w}}");
  CHECK(ServerForTest::body(refused)["message"] ==
        Json("Thing.test.example.com \"a\" is invalid: spec.fixed: Invalid value: \"w\": it is "
             "fixed"));
  CHECK(test.merge(things + "/a", "{spec: {other: z}}").status == 200);
}

TEST_CASE("versions of a kind show the same objects under their own names") {
  ServerForTest test;
  test.made(definitions,
            definition("{type: object, properties: {a: {type: string}}}",
                       ", {name: v2, served: true, storage: false, schema: {openAPIV3Schema: "
                       "{type: object, properties: {spec: {type: object, properties: {a: {type: "
                       "string}}}}}}}"));
  const std::string v2 = "/apis/test.example.com/v2/namespaces/default/things";
  WatchForTest watch(test, v2 + "?watch=1");
  CHECK(test.made(v2, thing("a", "{a: x}", "v2"))["apiVersion"] == Json("test.example.com/v2"));
  CHECK(test.read(things + "/a")["apiVersion"] == Json("test.example.com/v1"));
  CHECK(test.read(v2)["items"].at(0)["apiVersion"] == Json("test.example.com/v2"));
  CHECK(ServerForTest::body(test.merge(v2 + "/a", "{spec: {a: w}}"))["apiVersion"] ==
        Json("test.example.com/v2"));
  CHECK(test.read(things + "/a")["spec"]["a"] == Json("w"));
  CHECK(watch.news() == "ADDED a, MODIFIED a");
  CHECK(test.create(v2, thing("b", "{}", "v1")).status == 400);
}

TEST_CASE("a changed definition rules from then on") {
  ServerForTest test;
  test.made(definitions, definition("{type: object, properties: {a: {type: string}}}"));
  const Json made = test.made(things, thing("a", "{a: x, b: w}"));
  CHECK(made["spec"]["b"].is_null());
  test.merge(definitions + "/" + name,
             "{spec: {versions: [{name: v1, served: true, storage: true, schema: "
             "{openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {a: "
             "{type: string}, b: {type: string, default: z}}}}}}}]}}");
  CHECK(ServerForTest::body(test.merge(things + "/a", "{spec: {a: w}}"))["spec"]["b"] == Json("z"));
}

TEST_CASE("a definition that goes takes its objects along, and its watches end") {
  ServerForTest test;
  test.made(definitions, definition("{type: object}"));
  test.made(things, thing("a", "{}"));
  test.made(things,
            "{apiVersion: test.example.com/v1, kind: Thing, metadata: {name: held, finalizers: "
            "[example.com/hold]}}");
  WatchForTest watch(test, things + "?watch=1");
  watch.news();
  const Json going = ServerForTest::body(test.remove(definitions + "/" + name));
  CHECK(going["metadata"]["finalizers"].at(0) ==
        Json("customresourcecleanup.apiextensions.k8s.io"));
  CHECK(watch.news() == "DELETED a, MODIFIED held");
  // Until the last is gone it stays, and takes nothing new.
  CHECK(test.create(things, thing("b", "{}")).status == 405);
  CHECK(test.get(definitions + "/" + name).status == 200);
  test.merge(things + "/held", "{metadata: {finalizers: null}}");
  test.loop().run_for(Duration::from_seconds(2));
  CHECK(test.get(definitions + "/" + name).status == 404);
  CHECK(test.get(things).status == 404);
  CHECK(watch.ended);
  // And can come again.
  CHECK(test.create(definitions, definition("{type: object}")).status == 201);
  CHECK(test.read(things)["items"].empty());
}

TEST_CASE("a definition warns of what nobody will do, and once it is there, of what is new in it") {
  ServerForTest test;
  using Texts = std::vector<std::string>;
  CHECK(test.create(definitions, definition("{type: integer, format: int32}")).warnings ==
        Texts{R"(299 - "unrecognized format \"int32\"")"});
  const std::string path = definitions + "/" + name;
  CHECK(test.merge(path, "{metadata: {labels: {a: b}}}").warnings.empty());
  const Texts warnings =
      test.merge(path, "{spec: {conversion: {strategy: Webhook, webhook: {}}}}").warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("calls no conversion webhooks") != std::string::npos);
}

TEST_CASE("what a stored definition stands for can't change") {
  ServerForTest test;
  test.made(definitions, definition("{type: object}"));
  for (const char* change : {"{spec: {group: other.example.com}}", "{spec: {scope: Cluster}}",
                             "{spec: {names: {kind: Other}}}"}) {
    CAPTURE(change);
    const kubernetes::Response response = test.merge(definitions + "/" + name, change);
    CHECK(response.status == 422);
    CHECK(response.body.find("field is immutable") != std::string::npos);
  }
}

TEST_CASE("the count that the scale subresource shows is held to its bounds") {
  ServerForTest test;
  std::string text = definition("{type: object, properties: {replicas: {type: integer}}}");
  const std::string status = "subresources: {status: {}";
  text.replace(text.find(status), status.size(),
               status +
                   ", scale: {specReplicasPath: .spec.replicas, statusReplicasPath: "
                   ".status.replicas}");
  test.made(definitions, text);
  const std::pair<const char*, const char*> rows[] = {
      {"two",        "accessor error: two is of the type string, expected int64"},
      {"-1",         "should be a non-negative integer"                         },
      {"4294967296", "should be less than or equal to 2147483647"               },
  };
  for (const auto& [count, why] : rows) {
    CAPTURE(count);
    const kubernetes::Response response =
        test.create(things, thing("a", "{replicas: " + std::string(count) + "}"));
    CHECK(response.status == 422);
    CHECK_MESSAGE(response.body.find(why) != std::string::npos, response.body);
  }
}

TEST_CASE("a definition that can't be served is refused") {
  struct Row {
    const char* from;
    const char* to;
    const char* field;
  };
  const Row rows[] = {
      {"storage: true",                  "storage: false",                 "spec.versions"                                        },
      {"scope: Namespaced",              "scope: Everywhere",              "spec.scope"                                           },
      {"kind: Thing",                    "kind: 7hing",                    "spec.names.singular"                                  },
      {"plural: things",                 "plural: thongs",                 "metadata.name"                                        },
      {"openAPIV3Schema: {type: object", "openAPIV3Schema: {type: string",
       "spec.validation.openAPIV3Schema.type"                                                                                     },
      {"{type: text}",                   "{type: text}",                   "spec.validation.openAPIV3Schema.properties[spec].type"},
      {"{type: text}",                   "{type: string, pattern: '('}",
       "spec.validation.openAPIV3Schema.properties[spec].pattern"                                                                 },
      {"{type: text}",                   "{type: integer, default: x}",
       "spec.validation.openAPIV3Schema.properties[spec].default"                                                                 },
      {"{type: text}",                   "{type: array, items: {}}",
       "spec.validation.openAPIV3Schema.properties[spec].items.type"                                                              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.to);
    ServerForTest test;
    const bool in_schema = std::string_view(row.from) == "{type: text}";
    std::string text = definition(in_schema ? "{type: text}" : "{type: object}");
    text.replace(text.find(row.from), std::string_view(row.from).size(), row.to);
    const kubernetes::Response response = test.create(definitions, text);
    CHECK(response.status == 422);
    CHECK(ServerForTest::body(response)["details"]["causes"].at(0)["field"] == Json(row.field));
  }
}

TEST_CASE("printer columns become cells of their type") {
  ServerForTest test;
  std::string text = definition(
      "{type: object, properties: {num: {type: integer}, list: {type: array, items: {type: "
      "string}}, "
      "labels: {type: object, additionalProperties: {type: string}}}}");
  const std::string at = "schema: {openAPIV3Schema";
  text.insert(text.find(at),
              "additionalPrinterColumns: [{name: N, type: integer, jsonPath: .spec.num}, {name: "
              "First, type: string, jsonPath: '.spec.list[0]'}, {name: Dotted, type: string, "
              "jsonPath: '.spec.labels.a\\.b/c'}, {name: All, type: string, jsonPath: .spec.list}, "
              "{name: Age, type: date, jsonPath: .metadata.creationTimestamp}], ");
  test.made(definitions, text);
  test.made(things, thing("a", "{num: 3, list: [x, w], labels: {a.b/c: z}}"));
  test.made(things, thing("b", "{}"));
  test.loop().run_for(Duration::from_seconds(90));
  const Json table = ServerForTest::body(
      test.get(things, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"));
  CHECK(to_text(table["rows"].at(0)["cells"]) == R"(["a",3,"x","z","[\"x\",\"w\"]","90s"])");
  CHECK(to_text(table["rows"].at(1)["cells"]) == R"(["b",null,null,null,null,"90s"])");
}

}  // namespace slipway::cluster
