#include "cluster/server/writing.h"

#include "base/text.h"
#include "cluster/server/metadata.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view stale_text =
    "the object has been modified; please apply your changes to the latest version and try again";

/// Refuses a namespace that is missing or on its way out. Source: the NamespaceLifecycle admission
/// plugin.
Served<void> check_namespace(Server& server, const Resource& resource, std::string_view namespace_,
                             std::string_view name) {
  const ObjectPtr found = server.store.table("namespaces").find(namespace_);
  if (!found) return Refusal(not_found({"", "namespaces"}, namespace_));
  if (found->content()["status"]["phase"].string_or_empty() != "Terminating") return {};
  const std::string text(namespace_);
  Status status = forbidden(
      resource.group_resource(), name,
      "unable to create new content in namespace " + text + " because it is being terminated");
  status.details.set("causes",
                     Json::array({
                         Json::object({{"reason", "NamespaceTerminating"},
                                       {"message", "namespace " + text + " is being terminated"},
                                       {"field", "metadata.namespace"}}
                         )
  }));
  return Refusal(std::move(status));
}

ObjectPtr unstored(const std::string& key, Json content) {
  return std::make_shared<const StoredObject>(key, std::move(content), 0);
}

Refusal invalid(const Resource& resource, std::string_view name, const FieldErrors& errors) {
  return Refusal(invalid_object(resource.group, resource.kind, name, errors));
}

/// Whether nothing but an update was still holding an object that is being deleted.
bool is_released(const Json& object) {
  const Json& metadata = object["metadata"];
  return !metadata["deletionTimestamp"].is_null() && metadata["finalizers"].empty() &&
         metadata["deletionGracePeriodSeconds"].integer_or(0) == 0 &&
         object["spec"]["finalizers"].empty();  // A Namespace's.
}

/// Whether finalizers must be well-known or have a domain; definitions have one of their own.
bool has_plain_finalizers(const Resource& resource) {
  return !resource.custom && resource.group != "apiextensions.k8s.io";
}

/// Makes the name that an object asks for with `generateName`. A name that is taken is made anew a
/// few times, as the real server does.
void choose_free_name(Server& server, const ObjectTable& table, std::string_view namespace_,
                      Json& metadata) {
  constexpr int attempts_max = 8;
  constexpr std::size_t prefix_max = 58;  // 63 less the suffix's 5.
  if (!metadata["name"].string_or_empty().empty()) return;
  const std::string prefix(metadata["generateName"].string_or_empty().substr(0, prefix_max));
  if (prefix.empty()) return;
  std::string name;
  for (int i = 0; i < attempts_max; ++i) {
    name = prefix + server.random.name_suffix();
    if (!table.find(object_key(namespace_, name))) break;
  }
  metadata.set("name", std::move(name));
}

/// Lets the kind's hook complete an object that will be stored. `old` is nothing for a new one.
Served<void> complete(Server& server, const Resource& resource, Json& object, const Json* old,
                      bool dry_run) {
  if (!resource.hooks.before) return {};
  std::optional<ServiceAddresses> taken;  // A dry run shows addresses, and takes none.
  if (dry_run) taken = server.addresses;
  FieldErrors errors;
  resource.hooks.before(server, object, old, errors);
  if (taken) server.addresses = std::move(*taken);
  if (errors.empty()) return {};
  return invalid(resource, object["metadata"]["name"].string_or_empty(), errors);
}

}  // namespace

