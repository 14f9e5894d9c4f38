#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "rollout/keys.h"
#include "snapshot.h"
#include "world.h"

/// The way back: what Slipway leaves reads, field by field, as what Argo Rollouts leaves in the
/// same state. The same manifests live the same life here, and the end is compared with the
/// snapshot.
namespace slipway::scenarios {
namespace {

constexpr const char* hash_label = "rollouts-pod-template-hash";
constexpr const char* applied = "kubectl.kubernetes.io/last-applied-configuration";

std::string text_at(const Json& item, std::string_view pointer) {
  const Json* found = item.find_pointer(pointer);
  return found == nullptr ? std::string() : std::string(found->string_or_empty());
}

std::string image(int tag) {
  return fmt::format("registry.example/web:{}", tag);
}

/// Creates what people had applied before the first update.
void apply_manifests(World& world, const Snapshot& snapshot) {
  for (const Json& item : snapshot.items) {
    const Json& manifest = item["metadata"]["annotations"][applied];
    if (!manifest.is_string()) continue;
    Json object = parse_json(manifest.as_string()).value();
    object.member("metadata").erase("namespace");
    world.apply(to_text(object));
  }
  REQUIRE(world.until_phase("web", "Healthy"));
}

void update(World& world, int tag) {
  if (world.get(api::kinds::deployment, "web").is_null()) {
    world.set_image("web", image(tag));
  } else {
    const Json container = Json::object({
        {"name",  "web"     },
        {"image", image(tag)}
    });
    const Json patch = Json::object({
        {"spec",
         Json::object({{"template",
                        Json::object({{"spec", Json::object({{"containers",
                                                              Json::array({container})}})}})}})}
    });
    CHECK(world.cluster()
              .request(kubernetes::Method::patch, api::kinds::deployment.path("default", "web"),
                       to_text(patch), kubernetes::media::strategic_merge_patch)
              .status == 200);
  }
  REQUIRE(world.until([&] { return world.phase("web") == "Paused"; }));
}

void update_to_the_end(World& world, int tag) {
  update(world, tag);
  world.run_for(2_s);
  world.promote_full("web");
  REQUIRE(world.until_phase("web", "Healthy"));
}

/// One object without what any two clusters differ in: names of versions stand for hashes, and
/// words for times.
class Reading {
 public:
  explicit Reading(std::map<std::string, std::string> tags) : tags_(std::move(tags)) {}

  Json of(const Json& object) const {
    Json read = without_hashes(object);
    Json& metadata = read.member("metadata");
    for (const char* given :
         {"uid", "resourceVersion", "creationTimestamp", "namespace", "managedFields"}) {
      metadata.erase(given);
    }
    if (Json* annotations = metadata.find("annotations")) {
      annotations->erase(applied);
      // Ours alone: Argo Rollouts looks at neither.
      annotations->erase(rollout::keys::claim);
      annotations->erase(rollout::keys::revision_for);
    }
    if (metadata["annotations"].empty()) metadata.erase("annotations");
    if (object["kind"] != Json("Rollout")) {  // How often it was written is not its state.
      metadata.erase("generation");
      if (Json* status = read.find("status")) status->erase("observedGeneration");
    }
    for (const char* given : {"clusterIP", "clusterIPs"}) read.member("spec").erase(given);
    // Who retries writes false, which reads as absent.
    if (Json* status = read.find("status"); status && (*status)["abort"] == Json(false)) {
      status->erase("abort");
    }
    sort_conditions(read);
    return without_times(read);
  }

 private:
  Json without_hashes(const Json& object) const {
    std::string text = to_text(object);
    for (const auto& [hash, tag] : tags_) {
      for (std::size_t at = 0; (at = text.find(hash, at)) != std::string::npos;) {
        text.replace(at, hash.size(), tag);
      }
    }
    return parse_json(text).value();
  }

  static void sort_conditions(Json& object) {
    Json* status = object.find("status");
    Json* conditions = status == nullptr ? nullptr : status->find("conditions");
    if (conditions == nullptr) return;
    std::ranges::sort(conditions->as_array(), {}, [](const Json& condition) {
      return std::string(condition["type"].string_or_empty());
    });
  }

  static Json without_times(const Json& value) {
    if (value.is_string() && parse_rfc3339(value.as_string())) return Json("a time");
    Json copy = value;
    if (copy.is_array()) {
      for (Json& item : copy.as_array()) item = without_times(item);
    } else if (copy.is_object()) {
      for (auto& [key, member] : copy.as_object()) {
        member = key == "uid" ? Json("a uid") : without_times(member);
        if (key == "totalManualPauseDurationSeconds") member = Json("seconds");
      }
    }
    return copy;
  }

