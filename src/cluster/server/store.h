#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace slipway::cluster {

/// One revision of one object: never changes once stored, so that answers, watches and history
/// share it.
class StoredObject {
 public:
  StoredObject(std::string key, Json content, std::uint64_t revision)
      : key_(std::move(key)), content_(std::move(content)), revision_(revision) {}

  /// "namespace/name", or the name alone.
  const std::string& key() const { return key_; }
  /// Begins with `kind` and `apiVersion`; its `metadata.resourceVersion` is the revision's text.
  const Json& content() const { return content_; }
  const Json& metadata() const { return content_["metadata"]; }
  std::string_view name() const { return metadata()["name"].string_or_empty(); }
  std::string_view namespace_() const { return metadata()["namespace"].string_or_empty(); }
  std::string_view uid() const { return metadata()["uid"].string_or_empty(); }
  std::uint64_t revision() const { return revision_; }
  /// The JSON text, made when first asked for and shared by all who ask.
  const std::string& text() const;

 private:
  std::string key_;
  Json content_;
  std::uint64_t revision_;
  mutable std::string text_;
};
using ObjectPtr = std::shared_ptr<const StoredObject>;

/// The same object under another revision: as deletions show it.
ObjectPtr renumbered(const StoredObject& object, std::uint64_t revision);

/// One change of one object.
class StoreEvent {
 public:
  enum class Type { added, modified, deleted };

  StoreEvent(Type what, ObjectPtr now, ObjectPtr before)
      : type(what), object(std::move(now)), previous(std::move(before)) {}

  const Type type;
  const ObjectPtr object;    ///< As it is now; of a deletion the former state, newly numbered.
  const ObjectPtr previous;  ///< As it was; nothing for an addition.
  std::uint64_t revision() const { return object->revision(); }
  /// `{"type":"MODIFIED","object":{...}}`, made once for all watches.
  const std::string& line() const;

 private:
  mutable std::string line_;
};
using StoreEventPtr = std::shared_ptr<const StoreEvent>;

/// The event's name on the wire: "MODIFIED".
std::string_view to_string(StoreEvent::Type type);

/// Told of each change in the order of revisions. Must not write to the store from within.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  virtual void on_event(const StoreEventPtr& event) = 0;
};

class Store;

/// The objects of one kind, in the order of their keys, and the recent changes to them.
class ObjectTable {
 public:
  using Objects = std::map<std::string, ObjectPtr, std::less<>>;

  ObjectPtr find(std::string_view key) const;
  const Objects& objects() const { return objects_; }
  /// How many objects there are in a namespace; in all, where it is empty.
  std::size_t count(std::string_view namespace_) const;
  /// What changed since `revision`, oldest first. Only for revisions from `oldest_revision()` on.
  std::vector<StoreEventPtr> events_since(std::uint64_t revision) const;
  /// The objects that have changed since that revision as they were then, nothing for those that
  /// were not. Only for revisions from `oldest_revision()` on.
  Objects former_objects(std::uint64_t revision) const;
  /// The oldest revision from which a watch can resume.
  std::uint64_t oldest_revision() const { return oldest_; }

  void add_observer(StoreObserver* observer) { observers_.push_back(observer); }
  void remove_observer(StoreObserver* observer);
  std::size_t observer_count() const { return observers_.size(); }

 private:
  friend class Store;
  void count_one(const StoredObject& object, std::ptrdiff_t change);

  Objects objects_;
  std::map<std::string, std::size_t, std::less<>> counts_;  ///< By namespace.
  std::deque<StoreEventPtr> events_;
  std::uint64_t oldest_ = 0;
  std::vector<StoreObserver*> observers_;
};

/// All objects by kind and key, under one revision that each write raises by one, with a bounded
/// history for watches. Knows nothing of what the objects mean.
class Store {
 public:
  explicit Store(std::size_t history_limit) : history_limit_(history_limit) {}

  /// The table of that name, made when first asked for. Stays where it is.
  ObjectTable& table(const std::string& name);

  /// The newest revision.
  std::uint64_t revision() const { return revision_; }

  /// Stores a new object (the key must be free), or a new revision of one. Sets
  /// `metadata.resourceVersion`.
  ObjectPtr put(ObjectTable& table, const std::string& key, Json content);
  /// Removes the object of that key, which must exist.
  void remove(ObjectTable& table, const std::string& key);
  /// Forgets all history up to now.
  void compact();
  /// Takes another store's objects and revision, not its history. Nobody may be watching.
  void copy_objects_of(const Store& other);
  /// Tells of the changes of all tables, before any table's own observers hear of them.
  void add_observer(StoreObserver* observer) { observers_.push_back(observer); }

 private:
  void record(ObjectTable& table, StoreEventPtr event);

  std::size_t history_limit_;
  std::uint64_t revision_ = 1;
  std::map<std::string, std::unique_ptr<ObjectTable>, std::less<>> tables_;
  std::vector<StoreObserver*> observers_;
};

}  // namespace slipway::cluster
