#include "cluster/server/body.h"

#include "api/go_text.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cluster/server/event_alias.h"
#include "cluster/server/go_json_error.h"
#include "cluster/server/protobuf/decode.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view accepted_types =
    "the body of the request was in an unknown format - accepted media types include: "
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// The first bytes of a body, for messages.
std::string summary_of(const std::string& body) {
  constexpr std::size_t shown_max = 30;
  if (body.empty()) return "<empty>";
  const std::string_view shown = std::string_view(body).substr(0, shown_max);
  std::string text;
  if (body[0] == '{') {
    text = shown;
  } else {
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : shown) {
      text += digits[static_cast<unsigned char>(c) >> 4];
      text += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return body.size() > shown_max ? text + " ..." : text;
}

Status unrecognized(std::string_view kind, std::string_view why, const std::string& body) {
  return bad_request("the object provided is unrecognized (must be of type " + std::string(kind) +
                     "): " + std::string(why) + " (" + summary_of(body) + ")");
}

/// "Widget in version "v1" cannot be handled as a Widget: why"
Status unfit(const Resource& resource, std::string_view kind, std::string_view version,
             std::string_view why) {
  return bad_request(std::string(kind) + " in version " + quote(version) +
                     " cannot be handled as a " + resource.kind + ": " + std::string(why));
}

/// "v1" of "apps/v1".
std::string_view version_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
}

/// How Go names the package of a group's internal types: "core", "apps".
std::string_view package_of(std::string_view group) {
  return group.empty() ? std::string_view("core") : group.substr(0, group.find('.'));
}

/// Objects are judged under the kind that they claim to be.
Served<void> check_custom_kind(const Resource& resource, const Json& object) {
  const std::string api_version = resource.api_version();
  const std::pair<std::string_view, std::string_view> wanted[] = {
      {"kind",       resource.kind},
      {"apiVersion", api_version  },
  };
  for (const auto& [key, text] : wanted) {
    if (object[key].string_or_empty() == text) continue;
    return Refusal(invalid_object(
        resource.group, object["kind"].string_or_empty(),
        object["metadata"]["name"].string_or_empty(),
        {invalid_field(std::string(key), object[key], "must be " + std::string(text))}));
  }
  return {};
}

/// Whether the body's kind and version are the resource's. Built-in kinds may leave both out.
Served<void> check_kind(const Resource& resource, const Json& object, const std::string& body) {
  const std::string_view kind = object["kind"].string_or_empty();
  const std::string_view api_version = object["apiVersion"].string_or_empty();
  if (resource.custom) {
    if (kind.empty()) {
      return Refusal(
          unrecognized(resource.kind, "Object 'Kind' is missing in '" + body + "'", body));
    }
    if (api_version != resource.api_version()) {
      return Refusal(bad_request("the API version in the data (" + std::string(api_version) +
                                 ") does not match the expected API version (" +
                                 resource.api_version() + ")"));
    }
    return check_custom_kind(resource, object);
  }
  if (!api_version.empty() && api_version != resource.api_version()) {
    return Refusal(unfit(resource, kind.empty() ? resource.kind : kind, version_of(api_version),
                         "no kind " + quote(kind.empty() ? resource.kind : kind) +
                             " is registered for version " + quote(api_version) +
                             " in scheme \"pkg/runtime/scheme.go:110\""));
  }
  if (!kind.empty() && kind != resource.kind) {
    return Refusal(unfit(resource, kind, resource.version,
                         "converting (" + resource.version + "." + std::string(kind) + ") to (" +
                             std::string(package_of(resource.group)) + "." + resource.kind +
                             "): unknown conversion"));
  }
  return {};
}

/// The object as it is stored: kind and apiVersion first, where the texts of objects have them.
Json in_stored_form(const Resource& resource, Json object) {
  Json::Object ordered;
  ordered.reserve(object.size() + 2);
  ordered.emplace_back("kind", Json(std::string_view(resource.kind)));
  ordered.emplace_back("apiVersion", Json(resource.api_version()));
  for (auto& [key, value] : object.as_object()) {
    if (key != "kind" && key != "apiVersion")
      ordered.emplace_back(std::move(key), std::move(value));
  }
  Json whole(std::move(ordered));
  if (!whole["metadata"].is_object()) whole.set("metadata", Json::object());
  if (resource.to_stored) return resource.to_stored(std::move(whole));
  return whole;
}

using Complaints = std::vector<std::string>;

void complain(std::string_view what, const std::vector<std::string>& fields, Complaints& all) {
  for (const std::string& field : fields) all.push_back(std::string(what) + " " + quote(field));
}

/// "strict decoding error: ..." where the request wants no such fields; else empty, and the answer
/// warns of them, if it may.
std::string strict_error(Call& call, FieldValidation validation, const Complaints& complaints) {
  if (complaints.empty() || validation == FieldValidation::ignore) return {};
  if (validation == FieldValidation::strict) {
    return "strict decoding error: " + join(complaints, ", ");
  }
  for (const std::string& one : complaints) call.warnings.push_back(warning_header(one));
  return {};
}

}  // namespace

Served<FieldValidation> field_validation_of(const Call& call, std::string_view options_kind) {
  const std::string_view text = call.query.get("fieldValidation");
  if (text.empty() || text == "Warn") return FieldValidation::warn;
  if (text == "Ignore") return FieldValidation::ignore;
  if (text == "Strict") return FieldValidation::strict;
  return Refusal(invalid_object(
      "meta.k8s.io", options_kind, "",
      {unsupported_field("fieldValidation", Json(text), {"", "Ignore", "Strict", "Warn"})}));
}

