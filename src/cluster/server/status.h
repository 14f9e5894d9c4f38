#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kubernetes/transport.h"

namespace slipway::cluster {

/// Why one field is refused, in the words of apimachinery's `field.Error`, which clients print.
struct FieldError {
  std::string_view reason;  ///< "FieldValueInvalid" and so on; a literal.
  std::string field;        ///< "spec.template.spec.containers[0].image"
  std::string message;      ///< "Invalid value: 0: must be between 1 and 65535, inclusive"
};
using FieldErrors = std::vector<FieldError>;

FieldError invalid_field(std::string field, const Json& value, std::string_view detail);
FieldError required_field(std::string field, std::string_view detail = {});
FieldError forbidden_field(std::string field, std::string_view detail);
FieldError duplicate_field(std::string field, const Json& value);
/// `supported` is listed as it comes.
FieldError unsupported_field(std::string field, const Json& value,
                             const std::vector<std::string_view>& supported);
FieldError too_long_field(std::string field, std::int64_t limit);
FieldError too_many_field(std::string field, std::int64_t found, std::int64_t limit);

/// The answer to a request that is refused: a metav1.Status with `status: Failure`.
struct Status {
  int code = 500;
  std::string reason;  ///< "NotFound"; empty where the real server sends none.
  std::string message;
  Json details;  ///< Null: left out.

  Json to_json() const;
};

/// How an object's resource is named in messages: "configmaps", "widgets.example.com".
struct GroupResource {
  std::string_view group;
  std::string_view resource;
  std::string text() const;
};

Status not_found(GroupResource resource, std::string_view name);
Status already_exists(GroupResource resource, std::string_view name);
Status conflict(GroupResource resource, std::string_view name, std::string_view why);
Status bad_request(std::string message);
Status method_not_allowed();
/// "the server could not find the requested resource"
Status no_such_resource();
Status internal_error(std::string message);
Status forbidden(GroupResource resource, std::string_view name, std::string_view why);
Status expired(std::string message);
Status unsupported_media_type(std::string message);
/// 422 with one cause for each error. The message names an error that occurs twice only once.
Status invalid_object(std::string_view group, std::string_view kind, std::string_view name,
                      const FieldErrors& errors);

kubernetes::Response to_response(const Status& status);
kubernetes::Response json_response(int code, std::string body);

/// A value, or the Status to answer with.
template <class T>
struct [[nodiscard]] Served : std::expected<T, Status> {
  using std::expected<T, Status>::expected;
};
using Refusal = std::unexpected<Status>;

}  // namespace slipway::cluster

/// TRY for Served values: unwraps, or returns the refusal from the enclosing function.
#define SERVE(expression)                                                                       \
  ({                                                                                            \
    auto slipway_served = (expression);                                                         \
    if (!slipway_served) return ::slipway::cluster::Refusal(std::move(slipway_served).error()); \
    std::move(*slipway_served);                                                                 \
  })

/// The same where there is no value.
#define SERVE_DONE(expression)                                                                  \
  do {                                                                                          \
    auto slipway_served = (expression);                                                         \
    if (!slipway_served) return ::slipway::cluster::Refusal(std::move(slipway_served).error()); \
  } while (false)
