#include "cluster/server/builtin_resources.h"

#include "api/core_conform.h"
#include "base/text.h"
#include "cluster/server/builtin_rules.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/custom/definition.h"
#include "cluster/server/event_alias.h"
#include "cluster/server/kind_functions.h"
#include "cluster/server/validation/validation.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view all_verbs = "create delete deletecollection get list patch update watch";
constexpr std::string_view namespace_verbs = "create delete get list patch update watch";

/// One kind as the table below holds it. Lists are words with blanks between them.
struct BuiltinKind {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  std::string_view short_names = {};
  std::string_view subresources = {};
  std::string_view field_labels = {};
  KindFunctions functions = {};
  Columns (*columns)() = plain_columns;
  bool namespaced = true;
  bool in_all = false;  ///< `kubectl get all` shows it.
  bool counts_generation = false;
  bool creates_on_update = false;
  bool returns_deleted = false;
  NameRule name_rule = NameRule::subdomain;
  std::string_view verbs = all_verbs;
};

constexpr std::string_view pod_fields =
    "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName "
    "spec.hostNetwork status.phase status.podIP status.nominatedNodeName";
constexpr std::string_view event_fields =
    "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
    "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
    "reportingComponent source type";

std::vector<BuiltinKind> core_kinds() {
  return {
      {.group = "",
       .version = "v1",
       .kind = "ConfigMap",
       .plural = "configmaps",
       .short_names = "cm",
       .functions = {.validate = validate_config_map,
                     .validate_update = validate_config_map_update},
       .columns = config_map_columns},
      {.group = "",
       .version = "v1",
       .kind = "Endpoints",
       .plural = "endpoints",
       .short_names = "ep",
       .columns = endpoints_columns,
       .creates_on_update = true},
      {.group = "",
       .version = "v1",
       .kind = "Event",
       .plural = "events",
       .short_names = "ev",
       .field_labels = event_fields,
       .functions = {.validate = validate_event},
       .columns = event_columns,
       .creates_on_update = true},
      {.group = "",
       .version = "v1",
       .kind = "Namespace",
       .plural = "namespaces",
       .short_names = "ns",
       .subresources = "finalize status",
       .field_labels = "status.phase",
       .functions = {.prepare_create = prepare_new_namespace,
                     .prepare_update = prepare_changed_namespace,
                     .validate_status = validate_namespace_status},
       .columns = namespace_columns,
       .namespaced = false,
       .name_rule = NameRule::label,
       .verbs = namespace_verbs},
      {.group = "",
       .version = "v1",
       .kind = "Node",
       .plural = "nodes",
       .short_names = "no",
       .subresources = "status",
       .field_labels = "spec.unschedulable",
       .functions = {.keeps_status = true},
       .columns = node_columns,
       .namespaced = false},
      {.group = "",
       .version = "v1",
       .kind = "Pod",
       .plural = "pods",
       .short_names = "po",
       .subresources = "binding eviction status",
       .field_labels = pod_fields,
       .functions = {.prepare_create = api::admit_pod,
                     .prepare_update = prepare_changed_pod,
                     .validate = validate_pod,
                     .validate_update = validate_pod_update},
       .columns = pod_columns,
       .in_all = true,
       .counts_generation = true,
       .returns_deleted = true},
      {.group = "",
       .version = "v1",
       .kind = "PodTemplate",
       .plural = "podtemplates",
       .functions = {.validate = validate_lone_pod_template, .counts_all = true},
       .columns = pod_template_columns,
       .counts_generation = true,
       .returns_deleted = true},
      {.group = "",
       .version = "v1",
       .kind = "Secret",
       .plural = "secrets",
       .field_labels = "type",
       .functions = {.validate = validate_config_map, .validate_update = validate_secret_update},
       .columns = secret_columns},
      {.group = "",
       .version = "v1",
       .kind = "ServiceAccount",
       .plural = "serviceaccounts",
       .short_names = "sa",
       .columns = service_account_columns,
       .returns_deleted = true},
      {.group = "",
       .version = "v1",
       .kind = "Service",
       .plural = "services",
       .short_names = "svc",
       .subresources = "status",
       .field_labels = "spec.clusterIP spec.type",
       .functions = {.prepare_create = prepare_new_service,
                     .prepare_update = prepare_changed_service,
                     .validate = validate_service,
                     .validate_update = validate_service_update,
                     .validate_status = validate_service_status,
                     .warnings = service_warnings},
       .columns = service_columns,
       .in_all = true,
       .returns_deleted = true,
       .name_rule = NameRule::dns1035_label},
  };
}

std::vector<BuiltinKind> workload_kinds() {
  return {
      {.group = "apps",
       .version = "v1",
       .kind = "Deployment",
       .plural = "deployments",
       .short_names = "deploy",
       .subresources = "scale status",
       .functions = {.validate = validate_deployment,
                     .validate_update = validate_selector_update,
                     .counts_annotations = true},
       .columns = deployment_columns,
       .in_all = true,
       .counts_generation = true},
      {.group = "apps",
       .version = "v1",
       .kind = "ReplicaSet",
       .plural = "replicasets",
       .short_names = "rs",
       .subresources = "scale status",
       .field_labels = "status.replicas",
       .functions = {.validate = validate_replica_set,
                     .validate_update = validate_selector_update,
                     .validate_status = validate_replica_set_status},
       .columns = replica_set_columns,
       .in_all = true,
       .counts_generation = true},
      {.group = "autoscaling",
       .version = "v2",
       .kind = "HorizontalPodAutoscaler",
       .plural = "horizontalpodautoscalers",
       .short_names = "hpa",
       .subresources = "status",
       .columns = autoscaler_columns,
       .in_all = true},
      {.group = "batch",
       .version = "v1",
       .kind = "Job",
       .plural = "jobs",
       .subresources = "status",
       .field_labels = "status.successful",
       .functions = {.prepare_create = prepare_new_job,
                     .validate = validate_job,
                     .validate_update = validate_job_update},
       .columns = job_columns,
       .in_all = true,
       .counts_generation = true},
      {.group = "policy",
       .version = "v1",
       .kind = "PodDisruptionBudget",
       .plural = "poddisruptionbudgets",
       .short_names = "pdb",
       .subresources = "status",
       .functions = {.prepare_create = prepare_new_disruption_budget,
                     .validate = validate_disruption_budget},
       .columns = disruption_budget_columns,
       .counts_generation = true},
  };
}

