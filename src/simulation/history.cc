#include "simulation/history.h"

#include <vector>

namespace slipway::simulation {
namespace {

/// The parts of a path, its query cut off.
std::vector<std::string_view> parts_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  while (from < path.size()) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    if (slash > from) parts.push_back(path.substr(from, slash - from));
    from = slash + 1;
  }
  return parts;
}

}  // namespace

ObjectKind object_kind_of_plural(std::string_view plural) {
  if (plural == "rollouts") return ObjectKind::rollout;
  if (plural == "replicasets") return ObjectKind::replica_set;
  if (plural == "pods") return ObjectKind::pod;
  if (plural == "services") return ObjectKind::service;
  if (plural == "events") return ObjectKind::event;
  if (plural == "leases") return ObjectKind::lease;
  if (plural == "deployments") return ObjectKind::deployment;
  if (plural == "podtemplates") return ObjectKind::pod_template;
  return ObjectKind::other;
}

std::string_view to_string(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::rollout:
      return "Rollout";
    case ObjectKind::replica_set:
      return "ReplicaSet";
    case ObjectKind::pod:
      return "Pod";
    case ObjectKind::service:
      return "Service";
    case ObjectKind::event:
      return "Event";
    case ObjectKind::lease:
      return "Lease";
    case ObjectKind::deployment:
      return "Deployment";
    case ObjectKind::pod_template:
      return "PodTemplate";
    case ObjectKind::other:
      break;
  }
  return "object";
}

Addressed addressed_by(std::string_view target) {
  // "/api/v1/..." or "/apis/GROUP/VERSION/...", then "namespaces/NS/PLURAL/NAME/SUBRESOURCE".
  const std::vector<std::string_view> parts = parts_of(target);
  std::size_t next = !parts.empty() && parts[0] == "apis" ? 3 : 2;
  std::string_view namespace_;
  if (next + 2 < parts.size() && parts[next] == "namespaces") {
    namespace_ = parts[next + 1];
    next += 2;
  }
  const auto part = [&](std::size_t index) {
    return index < parts.size() ? parts[index] : std::string_view();
  };
  Addressed about;
  about.plural = part(next);
  about.kind = object_kind_of_plural(about.plural);
  about.collection = part(next + 1).empty();
  about.key = std::string(namespace_) + "/" + std::string(part(next + 1));
  about.subresource = part(next + 2);
  return about;
}

}  // namespace slipway::simulation