  std::map<std::string, std::string> tags_;
};

/// The versions by their hashes, among ReplicaSets as JSON.
std::map<std::string, std::string> tags_of(const std::vector<Json>& objects) {
  std::map<std::string, std::string> tags;
  for (const Json& object : objects) {
    const std::string hash = text_at(object, fmt::format("/metadata/labels/{}", hash_label));
    if (hash.empty() || object["kind"] != Json("ReplicaSet")) continue;
    const std::string image = text_at(object, "/spec/template/spec/containers/0/image");
    tags[hash] = "version" + image.substr(image.rfind(':') + 1);
  }
  return tags;
}

/// The objects that a controller of Rollouts writes, by kind and name.
std::map<std::string, Json> read_all(const std::vector<Json>& objects) {
  const Reading reading(tags_of(objects));
  std::map<std::string, Json> read;
  for (const Json& object : objects) {
    if (text_at(object, "/metadata/name") == "kubernetes") continue;  // The API server's own.
    if (object["kind"] == Json("Pod") || object["kind"] == Json("Deployment")) continue;
    if (text_at(object, "/metadata/ownerReferences/0/kind") == "Deployment") continue;
    const Json whole = reading.of(object);
    read[text_at(whole, "/kind") + " " + text_at(whole, "/metadata/name")] = whole;
  }
  return read;
}

std::vector<Json> objects_in(World& world) {
  std::vector<Json> all;
  for (const api::Kind* kind :
       {&api::kinds::rollout, &api::kinds::replica_set, &api::kinds::service}) {
    for (Json& object : world.list(*kind)) {
      object.set("kind", kind->kind);
      object.set("apiVersion", kind->api_version());
      all.push_back(std::move(object));
    }
  }
  return all;
}

/// "path: ours, theirs", where they differ.
void differences(const Json& ours, const Json& theirs, const std::string& path,
                 std::vector<std::string>& found) {
  if (ours == theirs) return;
  if (ours.is_object() && theirs.is_object()) {
    std::set<std::string> keys;
    for (const auto& [key, member] : ours.as_object()) keys.insert(key);
    for (const auto& [key, member] : theirs.as_object()) keys.insert(key);
    for (const std::string& key : keys) {
      differences(ours[key], theirs[key], path + "/" + key, found);
    }
  } else if (ours.is_array() && theirs.is_array() && ours.size() == theirs.size()) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      differences(ours.at(i), theirs.at(i), fmt::format("{}/{}", path, i), found);
    }
  } else {
    found.push_back(fmt::format("{}: {}, {}", path, to_text(ours), to_text(theirs)));
  }
}

/// How the world differs from the snapshot of the same state. That an update's duration is told of
/// is new in 1.10: the versions before it leave such members alone.
std::string differences_from(const Snapshot& snapshot, World& world) {
  const auto ours = read_all(objects_in(world));
  const auto theirs = read_all(snapshot.items);
  std::vector<std::string> found;
  for (const auto& [name, object] : theirs) {
    Json own = ours.contains(name) ? ours.at(name) : Json();
    if (snapshot.version != "1.10" && name == "Rollout web") own.member("status").erase("duration");
    differences(own, object, name, found);
  }
  for (const auto& [name, object] : ours) {
    if (!theirs.contains(name)) found.push_back(name + " is ours only");
  }
  return fmt::format("{}", fmt::join(found, "\n"));
}

void abort(World& world) {
  world.abort("web");
  REQUIRE(world.until_phase("web", "Degraded"));
}

struct Life {
  const char* end;  ///< The snapshot to compare with.
  void (*live)(World&);
};

const Life lives[] = {
    {"canary-healthy",
     [](World& world) {
       update_to_the_end(world, 2);
       update_to_the_end(world, 3);
     }                                                                      },
    {"canary-paused",      [](World& world) { update(world, 2); }           },
    {"canary-weight-step", [](World& world) { update(world, 2); }           },
    {"canary-aborted",
     [](World& world) {
       update(world, 2);
       abort(world);
     }                                                                      },
    {"bluegreen-paused",   [](World& world) { update(world, 2); }           },
    {"bluegreen-delay",    [](World& world) { update_to_the_end(world, 2); }},
    {"bluegreen-settled",  [](World& world) { update_to_the_end(world, 2); }},
    {"bluegreen-aborted",
     [](World& world) {
       update(world, 2);
       abort(world);
     }                                                                      },
    {"workloadref",        [](World& world) { update(world, 2); }           },
};

TEST_CASE("a life under Slipway reads, field by field, as one under Argo Rollouts") {
  for (const std::string& version : snapshot_versions) {
    for (const Life& life : lives) {
      CAPTURE(version);
      CAPTURE(life.end);
      const Snapshot snapshot = read_snapshot(version, life.end);
      World world;
      apply_manifests(world, snapshot);
      life.live(world);
      world.run_for(20_s);
      CHECK(differences_from(snapshot, world) == "");
      // Up to 1.8 the Go types wrote another text, so the same template has another hash.
      CHECK((tags_of(objects_in(world)) == tags_of(snapshot.items)) == (version != "1.7.1"));
    }
  }
}

struct Update {
  const char* begin;
  const char* end;
  void (*live)(World&);
};

const Update updates[] = {
    {"canary-paused",    "canary-aborted",    abort},
    {"bluegreen-paused", "bluegreen-aborted", abort},
    {"bluegreen-paused", "bluegreen-delay",
     [](World& world) {
       world.promote_full("web");
       REQUIRE(world.until_phase("web", "Healthy"));
     }                                             },
    {"canary-paused",    "canary-healthy",
     [](World& world) {
       world.promote_full("web");
       REQUIRE(world.until_phase("web", "Healthy"));
       update_to_the_end(world, 3);
     }                                             },
    {"canary-aborted",   "canary-paused",
     [](World& world) {
       world.retry("web");
       REQUIRE(world.until_phase("web", "Paused"));
     }                                             },
};

TEST_CASE("an update that Slipway took over ends as one that Argo Rollouts went on with") {
  for (const std::string& version : snapshot_versions) {
    for (const Update& update : updates) {
      CAPTURE(version);
      CAPTURE(update.begin);
      CAPTURE(update.end);
      World world;
      world.stop_controller();
      world.run_for(1_s);
      load(read_snapshot(version, update.begin), world.cluster());
      world.restart_controller();
      update.live(world);
      world.run_for(20_s);
      CHECK(differences_from(read_snapshot(version, update.end), world) == "");
    }
  }
}

}  // namespace
}  // namespace slipway::scenarios