Served<ObjectPtr> create_stored(Server& server, const Resource& resource,
                                std::string_view namespace_, Json object, bool dry_run) {
  Json& metadata = object.member("metadata");
  if (!metadata["resourceVersion"].string_or_empty().empty()) {
    return Refusal(
        Status{500, "", "resourceVersion should not be set on objects to be created", {}});
  }
  if (resource.namespaced) {
    metadata.set("namespace", namespace_);
    SERVE_DONE(check_namespace(server, resource, namespace_, metadata["name"].string_or_empty()));
  } else {
    metadata.erase("namespace");
  }
  ObjectTable& table = server.store.table(resource.table);
  fill_new_metadata(resource, metadata, server.loop.now(), server.random);
  choose_free_name(server, table, namespace_, metadata);
  resource.rules->prepare_create(object);
  const std::string name(object["metadata"]["name"].string_or_empty());
  FieldErrors errors;
  validate_metadata(resource, object["metadata"], errors);
  if (has_plain_finalizers(resource)) validate_finalizer_domains(object["metadata"], errors);
  resource.rules->validate(object, errors);
  if (!errors.empty()) return invalid(resource, name, errors);
  const std::string key = object_key(namespace_, name);
  if (table.find(key)) return Refusal(already_exists(resource.group_resource(), name));
  SERVE_DONE(complete(server, resource, object, nullptr, dry_run));
  if (dry_run) return unstored(key, std::move(object));
  ObjectPtr stored = server.store.put(table, key, std::move(object));
  if (resource.hooks.after) resource.hooks.after(server, &stored->content(), nullptr);
  return stored;
}

namespace {

/// Compares what the writer believed with what is.
Served<void> check_preconditions(const Resource& resource, const StoredObject& old,
                                 const Json& metadata, const UpdateOptions& options) {
  const std::string_view name = old.name();
  const std::string_view uid = metadata["uid"].string_or_empty();
  if (options.replaces && !uid.empty() && uid != old.uid()) {
    return Refusal(conflict(
        resource.group_resource(), name,
        "StorageError: invalid object, Code: 4, Key: " + resource.storage_path + "/" + old.key() +
            ", ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
            "UID in precondition: " +
            std::string(uid) + ", UID in object meta: " + std::string(old.uid())));
  }
  const std::string_view version = metadata["resourceVersion"].string_or_empty();
  if (!version.empty() && !parse_integer(version)) {
    return Refusal(
        Status{500, "", "strconv.ParseUint: parsing " + quote(version) + ": invalid syntax", {}});
  }
  if (version.empty() || version == "0") {
    if (!resource.custom) return {};
    return Refusal(invalid_object(
        resource.group, resource.plural, name,
        {invalid_field("metadata.resourceVersion", Json(0), "must be specified for an update")}));
  }
  if (version != old.metadata()["resourceVersion"].string_or_empty()) {
    return Refusal(conflict(resource.group_resource(), name, stale_text));
  }
  return {};
}

}  // namespace

Served<ObjectPtr> update_stored(Server& server, const Resource& resource, const ObjectPtr& old,
                                Json object, const UpdateOptions& options) {
  const Json& before = old->content();
  SERVE_DONE(check_preconditions(resource, *old, object["metadata"], options));
  keep_server_metadata(object.member("metadata"), old->metadata());
  resource.rules->prepare_update(object, before, options.way);
  Json& metadata = object.member("metadata");
  if (resource.counts_generation && resource.rules->raises_generation(object, before)) {
    metadata.set("generation", old->metadata()["generation"].integer_or(0) + 1);
  }
  FieldErrors errors;
  validate_metadata_update(metadata, old->metadata(), errors);
  validate_metadata(resource, metadata, errors);
  // Looked at twice in an update, as above.
  for (int i = 0; i < 2 && has_plain_finalizers(resource); ++i) {
    validate_finalizer_domains(metadata, errors);
  }
  resource.rules->validate(object, errors);
  resource.rules->validate_update(object, before, options.way, errors);
  if (!errors.empty()) return invalid(resource, old->name(), errors);
  metadata.set("resourceVersion", old->metadata()["resourceVersion"]);
  if (is_released(object)) {
    if (!options.dry_run) remove_stored(server, resource, old);
    return unstored(old->key(), std::move(object));
  }
  if (object == before) return old;
  SERVE_DONE(complete(server, resource, object, &before, options.dry_run));
  if (options.dry_run) return unstored(old->key(), std::move(object));
  ObjectPtr stored =
      server.store.put(server.store.table(resource.table), old->key(), std::move(object));
  if (resource.hooks.after) resource.hooks.after(server, &stored->content(), &before);
  return stored;
}

void remove_stored(Server& server, const Resource& resource, const ObjectPtr& object) {
  server.store.remove(server.store.table(resource.table), object->key());
  if (resource.hooks.after) resource.hooks.after(server, nullptr, &object->content());
}

}  // namespace slipway::cluster
