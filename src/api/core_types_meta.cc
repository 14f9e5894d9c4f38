#include "api/core_tables.h"

namespace slipway::api {

// Metadata, selectors, and what an API server answers with.
const std::string_view core_types_meta = R"(
package io.k8s.apimachinery.pkg.apis.meta.v1
ObjectMeta
  name string?
  generateName string?
  namespace string?
  selfLink string?
  uid string?
  resourceVersion string?
  generation int64?
  creationTimestamp time??
  deletionTimestamp *time?
  deletionGracePeriodSeconds *int64?
  labels {}string?
  annotations {}string?
  ownerReferences []OwnerReference? merge:uid keys:uid
  finalizers []string? merge set
  managedFields []ManagedFieldsEntry? atomic
LabelSelector atomic
  matchLabels {}string?
  matchExpressions []LabelSelectorRequirement? atomic
Condition
  type string
  status string
  observedGeneration int64?
  lastTransitionTime time
  reason string
  message string
Status
  kind string?
  apiVersion string?
  metadata ListMeta?
  status string?
  message string?
  reason string?
  details *StatusDetails? atomic
  code int32?
DeleteOptions
  kind string?
  apiVersion string?
  gracePeriodSeconds *int64?
  preconditions *Preconditions?
  orphanDependents *bool?
  propagationPolicy *string?
  dryRun []string? atomic
  ignoreStoreReadErrorWithClusterBreakingPotential *bool?
ListMeta
  selfLink string?
  resourceVersion string?
  continue string?
  remainingItemCount *int64?
OwnerReference atomic
  apiVersion string
  kind string
  name string
  uid string
  controller *bool?
  blockOwnerDeletion *bool?
ManagedFieldsEntry
  manager string?
  operation string?
  apiVersion string?
  time *time?
  fieldsType string?
  fieldsV1 *any?
  subresource string?
LabelSelectorRequirement
  key string
  operator string
  values []string? atomic
StatusDetails
  name string?
  group string?
  kind string?
  uid string?
  causes []StatusCause? atomic
  retryAfterSeconds int32?
Preconditions
  uid *string?
  resourceVersion *string?
StatusCause
  reason string?
  message string?
  field string?
)";

}  // namespace slipway::api
