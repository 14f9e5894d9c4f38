#include "rollout/named_objects.h"

namespace slipway::rollout {

NamedObject routed_object(const api::Rollout& rollout, std::string group, std::string kind,
                          const std::string& name) {
  const auto dot = name.find('.');
  const bool has_namespace = dot != std::string::npos && dot + 1 < name.size();
  return {.group = std::move(group),
          .kind = std::move(kind),
          .namespace_ = has_namespace ? name.substr(dot + 1) : rollout.metadata.namespace_,
          .name = name.substr(0, dot)};
}

NamedObjects gather_named_objects(
    const api::Rollout& rollout,
    const std::function<std::shared_ptr<const Json>(const NamedObject&)>& look) {
  NamedObjects gathered;
  // What is named in turn is known only to who has read what names it: the check itself walks.
  validate_named_objects(rollout, [&](const NamedObject& object) {
    const auto [at, is_new] = gathered.try_emplace(object);
    if (is_new) at->second = look(object);
    return at->second.get();
  });
  return gathered;
}

std::vector<Error> validate_named_objects(const api::Rollout& rollout,
                                          const NamedObjects& objects) {
  return validate_named_objects(rollout, [&](const NamedObject& object) -> const Json* {
    const auto found = objects.find(object);
    return found == objects.end() ? nullptr : found->second.get();
  });
}

std::vector<Error> validate_named_objects(const api::Rollout& rollout, const FindObject& find) {
  Problems problems;
  check_analysis_templates(rollout, find, problems);
  if (rollout.spec.strategy.canary && rollout.spec.strategy.canary->traffic_routing) {
    check_ingresses(rollout, find, problems);
    check_virtual_services(rollout, find, problems);
    check_mappings(rollout, find, problems);
    check_app_mesh(rollout, find, problems);
  }
  return problems.take();
}

}  // namespace slipway::rollout
