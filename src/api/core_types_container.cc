#include "api/core_tables.h"

namespace slipway::api {

// Containers and what hangs below them.
const std::string_view core_types_container = R"(
package io.k8s.api.core.v1
Container
  name string
  image string?
  command []string? atomic
  args []string? atomic
  workingDir string?
  ports []ContainerPort? merge:containerPort keys:containerPort,protocol
  envFrom []EnvFromSource? atomic
  env []EnvVar? merge:name keys:name
  resources ResourceRequirements?
  resizePolicy []ContainerResizePolicy? atomic
  restartPolicy *string?
  restartPolicyRules []ContainerRestartRule? atomic
  volumeMounts []VolumeMount? merge:mountPath keys:mountPath
  volumeDevices []VolumeDevice? merge:devicePath keys:devicePath
  livenessProbe *Probe?
  readinessProbe *Probe?
  startupProbe *Probe?
  lifecycle *Lifecycle?
  terminationMessagePath string? fill:/dev/termination-log
  terminationMessagePolicy string? fill:File
  imagePullPolicy string?
  securityContext *SecurityContext?
  stdin bool?
  stdinOnce bool?
  tty bool?
EphemeralContainer
  name string
  image string?
  command []string? atomic
  args []string? atomic
  workingDir string?
  ports []ContainerPort? merge:containerPort keys:containerPort,protocol
  envFrom []EnvFromSource? atomic
  env []EnvVar? merge:name keys:name
  resources ResourceRequirements?
  resizePolicy []ContainerResizePolicy? atomic
  restartPolicy *string?
  restartPolicyRules []ContainerRestartRule? atomic
  volumeMounts []VolumeMount? merge:mountPath keys:mountPath
  volumeDevices []VolumeDevice? merge:devicePath keys:devicePath
  livenessProbe *Probe?
  readinessProbe *Probe?
  startupProbe *Probe?
  lifecycle *Lifecycle?
  terminationMessagePath string? fill:/dev/termination-log
  terminationMessagePolicy string? fill:File
  imagePullPolicy string?
  securityContext *SecurityContext?
  stdin bool?
  stdinOnce bool?
  tty bool?
  targetContainerName string?
ResourceRequirements
  limits {}quantity?
  requests {}quantity?
  claims []ResourceClaim? keys:name
ContainerPort
  name string?
  hostPort int32?
  containerPort int32
  protocol string? default:TCP
  hostIP string?
EnvFromSource
  prefix string?
  configMapRef *ConfigMapEnvSource?
  secretRef *SecretEnvSource?
EnvVar
  name string
  value string?
  valueFrom *EnvVarSource?
ContainerResizePolicy
  resourceName string
  restartPolicy string
ContainerRestartRule
  action string? required
  exitCodes *ContainerRestartRuleOnExitCodes?
VolumeMount
  name string
  readOnly bool?
  recursiveReadOnly *string?
  mountPath string
  subPath string?
  mountPropagation *string?
  subPathExpr string?
VolumeDevice
  name string
  devicePath string
Probe
  exec *ExecAction?
  httpGet *HTTPGetAction?
  tcpSocket *TCPSocketAction?
  grpc *GRPCAction?
  initialDelaySeconds int32?
  timeoutSeconds int32? fill:1
  periodSeconds int32? fill:10
  successThreshold int32? fill:1
  failureThreshold int32? fill:3
  terminationGracePeriodSeconds *int64?
Lifecycle
  postStart *LifecycleHandler?
  preStop *LifecycleHandler?
  stopSignal *string?
SecurityContext
  capabilities *Capabilities?
  privileged *bool?
  seLinuxOptions *SELinuxOptions?
  windowsOptions *WindowsSecurityContextOptions?
  runAsUser *int64?
  runAsGroup *int64?
  runAsNonRoot *bool?
  readOnlyRootFilesystem *bool?
  allowPrivilegeEscalation *bool?
  procMount *string?
  seccompProfile *SeccompProfile?
  appArmorProfile *AppArmorProfile?
SELinuxOptions
  user string?
  role string?
  type string?
  level string?
WindowsSecurityContextOptions
  gmsaCredentialSpecName *string?
  gmsaCredentialSpec *string?
  runAsUserName *string?
  hostProcess *bool?
SeccompProfile
  type string
  localhostProfile *string?
AppArmorProfile
  type string
  localhostProfile *string?
ResourceClaim
  name string
  request string?
ConfigMapEnvSource atomic
  name string? default:""
  optional *bool?
SecretEnvSource atomic
  name string? default:""
  optional *bool?
EnvVarSource
  fieldRef *ObjectFieldSelector?
  resourceFieldRef *ResourceFieldSelector?
  configMapKeyRef *ConfigMapKeySelector?
  secretKeyRef *SecretKeySelector?
  fileKeyRef *FileKeySelector?
ContainerRestartRuleOnExitCodes
  operator string? required
  values []int32? set
ExecAction
  command []string? atomic
HTTPGetAction
  path string? fill:/
  port int_or_string
  host string?
  scheme string? fill:HTTP
  httpHeaders []HTTPHeader? atomic
TCPSocketAction
  port int_or_string
  host string?
GRPCAction
  port int32
  service *string optional default:""
LifecycleHandler
  exec *ExecAction?
  httpGet *HTTPGetAction?
  tcpSocket *TCPSocketAction?
  sleep *SleepAction?
Capabilities
  add []string? atomic
  drop []string? atomic
ObjectFieldSelector atomic
  apiVersion string? fill:v1
  fieldPath string
ResourceFieldSelector atomic
  containerName string?
  resource string
  divisor quantity?
ConfigMapKeySelector atomic
  name string? default:""
  key string
  optional *bool?
SecretKeySelector atomic
  name string? default:""
  key string
  optional *bool?
FileKeySelector atomic
  volumeName string
  path string
  key string
  optional *bool? default:false
HTTPHeader
  name string
  value string
SleepAction
  seconds int64
)";

}  // namespace slipway::api
