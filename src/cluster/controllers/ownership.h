#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/controllers/reconciler.h"

namespace slipway::cluster {

/// What garbage collection knows of one object.
struct OwnedObject {
  api::Kind kind;
  api::ObjectKey key;
  std::string uid;
  std::string resource_version;
  std::vector<api::OwnerReference> owners;
  std::vector<std::string> finalizers;
  bool being_deleted = false;

  bool has_finalizer(std::string_view name) const;
  /// Being deleted, once its dependents are.
  bool waits_for_dependents() const;
  /// Being deleted, once its dependents have been let go.
  bool orphans_dependents() const;
};
OwnedObject read_owned_object(const api::Kind& kind, const Json& object);

/// Who owns whom, by uid.
class OwnershipGraph {
 public:
  /// Puts in an object, or what is newer of it. Returns what it replaced.
  std::optional<OwnedObject> put(OwnedObject object);
  /// Takes out an object; its dependents stay known as such.
  std::optional<OwnedObject> erase(const std::string& uid);

  const OwnedObject* find(const std::string& uid) const;
  std::vector<const OwnedObject*> dependents_of(const std::string& uid) const;
  std::size_t size() const { return objects_.size(); }
  void for_each(const std::function<void(const OwnedObject&)>& visit) const;

 private:
  void link(const OwnedObject& object);
  void unlink(const OwnedObject& object);

  std::unordered_map<std::string, OwnedObject> objects_;
  std::unordered_map<std::string, std::set<std::string>> dependents_;
};

/// A reference of this object to an owner of which the graph knows nothing.
struct UnknownOwner {
  api::OwnerReference owner;
  std::string namespace_;  ///< Where it would be, if its kind has namespaces.
};

struct GarbageDecision {
  std::vector<kubernetes::Write> writes;
  /// Ask the server for these first, then decide again.
  std::vector<UnknownOwner> ask;
};

/// What garbage collection has to do about one object:
/// * being deleted with `orphan`: dependents lose their reference to it, then it its finalizer;
/// * being deleted with `foregroundDeletion`: it loses the finalizer once no dependent blocks it;
/// * otherwise, owners that are absent or only wait for it count as gone: without any other owner
///   the object is deleted, with one it loses those references.
/// `is_absent` says of an owner that the graph lacks whether the server is known to lack it too.
/// Source: kubernetes/pkg/controller/garbagecollector, attemptToDeleteItem.
GarbageDecision decide_garbage(const OwnershipGraph& graph, const std::string& uid,
                               const std::function<bool(const UnknownOwner&)>& is_absent);

}  // namespace slipway::cluster
