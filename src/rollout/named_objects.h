#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "api/rollout.h"
#include "rollout/problems.h"

namespace slipway::rollout {

/// An object that a Rollout names beside its Services and its workload. Without a version: routers
/// serve theirs under several.
struct NamedObject {
  std::string group;  ///< "networking.istio.io"
  std::string kind;
  std::string namespace_;  ///< Empty for kinds without namespaces.
  std::string name;
  auto operator<=>(const NamedObject&) const = default;
};

/// Hands out such an object, which outlives the check; a null pointer where there is none.
using FindObject = std::function<const Json*(const NamedObject&)>;

/// What is wrong with the analysis templates, Ingresses and routes that a Rollout names, in the
/// order in which Argo Rollouts looks and in its words. A problem whose message ends with
/// " not found" is that an object is missing. Sources: defaults-validation.tsv and upstream's
/// validation of references.
std::vector<Error> validate_named_objects(const api::Rollout& rollout, const FindObject& find);

/// Its parts, for one kind of reference each.
void check_analysis_templates(const api::Rollout& rollout, const FindObject& find,
                              Problems& problems);
void check_ingresses(const api::Rollout& rollout, const FindObject& find, Problems& problems);
void check_virtual_services(const api::Rollout& rollout, const FindObject& find,
                            Problems& problems);
void check_mappings(const api::Rollout& rollout, const FindObject& find, Problems& problems);
void check_app_mesh(const api::Rollout& rollout, const FindObject& find, Problems& problems);

/// "name" or "name.namespace", as routers' objects are named; the Rollout's namespace by default.
NamedObject routed_object(const api::Rollout& rollout, std::string group, std::string kind,
                          const std::string& name);

/// Whether any item of a list is such; of what is no list, none is.
inline bool any_item(const Json& list, auto&& is_such) {
  return list.is_array() && std::ranges::any_of(list.as_array(), is_such);
}

}  // namespace slipway::rollout
