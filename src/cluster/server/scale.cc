#include <limits>

#include "base/text.h"
#include "cluster/server/body.h"
#include "cluster/server/go_json_error.h"
#include "cluster/server/patches.h"
#include "cluster/server/selectors.h"
#include "cluster/server/subresources.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

/// ".spec.replicas" as an RFC 6901 pointer.
std::string pointer_of(std::string_view path) {
  std::string pointer;
  for (const std::string_view part : split(path, '.')) {
    if (!part.empty()) pointer.append("/").append(part);
  }
  return pointer;
}

std::int64_t number_at(const Json& object, std::string_view path) {
  const Json* found = object.find_pointer(pointer_of(path));
  return found == nullptr ? 0 : found->integer_or(0);
}

/// Builds the Scale of an object.
/// *Errors*: 500 for a custom object without a count, as the real server answers.
Served<Json> scale_of(const Resource& resource, const Json& object) {
  const ScalePaths& paths = resource.scale;
  const Json* wanted = object.find_pointer(pointer_of(paths.replicas));
  if (resource.custom && (wanted == nullptr || !wanted->is_integer())) {
    return Refusal(
        internal_error("the spec replicas field " + quote(paths.replicas) + " does not exist"));
  }
  Json metadata = Json::object();
  for (const std::string_view key :
       {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Json* value = object["metadata"].find(key)) metadata.set(key, *value);
  }
  Json spec = Json::object();
  const std::int64_t replicas = wanted == nullptr ? 0 : wanted->integer_or(0);
  if (replicas != 0) spec.set("replicas", Json(static_cast<long>(replicas)));
  Json status = Json::object({
      {"replicas", Json(static_cast<long>(number_at(object, paths.status_replicas)))}
  });
  std::string selector;
  if (!resource.custom) {
    selector = label_selector_text(object["spec"]["selector"]);
  } else if (!paths.selector.empty()) {
    const Json* text = object.find_pointer(pointer_of(paths.selector));
    if (text != nullptr) selector = text->string_or_empty();
  }
  if (!selector.empty()) status.set("selector", selector);
  return Json::object({
      {"kind",       "Scale"            },
      {"apiVersion", "autoscaling/v1"   },
      {"metadata",   std::move(metadata)},
      {"spec",       std::move(spec)    },
      {"status",     std::move(status)  }
  });
}

void set_at(Json& object, std::string_view path, Json value) {
  Json* at = &object;
  for (const std::string_view part : split(path, '.')) {
    if (!part.empty()) at = &at->member(part);
  }
  *at = std::move(value);
}

/// *Errors*: what Go's decoder says of a count that is none.
Served<void> check_count(const Call& call, const Json& scale) {
  constexpr std::int64_t count_max = std::numeric_limits<std::int32_t>::max();
  const Json& replicas = scale["spec"]["replicas"];
  if (replicas.is_null() || (replicas.is_integer() && replicas.as_integer() <= count_max))
    return {};
  const std::string number = replicas.is_number() ? " " + to_text(replicas) : "";
  const std::string why = "json: cannot unmarshal " + std::string(go_kind(replicas)) + number +
                          " into Go struct field ScaleSpec.spec.replicas of type int32";
  if (call.request.method == kubernetes::Method::put) {
    return Refusal(bad_request("Scale in version \"v1\" cannot be handled as a Scale: " + why));
  }
  return Refusal(invalid_object(
      "", "", "", {invalid_field("patch", Json(std::string_view(to_text(scale))), why)}));
}

/// The Scale that a PUT or PATCH asks for.
Served<Json> wanted_scale(Call& call, const Json& present) {
  Json scale;
  if (call.request.method == kubernetes::Method::put) {
    scale = SERVE(read_body(call.request.content_type, call.request.body, "Scale", nullptr));
    const std::string_view kind = scale["kind"].string_or_empty();
    if (!kind.empty() && kind != "Scale") {
      return Refusal(bad_request(
          std::string(kind) + " in version \"v1\" cannot be handled as a Scale: converting (v1." +
          std::string(kind) + ") to (autoscaling.Scale): unknown conversion"));
    }
  } else {
    Resource described;
    described.kind = "Scale";
    described.type = api::find_core_type("Scale");
    const Patch patch = SERVE(read_patch(call.request, described));
    scale = SERVE(apply_patch(patch, described, present));
  }
  SERVE_DONE(check_count(call, scale));
  const std::string_view name = scale["metadata"]["name"].string_or_empty();
  if (!name.empty() && name != call.path.name) {
    return Refusal(bad_request("the name of the object (" + std::string(name) +
                               ") does not match the name on the URL (" + call.path.name + ")"));
  }
  return scale;
}

Served<ObjectPtr> set_scale(Server& server, Call& call, const ObjectPtr& old) {
  const Resource& resource = *call.resource;
  const Json present = SERVE(scale_of(resource, old->content()));
  const Json scale = SERVE(wanted_scale(call, present));
  const Json& replicas = scale["spec"]["replicas"];
  // A custom object's count is judged with the object.
  if (!resource.custom && replicas.integer_or(0) < 0) {
    return Refusal(invalid_object(
        "autoscaling", "Scale", call.path.name,
        {invalid_field("spec.replicas", replicas, "must be greater than or equal to 0")}));
  }
  Json object = old->content();
  set_at(object, resource.scale.replicas, Json(static_cast<long>(replicas.integer_or(0))));
  const bool replaces = call.request.method == kubernetes::Method::put;
  for (const std::string_view key : {"resourceVersion", "uid"}) {
    const Json& believed = scale["metadata"][key];
    if (believed.is_string()) object.member("metadata").set(key, believed);
  }
  return update_stored(
      server, resource, old, std::move(object),
      {.way = Subresource::scale, .dry_run = call.dry_run(), .replaces = replaces});
}

}  // namespace

kubernetes::Response serve_scale(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  ObjectPtr object = server.store.table(resource.table).find(call.key());
  if (!object) return to_response(not_found(resource.group_resource(), call.path.name));
  if (call.request.method != kubernetes::Method::get) {
    Served<ObjectPtr> changed = set_scale(server, call, object);
    if (!changed) return to_response(changed.error());
    object = std::move(*changed);
  }
  const Served<Json> scale = scale_of(resource, object->content());
  return scale ? json_response(200, to_text(*scale)) : to_response(scale.error());
}

}  // namespace slipway::cluster
