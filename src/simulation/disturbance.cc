#include "simulation/disturbance.h"

#include <fmt/format.h>

#include "cluster/server/store.h"

namespace slipway::simulation {
namespace {

constexpr std::string_view deadline_key = "scale-down-deadline";

const api::Kind* kind_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::rollout:
      return &api::kinds::rollout;
    case ObjectKind::replica_set:
      return &api::kinds::replica_set;
    case ObjectKind::service:
      return &api::kinds::service;
    case ObjectKind::pod:
      return &api::kinds::pod;
    case ObjectKind::deployment:
      return &api::kinds::deployment;
    default:
      return nullptr;
  }
}

}  // namespace

const api::Kind& kind_of(const Json& object) {
  const std::string_view kind = object["kind"].string_or_empty();
  for (const api::Kind* known :
       {&api::kinds::rollout, &api::kinds::service, &api::kinds::replica_set,
        &api::kinds::deployment, &api::kinds::pod_template}) {
    if (known->kind == kind) return *known;
  }
  return api::kinds::config_map;
}

std::string path_of(const Addressed& about) {
  const api::Kind* kind = kind_of(about.kind);
  const std::size_t slash = about.key.find('/');
  if (kind == nullptr || slash == std::string::npos || slash + 1 == about.key.size()) return {};
  return kind->path(about.key.substr(0, slash), about.key.substr(slash + 1));
}

Json annotation_patch(std::string_view key, Json value) {
  return Json::object({
      {"metadata",
       Json::object({{"annotations", Json::object({{std::string(key), std::move(value)}})}})}
  });
}

int merge_patch(Stage& stage, std::string_view actor, const std::string& path, const Json& patch) {
  return stage
      .carry_out({.method = kubernetes::Method::patch,
                  .target = path,
                  .content_type = std::string(kubernetes::media::merge_patch),
                  .body = to_text(patch)},
                 actor, false, 0)
      .status;
}

void touch(Stage& stage, const Addressed& about, std::uint64_t mark) {
  const std::string path = path_of(about);
  if (path.empty()) return;
  // Another key for each kind: a Rollout's annotations are the business of its ReplicaSets too, and
  // no two writers can both have their way with one field.
  merge_patch(stage, "bystander", path,
              annotation_patch("example.com/touched-" + about.plural, std::to_string(mark)));
}

std::vector<std::string> names_of(const Stage& stage, const api::Kind& kind) {
  const std::string table =
      kind.group.empty() ? std::string(kind.plural) : fmt::format("{}.{}", kind.plural, kind.group);
  std::vector<std::string> names;
  for (const auto& [key, object] : stage.server.store().table(table).objects()) {
    names.emplace_back(object->name());
  }
  return names;
}

void strip_our_notes(Stage& stage) {
  constexpr std::string_view notes[] = {"slipway.dev/claim", "slipway.dev/revision-for"};
  for (const api::Kind* kind :
       {&api::kinds::rollout, &api::kinds::replica_set, &api::kinds::service}) {
    for (const std::string& name : names_of(stage, *kind)) {
      for (const std::string_view note : notes) {
        merge_patch(stage, "another controller", kind->path("default", name),
                    annotation_patch(note, Json()));
      }
    }
  }
}

void change_what_matters(Stage& stage, const Addressed& about, std::uint64_t size) {
  const std::string path = path_of(about);
  if (path.empty()) return;
  Json patch = annotation_patch("example.com/changed", std::to_string(size % 1000));
  if (about.kind == ObjectKind::replica_set && size % 2 == 0) {
    patch = annotation_patch(deadline_key, size % 4 == 0 ? Json("") : Json());
  } else if (about.kind == ObjectKind::replica_set) {
    patch = Json::object({
        {"spec", Json::object({{"replicas", static_cast<int>(size / 2 % 6)}})}
    });
  } else if (about.kind == ObjectKind::rollout || about.kind == ObjectKind::deployment) {
    patch = Json::object({
        {"spec", Json::object({{"replicas", static_cast<int>(1 + size % 6)}})}
    });
  }
  merge_patch(stage, "meddler", path, patch);
}

std::string with_policy_annotation(const std::string& body) {
  Result<Json> object = parse_json(body);
  if (!object) return body;
  object->member("metadata").member("annotations").set("policy.example.com/checked", "yes");
  return to_text(*object);
}

}  // namespace slipway::simulation
