#include "cluster/controllers/ownership.h"

namespace slipway::cluster {

using kubernetes::Write;

namespace {

constexpr std::string_view foreground_finalizer = "foregroundDeletion";
constexpr std::string_view orphan_finalizer = "orphan";

/// The object as far as a write of ownership or finalizers needs it.
api::Object object_of(const OwnedObject& object) {
  Json metadata = Json::object({
      {"name",            object.key.name        },
      {"uid",             object.uid             },
      {"resourceVersion", object.resource_version},
  });
  if (!object.key.namespace_.empty()) metadata.set("namespace", object.key.namespace_);
  if (!object.owners.empty()) {
    Json owners = Json::array();
    for (const api::OwnerReference& owner : object.owners) owners.push_back(api::encode(owner));
    metadata.set("ownerReferences", std::move(owners));
  }
  if (!object.finalizers.empty()) {
    Json finalizers = Json::array();
    for (const std::string& finalizer : object.finalizers) finalizers.push_back(finalizer);
    metadata.set("finalizers", std::move(finalizers));
  }
  return api::Object::of(object.kind, Json::object({
                                          {"metadata", std::move(metadata)}
  }));
}

Write set_owners(const OwnedObject& object, const std::vector<api::OwnerReference>& owners,
                 std::string why) {
  constexpr std::string_view path = "/metadata/ownerReferences";
  Write write(object_of(object), std::move(why));
  write.expect_as_seen(path);
  if (owners.empty()) return write.remove(path);
  Json list = Json::array();
  for (const api::OwnerReference& owner : owners) list.push_back(api::encode(owner));
  return write.set(path, std::move(list));
}

Write drop_owners(const OwnedObject& object, const std::set<std::string>& uids, std::string why) {
  std::vector<api::OwnerReference> rest;
  for (const api::OwnerReference& owner : object.owners) {
    if (!uids.contains(owner.uid)) rest.push_back(owner);
  }
  return set_owners(object, rest, std::move(why));
}

Write drop_finalizer(const OwnedObject& object, std::string_view finalizer, std::string why) {
  constexpr std::string_view path = "/metadata/finalizers";
  Json rest = Json::array();
  for (const std::string& name : object.finalizers) {
    if (name != finalizer) rest.push_back(name);
  }
  Write write(object_of(object), std::move(why));
  write.expect_as_seen(path);
  return rest.empty() ? write.remove(path) : write.set(path, std::move(rest));
}

bool blocks(const OwnedObject& dependent, const std::string& owner_uid) {
  for (const api::OwnerReference& owner : dependent.owners) {
    if (owner.uid == owner_uid && owner.block_owner_deletion.value_or(false)) return true;
  }
  return false;
}

GarbageDecision decide_orphaning(const OwnershipGraph& graph, const OwnedObject& object) {
  GarbageDecision decision;
  for (const OwnedObject* dependent : graph.dependents_of(object.uid)) {
    decision.writes.push_back(
        drop_owners(*dependent, {object.uid}, "its owner is deleted and leaves it behind"));
  }
  decision.writes.push_back(drop_finalizer(object, orphan_finalizer, "no dependent is left"));
  return decision;
}

GarbageDecision decide_waiting(const OwnershipGraph& graph, const OwnedObject& object) {
  for (const OwnedObject* dependent : graph.dependents_of(object.uid)) {
    if (blocks(*dependent, object.uid)) return {};
  }
  return {{drop_finalizer(object, foreground_finalizer, "no dependent blocks its deletion")}, {}};
}

struct Owners {
  bool solid = false;  ///< At least one exists and stays.
  std::set<std::string> gone;
  std::set<std::string> waiting;  ///< Being deleted, for its dependents to go first.
  std::vector<UnknownOwner> unknown;
};

Owners classify(const OwnershipGraph& graph, const OwnedObject& object,
                const std::function<bool(const UnknownOwner&)>& is_absent) {
  Owners owners;
  for (const api::OwnerReference& reference : object.owners) {
    const OwnedObject* owner = graph.find(reference.uid);
    // An owner in another namespace is none: names are looked up beside the dependent.
    if (owner != nullptr &&
        (owner->key.namespace_.empty() || owner->key.namespace_ == object.key.namespace_)) {
      if (owner->waits_for_dependents()) {
        owners.waiting.insert(reference.uid);
      } else {
        owners.solid = true;
      }
      continue;
    }
    const UnknownOwner unknown{reference, object.key.namespace_};
    if (is_absent(unknown)) {
      owners.gone.insert(reference.uid);
    } else {
      owners.unknown.push_back(unknown);
    }
  }
  return owners;
}

std::string propagation_of(const OwnedObject& object) {
  if (object.has_finalizer(orphan_finalizer)) return "Orphan";
  return object.has_finalizer(foreground_finalizer) ? "Foreground" : "Background";
}

}  // namespace

bool OwnedObject::has_finalizer(std::string_view name) const {
  return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
}

bool OwnedObject::waits_for_dependents() const {
  return being_deleted && has_finalizer(foreground_finalizer);
}

bool OwnedObject::orphans_dependents() const {
  return being_deleted && has_finalizer(orphan_finalizer);
}

OwnedObject read_owned_object(const api::Kind& kind, const Json& object) {
  const Json& metadata = object["metadata"];
  OwnedObject owned{
      kind,
      {std::string(metadata["namespace"].string_or_empty()),
        std::string(metadata["name"].string_or_empty())},
      std::string(metadata["uid"].string_or_empty()),
      std::string(metadata["resourceVersion"].string_or_empty()),
      {},
      {},
      !metadata["deletionTimestamp"].is_null()
  };
  for (std::size_t i = 0; i < metadata["ownerReferences"].size(); ++i) {
    // The server checked them when it took the object; one that it would not take owns nothing.
    if (auto owner = api::decode<api::OwnerReference>(metadata["ownerReferences"].at(i))) {
      owned.owners.push_back(std::move(*owner));
    }
  }
  for (std::size_t i = 0; i < metadata["finalizers"].size(); ++i) {
    owned.finalizers.emplace_back(metadata["finalizers"].at(i).string_or_empty());
  }
  return owned;
}

void OwnershipGraph::link(const OwnedObject& object) {
  for (const api::OwnerReference& owner : object.owners) dependents_[owner.uid].insert(object.uid);
}

void OwnershipGraph::unlink(const OwnedObject& object) {
  for (const api::OwnerReference& owner : object.owners) {
    const auto found = dependents_.find(owner.uid);
    if (found == dependents_.end()) continue;
    found->second.erase(object.uid);
    if (found->second.empty()) dependents_.erase(found);
  }
}

std::optional<OwnedObject> OwnershipGraph::put(OwnedObject object) {
  std::optional<OwnedObject> before = erase(object.uid);
  link(object);
  std::string uid = object.uid;
  objects_.emplace(std::move(uid), std::move(object));
  return before;
}

std::optional<OwnedObject> OwnershipGraph::erase(const std::string& uid) {
  const auto found = objects_.find(uid);
  if (found == objects_.end()) return std::nullopt;
  unlink(found->second);
  std::optional<OwnedObject> before(std::move(found->second));
  objects_.erase(found);
  return before;
}

const OwnedObject* OwnershipGraph::find(const std::string& uid) const {
  const auto found = objects_.find(uid);
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<const OwnedObject*> OwnershipGraph::dependents_of(const std::string& uid) const {
  std::vector<const OwnedObject*> dependents;
  if (const auto found = dependents_.find(uid); found != dependents_.end()) {
    for (const std::string& dependent : found->second) dependents.push_back(find(dependent));
  }
  return dependents;
}

void OwnershipGraph::for_each(const std::function<void(const OwnedObject&)>& visit) const {
  for (const auto& [uid, object] : objects_) visit(object);
}

GarbageDecision decide_garbage(const OwnershipGraph& graph, const std::string& uid,
                               const std::function<bool(const UnknownOwner&)>& is_absent) {
  const OwnedObject* const object = graph.find(uid);
  if (object == nullptr) return {};
  if (object->orphans_dependents()) return decide_orphaning(graph, *object);
  if (object->waits_for_dependents()) return decide_waiting(graph, *object);
  if (object->being_deleted || object->owners.empty()) return {};

  Owners owners = classify(graph, *object, is_absent);
  if (!owners.unknown.empty()) return {{}, std::move(owners.unknown)};
  if (owners.solid) {
    if (owners.gone.empty() && owners.waiting.empty()) return {};
    owners.gone.merge(owners.waiting);
    return {{drop_owners(*object, owners.gone, "some of its owners are gone")}, {}};
  }
  if (owners.waiting.empty()) {
    return {{Write::delete_object(object_of(*object), "all its owners are gone",
                                  propagation_of(*object))},
            {}};
  }

  GarbageDecision decision;
  const std::vector<const OwnedObject*> dependents = graph.dependents_of(uid);
  const bool in_circle =
      std::any_of(dependents.begin(), dependents.end(),
                  [](const OwnedObject* dependent) { return dependent->waits_for_dependents(); });
  if (in_circle) {
    // Two that wait for each other would wait for ever. Unblocked, its owner may go; that this
    // object goes too follows from there, since its owners are gone then.
    std::vector<api::OwnerReference> unblocked = object->owners;
    bool blocked = false;
    for (api::OwnerReference& owner : unblocked) {
      blocked = blocked || owner.block_owner_deletion.value_or(false);
      owner.block_owner_deletion = false;
    }
    if (blocked) {
      decision.writes.push_back(
          set_owners(*object, unblocked, "it and its owner wait in a circle"));
      return decision;
    }
  }
  decision.writes.push_back(Write::delete_object(
      object_of(*object), "its owner waits for it to go",
      dependents.empty() ? propagation_of(*object) : std::string("Foreground")));
  return decision;
}

}  // namespace slipway::cluster
