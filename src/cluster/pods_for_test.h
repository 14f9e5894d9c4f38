#pragma once

#include <memory>
#include <string>

#include "base/yaml.h"
#include "cluster/pods.h"

namespace slipway::cluster {

/// A pod from a manifest in YAML, as the cache would hold it.
inline PodPointer make_pod_for_test(const std::string& yaml) {
  const Json content = parse_yaml_document(yaml).value();
  return std::make_shared<CachedPod>(CachedPod{api::decode<api::Pod>(content).value(), content});
}

}  // namespace slipway::cluster
