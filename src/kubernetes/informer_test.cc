#include "kubernetes/informer.h"

#include <doctest/doctest.h>

#include "kubernetes/store_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

const std::string things = "/api/v1/namespaces/shop/configmaps";

/// An object of which only the metadata matters; a "poison" member makes it unreadable.
struct Thing {
  static constexpr api::Kind kind = api::kinds::config_map;
  struct {
    std::string namespace_, name, uid, resource_version;
    api::ObjectKey key() const { return {namespace_, name}; }
  } metadata;

  static Result<Thing> decode(const Json& json) {
    if (json.find("poison") != nullptr) return fail(ErrorCode::invalid, "poison", "found some");
    const Identity identity = Identity::of(json);
    return Thing{
        .metadata = {identity.key.namespace_, identity.key.name, identity.uid,
                     identity.resource_version}
    };
  }
};

Json thing(const std::string& name, const std::string& uid, int version,
           const std::string& label = "web") {
  return Json::object({
      {"metadata", Json::object({{"namespace", "shop"},
                                 {"name", name},
                                 {"uid", uid},
                                 {"resourceVersion", std::to_string(version)},
                                 {"labels", Json::object({{"app", label}})}})}
  });
}

Json list_of(int version, Json::Array items) {
  return Json::object({
      {"kind",     "ConfigMapList"                                             },
      {"metadata", Json::object({{"resourceVersion", std::to_string(version)}})},
      {"items",    Json(std::move(items))                                      }
  });
}

/// An Informer whose server is the test.
struct Fixture {
  explicit Fixture(std::string selector = "", std::function<bool(const Json&)> keeps = nullptr)
      : informer(loop, transport,
                 Interest{.kind = api::kinds::config_map,
                          .namespace_ = "shop",
                          .label_selector = std::move(selector),
                          .keeps = std::move(keeps)},
                 1, Thing::decode) {
    informer.on_change([this](const auto& before, const auto& after) {
      changes.push_back((before ? before->metadata.name + before->metadata.resource_version : "") +
                        ">" +
                        (after ? after->metadata.name + after->metadata.resource_version : ""));
    });
    informer.start();
  }

  void answer(const Json& list) {
    transport.answer(json_response(200, list));
    loop.run_ready();
  }
  ScriptedTransport::Watch& watch() { return *transport.watches.back(); }
  void event(std::string_view type, const Json& object) {
    watch().event(type, object);
    loop.run_ready();
  }
  /// Makes the watch end and a new list come.
  void relist(const Json& list) {
    watch().event("ERROR", Json::object({
                               {"code", 410}
    }));
    loop.run_until([&] { return !transport.waiting.empty(); }, 1_min);
    answer(list);
  }
  /// "a5 b7": what the cache holds.
  std::string held() const {
    std::string text;
    informer.for_each([&](const auto& object) {
      if (!text.empty()) text += " ";
      text += object->metadata.name + object->metadata.resource_version;
    });
    return text;
  }

  QuietLog quiet;
  VirtualEventLoop loop;
  ScriptedTransport transport{loop};
  std::vector<std::string> changes;
  Informer<Thing> informer;
};

TEST_CASE("the cache follows lists and events, and handlers hear of each change") {
  Fixture f;
  CHECK_FALSE(f.informer.synced());
  f.answer(list_of(9, {thing("a", "u1", 5), thing("b", "u2", 6)}));
  CHECK(f.informer.synced());
  f.watch().open();
  f.event("ADDED", thing("c", "u3", 10));
  f.event("MODIFIED", thing("a", "u1", 11));
  f.event("DELETED", thing("b", "u2", 12));
  CHECK(f.held() == "a11 c10");
  CHECK(f.changes == std::vector<std::string>{">a5", ">b6", ">c10", "a5>a11", "b6>"});
  CHECK(f.informer.get({"shop", "a"}) != nullptr);
  CHECK(f.informer.get({"shop", "b"}) == nullptr);
}

