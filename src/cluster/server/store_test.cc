#include "cluster/server/store.h"

#include <doctest/doctest.h>

namespace slipway::cluster {
namespace {

Json named(std::string_view name, int size = 0) {
  return Json::object({
      {"metadata", Json::object({{"name", name}})},
      {"size",     size                          }
  });
}

/// Counts what it is told.
struct Listener : StoreObserver {
  std::vector<std::string> told;
  void on_event(const StoreEventPtr& event) override {
    told.push_back(std::string(to_string(event->type)) + " " + event->object->key());
  }
};

}  // namespace

TEST_CASE("each write gets the next revision, and bears it") {
  Store store(100);
  ObjectTable& table = store.table("things");
  const std::uint64_t before = store.revision();
  const ObjectPtr a = store.put(table, "a", named("a"));
  const ObjectPtr b = store.put(table, "b", named("b"));
  CHECK(a->revision() == before + 1);
  CHECK(b->revision() == before + 2);
  CHECK(b->metadata()["resourceVersion"].as_string() == std::to_string(before + 2));
  CHECK(store.revision() == before + 2);
}

TEST_CASE("observers hear of each change in order") {
  Store store(100);
  ObjectTable& table = store.table("things");
  Listener listener;
  Listener of_all;
  store.add_observer(&of_all);
  table.add_observer(&listener);
  store.put(table, "a", named("a"));
  store.put(table, "a", named("a", 1));
  store.remove(table, "a");
  table.remove_observer(&listener);
  store.put(table, "b", named("b"));
  CHECK(listener.told == std::vector<std::string>{"ADDED a", "MODIFIED a", "DELETED a"});
  CHECK(of_all.told == std::vector<std::string>{"ADDED a", "MODIFIED a", "DELETED a", "ADDED b"});
}

TEST_CASE("a deletion shows the former state under the new revision") {
  Store store(100);
  ObjectTable& table = store.table("things");
  store.put(table, "a", named("a", 7));
  const std::uint64_t revision = store.revision();
  store.remove(table, "a");
  const StoreEventPtr event = table.events_since(revision).front();
  CHECK(event->object->content()["size"] == Json(7));
  CHECK(event->object->revision() == revision + 1);
  CHECK(event->previous->revision() == revision);
}

TEST_CASE("former objects are those that changed since, as they were") {
  Store store(100);
  ObjectTable& table = store.table("things");
  store.put(table, "changed", named("changed", 1));
  store.put(table, "removed", named("removed", 1));
  store.put(table, "same", named("same", 1));
  const std::uint64_t revision = store.revision();
  store.put(table, "changed", named("changed", 2));
  store.put(table, "changed", named("changed", 3));
  store.remove(table, "removed");
  store.put(table, "new", named("new", 1));
  const ObjectTable::Objects former = table.former_objects(revision);
  CHECK(former.size() == 3);
  CHECK(former.at("changed")->content()["size"] == Json(1));
  CHECK(former.at("removed")->content()["size"] == Json(1));
  CHECK(former.at("new") == nullptr);
}

TEST_CASE("history is bounded, and says from where on it is whole") {
  Store store(2);
  ObjectTable& table = store.table("things");
  for (int i = 0; i < 5; ++i) store.put(table, "a", named("a", i));
  CHECK(table.oldest_revision() == store.revision() - 2);
  CHECK(table.events_since(table.oldest_revision()).size() == 2);
  store.compact();
  CHECK(table.oldest_revision() == store.revision());
  CHECK(table.events_since(store.revision()).empty());
}

TEST_CASE("objects are counted by namespace") {
  Store store(100);
  ObjectTable& table = store.table("things");
  Json object = named("a");
  object.member("metadata").set("namespace", "shop");
  store.put(table, "shop/a", object);
  store.put(table, "shop/a", object);
  CHECK(table.count("shop") == 1);
  CHECK(table.count("") == 1);
  CHECK(table.count("other") == 0);
  store.remove(table, "shop/a");
  CHECK(table.count("shop") == 0);
}

}  // namespace slipway::cluster
