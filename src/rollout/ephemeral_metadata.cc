#include "rollout/ephemeral_metadata.h"

#include <array>
#include <set>

#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

constexpr std::array<std::string_view, 2> maps = {"labels", "annotations"};

struct Wanted {
  const api::PodTemplateMetadata* stable = nullptr;
  const api::PodTemplateMetadata* newest = nullptr;
};

Wanted wanted_of(const api::Rollout& rollout) {
  if (const auto* canary = rollout.spec.strategy.canary.get()) {
    return {canary->stable_metadata.get(), canary->canary_metadata.get()};
  }
  if (const auto* blue_green = rollout.spec.strategy.blue_green.get()) {
    return {blue_green->active_metadata.get(), blue_green->preview_metadata.get()};
  }
  return {};
}

const api::StringMap& map_of(const api::PodTemplateMetadata& metadata, std::string_view map) {
  return map == "labels" ? metadata.labels : metadata.annotations;
}

api::PodTemplateMetadata parse_metadata(const std::string* text) {
  if (text == nullptr) return {};
  const Result<Json> json = parse_json(*text);
  if (!json) return {};
  return api::decode<api::PodTemplateMetadata>(*json).value_or(api::PodTemplateMetadata{});
}

/// An empty map is none, as a server keeps it.
void set_or_erase(Json& metadata, std::string_view map, const std::string& key, const Json& value) {
  if (!value.is_null()) {
    metadata.member(map).set(key, value);
  } else if (Json* entries = metadata.find(map)) {
    entries->erase(key);
    if (entries->empty()) metadata.erase(map);
  }
}

}  // namespace

bool uses_ephemeral_metadata(const api::Rollout& rollout) {
  const Wanted wanted = wanted_of(rollout);
  return wanted.stable != nullptr || wanted.newest != nullptr;
}

api::PodTemplateMetadata metadata_for(const api::Rollout& rollout, Part part) {
  const Wanted wanted = wanted_of(rollout);
  const auto* found = part == Part::stable   ? wanted.stable
                      : part == Part::newest ? wanted.newest
                                             : nullptr;
  api::PodTemplateMetadata metadata = found ? *found : api::PodTemplateMetadata{};
  metadata.labels.erase(std::string(api::pod_template_hash_label));
  return metadata;
}

Part part_of(const api::Rollout& rollout, const std::string& hash, const std::string& new_hash) {
  const std::string& stable = rollout.status.stable_rs;
  if (hash == stable || (stable.empty() && hash == new_hash)) return Part::stable;
  return hash == new_hash ? Part::newest : Part::old;
}

api::PodTemplateMetadata put_on(const api::ReplicaSet& replica_set) {
  return parse_metadata(replica_set.metadata.annotation(keys::ephemeral_metadata));
}

std::string metadata_text(const api::PodTemplateMetadata& metadata) {
  return to_text(api::encode(metadata));
}

void change_metadata(Json& metadata, const api::PodTemplateMetadata& before,
                     const api::PodTemplateMetadata& wanted, const Json& own) {
  for (const std::string_view map : maps) {
    for (const auto& [key, value] : map_of(before, map)) {
      if (!map_of(wanted, map).contains(key)) set_or_erase(metadata, map, key, own[map][key]);
    }
    for (const auto& [key, value] : map_of(wanted, map)) metadata.member(map).set(key, value);
  }
}

bool pods_are_behind(const api::ReplicaSet& replica_set) {
  return replica_set.metadata.annotation(keys::pods_behind) != nullptr;
}

api::PodTemplateMetadata pods_may_carry(const api::ReplicaSet& replica_set) {
  return parse_metadata(replica_set.metadata.annotation(keys::pods_behind));
}

std::optional<kubernetes::Write> bring_up(const api::Pod& pod, const api::ReplicaSet& replica_set,
                                          const Json& template_metadata) {
  const api::PodTemplateMetadata now = put_on(replica_set);
  const api::PodTemplateMetadata before = pods_may_carry(replica_set);
  kubernetes::Write write(api::seen(pod), "metadata of " + replica_set.metadata.name);
  for (const std::string_view map : maps) {
    std::set<std::string> touched;
    for (const auto& [key, value] : map_of(now, map)) touched.insert(key);
    for (const auto& [key, value] : map_of(before, map)) touched.insert(key);
    const api::StringMap& present =
        map == "labels" ? pod.metadata.labels : pod.metadata.annotations;
    for (const std::string& key : touched) {
      const Json& wanted = template_metadata[map][key];
      const auto found = present.find(key);
      const Json is = found == present.end() ? Json() : Json(found->second);
      if (is == wanted) continue;
      const std::string path = "/metadata/" + std::string(map) + "/" + escape_pointer(key);
      write.expect_as_seen(path);
      wanted.is_null() ? write.remove(path) : write.set(path, wanted);
    }
  }
  if (write.changes_nothing()) return std::nullopt;
  return write;
}

}  // namespace slipway::rollout