TEST_CASE("an object never goes back in time") {
  struct Row {
    const char* name;
    std::function<void(Fixture&)> act;
    const char* want;
  };
  const Row rows[] = {
      {"an older copy by event",                          [](Fixture& f) { f.event("MODIFIED", thing("a", "u1", 19)); },
       "a20"                                                                                                                       },
      {"an older copy by response",                       [](Fixture& f) { f.informer.apply(thing("a", "u1", 19)); },
       "a20"                                                                                                                       },
      {"a newer copy by response",                        [](Fixture& f) { f.informer.apply(thing("a", "u1", 21)); },
       "a21"                                                                                                                       },
      {"a newer one, then its event",
       [](Fixture& f) {
         f.informer.apply(thing("a", "u1", 22));
         f.event("MODIFIED", thing("a", "u1", 21));
       },                                                                                                                 "a22"    },
      {"more digits are newer",                           [](Fixture& f) { f.event("MODIFIED", thing("a", "u1", 100)); },
       "a100"                                                                                                                      },
      {"gone by event, then an older copy",
       [](Fixture& f) {
         f.event("DELETED", thing("a", "u1", 30));
         f.informer.apply(thing("a", "u1", 25));
         f.event("MODIFIED", thing("a", "u1", 26));
       },                                                                                                                 ""       },
      {"deleted by us, then its last events",
       [](Fixture& f) {
         f.informer.forget({"shop", "a"}, "u1");
         f.event("MODIFIED", thing("a", "u1", 40));
       },                                                                                                                 ""       },
      {"gone by list, then an older copy",
       [](Fixture& f) {
         f.relist(list_of(50, {}));
         f.informer.apply(thing("a", "u1", 45));
       },                                                                                                                 ""       },
      {"made by us after the list",
       [](Fixture& f) {
         f.informer.apply(thing("b", "u2", 51));
         f.relist(list_of(50, {thing("a", "u1", 20)}));
       },                                                                                                                 "a20 b51"},
      {"recreated: the namesake is another",
       [](Fixture& f) {
         f.event("ADDED", thing("a", "u9", 60));
         f.event("MODIFIED", thing("a", "u1", 20));
         f.event("DELETED", thing("a", "u1", 59));
       },                                                                                                                 "a60"    },
      {"recreated and deleted, then a copy of the first",
       [](Fixture& f) {
         f.event("ADDED", thing("a", "u9", 60));
         f.event("DELETED", thing("a", "u9", 61));
         f.informer.apply(thing("a", "u1", 25));
       },                                                                                                                 ""       },
      {"the old one's deletion comes late",
       [](Fixture& f) {
         f.informer.apply(thing("a", "u9", 60));
         f.event("DELETED", thing("a", "u1", 59));
       },                                                                                                                 "a60"    },
      {"an old namesake by response",                     [](Fixture& f) { f.informer.apply(thing("a", "u0", 19)); },
       "a20"                                                                                                                       },
      {"a list names what an earlier one did not",
       [](Fixture& f) {
         f.relist(list_of(50, {}));
         f.relist(list_of(51, {thing("a", "u1", 20)}));
       },                                                                                                                 "a20"    },
      {"a list from before our deletion",
       [](Fixture& f) {
         f.informer.forget({"shop", "a"}, "u1");
         f.relist(list_of(50, {thing("a", "u1", 20)}));
       },                                                                                                                 ""       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.answer(list_of(20, {thing("a", "u1", 20)}));
    f.watch().open();
    row.act(f);
    CHECK(f.held() == row.want);
  }
}

TEST_CASE("an object that leaves a selector can come back") {
  Fixture f("app=web");
  f.answer(list_of(20, {thing("a", "u1", 20)}));
  f.watch().open();
  f.event("DELETED", thing("a", "u1", 30, "other"));
  CHECK(f.held().empty());
  f.event("ADDED", thing("a", "u1", 29));
  CHECK(f.held().empty());
  f.event("ADDED", thing("a", "u1", 31));
  CHECK(f.held() == "a31");
  // The answer to a write of ours shows that it has left, before the watch does.
  f.informer.apply(thing("a", "u1", 40, "other"));
  CHECK(f.held().empty());
  f.event("MODIFIED", thing("a", "u1", 35));
  CHECK(f.held().empty());
}

TEST_CASE("of what the server sends only what is wanted is kept, and its leaving is noticed") {
  Fixture f("", [](const Json& object) { return object["metadata"]["labels"]["app"] == "web"; });
  f.answer(list_of(20, {thing("a", "u1", 10), thing("b", "u2", 11, "other")}));
  f.watch().open();
  CHECK(f.held() == "a10");
  f.event("MODIFIED", thing("b", "u2", 21));
  CHECK(f.held() == "a10 b21");
  f.event("MODIFIED", thing("a", "u1", 22, "other"));
  CHECK(f.held() == "b21");
  f.event("MODIFIED", thing("a", "u1", 21));  // A late copy brings nothing back.
  CHECK(f.held() == "b21");
  f.informer.apply(thing("b", "u2", 23, "other"));
  CHECK(f.held().empty());
  f.relist(list_of(30, {thing("a", "u1", 24), thing("b", "u2", 23, "other")}));
  CHECK(f.held() == "a24");
  CHECK(f.changes == std::vector<std::string>{">a10", ">b21", "a10>", "b21>", ">a24"});
}

TEST_CASE("an object that can't be read stays as it was") {
  Fixture f;
  f.answer(list_of(20, {thing("a", "u1", 20)}));
  f.watch().open();
  Json poison = thing("a", "u1", 21);
  poison.set("poison", true);
  f.event("MODIFIED", poison);
  CHECK(f.held() == "a20");
  f.relist(list_of(30, {poison}));
  CHECK(f.held() == "a20");
  f.event("MODIFIED", thing("a", "u1", 31));
  CHECK(f.held() == "a31");
  f.event("DELETED", poison);
  CHECK(f.held().empty());
}

TEST_CASE("a restored backup is believed after some lists") {
  Fixture f;
  f.answer(list_of(90, {thing("a", "u1", 80), thing("b", "u2", 85)}));
  f.watch().open();
  f.watch().event("ERROR", Json::object({
                               {"code", 410}
  }));
  int lists = 0;
  while (f.held() == "a80 b85") {
    REQUIRE(f.loop.run_until([&] { return !f.transport.waiting.empty(); }, 1_min));
    f.answer(list_of(50, {thing("a", "u1", 40)}));
    ++lists;
  }
  CHECK(lists == 5);
  CHECK(f.held() == "a40");
  f.watch().open();
  f.event("MODIFIED", thing("a", "u1", 41));
  CHECK(f.held() == "a41");
}

TEST_CASE("tombstones are bounded, the oldest go first") {
  Tombstones tombstones;
  for (int i = 0; i < 5000; ++i) tombstones.add("uid-" + std::to_string(i));
  CHECK_FALSE(tombstones.contains("uid-0"));
  CHECK(tombstones.contains("uid-4999"));
  tombstones.add("left", "10");
  CHECK(tombstones.covers("left", "10"));
  CHECK_FALSE(tombstones.covers("left", "11"));
  tombstones.add("left", "9");
  CHECK_FALSE(tombstones.covers("left", "11"));
  CHECK(tombstones.covers("left", "10"));
  tombstones.add("left");
  CHECK(tombstones.covers("left", "11"));
}

// --- Any faults, from a seed.

/// Checks at each change that no object goes back in time or comes back from the dead.
struct Watchman {
  std::map<std::string, std::string> newest;  ///< Version by uid.
  std::set<std::string> gone;
  bool broken = false;

  void see(const Thing* before, const Thing* after) {
    if (after != nullptr) {
      std::string& known = newest[after->metadata.uid];
      broken |= gone.contains(after->metadata.uid);
      broken |= !api::newer_version(after->metadata.resource_version, known);
      known = after->metadata.resource_version;
    }
    const bool left = after == nullptr || (before && before->metadata.uid != after->metadata.uid);
    if (before != nullptr && left) gone.insert(before->metadata.uid);
  }
};

struct World {
  explicit World(std::uint64_t seed) : store(loop, seed), random(seed + 1) {
    store.transport.latency = 20_ms;
    informer.on_change(
        [this](const auto& before, const auto& after) { watchman.see(before.get(), after.get()); });
    bookmarks();
  }

  void bookmarks() {
    store.send_bookmarks();
    loop.after(60_s, [this] { bookmarks(); });
  }

  /// Somebody changes something, at times we: then the answer comes to the cache, at once or late.
  void act() {
    const std::string path = things + "/" + std::to_string(random.below(12));
    const bool ours = random.below(3) == 0;
    const Duration late = Duration::from_milliseconds(
        static_cast<std::int64_t>(random.below(2) * random.below(5000)));
    if (store.objects.contains(path) && random.below(4) == 0) {
      const std::string uid(store.objects.at(path)["metadata"]["uid"].string_or_empty());
      store.remove(path);
      if (!ours) return;
      const api::ObjectKey key{"shop", path.substr(path.rfind('/') + 1)};
      loop.after(late, [this, key, uid] { informer.forget(key, uid); });
      return;
    }
    const Json object = store.put(path, thing("", "", 0));
    if (ours) loop.after(late, [this, object] { informer.apply(object); });
  }

  std::map<std::string, std::string> cached() const {
    std::map<std::string, std::string> versions;
    informer.for_each([&](const auto& object) {
      versions[things + "/" + object->metadata.name] = object->metadata.resource_version;
    });
    return versions;
  }
  std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> versions;
    for (const auto& [path, object] : store.objects) {
      versions[path] = object["metadata"]["resourceVersion"].as_string();
    }
    return versions;
  }

  VirtualEventLoop loop;
  StoreForTest store;
  Random random;
  Watchman watchman;
  Informer<Thing> informer{
      loop, store.transport, Interest{.kind = api::kinds::config_map, .namespace_ = "shop"},
      7,    Thing::decode,   Reflector::Options{.page_size = 3}
  };
};

