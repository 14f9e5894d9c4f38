#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "api/rollout.h"
#include "rollout/named_object.h"
#include "rollout/problems.h"

namespace slipway::rollout {

/// Hands out such an object, which outlives the check; a null pointer where there is none.
using FindObject = std::function<const Json*(const NamedObject&)>;

/// Keeps what `look` hands out (a null pointer where there is none) of all that the check below
/// looks at: the templates that templates name in turn, too.
NamedObjects gather_named_objects(
    const api::Rollout& rollout,
    const std::function<std::shared_ptr<const Json>(const NamedObject&)>& look);

/// What is wrong with the analysis templates, Ingresses and routes that a Rollout names, in the
/// order in which Argo Rollouts looks and in its words. A problem whose message ends with
/// " not found" is that an object is missing. Sources: defaults-validation.tsv and upstream's
/// validation of references.
std::vector<Error> validate_named_objects(const api::Rollout& rollout, const FindObject& find);

/// The same of what was gathered: what is not there counts as none.
std::vector<Error> validate_named_objects(const api::Rollout& rollout, const NamedObjects& objects);

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
