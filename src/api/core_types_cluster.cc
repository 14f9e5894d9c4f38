#include "api/core_tables.h"

namespace slipway::api {

// The other kinds that the embedded cluster serves.
const std::string_view core_types_cluster = R"(
package io.k8s.api.core.v1
Namespace
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec NamespaceSpec?
  status NamespaceStatus?
Node
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec NodeSpec?
  status NodeStatus?
Event
  kind string?
  apiVersion string?
  metadata ObjectMeta
  involvedObject ObjectReference
  reason string?
  message string?
  source EventSource?
  firstTimestamp time?
  lastTimestamp time?
  count int32?
  type string?
  eventTime micro_time?
  series *EventSeries?
  action string?
  related *ObjectReference?
  reportingComponent string optional
  reportingInstance string optional
ConfigMap
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  immutable *bool?
  data {}string?
  binaryData {}bytes?
Secret
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  immutable *bool?
  data {}bytes?
  stringData {}string?
  type string? fill:Opaque
ServiceAccount
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  secrets []ObjectReference? merge:name keys:name
  imagePullSecrets []LocalObjectReference? atomic
  automountServiceAccountToken *bool?
package io.k8s.api.coordination.v1
Lease
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec LeaseSpec?
package io.k8s.api.core.v1
NamespaceSpec
  finalizers []string? atomic
NamespaceStatus
  phase string? fill:Active
  conditions []NamespaceCondition? merge:type keys:type
NodeSpec
  podCIDR string?
  podCIDRs []string? merge set
  providerID string?
  unschedulable bool?
  taints []Taint? atomic
  configSource *NodeConfigSource?
  externalID string?
NodeStatus
  capacity {}quantity?
  allocatable {}quantity?
  phase string?
  conditions []NodeCondition? merge:type keys:type
  addresses []NodeAddress? merge:type keys:type
  daemonEndpoints NodeDaemonEndpoints?
  nodeInfo NodeSystemInfo?
  images []ContainerImage? atomic
  volumesInUse []string? atomic
  volumesAttached []AttachedVolume? atomic
  config *NodeConfigStatus?
  runtimeHandlers []NodeRuntimeHandler? atomic
  features *NodeFeatures?
EventSource
  component string?
  host string?
EventSeries
  count int32?
  lastObservedTime micro_time?
package io.k8s.api.coordination.v1
LeaseSpec
  holderIdentity *string?
  leaseDurationSeconds *int32?
  acquireTime *micro_time?
  renewTime *micro_time?
  leaseTransitions *int32?
  strategy *string?
  preferredHolder *string?
package io.k8s.api.core.v1
NamespaceCondition
  type string
  status string
  lastTransitionTime time?
  reason string?
  message string?
Taint
  key string
  value string?
  effect string
  timeAdded *time?
NodeConfigSource
  configMap *ConfigMapNodeConfigSource?
NodeCondition
  type string
  status string
  lastHeartbeatTime time?
  lastTransitionTime time?
  reason string?
  message string?
NodeAddress
  type string
  address string
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint?
NodeSystemInfo
  machineID string
  systemUUID string
  bootID string
  kernelVersion string
  osImage string
  containerRuntimeVersion string
  kubeletVersion string
  kubeProxyVersion string
  operatingSystem string
  architecture string
  swap *NodeSwapStatus?
ContainerImage
  names []string atomic optional
  sizeBytes int64?
AttachedVolume
  name string
  devicePath string
NodeConfigStatus
  assigned *NodeConfigSource?
  active *NodeConfigSource?
  lastKnownGood *NodeConfigSource?
  error string?
NodeRuntimeHandler
  name string optional
  features *NodeRuntimeHandlerFeatures?
NodeFeatures
  supplementalGroupsPolicy *bool?
ConfigMapNodeConfigSource
  namespace string
  name string
  uid string?
  resourceVersion string?
  kubeletConfigKey string
DaemonEndpoint
  Port int32
NodeSwapStatus
  capacity *int64?
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts *bool?
  userNamespaces *bool?
package io.k8s.api.policy.v1
Eviction
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  deleteOptions *DeleteOptions?
package io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinition
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec any
  status any?
)";

}  // namespace slipway::api
