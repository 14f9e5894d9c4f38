#include "cluster/controllers/ownership.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace slipway::cluster {

namespace {

/// "NAME [owner ...] [!] [finalizer ...]", as YAML metadata would say it. An owner with '*' blocks.
struct Item {
  const char* name;
  std::vector<std::string> owners = {};
  bool being_deleted = false;
  std::vector<std::string> finalizers = {};
  const char* namespace_ = "shop";
};

OwnershipGraph graph_of(const std::vector<Item>& items) {
  OwnershipGraph graph;
  for (const Item& item : items) {
    OwnedObject object{
        api::kinds::config_map, {item.namespace_, item.name},
         item.name, "1", {},
         item.finalizers,
        item.being_deleted
    };
    for (const std::string& text : item.owners) {
      const bool blocks = text.ends_with('*');
      const std::string owner = blocks ? text.substr(0, text.size() - 1) : text;
      object.owners.push_back({"v1", "ConfigMap", owner, owner, true, blocks});
    }
    graph.put(std::move(object));
  }
  return graph;
}

/// What is decided about "it", in short.
std::vector<std::string> decide(const std::vector<Item>& items, bool absence_known = true) {
  const GarbageDecision decision =
      decide_garbage(graph_of(items), "it", [&](const UnknownOwner&) { return absence_known; });
  std::vector<std::string> texts;
  for (const kubernetes::Write& write : decision.writes) {
    const Json body = parse_json(write.request().body).value();
    std::string text = write.target().key.name;
    if (write.is_delete()) {
      text = "delete " + text + " " + std::string(body["propagationPolicy"].string_or_empty());
    } else {
      const Json& last = body.at(body.size() - 1);
      text += " " + std::string(last["op"].string_or_empty()) + " " +
              std::string(last["path"].string_or_empty());
      if (last["value"].is_array()) {
        for (const Json& one : last["value"].as_array()) {
          text +=
              " " + std::string(one.is_string() ? one.as_string() : one["uid"].string_or_empty());
        }
      }
    }
    texts.push_back(text);
  }
  for (const UnknownOwner& unknown : decision.ask) texts.push_back("ask " + unknown.owner.uid);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("garbage is what no owner keeps") {
  const std::string foreground = "foregroundDeletion";
  struct Row {
    const char* name;
    std::vector<Item> items;
    Texts want;
  };
  const Row rows[] = {
      {"owns itself",                              {{"it"}},                           {}                      },
      {"its owner is there",                       {{"it", {"a"}}, {"a"}},             {}                      },
      {"its owner is going, but not for its sake", {{"it", {"a"}}, {"a", {}, true}},   {}                      },
      {"its owner is gone",                        {{"it", {"a"}}},                    {"delete it Background"}},
      {"one owner of two is gone",
       {{"it", {"a", "b"}}, {"b"}},
       {"it replace /metadata/ownerReferences b"}                                                              },
      {"both are gone",                            {{"it", {"a", "b"}}},               {"delete it Background"}},
      {"an owner in another namespace is none",
       {{"it", {"a"}}, {"a", {}, false, {}, "other"}},
       {"delete it Background"}                                                                                },
      {"it is being deleted already",              {{"it", {"a"}, true}},              {}                      },
      {"it must orphan when it goes",              {{"it", {"a"}, false, {"orphan"}}}, {"delete it Orphan"}    },
      {"its owner waits for it",
       {{"it", {"a"}}, {"a", {}, true, {foreground}}},
       {"delete it Background"}                                                                                },
      {"its owner waits, and it has dependents",
       {{"it", {"a*"}}, {"a", {}, true, {foreground}}, {"c", {"it"}}},
       {"delete it Foreground"}                                                                                },
      {"one owner waits, another stays",
       {{"it", {"a", "b"}}, {"a", {}, true, {foreground}}, {"b"}},
       {"it replace /metadata/ownerReferences b"}                                                              },
      {"it waits for a dependent that blocks",
       {{"it", {}, true, {foreground}}, {"c", {"it*"}, true, {"held"}}},
       {}                                                                                                      },
      {"a dependent that does not block",
       {{"it", {}, true, {foreground, "other"}}, {"c", {"it"}}},
       {"it replace /metadata/finalizers other"}                                                               },
      {"no dependent is left",
       {{"it", {}, true, {foreground}}},
       {"it remove /metadata/finalizers"}                                                                      },
      {"it lets its dependents go",
       {{"it", {}, true, {"orphan"}}, {"c", {"it"}}, {"d", {"x", "it"}}, {"x"}},
       {"c remove /metadata/ownerReferences", "d replace /metadata/ownerReferences x",
        "it remove /metadata/finalizers"}                                                                      },
      {"two that wait for each other are untied",
       {{"it", {"a*"}}, {"a", {"it*"}, true, {foreground}}},
       {"it replace /metadata/ownerReferences a"}                                                              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(decide(row.items) == row.want);
  }
}

TEST_CASE("an owner that was never seen is asked for before anything goes") {
  CHECK(decide(
            {
                {"it", {"a"}}
  },
            false) == Texts{"ask a"});
  CHECK(decide(
            {
                {"it", {"a", "b"}},
                {"b"}
  },
            false) == Texts{"ask a"});
}

TEST_CASE("dependents are known by their newest references") {
  OwnershipGraph graph = graph_of({
      {"a"},
      {"it", {"a"}}
  });
  CHECK(graph.dependents_of("a").size() == 1);
  OwnedObject moved = *graph.find("it");
  moved.owners[0].uid = "b";
  graph.put(moved);
  CHECK(graph.dependents_of("a").empty());
  CHECK(graph.dependents_of("b").size() == 1);
  graph.erase("it");
  CHECK(graph.dependents_of("b").empty());
  CHECK(graph.size() == 1);
}

}  // namespace slipway::cluster
