#include "base/text.h"
#include "cluster/server/body.h"
#include "cluster/server/listing.h"
#include "cluster/server/metadata.h"
#include "cluster/server/operations.h"
#include "cluster/server/patches.h"
#include "cluster/server/request_options.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

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
    return Refusal(bad_request("the name of the object (" + call.path.name +
                               " based on URL) was undeterminable: name must be provided"));
  }
  if (name != call.path.name) {
    return Refusal(bad_request("the name of the object (" + std::string(name) +
                               ") does not match the name on the URL (" + call.path.name + ")"));
  }
  return {};
}

void clean_owners(Call& call, Json& object) {
  // What a patch makes is first seen where admission plugins have been.
  const bool is_patched = call.request.method == kubernetes::Method::patch;
  const std::string warning = drop_double_owners(
      object.member("metadata"), is_patched ? " after mutating admission happens" : "");
  if (!warning.empty()) call.warnings.push_back(warning_header(warning));
}

/// `old` is nothing for a new object.
void add_warnings(Call& call, const Json& object, const Json* old) {
  std::vector<std::string> warnings = call.resource->rules->warnings(object, old);
  if (call.resource->custom) {
    const Json& before = old == nullptr ? Json() : (*old)["metadata"];
    for (std::string& text : finalizer_warnings(object["metadata"], before)) {
      warnings.push_back(std::move(text));
    }
  }
  for (const std::string& text : warnings) call.warnings.push_back(warning_header(text));
}

Served<ObjectPtr> create_from(Server& server, Call& call, Json object) {
  clean_owners(call, object);
  ObjectPtr created = SERVE(create_stored(server, *call.resource, call.path.namespace_,
                                          std::move(object), call.dry_run()));
  add_warnings(call, created->content(), nullptr);
  return created;
}

Served<ObjectPtr> change(Server& server, Call& call, const ObjectPtr& old, Json object,
                         bool replaces) {
  clean_owners(call, object);
  ObjectPtr changed =
      SERVE(update_stored(server, *call.resource, old, std::move(object),
                          {.way = way_of(call), .dry_run = call.dry_run(), .replaces = replaces}));
  add_warnings(call, changed->content(), &old->content());
  return changed;
}

Served<ObjectPtr> create(Server& server, Call& call) {
  SERVE_DONE(check_write_options(call, "CreateOptions"));
  Json object = SERVE(decode_body(call));
  SERVE_DONE(check_body_namespace(call, object));
  return create_from(server, call, std::move(object));
}

Served<ObjectPtr> update(Server& server, Call& call, bool& created) {
  const Resource& resource = *call.resource;
  SERVE_DONE(check_write_options(call, "UpdateOptions"));
  Json object = SERVE(decode_body(call));
  SERVE_DONE(check_body_name(call, object));
  SERVE_DONE(check_body_namespace(call, object));
  const ObjectPtr old = server.store.table(resource.table).find(call.key());
  if (!old) {
    if (!resource.creates_on_update || way_of(call) != Subresource::none) {
      return Refusal(not_found(resource.group_resource(), call.path.name));
    }
    created = true;
    return create_from(server, call, std::move(object));
  }
  return change(server, call, old, std::move(object), true);
}

Served<ObjectPtr> patch(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  const Patch patch = SERVE(read_patch(call.request, resource));
  SERVE_DONE(check_write_options(call, "PatchOptions"));
  const ObjectPtr old = server.store.table(resource.table).find(call.key());
  if (!old) return Refusal(not_found(resource.group_resource(), call.path.name));
  const Json converted = resource.from_stored ? resource.from_stored(old->content()) : Json();
  const Json& shown = resource.from_stored ? converted : old->content();
  Json object = SERVE(apply_patch(patch, resource, shown));
  object = SERVE(decode_patched(call, patch, std::move(object), shown));
  SERVE_DONE(check_body_name(call, object));
  SERVE_DONE(check_body_namespace(call, object));
  return change(server, call, old, std::move(object), false);
}

kubernetes::Response answer_write(Server& server, Call& call, int code,
                                  const Served<ObjectPtr>& object) {
  kubernetes::Response response =
      object ? answer_object(server, call, code, *object) : to_response(object.error());
  response.warnings = std::move(call.warnings);
  return response;
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
  for (const ObjectPtr& object : listed->objects) {
    const Served<Deleted> deleted = delete_stored(server, *call.resource, object, *options);
    if (!deleted) return to_response(deleted.error());
  }
  listed->revision = server.store.revision();
  return json_response(200, list_text(*call.resource, *listed));
}

}  // namespace slipway::cluster
