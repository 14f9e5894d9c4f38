#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "api/kinds.h"
#include "base/json.h"

namespace slipway::api {

/// One CustomResourceDefinition and the file under `deploy/crds` that holds it.
struct CustomResource {
  Kind kind;
  std::string file;  ///< "rollout-crd.yaml"
  Json definition;
};

/// The CustomResourceDefinitions of our five kinds, made from the types themselves: what a cluster
/// must be given before the controller can serve it. They admit what Argo Rollouts' own do.
std::vector<CustomResource> custom_resources();

/// A definition as the text of its file.
std::string to_crd_file(const CustomResource& resource);

/// Writes all of them into the folder, which is made where it is missing.
Result<void> write_crd_files(const std::filesystem::path& folder);

}  // namespace slipway::api
