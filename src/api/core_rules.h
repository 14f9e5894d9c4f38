#pragma once

#include "api/go_encoding.h"

namespace slipway::api {

/// Fills in what an API server derives from other fields of one struct, which a constant of the
/// table can't say: an image's pull policy, a service port's target, a volume without a source.
/// Source: the defaulting functions of kubernetes v1.34, pkg/apis/{core,apps,batch}/v1/defaults.go.
void apply_core_rules(Slots& slots);

/// "IfNotPresent", or "Always" where the image's tag is "latest" or where it names neither tag nor
/// digest.
std::string_view image_pull_policy(std::string_view image);

}  // namespace slipway::api
