#include "api/core_rules.h"

#include <unordered_map>

namespace slipway::api {
namespace {

const Json& constant(std::string_view text) {
  static const std::unordered_map<std::string_view, Json> texts = [] {
    std::unordered_map<std::string_view, Json> made;
    for (const std::string_view known :
         {"Always", "IfNotPresent", "Cluster", "SingleStack", "Failed", "TerminatingOrFailed"}) {
      made.emplace(known, Json(known));
    }
    return made;
  }();
  return texts.at(text);
}

const Json& empty_object() {
  static const Json value = Json::object();
  return value;
}

const Json& one() {
  static const Json value(1);
  return value;
}

const Json& yes() {
  static const Json value(true);
  return value;
}

void fill(Slots& slots, std::string_view key, const Json& value) {
  if (slots.is_zero(key)) slots.set(key, &value);
}

void fill_container(Slots& slots) {
  const std::string_view image = slots.get("image").string_or_empty();
  fill(slots, "imagePullPolicy", constant(image_pull_policy(image)));
}

void fill_image_volume(Slots& slots) {
  const std::string_view image = slots.get("reference").string_or_empty();
  fill(slots, "pullPolicy", constant(image_pull_policy(image)));
}

/// A volume that says nothing of where it comes from is an empty directory.
void fill_volume(Slots& slots) {
  for (const CoreField& field : slots.type().fields) {
    if (field.key != "name" && !slots.get(field.key).is_null()) return;
  }
  slots.set("emptyDir", &empty_object());
}

/// `serviceAccount` is the old name of `serviceAccountName`; servers write both.
void fill_pod_spec(Slots& slots) {
  if (slots.is_zero("serviceAccountName")) {
    slots.set("serviceAccountName", &slots.get("serviceAccount"));
  }
  slots.set("serviceAccount", &slots.get("serviceAccountName"));
}

void fill_service_port(Slots& slots) {
  const Json& target = slots.get("targetPort");
  const bool absent = target.is_null() || target == Json(0) || target == Json("");
  if (absent) slots.set("targetPort", &slots.get("port"));
}

void fill_service(Slots& slots) {
  static const Json ipv4 = Json::array({"IPv4"});
  const std::string_view type = slots.get("type").string_or_empty();
  const bool node_port = type == "NodePort" || type == "LoadBalancer";
  const bool cluster_ip = type.empty() || type == "ClusterIP";
  if (slots.get("sessionAffinity").string_or_empty() == "ClientIP") {
    fill(slots, "sessionAffinityConfig", empty_object());
  } else {
    slots.set("sessionAffinityConfig", nullptr);
  }
  if (node_port || (cluster_ip && !slots.is_zero("externalIPs"))) {
    fill(slots, "externalTrafficPolicy", constant("Cluster"));
  }
  if (node_port || cluster_ip) {
    fill(slots, "internalTrafficPolicy", constant("Cluster"));
    // Strictly the work of the server's address allocator, which knows the cluster's families.
    fill(slots, "ipFamilies", ipv4);
    fill(slots, "ipFamilyPolicy", constant("SingleStack"));
  }
  if (type == "LoadBalancer") fill(slots, "allocateLoadBalancerNodePorts", yes());
}

void fill_deployment_strategy(Slots& slots) {
  const std::string_view type = slots.get("type").string_or_empty();
  if (type.empty() || type == "RollingUpdate") fill(slots, "rollingUpdate", empty_object());
}

void fill_job(Slots& slots) {
  static const Json usual_limit(6);
  static const Json no_limit(2147483647);
  if (slots.is_zero("completions") && slots.is_zero("parallelism")) {
    slots.set("completions", &one());
  }
  const bool per_index = !slots.get("backoffLimitPerIndex").is_null();
  fill(slots, "backoffLimit", per_index ? no_limit : usual_limit);
  const bool failure_policy = !slots.get("podFailurePolicy").is_null();
  fill(slots, "podReplacementPolicy", constant(failure_policy ? "Failed" : "TerminatingOrFailed"));
}

/// Whether a text can name an image's repository: lower case but for the registry's host.
bool is_repository(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = name.substr(0, slash);
    const bool is_host =
        first.find_first_of(".:ABCDEFGHIJKLMNOPQRSTUVWXYZ") != first.npos || first == "localhost";
    if (is_host) name.remove_prefix(slash + 1);
  }
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/") == name.npos;
}

using Rule = void (*)(Slots&);

const std::unordered_map<const CoreType*, Rule>& rules() {
  static const std::unordered_map<const CoreType*, Rule> instance = {
      {find_core_type("Container"),          fill_container          },
      {find_core_type("EphemeralContainer"), fill_container          },
      {find_core_type("ImageVolumeSource"),  fill_image_volume       },
      {find_core_type("Volume"),             fill_volume             },
      {find_core_type("PodSpec"),            fill_pod_spec           },
      {find_core_type("ServicePort"),        fill_service_port       },
      {find_core_type("ServiceSpec"),        fill_service            },
      {find_core_type("DeploymentStrategy"), fill_deployment_strategy},
      {find_core_type("JobSpec"),            fill_job                },
  };
  return instance;
}

}  // namespace

void apply_core_rules(Slots& slots) {
  const auto rule = rules().find(&slots.type());
  if (rule != rules().end()) rule->second(slots);
}

std::string_view image_pull_policy(std::string_view image) {
  // A colon after the last slash starts a tag; before it, a registry's port.
  const std::size_t at = image.find('@');
  const bool has_digest = at != std::string_view::npos;
  std::string_view name = image.substr(0, at);
  const std::size_t colon = name.rfind(':');
  const std::size_t slash = name.rfind('/');
  const bool has_tag =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  const std::string_view tag = has_tag ? name.substr(colon + 1) : std::string_view();
  if (has_tag) name = name.substr(0, colon);
  const bool latest = has_tag ? tag == "latest" : !has_digest;
  // The server reads no tag, hence no "latest", from what is no image name at all.
  return latest && is_repository(name) ? "Always" : "IfNotPresent";
}

}  // namespace slipway::api
