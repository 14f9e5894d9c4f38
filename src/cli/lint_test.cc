#include "cli/lint.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace slipway;
using namespace slipway::cli;

namespace {

constexpr const char* good = R"(apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  strategy:
    canary:
      stableService: stable
      steps:
      - setWeight: 20
      - pause: {}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)";

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string told(const std::string& text) {
  std::string all;
  for (const LintFinding& finding : find_lint({
           {"f.yaml", text}
  }))
    all += finding.text() + "|";
  return all;
}

}  // namespace

TEST_CASE("lint names file, line, field, what was found and what was expected") {
  struct Row {
    const char* name;
    std::string text;
    const char* want;
  };
  const Row rows[] = {
      {"nothing wrong", good, ""},
      {"a number", replaced("replicas: 3", "replicas: -1"),
       "f.yaml:5: spec.replicas: found -1, expected: must be greater than or equal to 0 (set 0 or "
       "more)|"},
      {"a step", replaced("setWeight: 20", "setWeight: 120"),
       "f.yaml:11: spec.strategy.steps[0].setWeight: found 120, expected: SetWeight needs to be "
       "between 0 and 100 (set 0 to 100)|"},
      {"a missing field", replaced("  selector: {matchLabels: {app: shop}}\n", ""),
       "f.yaml:4: spec.selector: Rollout has missing field '.spec.selector' (set "
       "spec.selector.matchLabels to labels of spec.template)|"},
      {"an unknown field", replaced("stableService: stable", "stableSvc: stable"),
       "f.yaml:9: spec.strategy.canary.stableSvc: unknown field (correct its name or place)|"},
      {"a template that does not fit", replaced("labels: {app: shop}", "labels: {app: other}"),
       "f.yaml:14: spec.template.metadata.labels: found {\"app\":\"other\"}, expected: `selector` "
       "does not match template `labels` (give the template the labels that spec.selector asks "
       "for)|"},
      {"broken YAML", "a: [1\nb: 2\n", "f.yaml:"},
      {"a key twice", replaced("replicas: 3", "replicas: 3\n  replicas: 4"),
       "f.yaml:6: the key \"replicas\" stands here a second time"},
      {"a Service of the file", std::string(good) + R"(---
apiVersion: v1
kind: Service
metadata: {name: stable}
spec: {selector: {app: other}}
)",
       "f.yaml:9: spec.strategy.canary.stableService: found \"stable\", expected: Service "
       "\"stable\" has unmatch label \"app\" in rollout"},
      {"other kinds are none of its business", "apiVersion: v1\nkind: Secret\ndata: 5\n", ""},
      {"the second document", "kind: Nothing\n---\n" + replaced("replicas: 3", "replicas: -1"),
       "f.yaml:7: spec.replicas"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string got = told(row.text);
    CAPTURE(got);
    CHECK(got.starts_with(row.want));
    CHECK(got.empty() == std::string_view(row.want).empty());
  }
}

TEST_CASE("a workload that a file holds lends its template; one that none holds is not missed") {
  const std::string reference =
      replaced(R"(  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1"}]}
)",
               R"(  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: old}
)");
  CHECK(told(reference).empty());
  CHECK(told(reference + R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: old}
spec:
  selector: {matchLabels: {app: other}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: a, image: b}]}}
)")
            .find("`selector` does not match template `labels`") != std::string::npos);
  CHECK(told(replaced("  template:",
                      "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: "
                      "old}\n  template:"))
            .find("template must be empty") != std::string::npos);
}

TEST_CASE("templates and routes are checked where the files hold them") {
  const std::string text =
      replaced("      - pause: {}", R"(      - analysis: {templates: [{templateName: rate}]}
      canaryService: canary
      trafficRouting: {nginx: {stableIngress: shop}})");
  CHECK(told(text).empty());
  CHECK(told(text + R"(---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate}
spec:
  metrics: [{name: rate, interval: 5s, provider: {prometheus: {query: up}}}]
)") == "f.yaml:12: spec.strategy.canary.steps[1].analysis.templates: found \"rate\", expected: "
       "AnalysisTemplate rate has metric rate which runs indefinitely. Invalid value for count: "
       "null (give the metric a count, or take its interval away)|"
       "f.yaml:14: spec.strategy.canary.trafficRouting.nginx.stableIngress: found \"shop\", "
       "expected: ingress `shop` has no rules using service stable backend (give the Ingress a "
       "path whose backend is this Service)|");
}

TEST_CASE("a file that is not there is an error, and so is none") {
  std::ostringstream out;
  std::ostringstream err;
  CHECK_FALSE(lint({.files = {"/does/not/exist.yaml"}}, {out, err}));
  CHECK_FALSE(lint({}, {out, err}));
}
