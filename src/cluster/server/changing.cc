#include "base/text.h"
#include "cluster/server/body.h"
#include "cluster/server/listing.h"
#include "cluster/server/operations.h"
#include "cluster/server/patches.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

/// *Errors*: 422 for anything but `dryRun=All`.
Served<void> check_dry_run(const Call& call, std::string_view options_kind) {
  for (const std::string_view value : call.query.all("dryRun")) {
    if (value == "All") continue;
    return Refusal(
        invalid_object("meta.k8s.io", options_kind, "",
                       {unsupported_field("dryRun", Json::array({Json(value)}), {"All"})}));
  }
  return {};
}

Subresource way_of(const Call& call) {
  if (call.path.subresource == "status") return Subresource::status;
  if (call.path.subresource == "finalize") return Subresource::finalize;
  return Subresource::none;
}

/// The namespace that the body names must be the path's.
Served<void> check_body_namespace(const Call& call, Json& object) {
  if (!call.resource->namespaced) return {};
  Json& metadata = object.member("metadata");
  const std::string_view named = metadata["namespace"].string_or_empty();
  if (!named.empty() && named != call.path.namespace_) {
    return Refusal(bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  return {};
}

Served<void> check_body_name(const Call& call, Json& object) {
  Json& metadata = object.member("metadata");
  const std::string_view name = metadata["name"].string_or_empty();
  if (name.empty()) {
    return Refusal(bad_request("name must be provided"));
  }
  if (name != call.path.name) {
    return Refusal(bad_request("the name of the object (" + std::string(name) +
                               ") does not match the name on the URL (" + call.path.name + ")"));
  }
  return {};
}

Served<ObjectPtr> create(Server& server, Call& call) {
  SERVE_DONE(check_dry_run(call, "CreateOptions"));
  Json object = SERVE(decode_body(call));
  SERVE_DONE(check_body_namespace(call, object));
  return create_stored(server, *call.resource, call.path.namespace_, std::move(object),
                       call.dry_run());
}

Served<ObjectPtr> update(Server& server, Call& call, bool& created) {
  const Resource& resource = *call.resource;
  SERVE_DONE(check_dry_run(call, "UpdateOptions"));
  Json object = SERVE(decode_body(call));
  SERVE_DONE(check_body_name(call, object));
  SERVE_DONE(check_body_namespace(call, object));
  const ObjectPtr old = server.store.table(resource.table).find(call.key());
  if (!old) {
    if (!resource.creates_on_update || way_of(call) != Subresource::none) {
      return Refusal(not_found(resource.group_resource(), call.path.name));
    }
    created = true;
    return create_stored(server, resource, call.path.namespace_, std::move(object), call.dry_run());
  }
  return update_stored(server, resource, old, std::move(object),
                       {.way = way_of(call), .dry_run = call.dry_run(), .replaces = true});
}

Served<ObjectPtr> patch(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  SERVE_DONE(check_dry_run(call, "PatchOptions"));
  const Patch patch = SERVE(read_patch(call.request, resource));
  const ObjectPtr old = server.store.table(resource.table).find(call.key());
  if (!old) return Refusal(not_found(resource.group_resource(), call.path.name));
  const Json converted = resource.from_stored ? resource.from_stored(old->content()) : Json();
  const Json& shown = resource.from_stored ? converted : old->content();
  Json object = SERVE(decode_patched(call, SERVE(apply_patch(patch, resource, shown)), shown));
  SERVE_DONE(check_body_name(call, object));
  SERVE_DONE(check_body_namespace(call, object));
  return update_stored(server, resource, old, std::move(object),
                       {.way = way_of(call), .dry_run = call.dry_run()});
}

kubernetes::Response answer_write(Server& server, Call& call, int code,
                                  const Served<ObjectPtr>& object) {
  kubernetes::Response response =
      object ? answer_object(server, call, code, *object) : to_response(object.error());
  if (object) {
    for (const std::string& text : call.resource->rules->warnings((*object)->content())) {
      call.warnings.push_back(warning_header(text));
    }
  }
  response.warnings = std::move(call.warnings);
  return response;
}

/// Reads the options of a deletion from its body and, where that is silent, from its query.
Served<DeleteOptions> read_delete_options(const Call& call) {
  DeleteOptions options;
  Json body = Json::object();
  if (!call.request.body.empty()) {
    body = SERVE(read_body(call.request.content_type, call.request.body, "DeleteOptions", nullptr));
  }
  SERVE_DONE(check_dry_run(call, "DeleteOptions"));
  options.dry_run = call.dry_run() || !body["dryRun"].empty();
  if (body["gracePeriodSeconds"].is_integer()) {
    options.grace_seconds = body["gracePeriodSeconds"].as_integer();
  } else if (call.query.has("gracePeriodSeconds")) {
    options.grace_seconds = parse_integer(call.query.get("gracePeriodSeconds"));
  }
  options.uid = body["preconditions"]["uid"].string_or_empty();
  options.resource_version = body["preconditions"]["resourceVersion"].string_or_empty();
  options.propagation = body["propagationPolicy"].string_or_empty();
  if (options.propagation.empty()) options.propagation = call.query.get("propagationPolicy");
  const bool orphans = body["orphanDependents"].bool_or(call.query.is_true("orphanDependents"));
  if (options.propagation.empty() && orphans) options.propagation = "Orphan";
  const std::string& policy = options.propagation;
  if (!policy.empty() && policy != "Foreground" && policy != "Background" && policy != "Orphan") {
    return Refusal(
        invalid_object("meta.k8s.io", "DeleteOptions", "",
                       {unsupported_field("propagationPolicy", Json(std::string_view(policy)),
                                          {"Foreground", "Background", "Orphan", "nil"})}));
  }
  return options;
}

/// `status: Success`, and what is gone.
Json deletion_status(const Resource& resource, const StoredObject& object) {
  Json details = Json::object({
      {"name", object.name()}
  });
  if (!resource.group.empty()) details.set("group", std::string_view(resource.group));
  details.set("kind", std::string_view(resource.plural));
  details.set("uid", object.uid());
  return Json::object({
      {"kind",       "Status"          },
      {"apiVersion", "v1"              },
      {"metadata",   Json::object()    },
      {"status",     "Success"         },
      {"details",    std::move(details)}
  });
}

Served<Deleted> delete_one(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  const DeleteOptions options = SERVE(read_delete_options(call));
  const ObjectPtr object = server.store.table(resource.table).find(call.key());
  if (!object) return Refusal(not_found(resource.group_resource(), call.path.name));
  return delete_stored(server, resource, object, options);
}

}  // namespace

kubernetes::Response create_object(Server& server, Call& call) {
  return answer_write(server, call, 201, create(server, call));
}

kubernetes::Response update_object(Server& server, Call& call) {
  bool created = false;
  const Served<ObjectPtr> object = update(server, call, created);
  return answer_write(server, call, created ? 201 : 200, object);
}

kubernetes::Response patch_object(Server& server, Call& call) {
  return answer_write(server, call, 200, patch(server, call));
}

kubernetes::Response delete_object(Server& server, Call& call) {
  const Served<Deleted> deleted = delete_one(server, call);
  if (!deleted) return to_response(deleted.error());
  if (deleted->shows_object) return answer_object(server, call, 200, deleted->object);
  return json_response(200, to_text(deletion_status(*call.resource, *deleted->object)));
}

kubernetes::Response delete_collection(Server& server, Call& call) {
  const Served<DeleteOptions> options = read_delete_options(call);
  if (!options) return to_response(options.error());
  Served<Listed> listed = list_stored(server, call);
  if (!listed) return to_response(listed.error());
  for (ObjectPtr& object : listed->objects) {
    Served<Deleted> deleted = delete_stored(server, *call.resource, object, *options);
    if (!deleted) return to_response(deleted.error());
    object = std::move(deleted->object);
  }
  listed->revision = server.store.revision();
  return json_response(200, list_text(*call.resource, *listed));
}

}  // namespace slipway::cluster
