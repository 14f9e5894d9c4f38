#include "api/core_tables.h"

namespace slipway::api {

// The steps of a canary, which the step hash covers. Source: Argo Rollouts' v1alpha1 types.
const std::string_view core_types_steps = R"(
package io.argoproj.v1alpha1
CanaryStep
  setWeight *int32?
  pause *RolloutPause?
  experiment *RolloutExperimentStep?
  analysis *RolloutAnalysis?
  setCanaryScale *SetCanaryScale?
  setHeaderRoute *SetHeaderRoute?
  setMirrorRoute *SetMirrorRoute?
  plugin *PluginStep?
RolloutPause
  duration *int_or_string?
RolloutExperimentStep
  templates []RolloutExperimentTemplate
  duration string?
  analyses []RolloutExperimentStepAnalysisTemplateRef?
  dryRun []DryRun?
  analysisRunMetadata AnalysisRunMetadata?
  scaleDownDelaySeconds *int32?
RolloutAnalysis
  templates []AnalysisTemplateRef?
  args []AnalysisRunArgument?
  dryRun []DryRun?
  measurementRetention []MeasurementRetention?
  analysisRunMetadata *AnalysisRunMetadata?
SetCanaryScale
  weight *int32?
  replicas *int32?
  matchTrafficWeight bool?
SetHeaderRoute
  name string?
  match []HeaderRoutingMatch?
SetMirrorRoute
  name string
  match []RouteMatch?
  percentage *int32?
PluginStep
  name string
  config any?
RolloutExperimentTemplate
  name string
  specRef string
  replicas *int32?
  metadata PodTemplateMetadata?
  selector *LabelSelector?
  weight *int32?
  service *TemplateService?
RolloutExperimentStepAnalysisTemplateRef
  name string
  templateName string
  clusterScope *bool?
  args []AnalysisRunArgument?
  requiredForCompletion bool?
DryRun
  metricName string
AnalysisRunMetadata
  labels {}string?
  annotations {}string?
AnalysisTemplateRef
  templateName string
  clusterScope *bool?
AnalysisRunArgument
  name string
  value string?
  valueFrom *ArgumentValueFrom?
MeasurementRetention
  metricName string
  limit int32
HeaderRoutingMatch
  headerName string
  headerValue *StringMatch
RouteMatch
  method *StringMatch?
  path *StringMatch?
  headers {}StringMatch?
PodTemplateMetadata
  labels {}string?
  annotations {}string?
TemplateService
  name string?
ArgumentValueFrom
  podTemplateHashValue *string?
  fieldRef *FieldRef?
StringMatch
  exact string?
  prefix string?
  regex string?
FieldRef
  fieldPath string
)";

}  // namespace slipway::api