TEST_CASE("under any faults no object goes back in time, and afterwards the cache is the store") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    World world(seed);
    Random& random = world.random;
    const auto one_in = [&] { return random.below(3) == 0 ? 0 : 2 + random.below(12); };
    world.store.faults = {.lost_request = one_in(),
                          .lost_answer = one_in(),
                          .refusal = one_in(),
                          .cut_answer = one_in(),
                          .expired_page = one_in(),
                          .stale_list = one_in(),
                          .line = one_in(),
                          .repeated_event = one_in()};
    world.informer.start();
    for (int i = 0; i < 150; ++i) {
      world.act();
      if (random.below(20) == 0) world.store.compact();
      const std::uint64_t longest = random.below(10) == 0 ? 100'000 : 2'000;
      world.loop.run_for(
          Duration::from_milliseconds(static_cast<std::int64_t>(random.below(longest))));
    }
    world.store.faults = {};
    // A silent stall is noticed within 90 s, and the longest backoff is 30 s.
    world.loop.run_for(150_s);
    CHECK_FALSE(world.watchman.broken);
    CHECK(world.cached() == world.stored());
    CHECK(world.informer.trouble() == "");
  }
}

TEST_CASE("after a restored backup the cache is the store again") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    World world(seed);
    world.informer.start();
    for (int i = 0; i < 60; ++i) {
      world.act();
      world.loop.run_for(1_s);
    }
    world.loop.run_for(10_s);
    REQUIRE(world.cached() == world.stored());
    world.store.restore(std::next(world.store.past.begin(), 20)->first);
    world.loop.run_for(5_min);
    CHECK(world.cached() == world.stored());
  }
}

}  // namespace
}  // namespace slipway::kubernetes
