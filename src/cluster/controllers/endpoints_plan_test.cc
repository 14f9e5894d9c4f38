#include "cluster/controllers/endpoints_plan.h"

#include <doctest/doctest.h>

#include "base/yaml.h"
#include "cluster/pods_for_test.h"

namespace slipway::cluster {

namespace {

CachedService service_with(const std::string& spec) {
  return CachedService::read(parse_yaml_document("apiVersion: v1\nkind: Service\nmetadata: {name: "
                                                 "web, namespace: shop, uid: svc, labels: {team: "
                                                 "a}}\nspec: " +
                                                 spec + "\n")
                                 .value())
      .value();
}

PodPointer pod(const std::string& name, const std::string& ip, bool ready, bool deleted = false,
               const std::string& port_name = "http") {
  return make_pod_for_test(
      "metadata: {name: " + name + ", namespace: shop, uid: u-" + name + ", labels: {app: web}" +
      (deleted ? ", deletionTimestamp: '2026-01-01T00:00:00Z'" : "") +
      "}\nspec: {nodeName: node-1, containers: [{name: c, ports: [{name: " + port_name +
      ", containerPort: 8080}]}]}\nstatus: {phase: Running, podIP: '" + ip +
      "', conditions: [{type: Ready, status: '" + (ready ? "True" : "False") + "'}]}\n");
}

/// "10.0.0.1 10.0.0.2 / 10.0.0.3 : http=8080" for each subset: ready / not ready : ports.
std::vector<std::string> subsets(const Json& endpoints) {
  std::vector<std::string> texts;
  const auto addresses = [](const Json& list) {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i) {
      text += std::string(list.at(i)["ip"].string_or_empty()) + " ";
    }
    return text;
  };
  for (std::size_t i = 0; i < endpoints["subsets"].size(); ++i) {
    const Json& subset = endpoints["subsets"].at(i);
    std::string text =
        addresses(subset["addresses"]) + "/ " + addresses(subset["notReadyAddresses"]) + ":";
    for (std::size_t j = 0; j < subset["ports"].size(); ++j) {
      text += fmt::format(" {}={}", subset["ports"].at(j)["name"].string_or_empty(),
                          subset["ports"].at(j)["port"].integer_or(0));
    }
    texts.push_back(text);
  }
  return texts;
}

using Texts = std::vector<std::string>;

constexpr const char* by_number =
    "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}]}";

}  // namespace

TEST_CASE("endpoints are the selected pods, the ready apart from the others") {
  const PodPointer ready = pod("a", "10.0.0.1", true);
  const PodPointer waiting = pod("b", "10.0.0.2", false);
  const PodPointer going = pod("c", "10.0.0.3", true, true);
  const PodPointer nowhere = pod("d", "", false);
  const PodPointer other_port = pod("e", "10.0.0.5", true, false, "web");
  struct Row {
    const char* name;
    const char* service;
    std::vector<PodPointer> pods;
    Texts want;
  };
  const Row rows[] = {
      {"none",                                             by_number,                  {},                  {}                                 },
      {"ready and not",                                    by_number,                  {ready, waiting},    {"10.0.0.1 / 10.0.0.2 : http=8080"}},
      {"going or without address",                         by_number,                  {going, nowhere},    {}                                 },
      {"other labels",                                     "{selector: {app: other}}", {ready},             {}                                 },
      {"published before ready",
       "{selector: {app: web}, publishNotReadyAddresses: true}",                       {waiting},
       {"10.0.0.2 / :"}                                                                                                                        },
      {"a port by name is where the pod says, or nowhere",
       "{selector: {app: web}, ports: [{port: 80, targetPort: http}]}",                {ready, other_port},
       {"10.0.0.5 / :", "10.0.0.1 / : =8080"}                                                                                                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(subsets(desired_endpoints(service_with(row.service), row.pods)) == row.want);
  }
}

TEST_CASE("slices tell ready, serving and terminating apart, and name their Service") {
  const auto slices = desired_slices(
      service_with(by_number),
      {pod("a", "10.0.0.1", true), pod("b", "10.0.0.2", false), pod("c", "10.0.0.3", true, true)});
  REQUIRE(slices.size() == 1);
  const auto conditions = [&](std::size_t i) {
    const Json& all = slices[0]["endpoints"].at(i)["conditions"];
    return fmt::format("{} {} {}", all["ready"].as_bool(), all["serving"].as_bool(),
                       all["terminating"].as_bool());
  };
  CHECK(conditions(0) == "true true false");
  CHECK(conditions(1) == "false false false");
  CHECK(conditions(2) == "false true true");
  const Json& metadata = slices[0]["metadata"];
  CHECK(metadata["labels"]["kubernetes.io/service-name"] == Json("web"));
  CHECK(metadata["labels"]["team"] == Json("a"));
  CHECK(metadata["ownerReferences"].at(0)["uid"] == Json("svc"));
}

TEST_CASE("a slice holds at most a hundred endpoints, and an empty Service has an empty one") {
  std::vector<PodPointer> pods;
  for (int i = 0; i < 250; ++i) {
    pods.push_back(pod(fmt::format("p{}", i), fmt::format("10.0.1.{}", i), true));
  }
  const auto slices = desired_slices(service_with(by_number), pods);
  REQUIRE(slices.size() == 3);
  CHECK(slices[2]["endpoints"].size() == 50);
  CHECK(slices[0]["metadata"]["name"] != slices[1]["metadata"]["name"]);
  CHECK(desired_slices(service_with(by_number), {}).size() == 1);
}

TEST_CASE("a Service without a selector, or that is a name elsewhere, selects nothing") {
  CHECK_FALSE(selects_pods(service_with("{}")));
  CHECK_FALSE(selects_pods(service_with("{type: ExternalName, selector: {app: web}}")));
  CHECK(selects_pods(service_with(by_number)));
}

}  // namespace slipway::cluster
