#include "cluster/server/store.h"

#include <algorithm>

#include "base/ensure.h"

namespace slipway::cluster {

std::string_view to_string(StoreEvent::Type type) {
  switch (type) {
    case StoreEvent::Type::added:
      return "ADDED";
    case StoreEvent::Type::modified:
      return "MODIFIED";
    case StoreEvent::Type::deleted:
      return "DELETED";
  }
  return {};
}

const std::string& StoredObject::text() const {
  if (text_.empty()) append_text(content_, text_);
  return text_;
}

ObjectPtr renumbered(const StoredObject& object, std::uint64_t revision) {
  Json content = object.content();
  content.member("metadata").set("resourceVersion", std::to_string(revision));
  return std::make_shared<const StoredObject>(object.key(), std::move(content), revision);
}

const std::string& StoreEvent::line() const {
  if (line_.empty()) {
    const std::string& text = object->text();
    line_.reserve(text.size() + 32);
    line_.append(R"({"type":")").append(to_string(type)).append(R"(","object":)");
    line_.append(text).append("}");
  }
  return line_;
}

ObjectPtr ObjectTable::find(std::string_view key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::size_t ObjectTable::count(std::string_view namespace_) const {
  if (namespace_.empty()) return objects_.size();
  const auto found = counts_.find(namespace_);
  return found == counts_.end() ? 0 : found->second;
}

void ObjectTable::count_one(const StoredObject& object, std::ptrdiff_t change) {
  counts_[std::string(object.namespace_())] += static_cast<std::size_t>(change);
}

std::vector<StoreEventPtr> ObjectTable::events_since(std::uint64_t revision) const {
  const auto first = std::upper_bound(
      events_.begin(), events_.end(), revision,
      [](std::uint64_t r, const StoreEventPtr& event) { return r < event->revision(); });
  return {first, events_.end()};
}

ObjectTable::Objects ObjectTable::former_objects(std::uint64_t revision) const {
  Objects former;
  for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
    if ((*event)->revision() <= revision) break;
    former[(*event)->object->key()] = (*event)->previous;
  }
  return former;
}

void ObjectTable::remove_observer(StoreObserver* observer) {
  std::erase(observers_, observer);
}

ObjectTable& Store::table(const std::string& name) {
  std::unique_ptr<ObjectTable>& table = tables_[name];
  if (!table) {
    table = std::make_unique<ObjectTable>();
    table->oldest_ = revision_;
  }
  return *table;
}

ObjectPtr Store::put(ObjectTable& table, const std::string& key, Json content) {
  ++revision_;
  content.member("metadata").set("resourceVersion", std::to_string(revision_));
  auto object = std::make_shared<const StoredObject>(key, std::move(content), revision_);
  ObjectPtr& place = table.objects_[key];
  ObjectPtr previous = std::exchange(place, object);
  if (!previous) table.count_one(*object, 1);
  const auto type = previous ? StoreEvent::Type::modified : StoreEvent::Type::added;
  record(table, std::make_shared<const StoreEvent>(type, object, std::move(previous)));
  return object;
}

void Store::remove(ObjectTable& table, const std::string& key) {
  const auto found = table.objects_.find(key);
  ASSERT(found != table.objects_.end());
  ObjectPtr previous = std::move(found->second);
  table.objects_.erase(found);
  table.count_one(*previous, -1);
  record(table, std::make_shared<const StoreEvent>(StoreEvent::Type::deleted,
                                                   renumbered(*previous, ++revision_), previous));
}

void Store::compact() {
  for (auto& [name, table] : tables_) {
    table->events_.clear();
    table->oldest_ = revision_;
  }
}

void Store::copy_objects_of(const Store& other) {
  revision_ = other.revision_;
  for (const auto& [name, theirs] : other.tables_) {
    ObjectTable& ours = table(name);
    ASSERT(ours.observers_.empty());
    ours.objects_ = theirs->objects_;
    ours.counts_ = theirs->counts_;
    ours.events_.clear();
    ours.oldest_ = revision_;
  }
}

void Store::record(ObjectTable& table, StoreEventPtr event) {
  table.events_.push_back(event);
  if (table.events_.size() > history_limit_) {
    table.oldest_ = table.events_.front()->revision();
    table.events_.pop_front();
  }
  for (StoreObserver* observer : observers_) observer->on_event(event);
  for (StoreObserver* observer : table.observers_) observer->on_event(event);
}

}  // namespace slipway::cluster
