#include "controller/pod_list.h"

#include "base/log.h"

namespace slipway::controller {

std::vector<std::shared_ptr<const api::Pod>> decode_pods(const Json::Array& items) {
  std::vector<std::shared_ptr<const api::Pod>> pods;
  for (const Json& item : items) {
    Result<api::Pod> pod = api::decode<api::Pod>(item);
    if (!pod) {
      log::error("cannot read a pod", {
                                          {"error", pod.error().text()}
      });
      continue;
    }
    pods.push_back(std::make_shared<const api::Pod>(std::move(*pod)));
  }
  return pods;
}

}  // namespace slipway::controller
