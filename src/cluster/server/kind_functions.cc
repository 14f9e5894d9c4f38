#include "cluster/server/kind_functions.h"

#include "cluster/server/server.h"

namespace slipway::cluster {

void prepare_new_namespace(Json& object) {
  const Json name = object["metadata"]["name"];
  object.member("metadata").member("labels").set("kubernetes.io/metadata.name", name);
  object.member("spec").set("finalizers", Json::array({"kubernetes"}));
  object.set("status", Json::object({
                           {"phase", "Active"}
  }));
}

void prepare_changed_namespace(Json& object, const Json& old, Subresource way) {
  // Only the finalize subresource lets a namespace go.
  if (way == Subresource::none) object.set("spec", old["spec"]);
}

void prepare_changed_pod(Json& object, const Json& old, Subresource way) {
  if (way != Subresource::status) return;
  const Json* owners = old["metadata"].find("ownerReferences");
  if (owners == nullptr) {
    object.member("metadata").erase("ownerReferences");
  } else {
    object.member("metadata").set("ownerReferences", *owners);
  }
}

void prepare_new_disruption_budget(Json& object) {
  object.set("status", Json::object({
                           {"disruptionsAllowed", 0},
                           {"currentHealthy",     0},
                           {"desiredHealthy",     0},
                           {"expectedPods",       0}
  }));
}

void prepare_new_job(Json& object) {
  if (object["spec"]["manualSelector"].is_null()) {
    object.member("spec").set("manualSelector", false);
  }
  if (object["spec"]["manualSelector"].bool_or(false)) return;
  const Json uid = object["metadata"]["uid"];
  const Json name = object["metadata"]["name"];
  Json& spec = object.member("spec");
  Json& labels = spec.member("template").member("metadata").member("labels");
  labels.set("batch.kubernetes.io/controller-uid", uid);
  labels.set("batch.kubernetes.io/job-name", name);
  labels.set("controller-uid", uid);
  labels.set("job-name", name);
  if (object["metadata"]["labels"].is_null()) object.member("metadata").set("labels", labels);
  spec.member("selector").member("matchLabels").set("batch.kubernetes.io/controller-uid", uid);
}

namespace {

void fill(Json& object, std::string_view key, Json value) {
  if (object[key].is_null()) object.set(key, std::move(value));
}

/// The fields that follow from a Service's type. Source: pkg/registry/core/service.
void complete_service(Json& spec) {
  const std::string type(spec["type"].string_or_empty());
  if (type == "ExternalName") return;
  const Json address = spec["clusterIP"];
  if (!address.string_or_empty().empty()) fill(spec, "clusterIPs", Json::array({address}));
  fill(spec, "ipFamilies", Json::array({"IPv4"}));
  fill(spec, "ipFamilyPolicy", "SingleStack");
  fill(spec, "internalTrafficPolicy", "Cluster");
  if (type == "NodePort" || type == "LoadBalancer") fill(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") fill(spec, "allocateLoadBalancerNodePorts", true);
}

/// Gives a port the node port that it had before.
void keep_node_ports(Json& spec, const Json& old) {
  Json* ports = spec.find("ports");
  if (ports == nullptr || !ports->is_array()) return;
  for (Json& port : ports->as_array()) {
    if (port["nodePort"].integer_or(0) != 0) continue;
    for (std::size_t i = 0; i < old["ports"].size(); ++i) {
      const Json& before = old["ports"].at(i);
      if (before["port"] == port["port"] && before["protocol"] == port["protocol"] &&
          before["nodePort"].integer_or(0) != 0) {
        port.set("nodePort", before["nodePort"]);
      }
    }
  }
}

}  // namespace

void prepare_new_service(Json& object) {
  complete_service(object.member("spec"));
}

void prepare_changed_service(Json& object, const Json& old, Subresource way) {
  if (way == Subresource::status) return;
  Json& spec = object.member("spec");
  const Json& before = old["spec"];
  const std::string type(spec["type"].string_or_empty());
  if (type == "ExternalName") {
    for (const std::string_view key :
         {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"}) {
      spec.erase(key);
    }
    return;
  }
  // A client that never read the Service may leave out what it was given.
  if (spec["clusterIP"].string_or_empty().empty() && before["clusterIP"].is_string()) {
    spec.set("clusterIP", before["clusterIP"]);
    spec.set("clusterIPs", before["clusterIPs"]);
  }
  if (type == "NodePort" || type == "LoadBalancer") keep_node_ports(spec, before);
  complete_service(spec);
}

WriteHooks service_hooks() {
  WriteHooks hooks;
  hooks.before = [](Server& server, Json& object, const Json* old, FieldErrors& errors) {
    if (old != nullptr) {
      if ((*old)["spec"] == object["spec"]) return;
      server.addresses.release((*old)["spec"]);
    }
    server.addresses.allocate(object.member("spec"), errors);
  };
  hooks.after = [](Server& server, const Json* now, const Json* old) {
    if (now == nullptr) server.addresses.release((*old)["spec"]);
  };
  return hooks;
}

}  // namespace slipway::cluster
