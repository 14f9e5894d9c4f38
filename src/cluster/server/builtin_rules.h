#pragma once

#include <memory>
#include <string_view>

#include "api/core_schema.h"
#include "cluster/server/resource.h"

namespace slipway::cluster {

/// Where kinds of Kubernetes' own differ from each other. Members left empty do nothing.
struct KindFunctions {
  void (*prepare_create)(Json& object) = nullptr;
  void (*prepare_update)(Json& object, const Json& old, Subresource way) = nullptr;
  void (*validate)(const Json& object, FieldErrors& errors) = nullptr;
  void (*validate_update)(const Json& object, const Json& old, FieldErrors& errors) = nullptr;
  void (*validate_status)(const Json& object, FieldErrors& errors) = nullptr;
  std::vector<std::string> (*warnings)(const Json& object, const Json* old) = nullptr;
  /// Keeps a creator's status, as Nodes do.
  bool keeps_status = false;
  /// A change of annotations raises the generation too, as with Deployments.
  bool counts_annotations = false;
  /// All but metadata raises the generation, as with kinds that have no spec.
  bool counts_all = false;
};

/// The rules of a kind whose type is one of the core types; of a kind that is served as a plain
/// object where `type` is nothing: only its metadata is checked.
std::shared_ptr<const KindRules> make_builtin_rules(const api::CoreType* type,
                                                    KindFunctions functions);

/// Checks and canonises an object's metadata alone.
Result<void> decode_metadata(Json& object, std::vector<std::string>* unknown);

}  // namespace slipway::cluster
