#include "simulation/properties/declared_metadata.h"

#include <set>
#include <string>

namespace slipway::simulation {
namespace {

constexpr std::string_view hash_label = "rollouts-pod-template-hash";

using Keys = std::set<std::string, std::less<>>;

/// All keys that some version of a Rollout declares under "labels" or "annotations".
Keys declared_keys(const Ledger& ledger, std::string_view map) {
  Keys keys;
  for (const auto& [key, rollout] : ledger.rollouts()) {
    for (const Version& version : ledger.versions(ObjectKind::rollout, key)) {
      if (version.content == nullptr) continue;
      const Json& strategy = (*version.content)["spec"]["strategy"];
      for (const auto& [kind, field] : {
               std::pair{"canary",    "stableMetadata" },
               {"canary",    "canaryMetadata" },
               {"blueGreen", "activeMetadata" },
               {"blueGreen", "previewMetadata"}
      }) {
        const Json& declared = strategy[kind][field][map];
        if (!declared.is_object()) continue;
        for (const auto& [name, value] : declared.as_object()) keys.insert(name);
      }
    }
  }
  return keys;
}

/// Keys of a whole map that came or went.
bool all_declared(const Json* map, const Keys& keys) {
  if (map == nullptr || map->is_null()) return true;
  if (!map->is_object()) return false;
  for (const auto& [name, value] : map->as_object()) {
    if (!keys.contains(name)) return false;
  }
  return true;
}

void erase_all(Json& metadata, std::string_view map, const Keys& keys) {
  Json* entries = metadata.find(map);
  if (entries == nullptr || !entries->is_object()) return;
  for (const std::string& key : keys) entries->erase(key);
  if (entries->empty()) metadata.erase(map);
}

bool names_one_revision(const Json& term) {
  const Json& plain = term["podAffinityTerm"].is_null() ? term : term["podAffinityTerm"];
  const Json& expressions = plain["labelSelector"]["matchExpressions"];
  return expressions.size() == 1 && expressions.at(0)["key"].string_or_empty() == hash_label;
}

void erase_revision_terms(Json& pod_spec) {
  Json* affinity = pod_spec.find("affinity");
  Json* anti = affinity == nullptr ? nullptr : affinity->find("podAntiAffinity");
  if (anti == nullptr || !anti->is_object()) return;
  for (const char* list : {"requiredDuringSchedulingIgnoredDuringExecution",
                           "preferredDuringSchedulingIgnoredDuringExecution"}) {
    const Json* terms = anti->find(list);
    if (terms == nullptr || !terms->is_array()) continue;
    Json kept = Json::array();
    for (const Json& term : terms->as_array()) {
      if (!names_one_revision(term)) kept.push_back(term);
    }
    if (kept.empty()) {
      anti->erase(list);
    } else {
      anti->set(list, std::move(kept));
    }
  }
  if (anti->empty()) affinity->erase("podAntiAffinity");
  if (affinity->empty()) pod_spec.erase("affinity");
}

}  // namespace

bool is_declared_metadata(const Difference& one, std::string_view where, const Ledger& ledger) {
  if (!one.path.starts_with(where)) return false;
  const std::string_view rest = std::string_view(one.path).substr(where.size());
  for (const std::string_view map : {"labels", "annotations"}) {
    const std::string prefix = "/" + std::string(map);
    if (!rest.starts_with(prefix)) continue;
    const Keys keys = declared_keys(ledger, map);
    if (rest.size() == prefix.size()) {
      return all_declared(one.before, keys) && all_declared(one.after, keys);
    }
    return rest[prefix.size()] == '/' &&
           keys.contains(unescape_pointer(rest.substr(prefix.size() + 1)));
  }
  return false;
}

Json lasting_part(Json pod_template, const Ledger& ledger) {
  Json& metadata = pod_template.member("metadata");
  Keys labels = declared_keys(ledger, "labels");
  labels.emplace(hash_label);
  erase_all(metadata, "labels", labels);
  erase_all(metadata, "annotations", declared_keys(ledger, "annotations"));
  metadata.erase("creationTimestamp");
  erase_revision_terms(pod_template.member("spec"));
  return pod_template;
}

bool has_template_of(const RolloutView& rollout, const ReplicaSetView& set, const Ledger& ledger) {
  const Json& wanted = rollout.pod_template();
  return wanted.is_object() &&
         holds(lasting_part((*set.json)["spec"]["template"], ledger), lasting_part(wanted, ledger));
}

}  // namespace slipway::simulation
