#include "cluster/server/status.h"

#include <set>

#include "base/text.h"
#include "cluster/server/valid_text.h"

namespace slipway::cluster {
namespace {

/// A value as field errors show it: texts quoted, all else as JSON.
std::string shown(const Json& value) {
  return value.is_string() ? quote(value.as_string()) : to_text(value);
}

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

Json named(GroupResource resource, std::string_view name) {
  Json details = Json::object();
  if (!name.empty()) details.set("name", name);
  if (!resource.group.empty()) details.set("group", resource.group);
  details.set("kind", resource.resource);
  return details;
}

}  // namespace

FieldError invalid_field(std::string field, const Json& value, std::string_view detail) {
  return {"FieldValueInvalid", std::move(field),
          with_detail("Invalid value: " + shown(value), detail)};
}

FieldError required_field(std::string field, std::string_view detail) {
  return {"FieldValueRequired", std::move(field), with_detail("Required value", detail)};
}

FieldError forbidden_field(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", std::move(field), with_detail("Forbidden", detail)};
}

FieldError duplicate_field(std::string field, const Json& value) {
  return {"FieldValueDuplicate", std::move(field), "Duplicate value: " + shown(value)};
}

FieldError unsupported_field(std::string field, const Json& value,
                             const std::vector<std::string_view>& supported) {
  std::string list;
  for (const std::string_view one : supported) {
    list.append(list.empty() ? "" : ", ").append(quote(one));
  }
  return {"FieldValueNotSupported", std::move(field),
          "Unsupported value: " + shown(value) + ": supported values: " + list};
}

FieldError too_long_field(std::string field, std::int64_t limit) {
  return {"FieldValueTooLong", std::move(field),
          "Too long: may not be more than " + std::to_string(limit) + " bytes"};
}

FieldError too_many_field(std::string field, std::int64_t found, std::int64_t limit) {
  return {"FieldValueTooMany", std::move(field),
          "Too many: " + std::to_string(found) + ": must have at most " + std::to_string(limit) +
              " items"};
}

/// Messages quote what came in, which may be anything.
Json Status::to_json() const {
  Json json = Json::object({
      {"kind",       "Status"           },
      {"apiVersion", "v1"               },
      {"metadata",   Json::object()     },
      {"status",     "Failure"          },
      {"message",    valid_text(message)}
  });
  if (!reason.empty()) json.set("reason", reason);
  if (!details.is_null()) json.set("details", valid_json(details));
  json.set("code", code);
  return json;
}

std::string GroupResource::text() const {
  std::string text(resource);
  if (!group.empty()) text.append(".").append(group);
  return text;
}

Status not_found(GroupResource resource, std::string_view name) {
  return {404, "NotFound", resource.text() + " " + quote(name) + " not found",
          named(resource, name)};
}

Status already_exists(GroupResource resource, std::string_view name) {
  return {409, "AlreadyExists", resource.text() + " " + quote(name) + " already exists",
          named(resource, name)};
}

Status conflict(GroupResource resource, std::string_view name, std::string_view why) {
  return {409, "Conflict",
          "Operation cannot be fulfilled on " + resource.text() + " " + quote(name) + ": " +
              std::string(why),
          named(resource, name)};
}

Status forbidden(GroupResource resource, std::string_view name, std::string_view why) {
  return {403, "Forbidden",
          resource.text() + " " + quote(name) + " is forbidden: " + std::string(why),
          named(resource, name)};
}

Status bad_request(std::string message) {
  return {400, "BadRequest", std::move(message), {}};
}

Status method_not_allowed() {
  return {405, "MethodNotAllowed",
          "the server does not allow this method on the requested resource", Json::object()};
}

Status no_such_resource() {
  return {404, "NotFound", "the server could not find the requested resource", Json::object()};
}

Status internal_error(std::string message) {
  Json details = Json::object({
      {"causes", Json::array({Json::object({{"message", Json(std::string_view(message))}})})}
  });
  return {500, "InternalError", "Internal error occurred: " + message, std::move(details)};
}

Status expired(std::string message) {
  return {410, "Expired", std::move(message), {}};
}

Status unsupported_media_type(std::string message) {
  return {415, "UnsupportedMediaType", std::move(message), {}};
}

Status invalid_object(std::string_view group, std::string_view kind, std::string_view name,
                      const FieldErrors& errors) {
  Json causes = Json::array();
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (const FieldError& error : errors) {
    causes.push_back(Json::object({
        {"reason",  Json(error.reason)                   },
        {"message", Json(std::string_view(error.message))},
        {"field",   Json(std::string_view(error.field))  }
    }));
    std::string text = error.field + ": " + error.message;
    if (seen.insert(text).second) texts.push_back(std::move(text));
  }
  Json details = Json::object();
  if (!name.empty()) details.set("name", name);
  if (!group.empty()) details.set("group", group);
  if (!kind.empty()) details.set("kind", kind);
  details.set("causes", std::move(causes));
  std::string why = texts.size() == 1 ? texts[0] : "[" + join(texts, ", ") + "]";
  return {
      422, "Invalid", GroupResource{group, kind}
        .text() + " " + quote(name) + " is invalid: " + why,
      std::move(details)
  };
}

kubernetes::Response to_response(const Status& status) {
  kubernetes::Response response = json_response(status.code, to_text(status.to_json()));
  const Json& seconds = status.details["retryAfterSeconds"];
  if (seconds.is_integer()) response.retry_after = Duration::from_seconds(seconds.as_integer());
  return response;
}

kubernetes::Response json_response(int code, std::string body) {
  kubernetes::Response response;
  response.status = code;
  response.content_type = kubernetes::media::json;
  response.body = std::move(body);
  return response;
}

}  // namespace slipway::cluster
