#pragma once

#include <memory>
#include <vector>

#include "api/workload.h"

namespace slipway::controller {

/// The pods of a list. One that can't be read is logged and left out: it counts as not serving.
std::vector<std::shared_ptr<const api::Pod>> decode_pods(const Json::Array& items);

}  // namespace slipway::controller
