#include "rollout/named_objects.h"

#include <doctest/doctest.h>

#include <map>

#include "base/json_patch.h"

namespace slipway::rollout {
namespace {

constexpr const char* at_routing = "spec.strategy.canary.trafficRouting.";

/// "kind/name" and the object's content but for its metadata.
struct Held {
  const char* name;
  const char* content;
};

std::string told(const std::string& strategy, const std::vector<Held>& held) {
  Json object = Json::object();
  object.member("metadata").set("name", "web");
  object.member("metadata").set("namespace", "shop");
  const auto parsed = parse_json(strategy);
  REQUIRE_MESSAGE(parsed, strategy);
  object.member("spec").set("strategy", *parsed);
  const auto rollout = api::decode<api::Rollout>(object);
  REQUIRE_MESSAGE(rollout, strategy);
  std::map<std::string, Json> objects;
  for (const Held& each : held) {
    const auto content = parse_json(each.content);
    REQUIRE_MESSAGE(content, each.content);
    objects[each.name] = *content;
  }
  std::string text;
  for (const Error& error :
       validate_named_objects(*rollout, [&](const NamedObject& wanted) -> const Json* {
         const auto found = objects.find(wanted.namespace_ + "/" + wanted.kind + "/" + wanted.name);
         return found == objects.end() ? nullptr : &found->second;
       })) {
    CHECK(!error.hint.empty());
    text += (text.empty() ? "" : "|") + error.where + ": " + error.message;
  }
  return text;
}

std::string canary(const std::string& fields) {
  return R"({"canary":{"stableService":"stable","canaryService":"canary",)" + fields + "}}";
}

struct Row {
  const char* name;
  std::string strategy;
  std::vector<Held> held;
  std::string want;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(told(row.strategy, row.held) == row.want);
  }
}

TEST_CASE("an Ingress must be there and forward to the Service that is to be divided") {
  const std::string nginx = canary(R"("trafficRouting":{"nginx":{"stableIngress":"web"}})");
  const std::string alb = canary(
      R"("trafficRouting":{"alb":{"ingresses":["web"],"servicePort":80,"rootService":"root"}})");
  const char* to_stable =
      R"({"spec":{"rules":[{"host":"a"},{"http":{"paths":[{"backend":{"service":{"name":"stable"}}}]}}]}})";
  const char* old_form =
      R"({"spec":{"rules":[{"http":{"paths":[{"backend":{"serviceName":"stable"}}]}}]}})";
  check({
      {"nginx",                                       nginx,                                                   {{"shop/Ingress/web", to_stable}},  ""},
      {"an old form",                                 nginx,                                                   {{"shop/Ingress/web", old_form}},   ""},
      {"missing",
       nginx,                                                                                                  {{"other/Ingress/web", to_stable}},
       std::string(at_routing) +
           R"(nginx.stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found)"                                                 },
      {"no rule",
       nginx,                                                                                                  {{"shop/Ingress/web", "{}"}},
       std::string(at_routing) +
           R"(nginx.stableIngress: Invalid value: "web": ingress `web` has no rules using service stable backend)"                                   },
      {"alb's root service",
       alb,                                                                                                    {{"shop/Ingress/web", to_stable}},
       std::string(at_routing) +
           R"(alb.ingresses: Invalid value: "web": ingress `web` has no rules using service root backend)"                                           },
      {"the other router's Ingress is not looked at",
       canary(
           R"("trafficRouting":{"nginx":{"stableIngress":"gone"},"alb":{"ingress":"web","servicePort":80}})"),
       {{"shop/Ingress/web", to_stable}},
       ""                                                                                                                                            },
  });
}

TEST_CASE("a VirtualService must have the routes that are named, each with both destinations") {
  const auto istio = [](const std::string& service, const std::string& more = "") {
    return canary(R"("trafficRouting":{"istio":{"virtualService":{"name":"web")" + service + "}" +
                  more + R"(},"managedRoutes":[{"name":"managed"}]})");
  };
  const std::string at =
      std::string(at_routing) + R"(istio.virtualService.name: Invalid value: "web": )";
  const std::string http = at + "Istio VirtualService has invalid HTTP routes. Error: ";
  const std::string subsets =
      R"(,"destinationRule":{"name":"r","canarySubsetName":"c","stableSubsetName":"s"})";
  constexpr const char* good =
      R"({"spec":{"http":[{"name":"one","route":[{"destination":{"host":"stable.shop.svc"}},{"destination":{"host":"canary"}}]},{"name":"managed"}]}})";
  constexpr const char* two =
      R"({"spec":{"http":[{"name":"one","route":[{"destination":{"host":"stable"}}]},{"name":"two","route":[{"destination":{"host":"canary","subset":"c"}}]}]}})";
  constexpr const char* tls =
      R"({"spec":{"tls":[{"match":[{"port":443,"sniHosts":["a","b"]}],"route":[{"destination":{"host":"stable"}},{"destination":{"host":"canary"}}]},{"match":[{"port":444}]}]}})";
  constexpr const char* tcp =
      R"({"spec":{"tcp":[{"match":[{"port":1}],"route":[{"destination":{"host":"stable"}},{"destination":{"host":"canary"}}]},{"match":[{"port":2}]}]}})";
  constexpr const char* web = "shop/VirtualService/web";
  check({
      {"the only route that is not managed", istio(""), {{web, good}}, ""},
      {"a route by name", istio(R"(,"routes":["one"])"), {{web, good}}, ""},
      {"in another namespace",
       canary(
           R"("trafficRouting":{"istio":{"virtualServices":[{"name":"web.mesh"}]},"managedRoutes":[{"name":"managed"}]})"),
       {{"mesh/VirtualService/web", good}},
       ""},
      {"missing", istio(""), {}, at + R"(virtualservices.networking.istio.io "web" not found)"},
      {"no routes",
       istio(""),
       {{web, R"({"spec":{}})"}},
       at + "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"},
      {"routes of a wrong form",
       istio(""),
       {{web, R"({"spec":{"http":[5],"tls":{},"tcp":[[]]}})"}},
       at + "Unable to get HTTP routes for Istio VirtualService|" + at +
           "Unable to get TLS routes for Istio VirtualService|" + at +
           "Unable to get TCP routes for Istio VirtualService"},
      {"no route of that name",
       istio(R"(,"routes":["three"])"),
       {{web, two}},
       http + "HTTP Route 'three' is not found in the defined Virtual Service."},
      {"none named, and two there",
       istio(""),
       {{web, two}},
       http + "spec.http[] should be set in VirtualService and it must have exactly one route when "
              "omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes"},
      {"no canary",
       istio(R"(,"routes":["one"])"),
       {{web, two}},
       http + "Canary Service 'canary' not found in route"},
      {"no stable",
       istio(R"(,"routes":["two"])"),
       {{web, two}},
       http + "Stable Service 'stable' not found in route"},
      {"no canary subset",
       istio(R"(,"routes":["one"])", subsets),
       {{web, two}},
       http + "Canary DestinationRule subset 'c' not found in route"},
      {"no stable subset",
       istio(R"(,"routes":["two"])", subsets),
       {{web, two}},
       http + "Stable DestinationRule subset 's' not found in route"},
      {"TLS by port and host",
       istio(R"(,"tlsRoutes":[{"port":443,"sniHosts":["b"]}])"),
       {{web, tls}},
       ""},
      {"TLS that nothing matches",
       istio(R"(,"tlsRoutes":[{"port":443,"sniHosts":["c"]}])"),
       {{web, tls}},
       at + "Istio VirtualService has invalid TLS routes. Error: No matching TLS routes found in "
            "the "
            "defined Virtual Service."},
      {"TLS, none named",
       istio(""),
       {{web, tls}},
       at + "Istio VirtualService has invalid TLS routes. Error: spec.tls[] should be set in "
            "VirtualService and it must have exactly one route when omitting "
            "spec.strategy.canary.trafficRouting.istio.virtualService.tlsRoutes"},
      {"TCP by port", istio(R"(,"tcpRoutes":[{"port":1}])"), {{web, tcp}}, ""},
      {"TCP that nothing matches",
       istio(R"(,"tcpRoutes":[{"port":3}])"),
       {{web, tcp}},
       at + "Istio VirtualService has invalid TCP routes. Error: No matching TCP routes found in "
            "the "
            "defined Virtual Service."},
      {"TCP, none named",
       istio(""),
       {{web, tcp}},
       at + "Istio VirtualService has invalid TCP routes. Error: spec.tcp[] should be set in "
            "VirtualService and it must have exactly one route when omitting "
            "spec.strategy.canary.trafficRouting.istio.virtualService.tcpRoutes"},
  });
}

TEST_CASE("a Mapping has no weight, and a VirtualRouter two targets in each route") {
  const std::string mapping = canary(R"("trafficRouting":{"ambassador":{"mappings":["web"]}})");
  const std::string mesh =
      canary(R"("trafficRouting":{"appMesh":{"virtualService":{"name":"web"}}})");
  const Held service = {
      "shop/VirtualService/web",
      R"({"spec":{"provider":{"virtualRouter":{"virtualRouterRef":{"name":"router"}}}}})"};
  const auto router = [&](const char* content) {
    return std::vector<Held>{
        service, {"shop/VirtualRouter/router", content}
    };
  };
  const std::string missing =
      std::string(at_routing) + R"(appmesh.virtualService: Invalid value: )";
  check({
      {"no weight",      mapping, {{"shop/Mapping/web", R"({"spec":{}})"}},                                     ""                                                                              },
      {"a weight",
       mapping,                   {{"shop/Mapping/web", R"({"spec":{"weight":5}})"}},
       R"(spec.weight: Invalid value: "web": Ambassador mapping "web" can not define weight)"                                                                                                   },
      {"no Mapping",
       mapping,                   {},
       std::string(at_routing) +
           R"(ambassador.mappings: Invalid value: "web": mappings.getambassador.io "web" not found)"                                                                                            },
      {"two targets",    mesh,
       router(
           R"({"spec":{"routes":[{"name":"a","httpRoute":{"action":{"weightedTargets":[{},{}]}}}]}})"),
       ""                                                                                                                                                                                       },
      {"no service",
       mesh,                      {},
       missing + R"("web.shop": virtualservices.appmesh.k8s.aws "web" not found)"                                                                                                               },
      {"no router",
       mesh,                      {service},
       missing + R"("router.shop": virtualrouters.appmesh.k8s.aws "router" not found)"                                                                                                          },
      {"a node instead",
       mesh,                      {{"shop/VirtualService/web", R"({"spec":{"provider":{"virtualNode":{}}}})"}},
       R"(kind: Invalid value: "VirtualNode": Expected object kind to be VirtualRouter but is VirtualNode)"                                                                                     },
      {"no routes",      mesh,    router(R"({"spec":{}})"),
       R"(spec.routes: Invalid value: "router": No routes defined for AppMesh virtual-router router)"                                                                                           },
      {"a number",       mesh,    router(R"({"spec":{"routes":[5]}})"),
       R"(spec.routes[0]: Invalid value: "router": Invalid route was found for AppMesh virtual-router router at index 0)"                                                                       },
      {"no rule",        mesh,    router(R"({"spec":{"routes":[{"name":"a"}]}})"),
       R"(spec.routes[0]: Invalid value: "router": Error getting route details for AppMesh virtual-router router and route a. Error: none of httpRoute, tcpRoute, http2Route, grpcRoute is set)"},
      {"no action",      mesh,    router(R"({"spec":{"routes":[{"name":"a","tcpRoute":{}}]}})"),
       R"(spec.routes[0].tcpRoute.action.weightedTargets: Invalid value: "router": Invalid route action found for AppMesh virtual-router router and route a)"                                   },
      {"one target",     mesh,
       router(
           R"({"spec":{"routes":[{"name":"a","grpcRoute":{"action":{"weightedTargets":[{}]}}}]}})"),
       R"(spec.routes[0].grpcRoute.action.weightedTargets: Invalid value: "router": Invalid number of weightedTargets (1) for AppMesh virtual-router router and route a, expected 2)"           },
  });
}

TEST_CASE("analysis templates must be there, fit each other, and come to an end") {
  const auto step = [](const std::string& analysis) {
    return canary(R"("steps":[{"setWeight":5},{"analysis":{"templates":[{"templateName":"t"}])" +
                  analysis + "}}]");
  };
  const auto background = [](const std::string& analysis) {
    return canary(R"("analysis":{"templates":[{"templateName":"t"}])" + analysis + "}");
  };
  const std::string both = canary(
      R"("steps":[{"analysis":{"templates":[{"templateName":"t"},{"templateName":"u","clusterScope":true}]}}])");
  const std::string at = "spec.strategy.canary.steps[1].analysis.templates: Invalid value: \"t\": ";
  const std::string at_names =
      "spec.strategy.canary.steps[1].analysis.templates: Invalid value: \"templateNames: [t]\": ";
  const std::string at_both =
      "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"templateNames: [t u]\": ";
  const std::string behind = "spec.strategy.canary.analysis.templates: Invalid value: ";
  constexpr const char* t = "shop/AnalysisTemplate/t";
  constexpr const char* u = "/ClusterAnalysisTemplate/u";
  constexpr const char* good = R"({"spec":{"metrics":[{"name":"m","provider":{}}]}})";
  constexpr const char* asks =
      R"({"spec":{"args":[{"name":"a"}],"metrics":[{"name":"m","successCondition":"result > {{args.a}}","provider":{}}]}})";
  constexpr const char* counts =
      R"({"spec":{"args":[{"name":"n"}],"metrics":[{"name":"m","interval":"5s","count":"{{ args.n }}","provider":{}}]}})";
  const std::string no_end = at +
                             "AnalysisTemplate t has metric m which runs indefinitely. Invalid "
                             "value for count: ";
  check({
      {"good",                                                    step(""),                                                                  {{t, good}},                                                         ""                                   },
      {"missing",                                                 step(""),                                                                  {},                                                                  at + "AnalysisTemplate 't' not found"},
      {"a cluster's is missing",
       both,                                                                                                                                 {{t, good}},
       "spec.strategy.canary.steps[0].analysis.templates: Invalid value: \"u\": "
       "ClusterAnalysisTemplate 'u' not found"                                                                                                                                                                                                         },
      {"one that a template names is missing",
       step(""),
       {{t, R"({"spec":{"templates":[{"templateName":"x"}]}})"}},
       "spec.templates: Invalid value: \"x\": AnalysisTemplate 'x' not found"                                                                                                                                                                          },
      {"templates that name each other",
       step(""),
       {{t, R"({"spec":{"templates":[{"templateName":"t"}]}})"}},
       ""                                                                                                                                                                                                                                              },
      {"unreadable",
       step(""),
       {{t, R"({"spec":{"metrics":5}})"}},
       at + "AnalysisTemplate t: metrics: found number 5, expected a list"                                                                                                                                                                             },
      {"blue-green",
       R"({"blueGreen":{"activeService":"a","postPromotionAnalysis":{"templates":[{"templateName":"t"}]}}})",
       {},
       "spec.strategy.blueGreen.postPromotionAnalysis.templates: Invalid value: \"t\": "
       "AnalysisTemplate 't' not found"                                                                                                                                                                                                                },
      {"a metric twice",
       both,                                                                                                                                 {{t, good}, {u, good}},
       at_both + "two metrics have the same name 'm'"                                                                                                                                                                                                  },
      {"two values of an argument",
       both,                                                                                                                                 {{t, R"({"spec":{"args":[{"name":"a","value":"1"}]}})"},
        {u, R"({"spec":{"args":[{"name":"a","value":"2"}]}})"}},
       at_both + "Argument `a` specified multiple times with different values: '1', '2'"                                                                                                                                                               },
      {"an argument without a value",                             step(""),                                                                  {{t, asks}},                                                         at_names + "args.a was not resolved" },
      {"handed in",                                               step(R"(,"args":[{"name":"a","value":"1"}])"),                             {{t, asks}},                                                         ""                                   },
      {"given by another template",
       both,                                                                                                                                 {{t, asks}, {u, R"({"spec":{"args":[{"name":"a","value":"2"}]}})"}},
       ""                                                                                                                                                                                                                                              },
      {"dry runs twice",
       step(R"(,"dryRun":[{"metricName":"m"}])"),
       {{t, R"({"spec":{"dryRun":[{"metricName":"m"}]}})"}},
       at_names + "two Dry-Run metric rules have the same name 'm'"                                                                                                                                                                                    },
      {"retentions twice",
       step(""),
       {{t,
         R"({"spec":{"measurementRetention":[{"metricName":"m","limit":1},{"metricName":"m","limit":2}]}})"}},
       at_names + "two Measurement Retention metric rules have the same name 'm'"                                                                                                                                                                      },
      {"value and valueFrom",
       step(""),
       {{t,
         R"({"spec":{"args":[{"name":"a","value":"1","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}})"}},
       at + "AnalysisTemplate t: arg 'a' has both Value and ValueFrom fields"                                                                                                                                                                          },
      {"an argument that nobody has",
       step(""),
       {{t,
         R"({"spec":{"metrics":[{"name":"m","failureCondition":"{{args.b}}","provider":{}}]}})"}},
       at + "AnalysisTemplate t: failed to resolve {{args.b}}"                                                                                                                                                                                         },
      {"no end",
       step(""),
       {{t, R"({"spec":{"metrics":[{"name":"m","interval":"5s","provider":{}}]}})"}},
       no_end + "null"                                                                                                                                                                                                                                 },
      {"a count of 0",
       step(""),
       {{t, R"({"spec":{"metrics":[{"name":"m","interval":"5s","count":0,"provider":{}}]}})"}},
       no_end + "0"                                                                                                                                                                                                                                    },
      {"a count that is handed in",
       step(R"(,"args":[{"name":"n","value":"3"}])"),
       {{t, counts}},
       ""                                                                                                                                                                                                                                              },
      {"in the background it may go on",
       background(""),
       {{t, R"({"spec":{"metrics":[{"name":"m","interval":"5s","provider":{}}]}})"}},
       ""                                                                                                                                                                                                                                              },
      {"in the background, no arguments",
       background(""),
       {{t, asks}},
       behind + "\"templateNames: [t]\": args.a was not resolved"                                                                                                                                                                                      },
      {"in the background, none, and another template's value",
       canary(
           R"("analysis":{"templates":[{"templateName":"t"},{"templateName":"u","clusterScope":true}]})"),
       {{t, asks}, {u, R"({"spec":{"args":[{"name":"a","value":"2"}]}})"}},
       behind + "\"t\": missing analysis arguments in rollout spec"                                                                                                                                                                                    },
      {"in the background, others, and another template's value",
       canary(
           R"("analysis":{"args":[{"name":"b","value":"1"}],"templates":[{"templateName":"t"},{"templateName":"u","clusterScope":true}]})"),
       {{t, asks}, {u, R"({"spec":{"args":[{"name":"a","value":"2"}]}})"}},
       behind + "\"t\": a"                                                                                                                                                                                                                             },
  });
}

}  // namespace
}  // namespace slipway::rollout
