#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/random.h"
#include "base/time.h"
#include "cluster/server/resource.h"
#include "cluster/server/status.h"

namespace slipway::cluster {

/// Why this text can't be a name of that rule; empty where it can.
std::string name_complaint(NameRule rule, std::string_view name);
/// Why this text is no label value; empty where it is one.
std::string label_value_complaint(std::string_view value);
/// Why this text is no qualified name ("example.com/part"); empty where it is one.
std::string qualified_name_complaint(std::string_view name);

/// `metav1.ValidateLabels` for a map at `field`.
void validate_labels(const Json& labels, const std::string& field, FieldErrors& errors);

/// The name, labels, annotations, owners and finalizers of an object that is created or updated.
void validate_metadata(const Resource& resource, const Json& metadata, FieldErrors& errors);

/// The finalizers of Kubernetes' own kinds: well-known, or with a domain.
void validate_finalizer_domains(const Json& metadata, FieldErrors& errors);
/// What writing a custom object warns of instead, where `old` doesn't have it yet.
std::vector<std::string> finalizer_warnings(const Json& metadata, const Json& old);

/// Drops owners that are listed twice. Returns a warning of them, empty without any; `when` says in
/// it when they were seen.
std::string drop_double_owners(Json& metadata, std::string_view when);

/// What an update may not change about an object's identity. Source: ValidateObjectMetaUpdate.
void validate_metadata_update(const Json& metadata, const Json& old, FieldErrors& errors);

/// Gives a new object its uid, creation time and first generation.
void fill_new_metadata(const Resource& resource, Json& metadata, Instant now, Random& random);

/// Puts back what the server alone decides in an updated object's metadata.
void keep_server_metadata(Json& metadata, const Json& old);

/// The finalizers of an object's metadata.
std::vector<std::string> finalizers_of(const Json& metadata);
void set_finalizers(Json& metadata, const std::vector<std::string>& finalizers);

}  // namespace slipway::cluster
