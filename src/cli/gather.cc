#include "cli/gather.h"

#include "api/workload.h"
#include "base/text.h"
#include "rollout/named_objects.h"

namespace slipway::cli {
namespace {

/// Nothing where there is none of that name.
Result<std::optional<Json>> find(Session& session, const api::Kind& kind,
                                 const api::ObjectKey& key) {
  Result<Json> found = session.get(kind, key);
  if (found) return std::optional<Json>(std::move(*found));
  if (found.error().code == ErrorCode::not_found) return std::optional<Json>();
  return Failure(found.error());
}

Result<void> gather_named_objects(Session& session, rollout::Observed& seen) {
  const rollout::RouterVersions versions;
  std::optional<Error> error;
  seen.named_objects = rollout::gather_named_objects(
      *seen.rollout, [&](const rollout::NamedObject& object) -> std::shared_ptr<const Json> {
        const auto kind = rollout::kind_of(object, versions);
        if (!kind || error) return nullptr;
        auto found = find(session, *kind, {object.namespace_, object.name});
        if (!found) error = found.error();
        return found && *found ? std::make_shared<const Json>(std::move(**found)) : nullptr;
      });
  if (error) return Failure(*error);
  return {};
}

Result<void> gather_replica_sets(Session& session, rollout::Observed& seen) {
  const api::Rollout& rollout = *seen.rollout;
  for (const Json& item : TRY(session.list(api::kinds::replica_set, rollout.metadata.namespace_))) {
    auto replica_set = TRY(api::decode<api::ReplicaSet>(item));
    const api::OwnerReference* owner = replica_set.metadata.controller();
    const bool ours = owner ? owner->uid == rollout.metadata.uid
                            : rollout.spec.selector &&
                                  matches(*rollout.spec.selector, replica_set.metadata.labels);
    if (!ours) continue;
    seen.replica_sets.push_back(std::make_shared<const api::ReplicaSet>(std::move(replica_set)));
  }
  return {};
}

Result<void> gather_pods(Session& session, rollout::Observed& seen) {
  const auto& selector = seen.rollout->spec.selector;
  const std::string query =
      "labelSelector=" + url_encode(selector ? api::format_selector(*selector) : "");
  for (const Json& item :
       TRY(session.list(api::kinds::pod, seen.rollout->metadata.namespace_, query))) {
    seen.pods.push_back(std::make_shared<const api::Pod>(TRY(api::decode<api::Pod>(item))));
  }
  return {};
}

}  // namespace

Result<rollout::Observed> gather(Session& session, const Json& rollout) {
  rollout::Observed seen{
      .now = session.now(),
      .rollout = std::make_shared<const api::Rollout>(TRY(api::decode<api::Rollout>(rollout))),
      .rollout_is_live = true,
      .services_are_live = true,
      .workload_is_live = true};
  const rollout::References named = rollout::references(*seen.rollout);
  const std::string& home = session.namespace_name();
  if (named.workload) {
    if (const auto found = TRY(find(session, named.workload->kind, {home, named.workload->name}))) {
      seen.workload = std::make_shared<const rollout::Workload>(
          TRY(rollout::decode_workload(named.workload->kind, *found)));
    }
    rollout::resolve_workload(seen);
  }
  for (const std::string& name : named.services) {
    seen.services[name] = nullptr;
    if (const auto found = TRY(find(session, api::kinds::service, {home, name}))) {
      seen.services[name] =
          std::make_shared<const api::Service>(TRY(api::decode<api::Service>(*found)));
    }
  }
  TRY_DONE(gather_named_objects(session, seen));
  TRY_DONE(gather_replica_sets(session, seen));
  TRY_DONE(gather_pods(session, seen));
  return seen;
}

}  // namespace slipway::cli
