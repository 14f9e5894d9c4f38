#include "rollout/named_object.h"

#include <string_view>

namespace slipway::rollout {

std::optional<api::Kind> kind_of(const NamedObject& object, const RouterVersions& versions) {
  for (const api::Kind& kind : {api::kinds::analysis_template,
                                api::kinds::cluster_analysis_template, api::kinds::ingress}) {
    if (object.group == kind.group && object.kind == kind.kind) return kind;
  }
  if (object.group == "networking.istio.io") {
    return api::Kind{"networking.istio.io", versions.istio, "VirtualService", "virtualservices"};
  }
  if (object.group == "getambassador.io") {
    const std::string_view served = versions.ambassador;
    const auto slash = served.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    return api::Kind{served.substr(0, slash), served.substr(slash + 1), "Mapping", "mappings"};
  }
  if (object.group == "appmesh.k8s.aws") {
    return object.kind == "VirtualRouter"
               ? api::Kind{"appmesh.k8s.aws", versions.app_mesh, "VirtualRouter", "virtualrouters"}
               : api::Kind{"appmesh.k8s.aws", versions.app_mesh, "VirtualService",
                           "virtualservices"};
  }
  return std::nullopt;
}

}  // namespace slipway::rollout
