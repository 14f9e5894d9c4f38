#include "base/text.h"
#include "cluster/server/listing.h"
#include "cluster/server/operations.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

using Shape = Representation::Shape;

kubernetes::Response form_response(const Call& call, int code, const Json& object) {
  const Shape shape = call.form.shape;
  return json_response(code, shape == Shape::object
                                 ? to_text(object)
                                 : to_text(partial_metadata(object, call.form.shape_version)));
}

/// What one object is told that is wanted as a list.
Status no_list(const Resource& resource) {
  const std::string package =
      resource.group.empty() ? "core" : resource.group.substr(0, resource.group.find('.'));
  const std::string type =
      resource.custom ? "unstructured.Unstructured" : package + "." + resource.kind;
  return {406,
          "NotAcceptable",
          "you requested PartialObjectMetadataList, but the requested object is not a list (*" +
              type + ")",
          {}};
}

}  // namespace

kubernetes::Response answer_object(Server& server, const Call& call, int code, const Json& object) {
  if (call.form.shape != Shape::table) return form_response(call, code, object);
  const Served<TableOptions> options = table_options_of(call);
  if (!options) return to_response(options.error());
  Json table = make_table(*call.resource, {&object}, server.loop.now(), *options);
  Json& metadata = table.member("metadata");
  if (const Json* version = object["metadata"].find("resourceVersion")) {
    metadata.set("resourceVersion", *version);
  }
  return json_response(code, to_text(table));
}

kubernetes::Response answer_object(Server& server, const Call& call, int code,
                                   const ObjectPtr& object) {
  if (call.resource->from_stored) {
    return answer_object(server, call, code, call.resource->from_stored(object->content()));
  }
  if (call.form.shape == Shape::object) return json_response(code, object->text());
  return answer_object(server, call, code, object->content());
}

kubernetes::Response get_object(Server& server, Call& call) {
  const Resource& resource = *call.resource;
  const std::string_view version = call.query.get("resourceVersion");
  if (call.form.shape == Shape::metadata_list) return to_response(no_list(resource));
  if (!version.empty() && !parse_integer(version)) {
    return to_response({500,
                        "",
                        "resourceVersion: Invalid value: " + quote(version) +
                            ": strconv.ParseUint: parsing " + quote(version) + ": invalid syntax",
                        {}});
  }
  if (!version.empty()) {
    const Served<std::uint64_t> wanted = wanted_revision(server, version);
    if (!wanted) return to_response(wanted.error());
  }
  const ObjectPtr object = server.store.table(resource.table).find(call.key());
  if (!object) return to_response(not_found(resource.group_resource(), call.path.name));
  return answer_object(server, call, 200, object);
}

}  // namespace slipway::cluster
