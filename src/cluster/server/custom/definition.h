#pragma once

#include "cluster/server/resource.h"

namespace slipway::cluster {

/// apiextensions.k8s.io/v1 CustomResourceDefinition. A definition that is stored is served at once;
/// its conditions follow on the loop, as does, once it is deleted, the end of its objects.
ResourcePtr make_definition_resource();

/// The resource that one version of a definition stands for; nothing where that version is not
/// served, or not there.
ResourcePtr make_custom_resource(const Json& definition, const Json& version);

/// What a definition must hold. Source: apiextensions-apiserver, ValidateCustomResourceDefinition.
void validate_definition(const Json& definition, FieldErrors& errors);
/// What an update of one may not change.
void validate_definition_update(const Json& definition, const Json& old, FieldErrors& errors);

}  // namespace slipway::cluster