Served<Json> read_body(std::string_view content_type, const std::string& body,
                       std::string_view kind, std::vector<std::string>* duplicates) {
  const std::string_view type = MediaRange(content_type).type();
  Result<Json> value = Json();
  if (type.empty() || type == "application/json") {
    value = parse_json(body, {.duplicate_keys = duplicates});
    if (!value) {
      std::string why = go_json_error(body);
      if (why.empty()) why = value.error().message;
      return Refusal(
          unrecognized(kind, "couldn't get version/kind; json parse error: " + why, body));
    }
  } else if (type == "application/yaml") {
    value = parse_yaml_document(body);
    if (!value) {
      return Refusal(
          unrecognized(kind, "error converting YAML to JSON: " + value.error().text(), body));
    }
  } else if (type == protobuf_media_type) {
    value = decode_protobuf(body);
    if (!value) return Refusal(unsupported_media_type(value.error().message));
    if ((*value)["apiVersion"].string_or_empty().starts_with("events.k8s.io/")) {
      value = event_under_alias(*value);
    }
  } else {
    return Refusal(unsupported_media_type(std::string(accepted_types)));
  }
  if (!value->is_object()) {
    return Refusal(
        unrecognized(kind,
                     "couldn't get version/kind; json parse error: json: cannot unmarshal " +
                         std::string(go_kind(*value)) +
                         " into Go value of type struct { APIVersion string "
                         "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                         "\"json:\\\"kind,omitempty\\\"\" }",
                     body));
  }
  return std::move(*value);
}

Served<Json> decode_body(Call& call) {
  const Resource& resource = *call.resource;
  const std::string& body = call.request.body;
  std::vector<std::string> duplicates;
  Json object = SERVE(read_body(call.request.content_type, body, resource.kind, &duplicates));
  SERVE_DONE(check_kind(resource, object, body));
  const bool creates = call.request.method == kubernetes::Method::post;
  const FieldValidation validation =
      SERVE(field_validation_of(call, creates ? "CreateOptions" : "UpdateOptions"));
  std::vector<std::string> unknown;
  const Result<void> decoded = resource.rules->decode(object, &unknown);
  if (!decoded) {
    return Refusal(unfit(resource, resource.kind, resource.version, decoded.error().message));
  }
  Complaints complaints;
  complain("duplicate field", duplicates, complaints);
  complain("unknown field", unknown, complaints);
  if (const std::string why = strict_error(call, validation, complaints); !why.empty()) {
    return Refusal(unfit(resource, resource.kind, resource.version, why));
  }
  return in_stored_form(resource, std::move(object));
}

namespace {

/// The parts of an object that a patch left alone: as stored, so not to be read once more. They are
/// the bulk of an object, a pod template above all.
class UntouchedParts {
 public:
  /// Moves them out of `object`.
  UntouchedParts(Json& object, const Json& old) {
    for (const std::string_view key : {"spec", "status"}) take(object, old, key, parts_);
    if (Json* spec = object.find("spec")) take(*spec, old["spec"], "template", spec_parts_);
  }
  void put_back(Json& object) {
    for (Json::Member& part : parts_) object.set(part.first, std::move(part.second));
    for (Json::Member& part : spec_parts_) {
      object.member("spec").set(part.first, std::move(part.second));
    }
  }

 private:
  static void take(Json& from, const Json& old, std::string_view key, Json::Object& into) {
    Json* part = from.find(key);
    if (part == nullptr || !part->is_object() || *part != old[key]) return;
    into.emplace_back(key, std::move(*part));
    from.erase(key);
  }

  Json::Object parts_;
  Json::Object spec_parts_;
};

}  // namespace

namespace {

/// How a patch is refused for what it makes of an object: it is shown, or what it made.
Refusal unfit_patch(const Patch& patch, const Json& made, std::string_view why) {
  const bool shows_patch = patch.type == Patch::Type::strategic_merge;
  const std::string shown = shows_patch ? api::go_text(patch.body) : to_text(made);
  return Refusal(
      invalid_object("", "", "", {invalid_field("patch", Json(std::string_view(shown)), why)}));
}

/// A patch leaves an object the kind that it is.
Served<void> check_kept_kind(const Resource& resource, const Patch& patch, const Json& object) {
  if (resource.custom) return check_custom_kind(resource, object);
  const std::string_view kind = object["kind"].string_or_empty();
  const std::string_view api_version = object["apiVersion"].string_or_empty();
  if (kind == resource.kind && api_version == resource.api_version()) return {};
  return unfit_patch(patch, object,
                     "no patch makes a " + resource.kind + " of " + resource.api_version() + " a " +
                         quote(kind) + " of " + quote(api_version));
}

}  // namespace

Served<Json> decode_patched(Call& call, const Patch& patch, Json object, const Json& old) {
  const Resource& resource = *call.resource;
  const FieldValidation validation = SERVE(field_validation_of(call, "PatchOptions"));
  SERVE_DONE(check_kept_kind(resource, patch, object));
  std::vector<std::string> unknown;
  std::optional<UntouchedParts> untouched;
  if (resource.type != nullptr) untouched.emplace(object, old);
  const Result<void> decoded = resource.rules->decode(object, &unknown);
  if (untouched) untouched->put_back(object);
  if (!decoded) return unfit_patch(patch, object, decoded.error().message);
  Complaints complaints = patch.complaints;
  complain("unknown field", unknown, complaints);
  if (const std::string why = strict_error(call, validation, complaints); !why.empty()) {
    return unfit_patch(patch, object, why);
  }
  return in_stored_form(resource, std::move(object));
}

}  // namespace slipway::cluster
