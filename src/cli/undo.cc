#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "api/rollout.h"
#include "api/workload.h"
#include "base/text.h"
#include "cli/commands.h"
#include "rollout/new_replica_set.h"
#include "rollout/workload.h"

namespace slipway::cli {
namespace {

using kubernetes::Write;

std::int64_t revision_of(const api::ReplicaSet& replica_set) {
  const std::string* text = replica_set.metadata.annotation("rollout.argoproj.io/revision");
  return text == nullptr ? 0 : parse_integer(*text).value_or(0);
}

/// The ReplicaSet to go back to: of that revision, or of the second highest.
Result<const api::ReplicaSet*> find_revision(const std::vector<api::ReplicaSet>& owned,
                                             std::int64_t revision, const std::string& rollout) {
  std::vector<const api::ReplicaSet*> newest_first;
  for (const api::ReplicaSet& replica_set : owned) newest_first.push_back(&replica_set);
  std::sort(newest_first.begin(), newest_first.end(),
            [](auto* a, auto* b) { return revision_of(*a) > revision_of(*b); });
  if (revision == 0) {
    if (newest_first.size() < 2) {
      return fail(ErrorCode::not_found, "",
                  fmt::format("no revision found for rollout {}", quote(rollout)));
    }
    return newest_first[1];
  }
  for (const api::ReplicaSet* replica_set : newest_first) {
    if (revision_of(*replica_set) == revision) return replica_set;
  }
  return fail(ErrorCode::not_found, "",
              fmt::format("unable to find specified revision {} in history", revision));
}

Result<std::vector<api::ReplicaSet>> owned_replica_sets(Session& session,
                                                        const api::Rollout& rollout) {
  const Json::Array items = TRY(session.list(api::kinds::replica_set, session.namespace_name()));
  std::vector<api::ReplicaSet> owned;
  for (const Json& item : items) {
    api::ReplicaSet replica_set = TRY(api::decode<api::ReplicaSet>(item));
    const api::OwnerReference* controller = replica_set.metadata.controller();
    if (controller == nullptr || controller->uid != rollout.metadata.uid) continue;
    if (rollout.spec.selector && !matches(*rollout.spec.selector, replica_set.metadata.labels)) {
      continue;
    }
    owned.push_back(std::move(replica_set));
  }
  return owned;
}

/// The object whose template is put back, and where in it the template is.
struct Target {
  api::Kind kind;
  std::string name;
  std::string path;
};

Result<Target> find_target(const api::Rollout& rollout) {
  if (!rollout.spec.workload_ref) {
    return Target{api::kinds::rollout, rollout.metadata.name, "/spec/template"};
  }
  const auto named = rollout::named_workload(rollout);
  if (!named) {
    return fail(
        ErrorCode::invalid, "",
        fmt::format("workload of type {} is not supported", rollout.spec.workload_ref->kind));
  }
  return Target{named->kind, named->name,
                named->kind == api::kinds::pod_template ? "/template" : "/spec/template"};
}

}  // namespace

Result<void> undo(Session& session, const UndoOptions& options, Streams streams) {
  const Json seen_rollout = TRY(session.get(api::kinds::rollout, options.name));
  const api::Rollout rollout = TRY(api::decode<api::Rollout>(seen_rollout));
  const Target target = TRY(find_target(rollout));
  bool skipped = false;
  const auto decide = [&](const Json& seen) -> Result<Write> {
    const std::vector<api::ReplicaSet> owned = TRY(owned_replica_sets(session, rollout));
    const api::ReplicaSet* old = TRY(find_revision(owned, options.to_revision, options.name));
    Write write(api::Object::of(target.kind, seen), "undone by a person");
    Json content = rollout::own_template(*old);
    const Json* present = seen.find_pointer(target.path);
    skipped = present && api::PodTemplate(content) == api::PodTemplate(*present);
    if (!skipped) {
      // Whoever changed the template after we read it has decided something else.
      write.expect_as_seen(target.path).set(target.path, std::move(content));
    }
    return write;
  };
  TRY(session.update(target.kind, target.name, decide));
  if (skipped) {
    streams.out << fmt::format("skipped rollback (current template already matches revision {})",
                               options.to_revision);
  } else {
    streams.out << fmt::format("rollout '{}' undo\n", options.name);
  }
  return {};
}

}  // namespace slipway::cli
