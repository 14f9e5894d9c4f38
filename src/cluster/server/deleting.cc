#include <algorithm>

#include "cluster/server/metadata.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view orphan_finalizer = "orphan";
constexpr std::string_view foreground_finalizer = "foregroundDeletion";
constexpr std::string_view crd_finalizer = "customresourcecleanup.apiextensions.k8s.io";

Served<void> check_preconditions(const Resource& resource, const StoredObject& object,
                                 const DeleteOptions& options) {
  const GroupResource kind{resource.group, resource.kind};
  if (!options.uid.empty() && options.uid != object.uid()) {
    return Refusal(conflict(kind, object.name(),
                            "the UID in the precondition (" + options.uid +
                                ") does not match the UID in record (" + std::string(object.uid()) +
                                "). The object might have been deleted and then recreated"));
  }
  const std::string version(object.metadata()["resourceVersion"].string_or_empty());
  if (!options.resource_version.empty() && options.resource_version != version) {
    return Refusal(conflict(kind, object.name(),
                            "the ResourceVersion in the precondition (" + options.resource_version +
                                ") does not match the ResourceVersion in record (" + version +
                                "). The object might have been modified"));
  }
  return {};
}

void raise_generation(Json& metadata) {
  const std::int64_t generation = metadata["generation"].integer_or(0);
  if (generation > 0) metadata.set("generation", generation + 1);
}

/// The finalizers that the garbage collector waits for, as the caller's policy or the object's
/// present state wants them.
std::vector<std::string> collector_finalizers(const Json& metadata, const DeleteOptions& options) {
  std::vector<std::string> finalizers = finalizers_of(metadata);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(finalizers, name) != finalizers.end();
  };
  const bool decided = !options.propagation.empty();
  const bool orphan = decided ? options.propagation == "Orphan" : has(orphan_finalizer);
  const bool foreground =
      decided ? options.propagation == "Foreground" : !orphan && has(foreground_finalizer);
  if (orphan == has(orphan_finalizer) && foreground == has(foreground_finalizer)) return finalizers;
  std::erase(finalizers, orphan_finalizer);
  std::erase(finalizers, foreground_finalizer);
  if (orphan) finalizers.emplace_back(orphan_finalizer);
  if (foreground) finalizers.emplace_back(foreground_finalizer);
  return finalizers;
}

/// What the time a pod is given to end makes of a deletion.
enum class Grace {
  none,     ///< The kind knows no grace, or it is over.
  granted,  ///< The object now bears a deadline, perhaps this very moment.
  pending,  ///< An earlier deletion's deadline stands.
};

std::int64_t pod_grace_seconds(const Json& pod, const DeleteOptions& options) {
  const Json& spec = pod["spec"];
  const std::string_view phase = pod["status"]["phase"].string_or_empty();
  // Nobody runs it, so nobody has to stop it.
  if (spec["nodeName"].string_or_empty().empty() || phase == "Failed" || phase == "Succeeded") {
    return 0;
  }
  const std::int64_t wanted =
      options.grace_seconds.value_or(spec["terminationGracePeriodSeconds"].integer_or(0));
  return wanted < 0 ? 1 : wanted;
}

Grace grant_grace(const Resource& resource, Json& object, const DeleteOptions& options,
                  Instant now) {
  Json& metadata = object.member("metadata");
  const Json deletion = metadata["deletionTimestamp"];
  if (!deletion.is_null()) {
    const Json& standing = metadata["deletionGracePeriodSeconds"];
    if (!standing.is_integer()) return Grace::none;
    const std::int64_t seconds = standing.as_integer();
    // A later deletion may only shorten the time.
    if (!options.grace_seconds || *options.grace_seconds >= seconds) return Grace::pending;
    const auto at = parse_rfc3339(deletion.string_or_empty());
    if (at) {
      metadata.set("deletionTimestamp",
                   format_rfc3339(*at - Duration::from_seconds(seconds - *options.grace_seconds)));
    }
    metadata.set("deletionGracePeriodSeconds", *options.grace_seconds);
    return Grace::granted;
  }
  if (resource.table != "pods") return Grace::none;
  const std::int64_t seconds = pod_grace_seconds(object, options);
  metadata.set("deletionTimestamp", format_rfc3339(now + Duration::from_seconds(seconds)));
  metadata.set("deletionGracePeriodSeconds", seconds);
  raise_generation(metadata);
  return Grace::granted;
}