std::vector<BuiltinKind> other_kinds() {
  constexpr std::string_view rbac = "rbac.authorization.k8s.io";
  return {
      {.group = "networking.k8s.io",
       .version = "v1",
       .kind = "Ingress",
       .plural = "ingresses",
       .short_names = "ing",
       .subresources = "status",
       .functions = {.validate = validate_ingress},
       .columns = ingress_columns,
       .counts_generation = true},
      {.group = "networking.k8s.io",
       .version = "v1",
       .kind = "IngressClass",
       .plural = "ingressclasses",
       .namespaced = false,
       .counts_generation = true},
      {.group = rbac,
       .version = "v1",
       .kind = "ClusterRoleBinding",
       .plural = "clusterrolebindings",
       .columns = role_binding_columns,
       .namespaced = false,
       .creates_on_update = true,
       .name_rule = NameRule::path_segment},
      {.group = rbac,
       .version = "v1",
       .kind = "ClusterRole",
       .plural = "clusterroles",
       .columns = role_columns,
       .namespaced = false,
       .creates_on_update = true,
       .name_rule = NameRule::path_segment},
      {.group = rbac,
       .version = "v1",
       .kind = "RoleBinding",
       .plural = "rolebindings",
       .columns = role_binding_columns,
       .creates_on_update = true,
       .name_rule = NameRule::path_segment},
      {.group = rbac,
       .version = "v1",
       .kind = "Role",
       .plural = "roles",
       .columns = role_columns,
       .creates_on_update = true,
       .name_rule = NameRule::path_segment},
      {.group = "coordination.k8s.io",
       .version = "v1",
       .kind = "Lease",
       .plural = "leases",
       .functions = {.validate = validate_lease},
       .columns = lease_columns,
       .creates_on_update = true},
      {.group = "discovery.k8s.io",
       .version = "v1",
       .kind = "EndpointSlice",
       .plural = "endpointslices",
       .functions = {.validate = validate_endpoint_slice, .counts_all = true},
       .columns = endpoint_slice_columns,
       .counts_generation = true},
  };
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) list.emplace_back(word);
  }
  return list;
}

SubresourceInfo make_subresource(std::string_view name, const Resource& resource) {
  SubresourceInfo info{.name = std::string(name), .kind = resource.kind};
  if (name == "scale") {
    info.kind = "Scale";
    info.group = "autoscaling";
    info.version = "v1";
  } else if (name == "binding") {
    info.kind = "Binding";
    info.verbs = {"create"};
  } else if (name == "eviction") {
    info.kind = "Eviction";
    info.group = "policy";
    info.version = "v1";
    info.verbs = {"create"};
  } else if (name == "finalize") {
    info.verbs = {"update"};
  }
  return info;
}

ResourcePtr make_resource(const BuiltinKind& kind) {
  auto resource = std::make_shared<Resource>();
  resource->group = kind.group;
  resource->version = kind.version;
  resource->kind = kind.kind;
  resource->plural = kind.plural;
  resource->singular = to_lower(kind.kind);
  resource->list_kind = std::string(kind.kind) + "List";
  resource->short_names = words(kind.short_names);
  if (kind.in_all) resource->categories = {"all"};
  resource->verbs = split(kind.verbs, ' ');
  for (const std::string& name : words(kind.subresources)) {
    resource->subresources.push_back(make_subresource(name, *resource));
  }
  resource->namespaced = kind.namespaced;
  resource->counts_generation = kind.counts_generation;
  resource->creates_on_update = kind.creates_on_update;
  resource->returns_deleted = kind.returns_deleted;
  resource->name_rule = kind.name_rule;
  resource->table = resource->group_resource().text();
  resource->storage_path = "/registry/" + resource->plural;
  resource->field_labels = words(kind.field_labels);
  resource->type = api::find_core_type(kind.kind);
  resource->rules = make_builtin_rules(resource->type, kind.functions);
  resource->columns = kind.columns();
  resource->scale = {".spec.replicas", ".status.replicas", ""};
  if (resource->table == "services") resource->hooks = service_hooks();
  return resource;
}

}  // namespace

std::vector<ResourcePtr> builtin_resources() {
  std::vector<ResourcePtr> resources;
  for (const auto& kinds : {core_kinds(), workload_kinds(), other_kinds()}) {
    for (const BuiltinKind& kind : kinds) resources.push_back(make_resource(kind));
  }
  for (const ResourcePtr& resource : resources) {
    if (resource->table != "events") continue;
    resources.push_back(make_event_alias(*resource));
    break;
  }
  resources.push_back(make_definition_resource());
  return resources;
}

}  // namespace slipway::cluster
