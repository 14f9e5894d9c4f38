#include "simulation/manifests.h"

#include "simulation/schedule.h"

namespace slipway::simulation {
namespace {

constexpr std::string_view name = "web";

/// One of the values, each as likely as another.
template <class T, std::size_t n>
T one_of(Random& random, const T (&values)[n]) {
  return values[random.below(n)];
}

Json service(std::string_view service_name) {
  return Json::object({
      {"apiVersion", "v1"                                                                          },
      {"kind",       "Service"                                                                     },
      {"metadata",   Json::object({{"name", service_name}, {"namespace", "default"}})              },
      {"spec",       Json::object({{"selector", Json::object({{"app", name}})},
                             {"ports", Json::array({Json::object({{"port", 80}})})}})}
  });
}

Json pod_template() {
  return Json::object({
      {"metadata", Json::object({{"labels", Json::object({{"app", name}})}})                    },
      {"spec",
       Json::object(
           {{"containers", Json::array({Json::object({{"name", "web"}, {"image", "web:0"}})})}})}
  });
}

Json pause(Random& random) {
  Json duration = Json::object();
  switch (random.below(4)) {
    case 0:
      break;  // Until somebody promotes.
    case 1:
      duration.set("duration", static_cast<int>(1 + random.below(20)));
      break;
    case 2:
      duration.set("duration", std::to_string(1 + random.below(90)) + "s");
      break;
    default:
      duration.set("duration", one_of(random, {"1m", "5m", "1h", "0", "90s"}));
  }
  return Json::object({
      {"pause", duration}
  });
}

Json step(Random& random, int& weight) {
  switch (random.below(5)) {
    case 0:
    case 1:
      weight = std::min(100, weight + static_cast<int>(random.below(40)));
      return Json::object({
          {"setWeight", weight}
      });
    default:
      return pause(random);
  }
}

Json canary(Random& random, std::vector<Json>& objects) {
  Json strategy = Json::object();
  int weight = 0;
  Json steps = Json::array();
  for (std::uint64_t left = random.below(7); left > 0; --left) {
    steps.push_back(step(random, weight));
  }
  if (!steps.empty()) strategy.set("steps", steps);
  const char* surges[] = {"25%", "1", "2", "50%", "100%", "0"};
  const std::uint64_t surge = random.below(6);
  const auto amount = [](const std::string& text) {
    return text.ends_with('%') ? Json(text) : Json(std::stoi(text));
  };
  if (random.below(2) == 0) {
    strategy.set("maxSurge", amount(surges[surge]));
    const std::string unavailable = surge == 5 ? "1" : one_of(random, {"0", "1", "25%", "50%"});
    strategy.set("maxUnavailable", amount(unavailable));
  }
  if (random.below(3) == 0) {
    strategy.set("stableService", "web-stable");
    strategy.set("canaryService", "web-canary");
    objects.push_back(service("web-stable"));
    objects.push_back(service("web-canary"));
  }
  if (random.below(4) == 0) {
    strategy.set("abortScaleDownDelaySeconds", static_cast<int>(random.below(3) * 20));
  }
  return Json::object({
      {"canary", strategy}
  });
}

Json blue_green(Random& random, std::vector<Json>& objects) {
  Json strategy = Json::object({
      {"activeService", "web-active"}
  });
  objects.push_back(service("web-active"));
  if (random.below(2) == 0) {
    strategy.set("previewService", "web-preview");
    objects.push_back(service("web-preview"));
  }
  if (random.below(3) == 0) strategy.set("autoPromotionEnabled", false);
  if (random.below(4) == 0) {
    strategy.set("autoPromotionSeconds", static_cast<int>(1 + random.below(60)));
  }
  if (random.below(2) == 0) {
    strategy.set("scaleDownDelaySeconds", static_cast<int>(random.below(90)));
  }
  if (random.below(4) == 0) {
    strategy.set("scaleDownDelayRevisionLimit", static_cast<int>(random.below(3)));
  }
  if (random.below(4) == 0) {
    strategy.set("abortScaleDownDelaySeconds", static_cast<int>(random.below(3) * 20));
  }
  if (random.below(4) == 0) {
    strategy.set("previewReplicaCount", static_cast<int>(1 + random.below(3)));
  }
  return Json::object({
      {"blueGreen", strategy}
  });
}

}  // namespace

std::vector<Json> make_up_manifests(std::uint64_t seed) {
  Random random = stream_of(seed, "manifest");
  std::vector<Json> objects;
  Json spec = Json::object({
      {"replicas", static_cast<int>(one_of(random, {1, 1, 2, 3, 3, 5, 7}))},
      {"selector", Json::object({{"matchLabels", Json::object({{"app", name}})}})},
      {"template", pod_template()},
  });
  if (random.below(2) == 0) {
    spec.set("revisionHistoryLimit", static_cast<int>(random.below(4)));
  }
  if (random.below(4) == 0) spec.set("minReadySeconds", static_cast<int>(random.below(15)));
  if (random.below(3) == 0) {
    spec.set("progressDeadlineSeconds", static_cast<int>(30 + random.below(300)));
    if (random.below(3) == 0) spec.set("progressDeadlineAbort", true);
  }
  if (random.below(6) == 0) {
    spec.set("rollbackWindow", Json::object({
                                   {"revisions", static_cast<int>(1 + random.below(3))}
    }));
  }
  spec.set("strategy", random.below(5) < 3 ? canary(random, objects) : blue_green(random, objects));
  objects.push_back(Json::object({
      {"apiVersion", "argoproj.io/v1alpha1"                                  },
      {"kind",       "Rollout"                                               },
      {"metadata",   Json::object({{"name", name}, {"namespace", "default"}})},
      {"spec",       spec                                                    }
  }));
  return objects;
}

}  // namespace slipway::simulation
