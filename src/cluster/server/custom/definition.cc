#include "cluster/server/custom/definition.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/server/builtin_rules.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/custom/schema.h"
#include "cluster/server/metadata.h"
#include "cluster/server/watch.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view definitions_table = "customresourcedefinitions.apiextensions.k8s.io";
constexpr std::string_view cleanup_finalizer = "customresourcecleanup.apiextensions.k8s.io";

/// What a definition's author may leave out.
void complete_definition(Json& object) {
  Json& spec = object.member("spec");
  Json& names = spec.member("names");
  const std::string kind(names["kind"].string_or_empty());
  if (names["singular"].string_or_empty().empty()) names.set("singular", to_lower(kind));
  if (names["listKind"].string_or_empty().empty()) names.set("listKind", kind + "List");
  if (!spec["conversion"].is_object()) {
    spec.set("conversion", Json::object({
                               {"strategy", "None"}
    }));
  }
  if (!spec["preserveUnknownFields"].bool_or(false)) spec.erase("preserveUnknownFields");
}

void prepare_new_definition(Json& object) {
  complete_definition(object);
  Json stored = Json::array();
  const Json& versions = object["spec"]["versions"];
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions.at(i)["storage"].bool_or(false)) stored.push_back(versions.at(i)["name"]);
  }
  object.set("status", Json::object({
                           {"conditions",     Json()                                      },
                           {"acceptedNames",  Json::object({{"plural", ""}, {"kind", ""}})},
                           {"storedVersions", std::move(stored)                           }
  }));
}

void prepare_changed_definition(Json& object, const Json&, Subresource way) {
  if (way == Subresource::none) complete_definition(object);
}

/// Formats that validation knows. Source: apiextensions-apiserver, supportedVersionedFormats.
bool is_known_format(std::string_view format) {
  constexpr std::string_view known[] = {
      "bsonobjectid", "uri",        "email",    "hostname", "ipv4",     "ipv6", "cidr",
      "mac",          "uuid",       "uuid3",    "uuid4",    "uuid5",    "isbn", "isbn10",
      "isbn13",       "creditcard", "ssn",      "hexcolor", "rgbcolor", "byte", "password",
      "date",         "duration",   "datetime", "date-time"};
  return std::ranges::find(known, format) != std::end(known);
}

void collect_formats(const Json& schema, std::vector<std::string>& formats) {
  if (schema.is_array()) {
    for (const Json& item : schema.as_array()) collect_formats(item, formats);
    return;
  }
  if (!schema.is_object()) return;
  const std::string format(schema["format"].string_or_empty());
  if (!format.empty() && !is_known_format(format) &&
      std::ranges::find(formats, format) == formats.end()) {
    formats.push_back(format);
  }
  for (const auto& [key, value] : schema.as_object()) {
    if (key != "default" && key != "enum") collect_formats(value, formats);
  }
}

std::vector<std::string> all_warnings(const Json& definition) {
  std::vector<std::string> warnings;
  std::vector<std::string> formats;
  std::vector<std::string> ignored_rules;
  FieldErrors errors;
  const Json& versions = definition["spec"]["versions"];
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const Json& schema = versions.at(i)["schema"]["openAPIV3Schema"];
    collect_formats(schema, formats);
    read_schema(schema, "", errors, &ignored_rules);
  }
  for (const std::string& format : formats) {
    warnings.push_back("unrecognized format " + quote(format));
  }
  for (const std::string& rule : ignored_rules) {
    warnings.push_back("this cluster does not check the validation rule " + quote(rule));
  }
  const std::string_view conversion =
      definition["spec"]["conversion"]["strategy"].string_or_empty();
  if (conversion == "Webhook") {
    warnings.emplace_back(
        "this cluster calls no conversion webhooks: objects change nothing but their apiVersion");
  }
  return warnings;
}

/// An update warns of what is new in it.
std::vector<std::string> definition_warnings(const Json& definition, const Json* old) {
  std::vector<std::string> warnings = all_warnings(definition);
  if (old == nullptr) return warnings;
  const std::vector<std::string> known = all_warnings(*old);
  std::erase_if(warnings, [&](const std::string& warning) {
    return std::ranges::find(known, warning) != known.end();
  });
  return warnings;
}

Json condition(std::string_view type, std::string_view reason, std::string_view message,
               Instant now) {
  return Json::object({
      {"type",               Json(type)         },
      {"status",             "True"             },
      {"lastTransitionTime", format_rfc3339(now)},
      {"reason",             Json(reason)       },
      {"message",            Json(message)      }
  });
}

bool is_established(const Json& definition) {
  const Json& conditions = definition["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Json& one = conditions.at(i);
    if (one["type"].string_or_empty() == "Established") {
      return one["status"].string_or_empty() == "True" &&
             definition["status"]["acceptedNames"] == definition["spec"]["names"];
    }
  }
  return false;
}

/// Says that the definition is served, as the real server's controllers do a moment after it came.
void establish(Server& server, const std::string& name) {
  ObjectTable& table = server.store.table(std::string(definitions_table));
  const ObjectPtr object = table.find(name);
  if (!object || is_established(object->content())) return;
  Json definition = object->content();
  Json& status = definition.member("status");
  Json& conditions = status.member("conditions");
  if (!conditions.is_array()) conditions = Json::array();
  if (conditions.empty()) {
    const Instant now = server.loop.now();
    conditions.push_back(condition("NamesAccepted", "NoConflicts", "no conflicts found", now));
    conditions.push_back(condition("Established", "InitialNamesAccepted",
                                   "the initial names have been accepted", now));
  }
  status.set("acceptedNames", object->content()["spec"]["names"]);
  server.store.put(table, name, std::move(definition));
}

