#include "api/core_tables.h"

namespace slipway::api {

// Pod templates, less their containers and volumes.
const std::string_view core_types_pod_spec = R"(
package io.k8s.api.core.v1
PodTemplateSpec
  metadata ObjectMeta?
  spec PodSpec?
PodSpec
  volumes []Volume? merge:name retain keys:name
  initContainers []Container? merge:name keys:name
  containers []Container merge:name keys:name
  ephemeralContainers []EphemeralContainer? merge:name keys:name
  restartPolicy string? fill:Always
  terminationGracePeriodSeconds *int64? fill:30
  activeDeadlineSeconds *int64?
  dnsPolicy string? fill:ClusterFirst
  nodeSelector {}string? atomic
  serviceAccountName string?
  serviceAccount string?
  automountServiceAccountToken *bool?
  nodeName string?
  hostNetwork bool?
  hostPID bool?
  hostIPC bool?
  shareProcessNamespace *bool?
  securityContext *PodSecurityContext? fill:{}
  imagePullSecrets []LocalObjectReference? merge:name keys:name
  hostname string?
  subdomain string?
  affinity *Affinity?
  schedulerName string? fill:default-scheduler
  tolerations []Toleration? atomic
  hostAliases []HostAlias? merge:ip keys:ip
  priorityClassName string?
  priority *int32?
  dnsConfig *PodDNSConfig?
  readinessGates []PodReadinessGate? atomic
  runtimeClassName *string?
  enableServiceLinks *bool?
  preemptionPolicy *string?
  overhead {}quantity?
  topologySpreadConstraints []TopologySpreadConstraint? merge:topologyKey keys:topologyKey,whenUnsatisfiable
  setHostnameAsFQDN *bool?
  os *PodOS?
  hostUsers *bool?
  schedulingGates []PodSchedulingGate? merge:name keys:name
  resourceClaims []PodResourceClaim? merge:name retain keys:name
  resources *ResourceRequirements?
  hostnameOverride *string?
PodSecurityContext
  seLinuxOptions *SELinuxOptions?
  windowsOptions *WindowsSecurityContextOptions?
  runAsUser *int64?
  runAsGroup *int64?
  runAsNonRoot *bool?
  supplementalGroups []int64? atomic
  supplementalGroupsPolicy *string?
  fsGroup *int64?
  sysctls []Sysctl? atomic
  fsGroupChangePolicy *string?
  seccompProfile *SeccompProfile?
  appArmorProfile *AppArmorProfile?
  seLinuxChangePolicy *string?
LocalObjectReference atomic
  name string? default:""
Affinity
  nodeAffinity *NodeAffinity?
  podAffinity *PodAffinity?
  podAntiAffinity *PodAntiAffinity?
Toleration
  key string?
  operator string?
  value string?
  effect string?
  tolerationSeconds *int64?
HostAlias
  ip string
  hostnames []string? atomic
PodDNSConfig
  nameservers []string? atomic
  searches []string? atomic
  options []PodDNSConfigOption? atomic
PodReadinessGate
  conditionType string
TopologySpreadConstraint
  maxSkew int32
  topologyKey string
  whenUnsatisfiable string
  labelSelector *LabelSelector?
  minDomains *int32?
  nodeAffinityPolicy *string?
  nodeTaintsPolicy *string?
  matchLabelKeys []string? atomic
PodOS
  name string
PodSchedulingGate
  name string
PodResourceClaim
  name string
  resourceClaimName *string?
  resourceClaimTemplateName *string?
Sysctl
  name string
  value string
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution *NodeSelector?
  preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm? atomic
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm? atomic
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm? atomic
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm? atomic
  preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm? atomic
PodDNSConfigOption
  name string?
  value *string?
NodeSelector atomic
  nodeSelectorTerms []NodeSelectorTerm atomic
PreferredSchedulingTerm
  weight int32
  preference NodeSelectorTerm
PodAffinityTerm
  labelSelector *LabelSelector?
  namespaces []string? atomic
  topologyKey string
  namespaceSelector *LabelSelector?
  matchLabelKeys []string? atomic
  mismatchLabelKeys []string? atomic
WeightedPodAffinityTerm
  weight int32
  podAffinityTerm PodAffinityTerm
NodeSelectorTerm atomic
  matchExpressions []NodeSelectorRequirement? atomic
  matchFields []NodeSelectorRequirement? atomic
NodeSelectorRequirement
  key string
  operator string
  values []string? atomic
)";

}  // namespace slipway::api
