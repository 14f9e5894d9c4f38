#include "api/core_tables.h"

namespace slipway::api {

// Pods and their status.
const std::string_view core_types_pod = R"(
package io.k8s.api.core.v1
Pod
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec PodSpec?
  status PodStatus?
Binding
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  target ObjectReference
PodStatus
  observedGeneration int64?
  phase string?
  conditions []PodCondition? merge:type keys:type
  message string?
  reason string?
  nominatedNodeName string?
  hostIP string?
  hostIPs []HostIP? merge:ip atomic
  podIP string?
  podIPs []PodIP? merge:ip keys:ip
  startTime *time?
  initContainerStatuses []ContainerStatus? atomic
  containerStatuses []ContainerStatus? atomic
  qosClass string?
  ephemeralContainerStatuses []ContainerStatus? atomic
  resize string?
  resourceClaimStatuses []PodResourceClaimStatus? merge:name retain keys:name
  extendedResourceClaimStatus *PodExtendedResourceClaimStatus?
ObjectReference atomic
  kind string?
  namespace string?
  name string?
  uid string?
  apiVersion string?
  resourceVersion string?
  fieldPath string?
PodCondition
  type string
  observedGeneration int64?
  status string
  lastProbeTime time?
  lastTransitionTime time?
  reason string?
  message string?
HostIP
  ip string
PodIP
  ip string
ContainerStatus
  name string
  state ContainerState?
  lastState ContainerState?
  ready bool
  restartCount int32
  image string
  imageID string
  containerID string?
  started *bool?
  allocatedResources {}quantity?
  resources *ResourceRequirements?
  volumeMounts []VolumeMountStatus? merge:mountPath keys:mountPath
  user *ContainerUser?
  allocatedResourcesStatus []ResourceStatus? merge:name keys:name
  stopSignal *string?
PodResourceClaimStatus
  name string
  resourceClaimName *string?
PodExtendedResourceClaimStatus
  requestMappings []ContainerExtendedResourceRequest atomic
  resourceClaimName string
ContainerState
  waiting *ContainerStateWaiting?
  running *ContainerStateRunning?
  terminated *ContainerStateTerminated?
VolumeMountStatus
  name string
  mountPath string
  readOnly bool?
  recursiveReadOnly *string?
ContainerUser
  linux *LinuxContainerUser?
ResourceStatus
  name string
  resources []ResourceHealth? keys:resourceID
ContainerExtendedResourceRequest
  containerName string
  resourceName string
  requestName string
ContainerStateWaiting
  reason string?
  message string?
ContainerStateRunning
  startedAt time?
ContainerStateTerminated
  exitCode int32
  signal int32?
  reason string?
  message string?
  startedAt time?
  finishedAt time?
  containerID string?
LinuxContainerUser
  uid int64
  gid int64
  supplementalGroups []int64? atomic
ResourceHealth
  resourceID string
  health string?
)";

}  // namespace slipway::api