/// Any version of the definition's kind, as it is served.
ResourcePtr served_resource(Server& server, const Json& definition) {
  const Json& spec = definition["spec"];
  const Registry::Group* group = server.registry.find_group(spec["group"].string_or_empty());
  if (group == nullptr) return nullptr;
  for (const Registry::Version& version : group->versions) {
    ResourcePtr found =
        server.registry.find(group->name, version.name, spec["names"]["plural"].string_or_empty());
    if (found) return found;
  }
  return nullptr;
}

/// Deletes a dying definition's objects; once none is left, lets go of the definition itself.
void clean_up(Server& server, const std::string& name) {
  ObjectTable& table = server.store.table(std::string(definitions_table));
  const ObjectPtr object = table.find(name);
  if (!object || object->metadata()["deletionTimestamp"].is_null()) return;
  std::vector<std::string> finalizers = finalizers_of(object->metadata());
  if (std::erase(finalizers, cleanup_finalizer) == 0) return;
  ObjectTable& instances = server.store.table(name);
  if (const ResourcePtr resource = served_resource(server, object->content())) {
    const ObjectTable::Objects doomed = instances.objects();
    // A refusal means that somebody else deleted it: nothing is left to do.
    for (const auto& [key, instance] : doomed) {
      (void)delete_stored(server, *resource, instance, {});
    }
  }
  if (!instances.objects().empty()) {
    constexpr Duration look_again = Duration::from_seconds(1);
    run_later(server, look_again, [name](Server& alive) { clean_up(alive, name); });
    return;
  }
  const ResourcePtr definitions =
      server.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (finalizers.empty()) {
    remove_stored(server, *definitions, object);
    return;
  }
  Json definition = object->content();
  set_finalizers(definition.member("metadata"), finalizers);
  server.store.put(table, name, std::move(definition));
}

void stop_serving(Server& server, const Json& definition) {
  const Json& spec = definition["spec"];
  Resource served;
  served.group = spec["group"].string_or_empty();
  served.plural = spec["names"]["plural"].string_or_empty();
  for (std::size_t i = 0; i < spec["versions"].size(); ++i) {
    served.version = spec["versions"].at(i)["name"].string_or_empty();
    server.registry.remove(served);
  }
}

void start_serving(Server& server, const Json& definition) {
  const bool dying = !definition["metadata"]["deletionTimestamp"].is_null();
  const Json& versions = definition["spec"]["versions"];
  for (std::size_t i = 0; i < versions.size(); ++i) {
    ResourcePtr resource = make_custom_resource(definition, versions.at(i));
    if (!resource) continue;
    server.store.table(resource->table);  // History begins here.
    if (dying) {
      auto closed = std::make_shared<Resource>(*resource);
      std::erase(closed->verbs, "create");
      resource = std::move(closed);
    }
    server.registry.add(std::move(resource));
  }
}

WriteHooks definition_hooks() {
  WriteHooks hooks;
  hooks.after = [](Server& server, const Json* now, const Json* old) {
    const bool same_spec =
        now != nullptr && old != nullptr && (*now)["spec"] == (*old)["spec"] &&
        (*now)["metadata"]["deletionTimestamp"] == (*old)["metadata"]["deletionTimestamp"];
    if (same_spec) return;
    if (old != nullptr) stop_serving(server, *old);
    const Json& either = now != nullptr ? *now : *old;
    const std::string name(either["metadata"]["name"].string_or_empty());
    if (now == nullptr) {
      run_later(server, Duration(), [name](Server& alive) { end_watches(alive, name); });
      return;
    }
    start_serving(server, *now);
    run_later(server, Duration(), [name](Server& alive) {
      establish(alive, name);
      clean_up(alive, name);
    });
  };
  return hooks;
}

}  // namespace

ResourcePtr make_definition_resource() {
  auto resource = std::make_shared<Resource>();
  resource->group = "apiextensions.k8s.io";
  resource->version = "v1";
  resource->kind = "CustomResourceDefinition";
  resource->plural = "customresourcedefinitions";
  resource->singular = "customresourcedefinition";
  resource->list_kind = "CustomResourceDefinitionList";
  resource->short_names = {"crd", "crds"};
  resource->categories = {"api-extensions"};
  resource->verbs = {"create", "delete", "deletecollection", "get",
                     "list",   "patch",  "update",           "watch"};
  resource->subresources = {
      {.name = "status", .kind = "CustomResourceDefinition"}
  };
  resource->namespaced = false;
  resource->counts_generation = true;
  resource->table = definitions_table;
  resource->storage_path = "/registry/apiextensions.k8s.io/customresourcedefinitions";
  resource->type = api::find_core_type("CustomResourceDefinition");
  resource->rules =
      make_builtin_rules(resource->type, {.prepare_create = prepare_new_definition,
                                          .prepare_update = prepare_changed_definition,
                                          .validate = validate_definition,
                                          .validate_update = validate_definition_update,
                                          .warnings = definition_warnings});
  resource->hooks = definition_hooks();
  resource->columns = plain_columns();
  return resource;
}

}  // namespace slipway::cluster
