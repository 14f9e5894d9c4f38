#include "cluster/server/request_options.h"

#include "base/text.h"
#include "cluster/server/body.h"
#include "cluster/server/go_json_error.h"

namespace slipway::cluster {
namespace {

Status invalid_options(std::string_view kind, FieldError error) {
  return invalid_object("meta.k8s.io", kind, "", {std::move(error)});
}

Served<void> check_dry_run(const Call& call, std::string_view options_kind) {
  for (const std::string_view value : call.query.all("dryRun")) {
    if (value == "All") continue;
    return Refusal(invalid_options(
        options_kind, unsupported_field("dryRun", Json::array({Json(value)}), {"All"})));
  }
  return {};
}

Served<void> check_number(const Call& call, std::string_view parameter) {
  const std::string_view text = call.query.get(parameter);
  if (text.empty() || parse_integer(text)) return {};
  return Refusal(bad_request("strconv.ParseInt: parsing " + quote(text) + ": invalid syntax"));
}

/// The options' body. *Errors*: 500 without a reason, as the real server answers what it can't
/// decode here.
Served<Json> read_options_body(const kubernetes::Request& request) {
  const std::string_view type = MediaRange(request.content_type).type();
  if (type.empty() || type == "application/json") {
    const std::string why = go_json_error(request.body);
    if (!why.empty()) {
      return Refusal(Status{500, "", "couldn't get version/kind; json parse error: " + why, {}});
    }
  }
  Json body = SERVE(read_body(request.content_type, request.body, "DeleteOptions", nullptr));
  const std::string_view kind = body["kind"].string_or_empty();
  if (kind.empty() || kind == "DeleteOptions") return body;
  return Refusal(Status{500,
                        "",
                        "no kind " + quote(kind) + " is registered for version " +
                            quote(body["apiVersion"].string_or_empty()) +
                            " in scheme \"pkg/runtime/scheme.go:110\"",
                        {}});
}

}  // namespace

Served<void> check_write_options(const Call& call, std::string_view options_kind) {
  constexpr std::size_t manager_size_max = 128;
  SERVE_DONE(check_dry_run(call, options_kind));
  if (call.query.get("fieldManager").size() > manager_size_max) {
    return Refusal(invalid_options(options_kind, too_long_field("fieldManager", manager_size_max)));
  }
  if (options_kind == "PatchOptions" && call.query.has("force")) {
    return Refusal(invalid_options(
        options_kind, forbidden_field("force", "may not be specified for non-apply patch")));
  }
  return {};
}

namespace {

/// Which versions `resourceVersionMatch` goes with. Source: ValidateListOptions.
std::optional<FieldError> wrong_match(const Call& call, bool is_watch) {
  const std::string field = "resourceVersionMatch";
  const std::string_view match = call.query.get(field);
  const std::string_view version = call.query.get("resourceVersion");
  if (call.query.has("sendInitialEvents")) {
    if (!is_watch) {
      return forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list");
    }
    if (match == "NotOlderThan") return std::nullopt;
    return forbidden_field(
        field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (match.empty()) return std::nullopt;
  if (is_watch) {
    return forbidden_field(field,
                           field + " is forbidden for watch unless sendInitialEvents is provided");
  }
  if (version.empty()) {
    return forbidden_field(field, field + " is forbidden unless resourceVersion is provided");
  }
  if (!call.query.get("continue").empty()) {
    return forbidden_field(field, field + " is forbidden when continue is provided");
  }
  if (match != "Exact" && match != "NotOlderThan") {
    return unsupported_field(field, Json(match), {"Exact", "NotOlderThan", ""});
  }
  if (match == "Exact" && version == "0") {
    return forbidden_field(field, field + " \"exact\" is forbidden for resourceVersion \"0\"");
  }
  return std::nullopt;
}

}  // namespace

Served<void> check_list_options(const Call& call, bool is_watch) {
  SERVE_DONE(check_number(call, "limit"));
  SERVE_DONE(check_number(call, "timeoutSeconds"));
  if (std::optional<FieldError> error = wrong_match(call, is_watch)) {
    return Refusal(invalid_options("ListOptions", std::move(*error)));
  }
  const std::string_view version = call.query.get("resourceVersion");
  if (!call.query.get("continue").empty() && !version.empty() && version != "0") {
    return Refusal(bad_request("specifying resource version is not allowed when using continue"));
  }
  return {};
}

namespace {

/// The options as an object: of a request without a body, what its query says. With one, the query
/// counts for nothing, `dryRun` included, as on the real server.
Served<Json> delete_options_object(const Call& call) {
  if (!call.request.body.empty()) return read_options_body(call.request);
  SERVE_DONE(check_number(call, "gracePeriodSeconds"));
  Json object = Json::object();
  Json dry_run = Json::array();
  for (const std::string_view value : call.query.all("dryRun")) dry_run.push_back(Json(value));
  if (!dry_run.empty()) object.set("dryRun", std::move(dry_run));
  if (const auto seconds = parse_integer(call.query.get("gracePeriodSeconds"))) {
    object.set("gracePeriodSeconds", Json(static_cast<long>(*seconds)));
  }
  if (call.query.has("propagationPolicy")) {
    object.set("propagationPolicy", call.query.get("propagationPolicy"));
  }
  if (call.query.has("orphanDependents")) {
    object.set("orphanDependents", call.query.is_true("orphanDependents"));
  }
  return object;
}

/// *Errors*: 422 for options that make no sense, alone or together.
Served<void> check_delete_options(const Json& object) {
  for (std::size_t i = 0; i < object["dryRun"].size(); ++i) {
    if (object["dryRun"].at(i) == Json("All")) continue;
    return Refusal(
        invalid_options("DeleteOptions", unsupported_field("dryRun", object["dryRun"], {"All"})));
  }
  const std::string_view policy = object["propagationPolicy"].string_or_empty();
  if (policy.empty()) return {};
  if (policy != "Foreground" && policy != "Background" && policy != "Orphan") {
    return Refusal(invalid_options(
        "DeleteOptions", unsupported_field("propagationPolicy", Json(policy),
                                           {"Foreground", "Background", "Orphan", "nil"})));
  }
  if (object["orphanDependents"].is_null()) return {};
  return Refusal(invalid_options(
      "DeleteOptions",
      invalid_field("propagationPolicy", Json(policy),
                    "orphanDependents and deletionPropagation cannot be both set")));
}

}  // namespace

Served<DeleteOptions> read_delete_options(const Call& call) {
  const Json object = SERVE(delete_options_object(call));
  SERVE_DONE(check_delete_options(object));
  DeleteOptions options;
  options.dry_run = !object["dryRun"].empty();
  if (object["gracePeriodSeconds"].is_integer()) {
    options.grace_seconds = object["gracePeriodSeconds"].as_integer();
  }
  options.uid = object["preconditions"]["uid"].string_or_empty();
  options.resource_version = object["preconditions"]["resourceVersion"].string_or_empty();
  options.propagation = object["propagationPolicy"].string_or_empty();
  if (options.propagation.empty() && object["orphanDependents"].bool_or(false)) {
    options.propagation = "Orphan";
  }
  return options;
}

}  // namespace slipway::cluster
