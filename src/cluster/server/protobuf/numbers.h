#pragma once

#include <string_view>

namespace slipway::cluster {

/// Under which numbers protobuf keeps the fields of Kubernetes' core types, one struct an entry:
///
///     Volume name=1 *VolumeSource=2
///
/// A star marks a struct whose fields JSON writes into the one around it. The types themselves are
/// those of `api/core_schema.h`; EventsEvent is events.k8s.io's form of an Event, under the core
/// form's names. Source: the generated.proto files of k8s.io/api and k8s.io/apimachinery v0.34.
extern const std::string_view protobuf_numbers;

}  // namespace slipway::cluster
