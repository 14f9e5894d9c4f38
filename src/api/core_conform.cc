#include "api/core_conform.h"

#include <algorithm>
#include <array>
#include <functional>

#include "api/go_encoding.h"
#include "api/quantity.h"
#include "base/text.h"

namespace slipway::api {
namespace {

constexpr std::array container_lists = {"containers", "initContainers"};

void for_each_container(Json& pod_spec, const std::function<void(Json&)>& visit) {
  for (const char* list : container_lists) {
    Json* containers = pod_spec.find(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (Json& container : containers->as_array()) visit(container);
  }
}

/// Sets a member where it is missing.
void fill(Json& object, std::string_view key, Json value) {
  if (object.find(key) == nullptr) object.set(key, std::move(value));
}

/// What isn't limited below, but limited above, is requested up to the limit.
void request_limits(Json& container) {
  Json* resources = container.find("resources");
  if (resources == nullptr) return;
  const Json* limits = resources->find("limits");
  if (limits == nullptr || !limits->is_object()) return;
  const Json copy = *limits;
  Json& requests = resources->member("requests");
  for (const auto& [name, amount] : copy.as_object()) fill(requests, name, amount);
  if (requests.is_object()) std::ranges::sort(requests.as_object(), {}, &Json::Member::first);
}

void publish_ports_on_host(Json& container) {
  Json* ports = container.find("ports");
  if (ports == nullptr || !ports->is_array()) return;
  for (Json& port : ports->as_array()) fill(port, "hostPort", port["containerPort"]);
}

/// Keeps a pod's address and the list that replaced it the same: the single one wins. Servers do
/// nothing of the kind for the host's.
void mirror_address(Json& status) {
  const Json address = status["podIP"];
  const Json first = status["podIPs"].at(0)["ip"];
  if (address.is_string() && address != first) {
    Json entry = Json::object();
    entry.set("ip", address);
    status.set("podIPs", Json::array({std::move(entry)}));
  } else if (!address.is_string() && first.is_string()) {
    status.set("podIP", first);
  }
}

void complete_pod(Json& pod) {
  Json& spec = pod.member("spec");
  for_each_container(spec, request_limits);
  if (spec["hostNetwork"].bool_or(false)) for_each_container(spec, publish_ports_on_host);
  fill(spec, "enableServiceLinks", Json(true));
  if (Json* status = pod.find("status")) mirror_address(*status);
}

void complete_namespace(Json& object) {
  const Json name = object["metadata"]["name"];
  if (!name.is_string() || name.as_string().empty()) return;
  object.member("metadata").member("labels").set("kubernetes.io/metadata.name", name);
}

void complete_secret(Json& secret) {
  const Json texts = secret["stringData"];
  secret.erase("stringData");
  if (!texts.is_object()) return;
  Json& data = secret.member("data");
  for (const auto& [key, text] : texts.as_object()) {
    data.set(key, Json(base64_encode(text.string_or_empty())));
  }
  std::ranges::sort(data.as_object(), {}, &Json::Member::first);
}

void complete_job(Json& job) {
  const Json& labels = job["spec"]["template"]["metadata"]["labels"];
  if (!labels.is_object()) return;
  const Json copy = labels;
  fill(job.member("metadata"), "labels", copy);
}

void complete_node(Json& node) {
  const Json capacity = node["status"]["capacity"];
  if (capacity.is_object()) fill(node.member("status"), "allocatable", capacity);
}

struct KindRule {
  std::string_view type;
  void (*complete)(Json& object);
};
constexpr KindRule kind_rules[] = {
    {"Pod",       complete_pod      },
    {"Namespace", complete_namespace},
    {"Secret",    complete_secret   },
    {"Job",       complete_job      },
    {"Node",      complete_node     },
};

/// The sum over containers of what one list says of processor and memory decides the class.
std::string_view quality_of_service(const Json& spec) {
  bool any = false;
  bool all_limited = true;
  for (const char* list : container_lists) {
    if (!spec[list].is_array()) continue;
    for (const Json& container : spec[list].as_array()) {
      for (const char* resource : {"cpu", "memory"}) {
        const Json& limit = container["resources"]["limits"][resource];
        const Json& request = container["resources"]["requests"][resource];
        any = any || !limit.is_null() || !request.is_null();
        all_limited = all_limited && !limit.is_null() && request == limit;
      }
    }
  }
  if (!any) return "BestEffort";
  return all_limited ? "Guaranteed" : "Burstable";
}

}  // namespace

Result<Json> conform(const CoreType& type, const Json& value,
                     std::vector<std::string>* unknown_fields) {
  return encode_as_go(type, value, {.unknown_fields = unknown_fields});
}

Result<Json> conform_with_defaults(const CoreType& type, const Json& value,
                                   std::vector<std::string>* unknown_fields) {
  Json object =
      TRY(encode_as_go(type, value, {.defaults = true, .unknown_fields = unknown_fields}));
  for (const KindRule& rule : kind_rules) {
    if (rule.type != type.name) continue;
    rule.complete(object);
    // Once more, so that what was added stands in Go's order.
    return encode_as_go(type, object, {});
  }
  return object;
}

void admit_pod(Json& pod) {
  constexpr std::int64_t toleration_seconds = 300;
  Json& spec = pod.member("spec");
  Json& tolerations = spec.member("tolerations");
  if (!tolerations.is_array()) tolerations = Json::array();
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool tolerated = std::ranges::any_of(tolerations.as_array(), [&](const Json& one) {
      const std::string_view effect = one["effect"].string_or_empty();
      const std::string_view tolerated_key = one["key"].string_or_empty();
      return (tolerated_key == key || tolerated_key.empty()) &&
             (effect == "NoExecute" || effect.empty());
    });
    if (tolerated) continue;
    tolerations.push_back(Json::object({
        {"key",               key               },
        {"operator",          "Exists"          },
        {"effect",            "NoExecute"       },
        {"tolerationSeconds", toleration_seconds}
    }));
  }
  fill(spec, "priority", Json(0));
  fill(spec, "preemptionPolicy", Json("PreemptLowerPriority"));
  pod.set("status", Json::object({
                        {"phase",    "Pending"               },
                        {"qosClass", quality_of_service(spec)}
  }));
}

}  // namespace slipway::api
