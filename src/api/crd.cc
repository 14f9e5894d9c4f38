#include "api/crd.h"

#include <fstream>

#include "api/analysis.h"
#include "api/experiment.h"
#include "api/rollout.h"
#include "base/yaml.h"

namespace slipway::api {
namespace {

/// What a definition says beyond the type.
struct Traits {
  const char* file;
  const char* singular;
  const char* short_name;
  Json printer_columns;
  Json subresources;  ///< Null: a status is written like any other field.
};

Json column(const char* name, const char* type, const char* path) {
  return Json::object({
      {"jsonPath", path},
      {"name",     name},
      {"type",     type}
  });
}

Json age_column() {
  return column("Age", "date", ".metadata.creationTimestamp");
}

Json status_and_age() {
  return Json::array({column("Status", "string", ".status.phase"), age_column()});
}

template <class T>
CustomResource define(Traits traits) {
  const Kind& kind = T::kind;
  Json version = Json::object({
      {"additionalPrinterColumns", std::move(traits.printer_columns)                  },
      {"name",                     kind.version                                       },
      {"schema",                   Json::object({{"openAPIV3Schema", schema_of<T>()}})},
      {"served",                   true                                               },
      {"storage",                  true                                               },
  });
  if (!traits.subresources.is_null()) version.set("subresources", std::move(traits.subresources));
  Json names = Json::object({
      {"kind",       kind.kind                       },
      {"listKind",   std::string(kind.kind) + "List" },
      {"plural",     kind.plural                     },
      {"shortNames", Json::array({traits.short_name})},
      {"singular",   traits.singular                 },
  });
  const std::string name = std::string(kind.plural) + "." + std::string(kind.group);
  Json definition = Json::object({
      {"apiVersion", kinds::custom_resource_definition.api_version()},
      {"kind",       kinds::custom_resource_definition.kind         },
      {"metadata",   Json::object({{"name", name}})                 },
      {"spec",       Json::object({
                   {"group", kind.group},
                   {"names", std::move(names)},
                   {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
                   {"versions", Json::array({std::move(version)})},
               })                                     },
  });
  return {kind, traits.file, std::move(definition)};
}

CustomResource define_rollout() {
  const Json scale = Json::object({
      {"labelSelectorPath",  ".status.selector"   },
      {"specReplicasPath",   ".spec.replicas"     },
      {"statusReplicasPath", ".status.HPAReplicas"},
  });
  return define<Rollout>({
      .file = "rollout-crd.yaml",
      .singular = "rollout",
      .short_name = "ro",
      .printer_columns = Json::array({
                                      column("Desired", "integer", ".spec.replicas"),
                                      column("Current", "integer", ".status.replicas"),
                                      column("Up-to-date", "integer", ".status.updatedReplicas"),
                                      column("Available", "integer", ".status.availableReplicas"),
                                      age_column(),
                                      }
        ),
      .subresources = Json::object({{"scale", scale}, {"status", Json::object()}}
        ),
  });
}

}  // namespace

std::vector<CustomResource> custom_resources() {
  std::vector<CustomResource> all;
  all.push_back(define_rollout());
  all.push_back(define<AnalysisRun>({.file = "analysis-run-crd.yaml",
                                     .singular = "analysisrun",
                                     .short_name = "ar",
                                     .printer_columns = status_and_age()}));
  all.push_back(define<AnalysisTemplate>({.file = "analysis-template-crd.yaml",
                                          .singular = "analysistemplate",
                                          .short_name = "at",
                                          .printer_columns = Json::array({age_column()})}));
  all.push_back(define<ClusterAnalysisTemplate>({.file = "cluster-analysis-template-crd.yaml",
                                                 .singular = "clusteranalysistemplate",
                                                 .short_name = "cat",
                                                 .printer_columns = Json::array({age_column()})}));
  all.push_back(define<Experiment>({.file = "experiment-crd.yaml",
                                    .singular = "experiment",
                                    .short_name = "exp",
                                    .printer_columns = status_and_age()}));
  return all;
}

std::string to_crd_file(const CustomResource& resource) {
  return "# Generated from src/api. A test holds the two equal; UPDATE_GOLDEN=1 rewrites this.\n" +
         to_yaml(resource.definition);
}

Result<void> write_crd_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (const CustomResource& resource : custom_resources()) {
    const std::filesystem::path path = folder / resource.file;
    std::ofstream out(path, std::ios::binary);
    out << to_crd_file(resource);
    if (!out.flush()) {
      return fail(ErrorCode::unavailable, path.string(), "can't be written",
                  "check that the folder exists, is writable and has room");
    }
  }
  return {};
}

}  // namespace slipway::api
