#pragma once

#include <string_view>

#include "base/yaml.h"
#include "cli/rollout_view.h"

namespace slipway::cli {

/// Reads YAML documents of all kinds into what `get rollout` shows.
inline RolloutObjects objects_for_test(std::string_view yaml) {
  RolloutObjects objects;
  const std::vector<Json> documents = parse_yaml(yaml).value();
  for (const Json& document : documents) {
    const std::string_view kind = document["kind"].string_or_empty();
    if (kind == "Rollout") objects.rollout = api::decode<api::Rollout>(document).value();
    if (kind == "ReplicaSet") {
      objects.replica_sets.push_back(api::decode<api::ReplicaSet>(document).value());
    }
    if (kind == "Pod") objects.pods.push_back(api::decode<api::Pod>(document).value());
    if (kind == "AnalysisRun") {
      objects.analysis_runs.push_back(api::decode<api::AnalysisRun>(document).value());
    }
  }
  return objects;
}

}  // namespace slipway::cli
