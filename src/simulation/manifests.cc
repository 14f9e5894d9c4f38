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

Json metadata_of_pods(Random& random, std::string_view role) {
  Json metadata = Json::object();
  if (random.below(3) != 0)
    metadata.set("labels", Json::object({
                               {"role", role}
    }));
  if (random.below(3) != 0)
    metadata.set("annotations", Json::object({
                                    {"example.com/role", role}
    }));
  return metadata;
}

Json anti_affinity(Random& random) {
  if (random.below(2) == 0) {
    return Json::object({
        {"requiredDuringSchedulingIgnoredDuringExecution", Json::object()}
    });
  }
  return Json::object({
      {"preferredDuringSchedulingIgnoredDuringExecution",
       Json::object({{"weight", static_cast<int>(1 + random.below(100))}})}
  });
}

/// What both strategies have, or each under names of its own.
void add_rarer_fields(Random& random, Json& strategy, std::string_view stable_metadata,
                      std::string_view new_metadata) {
  if (random.below(6) == 0) strategy.set(stable_metadata, metadata_of_pods(random, "stable"));
  if (random.below(6) == 0) strategy.set(new_metadata, metadata_of_pods(random, "new"));
  if (random.below(12) == 0) strategy.set("antiAffinity", anti_affinity(random));
}

/// The rest of the spec, from a stream of its own: what is added here shifts no other draw.
void add_the_rest(std::uint64_t seed, Json& spec) {
  Random random = stream_of(seed, "manifest, the rest");
  Json& strategy = spec.member("strategy");
  if (Json* canary = strategy.find("canary")) {
    add_rarer_fields(random, *canary, "stableMetadata", "canaryMetadata");
    if (random.below(8) == 0) {
      const bool percent = random.below(2) == 0;
      const std::uint64_t most = percent ? 101 : spec["replicas"].integer_or(1) + 1;
      canary->set("replicaProgressThreshold",
                  Json::object({
                      {"type",  percent ? "Percent" : "Pods"        },
                      {"value", static_cast<int>(random.below(most))}
      }));
    }
  }
  if (Json* blue_green = strategy.find("blueGreen")) {
    add_rarer_fields(random, *blue_green, "activeMetadata", "previewMetadata");
    if (random.below(8) == 0) {
      blue_green->set("maxUnavailable", one_of<const char*>(random, {"0", "25%", "50%"}));
    }
    // Validation admits no more versions that wait than are kept.
    const std::int64_t kept = spec["revisionHistoryLimit"].integer_or(10);
    if ((*blue_green)["scaleDownDelayRevisionLimit"].integer_or(0) > kept) {
      blue_green->set("scaleDownDelayRevisionLimit", static_cast<long>(kept));
    }
  }
  if (random.below(30) == 0) spec.set("paused", true);
  if (random.below(12) == 0) {
    spec.set("restartAt", one_of(random, {"2025-12-31T23:00:00Z", "2026-01-01T00:00:30Z",
                                          "2026-01-01T00:20:00Z"}));
  }
}

/// In one of eight manifests the pod template is another object's.
void lend_template(std::uint64_t seed, Json& spec, std::vector<Json>& objects) {
  Random random = stream_of(seed, "workload");
  if (random.below(8) != 0) return;
  const char* kind = one_of<const char*>(random, {"PodTemplate", "Deployment", "ReplicaSet"});
  const bool is_bare = std::string_view(kind) == "PodTemplate";
  Json reference = Json::object({
      {"apiVersion", is_bare ? "v1" : "apps/v1"},
      {"kind",       kind                      },
      {"name",       name                      }
  });
  if (std::string_view(kind) == "Deployment") {
    reference.set("scaleDown",
                  one_of<const char*>(random, {"never", "onsuccess", "progressively"}));
  }
  Json lender = Json::object({
      {"apiVersion", reference["apiVersion"]                                 },
      {"kind",       kind                                                    },
      {"metadata",   Json::object({{"name", name}, {"namespace", "default"}})}
  });
  if (is_bare) {
    lender.set("template", spec["template"]);
  } else {
    // Of a ReplicaSet the pods are real, and nobody's business; a Deployment hands its own over.
    const Json replicas = std::string_view(kind) == "Deployment"
                              ? spec["replicas"]
                              : Json(static_cast<int>(random.below(2)));
    lender.set("spec", Json::object({
                           {"replicas", replicas        },
                           {"selector", spec["selector"]},
                           {"template", spec["template"]}
    }));
    // Its selector is lent too, to who has none.
    if (random.below(4) == 0) spec.erase("selector");
  }
  spec.erase("template");
  spec.set("workloadRef", std::move(reference));
  objects.push_back(std::move(lender));
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
  add_the_rest(seed, spec);
  lend_template(seed, spec, objects);
  objects.push_back(Json::object({
      {"apiVersion", "argoproj.io/v1alpha1"                                  },
      {"kind",       "Rollout"                                               },
      {"metadata",   Json::object({{"name", name}, {"namespace", "default"}})},
      {"spec",       spec                                                    }
  }));
  return objects;
}

std::string neighbour_name(std::size_t index) {
  return "neighbour-" + std::to_string(index);
}

std::vector<Json> make_up_neighbours() {
  std::vector<Json> objects;
  for (std::size_t i = 0; i < neighbours_max; ++i) {
    const std::string of = neighbour_name(i);
    const Json labels = Json::object({
        {"app", of}
    });
    Json pods = pod_template();
    pods.member("metadata").set("labels", labels);
    Json spec = Json::object({
        {"replicas", 1                                         },
        {"selector", Json::object({{"matchLabels", labels}})   },
        {"strategy", Json::object({{"canary", Json::object()}})}
    });
    spec.set("template", std::move(pods));
    objects.push_back(Json::object({
        {"apiVersion", "argoproj.io/v1alpha1"                                },
        {"kind",       "Rollout"                                             },
        {"metadata",   Json::object({{"name", of}, {"namespace", "default"}})},
        {"spec",       std::move(spec)                                       }
    }));
  }
  return objects;
}

}  // namespace slipway::simulation
