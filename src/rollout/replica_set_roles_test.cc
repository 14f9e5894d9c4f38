#include "rollout/replica_set_roles.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

constexpr Instant t0{1'767'225'600'000'000'000};

api::PodTemplate running(const std::string& image, const std::string& hash = {}) {
  Json content = Json::object();
  content.member("metadata").member("labels").set("app", "web");
  if (!hash.empty()) {
    content.member("metadata").member("labels").set(api::pod_template_hash_label, hash);
  }
  Json container = Json::object({
      {"name", "web"}
  });
  container.set("image", image);
  content.member("spec").set("containers", Json(Json::Array{container}));
  return api::PodTemplate(content);
}

struct Given {
  std::string hash;
  std::string image;
  Instant created = t0;
  std::string owner = "uid-web";
  bool matching = true;
  bool going = false;
};

Observed seen_with(const std::string& image, const std::vector<Given>& given,
                   const std::string& stable = {}, const std::string& current = {}) {
  Observed seen;
  api::Rollout rollout;
  rollout.metadata.name = "web";
  rollout.metadata.uid = "uid-web";
  rollout.spec.selector.emplace();
  rollout.spec.selector->match_labels["app"] = "web";
  rollout.spec.template_ = running(image);
  rollout.status.stable_rs = stable;
  rollout.status.current_pod_hash = current;
  seen.rollout = std::make_shared<const api::Rollout>(rollout);
  for (const Given& one : given) {
    api::ReplicaSet replica_set;
    replica_set.metadata.name = "web-" + one.hash;
    replica_set.metadata.uid = "uid-" + one.hash;
    replica_set.metadata.creation_timestamp = one.created;
    replica_set.metadata.labels["app"] = one.matching ? "web" : "other";
    replica_set.metadata.labels[std::string(api::pod_template_hash_label)] = one.hash;
    if (!one.owner.empty()) {
      replica_set.metadata.owner_references.push_back(
          {"argoproj.io/v1alpha1", "Rollout", "web", one.owner, true, true});
    }
    if (one.going) replica_set.metadata.deletion_timestamp = t0;
    replica_set.spec.template_ = running(one.image, one.hash);
    seen.replica_sets.push_back(std::make_shared<const api::ReplicaSet>(replica_set));
  }
  return seen;
}

std::string names(const std::vector<Roles::Pointer>& replica_sets) {
  std::string text;
  for (const auto* one : replica_sets) text += (text.empty() ? "" : " ") + hash_of(*one);
  return text;
}

std::string name(Roles::Pointer replica_set) {
  return replica_set ? hash_of(*replica_set) : "-";
}

TEST_CASE("the new ReplicaSet is found by what its template means, then by hash (2.3)") {
  struct Row {
    const char* name;
    std::vector<Given> given;
    const char* current;
    const char* want;
  };
  const Row rows[] = {
      {"none",                          {},                                              "",  "-"   },
      {"another template",              {{"a", "v1"}},                                   "",  "-"   },
      {"the same template, any hash",   {{"a", "v1"}, {"old", "v2"}},                    "",  "old" },
      {"by the computed hash alone",    {{"a", "v1"}, {"hash", "changed by admission"}}, "",  "hash"},
      {"the template counts more",      {{"hash", "v1"}, {"b", "v2"}},                   "",  "b"   },
      {"of two the one in use",         {{"a", "v2"}, {"b", "v2", t0 + 1_s}},            "b", "b"   },
      {"of two the one of the hash",    {{"a", "v2"}, {"hash", "v2", t0 + 1_s}},         "",  "hash"},
      {"of two the older",              {{"b", "v2", t0 + 1_s}, {"a", "v2"}},            "",  "a"   },
      {"not one that is being deleted", {{"a", "v2", t0, "uid-web", true, true}},        "",  "-"   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Observed seen = seen_with("v2", row.given, {}, row.current);
    CHECK(name(find_roles(seen, [] { return "hash"; }).new_) == row.want);
  }
}

TEST_CASE("the hash is not computed where a template tells") {
  const Observed seen = seen_with("v2", {
                                            {"a", "v1"},
                                            {"b", "v2"}
  });
  bool asked = false;
  find_roles(seen, [&] {
    asked = true;
    return "hash";
  });
  CHECK_FALSE(asked);
}

TEST_CASE("stable, others, orphans and strays (3.3.b, 5, I2)") {
  const Observed seen = seen_with("v3",
                                  {
                                      {"c", "v3", t0 + 3_s},
                                      {"b", "v2", t0 + 2_s},
                                      {"a", "v1", t0 + 1_s},
                                      {"orphan", "v1", t0, ""},
                                      {"alien", "v1", t0, "uid-other"},
                                      {"stray", "v1", t0, "uid-web", false},
                                      {"alien-orphan", "v1", t0, "", false},
                                      {"going", "v1", t0, "uid-web", true, true}
  },
                                  "b");
  const Roles roles = find_roles(seen, [] { return "hash"; });
  CHECK(name(roles.new_) == "c");
  CHECK(name(roles.stable) == "b");
  CHECK(roles.has_distinct_stable());
  CHECK(names(roles.others) == "a");
  CHECK(names(roles.owned) == "going a b c");
  CHECK(names(roles.orphans) == "orphan");
  CHECK(names(roles.strays) == "stray");
}

TEST_CASE("a ReplicaSet whose label was taken off goes by its selector") {
  api::ReplicaSet replica_set;
  CHECK(hash_of(replica_set).empty());
  replica_set.spec.selector.match_labels[std::string(api::pod_template_hash_label)] = "a";
  CHECK(hash_of(replica_set) == "a");
  replica_set.metadata.labels[std::string(api::pod_template_hash_label)] = "b";
  CHECK(hash_of(replica_set) == "b");
}

}  // namespace
}  // namespace slipway::rollout
