#pragma once

#include <string>
#include <string_view>

namespace slipway::api {

/// One kind that the API serves: how it is named in objects and in paths.
struct Kind {
  std::string_view group;    ///< Empty for the core group.
  std::string_view version;  ///< "v1", "v1alpha1"
  std::string_view kind;     ///< "ReplicaSet"
  std::string_view plural;   ///< "replicasets"
  bool namespaced = true;

  /// "apps/v1", "v1": as in an object's `apiVersion`.
  std::string api_version() const;
  /// "/apis/apps/v1/namespaces/shop/replicasets" and so on; an empty namespace means all, an empty
  /// name the collection. `subresource` is "status", "scale" or empty.
  std::string path(std::string_view namespace_, std::string_view name = {},
                   std::string_view subresource = {}) const;
  bool operator==(const Kind&) const = default;
};

namespace kinds {
inline constexpr Kind rollout{"argoproj.io", "v1alpha1", "Rollout", "rollouts"};
inline constexpr Kind analysis_run{"argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns"};
inline constexpr Kind analysis_template{"argoproj.io", "v1alpha1", "AnalysisTemplate",
                                        "analysistemplates"};
inline constexpr Kind cluster_analysis_template{
    "argoproj.io", "v1alpha1", "ClusterAnalysisTemplate", "clusteranalysistemplates", false};
inline constexpr Kind experiment{"argoproj.io", "v1alpha1", "Experiment", "experiments"};
inline constexpr Kind replica_set{"apps", "v1", "ReplicaSet", "replicasets"};
inline constexpr Kind deployment{"apps", "v1", "Deployment", "deployments"};
inline constexpr Kind pod_template{"", "v1", "PodTemplate", "podtemplates"};
inline constexpr Kind pod{"", "v1", "Pod", "pods"};
inline constexpr Kind service{"", "v1", "Service", "services"};
inline constexpr Kind endpoints{"", "v1", "Endpoints", "endpoints"};
inline constexpr Kind endpoint_slice{"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"};
inline constexpr Kind namespace_{"", "v1", "Namespace", "namespaces", false};
inline constexpr Kind node{"", "v1", "Node", "nodes", false};
inline constexpr Kind event{"", "v1", "Event", "events"};
inline constexpr Kind config_map{"", "v1", "ConfigMap", "configmaps"};
inline constexpr Kind secret{"", "v1", "Secret", "secrets"};
inline constexpr Kind lease{"coordination.k8s.io", "v1", "Lease", "leases"};
inline constexpr Kind job{"batch", "v1", "Job", "jobs"};
inline constexpr Kind ingress{"networking.k8s.io", "v1", "Ingress", "ingresses"};
inline constexpr Kind custom_resource_definition{
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false};
}  // namespace kinds

/// Names one object of one kind, for people and as a cache key.
struct ObjectKey {
  std::string namespace_;  ///< Empty for cluster-scoped kinds.
  std::string name;

  /// "shop/web", or "web" without a namespace.
  std::string text() const;
  auto operator<=>(const ObjectKey&) const = default;
};

}  // namespace slipway::api
