#include "api/core_tables.h"

namespace slipway::api {

// The kinds that own pods.
const std::string_view core_types_workload = R"(
package io.k8s.api.core.v1
PodTemplate
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  template PodTemplateSpec?
package io.k8s.api.apps.v1
ReplicaSet
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec ReplicaSetSpec?
  status ReplicaSetStatus?
Deployment
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec DeploymentSpec?
  status DeploymentStatus?
package io.k8s.api.batch.v1
Job
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec JobSpec?
  status JobStatus?
package io.k8s.api.autoscaling.v1
Scale
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec ScaleSpec?
  status ScaleStatus?
package io.k8s.api.apps.v1
ReplicaSetSpec
  replicas *int32? fill:1
  minReadySeconds int32?
  selector *LabelSelector
  template PodTemplateSpec?
ReplicaSetStatus
  replicas int32
  fullyLabeledReplicas int32?
  readyReplicas int32?
  availableReplicas int32?
  terminatingReplicas *int32?
  observedGeneration int64?
  conditions []ReplicaSetCondition? merge:type keys:type
DeploymentSpec
  replicas *int32? fill:1
  selector *LabelSelector
  template PodTemplateSpec
  strategy DeploymentStrategy? retain
  minReadySeconds int32?
  revisionHistoryLimit *int32? fill:10
  paused bool?
  progressDeadlineSeconds *int32? fill:600
DeploymentStatus
  observedGeneration int64?
  replicas int32?
  updatedReplicas int32?
  readyReplicas int32?
  availableReplicas int32?
  unavailableReplicas int32?
  terminatingReplicas *int32?
  conditions []DeploymentCondition? merge:type keys:type
  collisionCount *int32?
package io.k8s.api.batch.v1
JobSpec
  parallelism *int32? fill:1
  completions *int32?
  activeDeadlineSeconds *int64?
  podFailurePolicy *PodFailurePolicy?
  successPolicy *SuccessPolicy?
  backoffLimit *int32?
  backoffLimitPerIndex *int32?
  maxFailedIndexes *int32?
  selector *LabelSelector?
  manualSelector *bool?
  template PodTemplateSpec
  ttlSecondsAfterFinished *int32?
  completionMode *string? fill:NonIndexed
  suspend *bool? fill:false
  podReplacementPolicy *string?
  managedBy *string?
JobStatus
  conditions []JobCondition? merge:type atomic
  startTime *time?
  completionTime *time?
  active int32?
  succeeded int32?
  failed int32?
  terminating *int32?
  completedIndexes string?
  failedIndexes *string?
  uncountedTerminatedPods *UncountedTerminatedPods?
  ready *int32?
package io.k8s.api.autoscaling.v1
ScaleSpec
  replicas int32? default:0
ScaleStatus
  replicas int32
  selector string?
package io.k8s.api.apps.v1
ReplicaSetCondition
  type string
  status string
  lastTransitionTime time?
  reason string?
  message string?
DeploymentStrategy
  type string? fill:RollingUpdate
  rollingUpdate *RollingUpdateDeployment?
DeploymentCondition
  type string
  status string
  lastUpdateTime time?
  lastTransitionTime time?
  reason string?
  message string?
package io.k8s.api.batch.v1
PodFailurePolicy
  rules []PodFailurePolicyRule atomic
SuccessPolicy
  rules []SuccessPolicyRule atomic
JobCondition
  type string
  status string
  lastProbeTime time?
  lastTransitionTime time?
  reason string?
  message string?
UncountedTerminatedPods
  succeeded []string? set
  failed []string? set
package io.k8s.api.apps.v1
RollingUpdateDeployment
  maxUnavailable *int_or_string? fill:25%
  maxSurge *int_or_string? fill:25%
package io.k8s.api.batch.v1
PodFailurePolicyRule
  action string
  onExitCodes *PodFailurePolicyOnExitCodesRequirement?
  onPodConditions []PodFailurePolicyOnPodConditionsPattern? atomic
SuccessPolicyRule
  succeededIndexes *string?
  succeededCount *int32?
PodFailurePolicyOnExitCodesRequirement
  containerName *string?
  operator string
  values []int32 set
PodFailurePolicyOnPodConditionsPattern
  type string
  status string fill:True
)";

}  // namespace slipway::api
