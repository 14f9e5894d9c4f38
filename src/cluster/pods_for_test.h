#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "base/yaml.h"
#include "cluster/pods.h"

namespace slipway::cluster {

/// A pod from a manifest in YAML, as the cache would hold it.
inline PodPointer make_pod_for_test(const std::string& yaml) {
  const Result<Json> content = parse_yaml_document(yaml);
  if (!content) throw std::runtime_error(content.error().text() + "\n" + yaml);
  Result<api::Pod> pod = api::decode<api::Pod>(*content);
  if (!pod) throw std::runtime_error(pod.error().text() + "\n" + yaml);
  return std::make_shared<CachedPod>(CachedPod{*std::move(pod), *content});
}

}  // namespace slipway::cluster
