#include <ostream>

#include <fmt/format.h>

#include "api/rollout.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/gather.h"
#include "rollout/explanation.h"
#include "rollout/plan.h"

/// `explain` and `plan`: the controller's own planning over what is read live, and no write.
namespace slipway::cli {
namespace {

bool names_file(const std::string& what) {
  return what.ends_with(".yaml") || what.ends_with(".yml") || what.ends_with(".json") ||
         what.find('/') != std::string::npos;
}

/// The manifest as the server would hold it after an apply: over the object of that name, if there
/// is one.
Result<Json> applied(Session& session, const Json& manifest) {
  const std::string name(manifest["metadata"]["name"].string_or_empty());
  Result<Json> present = session.get(api::kinds::rollout, name);
  if (!present && present.error().code != ErrorCode::not_found) return present;
  if (!present) {
    Json fresh = manifest;
    Json& metadata = fresh.member("metadata");
    metadata.set("namespace", session.namespace_name());
    metadata.set("generation", 1);
    // Known once the server has made it; nothing in the cluster can have this one.
    metadata.set("uid", "not-created-yet");
    metadata.set("resourceVersion", "1");
    metadata.set("creationTimestamp", format_rfc3339(session.now()));
    return fresh;
  }
  Json changed = std::move(*present);
  if (changed["spec"] == manifest["spec"]) return changed;
  changed.set("spec", manifest["spec"]);
  Json& metadata = changed.member("metadata");
  metadata.set("generation", metadata["generation"].integer_or(0) + 1);
  return changed;
}

Result<Json> rollout_in(const std::string& path) {
  const std::string text = TRY(read_file(path));
  for (Json& document : TRY(parse_yaml(text))) {
    if (document["kind"].string_or_empty() == api::kinds::rollout.kind) return std::move(document);
  }
  return fail(ErrorCode::invalid, path, "holds no Rollout", "name a file with one");
}

void print(const rollout::Plan& plan, Streams streams) {
  for (const rollout::Reason& reason : plan.reasons)
    streams.out << "because: " << reason.text << "\n";
  std::size_t number = 0;
  for (const kubernetes::Write& write : plan.writes) {
    streams.out << fmt::format("{}. {}\n", ++number, write.text());
  }
  if (plan.status) streams.out << fmt::format("{}. {}\n", ++number, plan.status->text());
  for (const rollout::Event& event : plan.events) {
    streams.out << fmt::format("event: {} {}\n", event.note.reason, event.note.message);
  }
  if (number == 0) streams.out << "The controller would write nothing now.\n";
  if (plan.look_again) {
    streams.out << fmt::format("It looks again in {}.\n", format_human_duration(*plan.look_again));
  }
}

}  // namespace

Result<void> plan_rollout(Session& session, const std::string& what, Streams streams) {
  const Json object = names_file(what) ? TRY(applied(session, TRY(rollout_in(what))))
                                       : TRY(session.get(api::kinds::rollout, what));
  print(rollout::plan(TRY(gather(session, object))), streams);
  return {};
}

Result<void> explain_rollout(Session& session, const std::string& name, Streams streams) {
  const rollout::Observed seen = TRY(gather(session, TRY(session.get(api::kinds::rollout, name))));
  const rollout::Explanation found = rollout::explain(seen, rollout::plan(seen));
  streams.out << fmt::format("Rollout {}: {}\n", name, found.text);
  if (!found.blocked_by.empty()) streams.out << "blocked by: " << found.blocked_by << "\n";
  if (!found.freed_by.empty()) streams.out << "to go on: " << found.freed_by << "\n";
  return {};
}

}  // namespace slipway::cli
