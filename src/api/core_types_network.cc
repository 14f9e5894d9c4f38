#include "api/core_tables.h"

namespace slipway::api {

// Services, their endpoints, and ingresses.
const std::string_view core_types_network = R"(
package io.k8s.api.core.v1
Service
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec ServiceSpec?
  status ServiceStatus?
Endpoints
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  subsets []EndpointSubset? atomic
package io.k8s.api.discovery.v1
EndpointSlice
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  addressType string
  endpoints []Endpoint atomic
  ports []SliceEndpointPort atomic optional
package io.k8s.api.networking.v1
Ingress
  kind string?
  apiVersion string?
  metadata ObjectMeta?
  spec IngressSpec?
  status IngressStatus?
package io.k8s.api.core.v1
ServiceSpec
  ports []ServicePort? merge:port keys:port,protocol
  selector {}string? atomic
  clusterIP string?
  clusterIPs []string? atomic
  type string? fill:ClusterIP
  externalIPs []string? atomic
  sessionAffinity string? fill:None
  loadBalancerIP string?
  loadBalancerSourceRanges []string? atomic
  externalName string?
  externalTrafficPolicy string?
  healthCheckNodePort int32?
  publishNotReadyAddresses bool?
  sessionAffinityConfig *SessionAffinityConfig?
  ipFamilies []string? atomic
  ipFamilyPolicy *string?
  allocateLoadBalancerNodePorts *bool?
  loadBalancerClass *string?
  internalTrafficPolicy *string?
  trafficDistribution *string?
ServiceStatus
  loadBalancer LoadBalancerStatus?
  conditions []Condition? merge:type keys:type
EndpointSubset
  addresses []EndpointAddress? atomic
  notReadyAddresses []EndpointAddress? atomic
  ports []EndpointPort? atomic
package io.k8s.api.discovery.v1
Endpoint
  addresses []string set
  conditions EndpointConditions?
  hostname *string?
  targetRef *ObjectReference?
  deprecatedTopology {}string?
  nodeName *string?
  zone *string?
  hints *EndpointHints?
SliceEndpointPort = EndpointPort atomic
  name *string? fill:""
  protocol *string? fill:TCP
  port *int32?
  appProtocol *string?
package io.k8s.api.networking.v1
IngressSpec
  ingressClassName *string?
  defaultBackend *IngressBackend?
  tls []IngressTLS? atomic
  rules []IngressRule? atomic
IngressStatus
  loadBalancer IngressLoadBalancerStatus?
package io.k8s.api.core.v1
ServicePort
  name string?
  protocol string? default:TCP
  appProtocol *string?
  port int32
  targetPort int_or_string?
  nodePort int32?
SessionAffinityConfig
  clientIP *ClientIPConfig? fill:{}
LoadBalancerStatus
  ingress []LoadBalancerIngress? atomic
EndpointAddress atomic
  ip string
  hostname string?
  nodeName *string?
  targetRef *ObjectReference?
EndpointPort atomic
  name string?
  port int32
  protocol string? fill:TCP
  appProtocol *string?
package io.k8s.api.discovery.v1
EndpointConditions
  ready *bool?
  serving *bool?
  terminating *bool?
EndpointHints
  forZones []ForZone? atomic
  forNodes []ForNode? atomic
package io.k8s.api.networking.v1
IngressBackend
  service *IngressServiceBackend?
  resource *TypedLocalObjectReference?
IngressTLS
  hosts []string? atomic
  secretName string?
IngressRule
  host string?
  http *HTTPIngressRuleValue?
IngressLoadBalancerStatus
  ingress []IngressLoadBalancerIngress? atomic
package io.k8s.api.core.v1
ClientIPConfig
  timeoutSeconds *int32? fill:10800
LoadBalancerIngress
  ip string?
  hostname string?
  ipMode *string?
  ports []PortStatus? atomic
package io.k8s.api.discovery.v1
ForZone
  name string
ForNode
  name string
package io.k8s.api.networking.v1
IngressServiceBackend
  name string
  port ServiceBackendPort?
HTTPIngressRuleValue
  paths []HTTPIngressPath atomic
IngressLoadBalancerIngress
  ip string?
  hostname string?
  ports []IngressPortStatus? atomic
package io.k8s.api.core.v1
PortStatus
  port int32
  protocol string
  error *string?
package io.k8s.api.networking.v1
ServiceBackendPort atomic
  name string?
  number int32?
HTTPIngressPath
  path string?
  pathType *string
  backend IngressBackend
IngressPortStatus
  port int32
  protocol string
  error *string?
)";

}  // namespace slipway::api
