#include "cluster/server/patches.h"

#include "api/strategic_merge.h"
#include "base/json_patch.h"
#include "base/text.h"
#include "cluster/server/go_json_error.h"
#include "cluster/server/negotiate.h"

namespace slipway::cluster {
namespace {

constexpr std::size_t operations_max = 10'000;  // As the real server's.

Served<Patch::Type> patch_type(std::string_view content_type, const Resource& resource) {
  const std::string_view type = MediaRange(content_type).type();
  if (type == kubernetes::media::json_patch) return Patch::Type::json;
  if (type == kubernetes::media::merge_patch) return Patch::Type::merge;
  if (type == kubernetes::media::strategic_merge_patch && !resource.custom) {
    return Patch::Type::strategic_merge;
  }
  std::string accepted =
      "accepted media types include: application/json-patch+json, application/merge-patch+json";
  if (!resource.custom) accepted += ", application/strategic-merge-patch+json";
  if (type == "application/apply-patch+yaml" || type == "application/apply-patch+cbor") {
    return Refusal(unsupported_media_type(
        "server-side apply (application/apply-patch+yaml) is not served by this cluster: apply on "
        "the client's side, or use another patch - " +
        accepted));
  }
  if (type == kubernetes::media::strategic_merge_patch) {
    return Refusal(
        unsupported_media_type("the body of the request was in an unknown format - " + accepted));
  }
  return Refusal(
      Status{415, "UnsupportedMediaType", "415: Unsupported Media Type", Json::object()});
}

Status rejected() {
  return {422, "Invalid", "the server rejected our request due to an error in our request",
          Json::object()};
}

/// Keys of operations that no operation has.
void find_unknown_keys(const Json& operations, std::vector<std::string>& complaints) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!operations.at(i).is_object()) continue;
    for (const auto& [key, value] : operations.at(i).as_object()) {
      if (key == "op" || key == "path" || key == "from" || key == "value") continue;
      complaints.push_back("json patch unknown field " +
                           quote("[" + std::to_string(i) + "]." + key));
    }
  }
}

}  // namespace

Served<Patch> read_patch(const kubernetes::Request& request, const Resource& resource) {
  const Patch::Type type = SERVE(patch_type(request.content_type, resource));
  std::vector<std::string> duplicates;
  Result<Json> body = parse_json(request.body, {.duplicate_keys = &duplicates});
  if (!body) {
    const std::string why = go_json_error(request.body);
    return Refusal(
        bad_request("error decoding patch: " + (why.empty() ? body.error().message : why)));
  }
  const bool wants_list = type == Patch::Type::json;
  if (wants_list ? !body->is_array() : !body->is_object()) {
    const std::string_view prefix =
        type == Patch::Type::strategic_merge ? "" : "error decoding patch: ";
    return Refusal(
        bad_request(std::string(prefix) + "json: cannot unmarshal " + std::string(go_kind(*body)) +
                    " into Go value of type " +
                    (wants_list ? "[]handlers.jsonPatchOp" : "map[string]interface {}")));
  }
  if (wants_list && body->size() > operations_max) {
    return Refusal(Status{413, "RequestEntityTooLarge",
                          "The allowed maximum operations in a JSON patch is 10000, got " +
                              std::to_string(body->size()),
                          Json::object()});
  }
  Patch patch{type, std::move(*body)};
  const std::string what = wants_list ? "json patch duplicate field " : "duplicate field ";
  for (const std::string& field : duplicates) patch.complaints.push_back(what + quote(field));
  if (wants_list) find_unknown_keys(patch.body, patch.complaints);
  return patch;
}

Served<Json> apply_patch(const Patch& patch, const Resource& resource, const Json& object) {
  switch (patch.type) {
    case Patch::Type::json: {
      Result<Json> changed = apply_json_patch(object, patch.body);
      if (!changed || !changed->is_object()) return Refusal(rejected());
      return std::move(*changed);
    }
    case Patch::Type::merge:
      return apply_merge_patch(object, patch.body);
    case Patch::Type::strategic_merge: {
      // Kinds served as plain objects have no merge keys: their lists are replaced.
      if (resource.type == nullptr) return apply_merge_patch(object, patch.body);
      Result<Json> changed = api::apply_strategic_merge_patch(object, patch.body, *resource.type);
      if (!changed) return Refusal(Status{500, "", changed.error().message, {}});
      return std::move(*changed);
    }
  }
  return Refusal(rejected());
}

}  // namespace slipway::cluster