/// Marks an object that finalizers hold.
void mark_as_deleting(Json& metadata, Instant now) {
  if (metadata["deletionTimestamp"].is_null()) {
    metadata.set("deletionTimestamp", format_rfc3339(now));
    raise_generation(metadata);
  }
  metadata.set("deletionGracePeriodSeconds", 0);
}

ObjectPtr store_mark(Server& server, const Resource& resource, const ObjectPtr& object, Json marked,
                     bool dry_run) {
  if (dry_run) return std::make_shared<const StoredObject>(object->key(), std::move(marked), 0);
  if (marked == object->content()) return object;
  ObjectPtr stored =
      server.store.put(server.store.table(resource.table), object->key(), std::move(marked));
  if (resource.hooks.after) resource.hooks.after(server, &stored->content(), &object->content());
  return stored;
}

/// A Namespace ends in two steps: its content goes, by the namespace controller, which then takes
/// away `spec.finalizers`. Nothing: the usual way goes on.
Served<std::optional<Deleted>> delete_namespace(Server& server, const Resource& resource,
                                                const ObjectPtr& object,
                                                const DeleteOptions& options) {
  const std::string_view name = object->name();
  if (name == "default" || name == "kube-system" || name == "kube-public") {
    return Refusal(forbidden({"", "namespaces"}, name, "this namespace may not be deleted"));
  }
  if (object->metadata()["deletionTimestamp"].is_null()) {
    Json marked = object->content();
    Json& metadata = marked.member("metadata");
    metadata.set("deletionTimestamp", format_rfc3339(server.loop.now()));
    set_finalizers(metadata, collector_finalizers(metadata, options));
    marked.member("status").set("phase", "Terminating");
    return Deleted{store_mark(server, resource, object, std::move(marked), options.dry_run), true};
  }
  if (!object->content()["spec"]["finalizers"].empty()) return Deleted{object, true};
  return std::nullopt;
}

/// A CustomResourceDefinition waits for its objects to go first.
Served<std::optional<Deleted>> delete_definition(Server& server, const Resource& resource,
                                                 const ObjectPtr& object,
                                                 const DeleteOptions& options) {
  if (!object->metadata()["deletionTimestamp"].is_null()) return std::nullopt;
  const std::string now = format_rfc3339(server.loop.now());
  Json marked = object->content();
  Json& metadata = marked.member("metadata");
  metadata.set("deletionTimestamp", now);
  std::vector<std::string> finalizers = collector_finalizers(metadata, options);
  if (std::ranges::find(finalizers, crd_finalizer) == finalizers.end()) {
    finalizers.emplace_back(crd_finalizer);
  }
  set_finalizers(metadata, finalizers);
  Json& conditions = marked.member("status").member("conditions");
  conditions.push_back(Json::object({
      {"type",               "Terminating"                                                    },
      {"status",             "True"                                                           },
      {"lastTransitionTime", Json(std::string_view(now))                                      },
      {"reason",             "InstanceDeletionPending"                                        },
      {"message",
       "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"}
  }));
  return Deleted{store_mark(server, resource, object, std::move(marked), options.dry_run), true};
}

}  // namespace

Served<Deleted> delete_stored(Server& server, const Resource& resource, const ObjectPtr& object,
                              const DeleteOptions& options) {
  SERVE_DONE(check_preconditions(resource, *object, options));
  std::optional<Deleted> special;
  if (resource.table == "namespaces") {
    special = SERVE(delete_namespace(server, resource, object, options));
  } else if (resource.table == "customresourcedefinitions.apiextensions.k8s.io") {
    special = SERVE(delete_definition(server, resource, object, options));
  }
  if (special) return std::move(*special);

  Json marked = object->content();
  const Grace grace = grant_grace(resource, marked, options, server.loop.now());
  if (grace == Grace::pending) return Deleted{object, true};
  Json& metadata = marked.member("metadata");
  const std::vector<std::string> finalizers = collector_finalizers(metadata, options);
  set_finalizers(metadata, finalizers);
  if (grace == Grace::none && !finalizers.empty()) mark_as_deleting(metadata, server.loop.now());

  ObjectPtr last = object;
  const bool waits =
      grace == Grace::granted && metadata["deletionGracePeriodSeconds"].integer_or(0) > 0;
  if (grace == Grace::granted || !finalizers.empty()) {
    last = store_mark(server, resource, object, std::move(marked), options.dry_run);
  }
  if (!finalizers.empty() || waits) return Deleted{last, true};
  if (!options.dry_run) remove_stored(server, resource, last);
  return Deleted{last, resource.returns_deleted};
}

}  // namespace slipway::cluster
