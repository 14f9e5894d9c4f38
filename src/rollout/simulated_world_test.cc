#include "rollout/simulated_world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/json_patch.h"
#include "rollout/keys.h"
#include "rollout/replica_set_roles.h"

namespace slipway::rollout {
namespace {

Json json(const std::string& text) {
  auto value = parse_json(text);
  REQUIRE_MESSAGE(value, text);
  return *std::move(value);
}

Json template_with(const std::string& image) {
  Json value = json(R"({"metadata":{"labels":{"app":"web"}},
                        "spec":{"containers":[{"name":"web"}]}})");
  value.member("spec").member("containers").as_array()[0].set("image", image);
  return value;
}

api::StringMap string_map(const Json& object) {
  api::StringMap map;
  if (!object.is_object()) return map;
  for (const auto& [key, value] : object.as_object()) map.emplace(key, value.string_or_empty());
  return map;
}

template <class T>
T decoded(const Json& value) {
  auto object = api::decode<T>(value);
  REQUIRE_MESSAGE(object, to_text(value));
  return *std::move(object);
}

}  // namespace

SimulatedWorld::SimulatedWorld(int replicas, const std::string& strategy) {
  Json rollout = json(R"({"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout",
    "metadata":{"name":"web","namespace":"shop","uid":"uid-rollout","generation":1},
    "spec":{"selector":{"matchLabels":{"app":"web"}}}})");
  rollout.member("metadata").set("creationTimestamp", format_rfc3339(now));
  rollout.member("spec").set("replicas", replicas);
  rollout.member("spec").set("strategy", json(strategy));
  rollout.member("spec").set("template", template_with("v1"));
  store("Rollout", std::move(rollout));
}

Json& SimulatedWorld::object(const std::string& kind, const std::string& name) {
  const auto found = objects_.find({kind, name});
  REQUIRE_MESSAGE(found != objects_.end(), kind << " " << name);
  return found->second;
}

const Json* SimulatedWorld::find(const std::string& kind, const std::string& name) const {
  const auto found = objects_.find({kind, name});
  return found == objects_.end() ? nullptr : &found->second;
}

void SimulatedWorld::store(const std::string& kind, Json object) {
  const std::string name(object["metadata"]["name"].string_or_empty());
  Json& metadata = object.member("metadata");
  const Json* before = find(kind, name);
  const std::int64_t generation = metadata["generation"].integer_or(1);
  const bool changed = before && !((*before)["spec"] == object["spec"]);
  metadata.set("generation", changed ? generation + 1 : generation);
  metadata.set("resourceVersion", std::to_string(++version_));
  objects_[{kind, name}] = std::move(object);
}

void SimulatedWorld::put(const std::string& kind, Json object) {
  store(kind, std::move(object));
}

void SimulatedWorld::edit(const std::string& spec_patch) {
  Json patch = Json::object({
      {"spec", json(spec_patch)}
  });
  store("Rollout", apply_merge_patch(object("Rollout", "web"), patch));
}

void SimulatedWorld::set_image(const std::string& image) {
  Json rollout = object("Rollout", "web");
  rollout.member("spec").set("template", template_with(image));
  store("Rollout", std::move(rollout));
}

void SimulatedWorld::command(const std::string& status_patch) {
  Json patch = Json::object({
      {"status", json(status_patch)}
  });
  store("Rollout", apply_merge_patch(object("Rollout", "web"), patch));
}

void SimulatedWorld::add_service(const std::string& name) {
  Json service = json(R"({"apiVersion":"v1","kind":"Service",
    "metadata":{"namespace":"shop"},"spec":{"selector":{"app":"web"}}})");
  service.member("metadata").set("name", name);
  service.member("metadata").set("uid", "uid-" + name);
  store("Service", std::move(service));
}

void SimulatedWorld::edit_replica_set(const std::string& image, const std::string& patch) {
  const std::string name = replica_set(image).metadata.name;
  store("ReplicaSet", apply_merge_patch(object("ReplicaSet", name), json(patch)));
}

void SimulatedWorld::delete_replica_set(const std::string& image) {
  const std::string name = replica_set(image).metadata.name;
  objects_.erase({"ReplicaSet", name});
  pods_.erase(name);
}

void SimulatedWorld::edit_service(const std::string& name, const std::string& patch) {
  store("Service", apply_merge_patch(object("Service", name), json(patch)));
}

std::string SimulatedWorld::image_of(const Json& replica_set) const {
  return std::string(
      replica_set["spec"]["template"]["spec"]["containers"].at(0)["image"].string_or_empty());
}

/// The ReplicaSet controller and the nodes: pods are made and removed to the count at once, and are
/// available after a while.
bool SimulatedWorld::run_replica_sets() {
  bool moved = false;
  for (auto& [key, stored] : objects_) {
    if (key.first != "ReplicaSet") continue;
    auto& pods = pods_[key.second];
    const auto wanted = static_cast<std::size_t>(stored["spec"]["replicas"].integer_or(1));
    while (pods.size() > wanted) pods.pop_back();
    while (pods.size() < wanted) {
      pods.push_back({key.second + "-" + std::to_string(++names_), now,
                      string_map(stored["spec"]["template"]["metadata"]["labels"]),
                      string_map(stored["spec"]["template"]["metadata"]["annotations"])});
    }
    const bool broken = broken_.contains(image_of(stored)) && broken_.at(image_of(stored));
    std::int64_t available = 0;
    for (const Pod& pod : pods) {
      if (!broken && pod.created + startup <= now) ++available;
    }
    Json status = Json::object({
        {"replicas", static_cast<std::int64_t>(pods.size())}
    });
    if (available > 0) {
      status.set("readyReplicas", available);
      status.set("availableReplicas", available);
    }
    status.set("observedGeneration", stored["metadata"]["generation"].integer_or(1));
    if (stored["status"] == status) continue;
    moved = true;
    Json changed = stored;
    changed.set("status", std::move(status));
    changed.member("metadata").set("resourceVersion", std::to_string(++version_));
    stored = std::move(changed);
  }
  return moved;
}

void SimulatedWorld::advance(Duration duration) {
  run_replica_sets();
  now = now + duration;
  run_replica_sets();
}

Observed SimulatedWorld::observe() const {
  Observed seen;
  seen.now = now;
  seen.rollout = std::make_shared<const api::Rollout>(rollout());
  seen.rollout_is_live = live_read_;
  const Json* stored_rollout = find("Rollout", seen.rollout->metadata.name);
  seen.stored_status = std::make_shared<const Json>((*stored_rollout)["status"]);
  for (const auto& [key, stored] : objects_) {
    if (key.first == "ReplicaSet") {
      seen.replica_sets.push_back(
          std::make_shared<const api::ReplicaSet>(decoded<api::ReplicaSet>(stored)));
    }
  }
  const References named = references(*seen.rollout);
  seen.services_are_live = true;
  for (const std::string& name : named.services) {
    const Json* stored = find("Service", name);
    seen.services[name] =
        stored ? std::make_shared<const api::Service>(decoded<api::Service>(*stored)) : nullptr;
  }
  if (named.workload) {
    const Json* stored = find(std::string(named.workload->kind.kind), named.workload->name);
    if (stored) {
      seen.workload =
          std::make_shared<const Workload>(decode_workload(named.workload->kind, *stored).value());
    }
  }
  resolve_workload(seen);
  seen.occupant = occupant_;
  if (!needs_pods(seen)) return seen;
  for (const auto& replica_set : seen.replica_sets) {
    const auto pods = pods_.find(replica_set->metadata.name);
    if (pods == pods_.end()) continue;
    for (const Pod& one : pods->second) {
      api::Pod pod;
      pod.metadata.name = one.name;
      pod.metadata.namespace_ = "shop";
      pod.metadata.uid = "uid-" + one.name;
      pod.metadata.labels = one.labels;
      pod.metadata.annotations = one.annotations;
      pod.metadata.creation_timestamp = one.created;
      pod.metadata.owner_references.push_back({"apps/v1", "ReplicaSet", replica_set->metadata.name,
                                               replica_set->metadata.uid, true, true});
      if (one.created + startup <= now) {
        pod.status.conditions.push_back({.type = "Ready", .status = "True"});
      }
      seen.pods.push_back(std::make_shared<const api::Pod>(std::move(pod)));
    }
  }
  return seen;
}

int SimulatedWorld::dependable_pods() const {
  std::int64_t pods = 0;
  for (const auto& [key, stored] : objects_) {
    if (key.first != "ReplicaSet") continue;
    pods += std::min(stored["spec"]["replicas"].integer_or(1),
                     stored["status"]["availableReplicas"].integer_or(0));
  }
  return static_cast<int>(pods);
}

Result<Json> SimulatedWorld::patched(const kubernetes::Write& write, const Json& object) const {
  const kubernetes::Request request = write.request();
  REQUIRE(request.content_type == kubernetes::media::json_patch);
  return apply_json_patch(object, json(request.body));
}

Result<void> SimulatedWorld::apply_to_pod(const kubernetes::Write& write) {
  for (auto& [replica_set, pods] : pods_) {
    for (Pod& pod : pods) {
      if (pod.name != write.target().key.name) continue;
      api::Pod as_object;
      as_object.metadata.name = pod.name;
      as_object.metadata.uid = "uid-" + pod.name;
      as_object.metadata.labels = pod.labels;
      as_object.metadata.annotations = pod.annotations;
      const Json changed = TRY(patched(write, api::encode(as_object)));
      pod.labels = string_map(changed["metadata"]["labels"]);
      pod.annotations = string_map(changed["metadata"]["annotations"]);
      return {};
    }
  }
  return fail(ErrorCode::not_found, write.target().key.name, "is gone");
}

std::string SimulatedWorld::pod_labels(const std::string& image, const std::string& key) const {
  std::multiset<std::string> values;
  const auto pods = pods_.find(replica_set(image).metadata.name);
  if (pods == pods_.end()) return {};
  for (const Pod& pod : pods->second) {
    const auto found = pod.labels.find(key);
    values.insert(found == pod.labels.end() ? "-" : found->second);
  }
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : " ") + value;
  return text;
}

Result<void> SimulatedWorld::apply(const kubernetes::Write& write) {
  const std::string kind(write.target().kind.kind);
  const std::string& name = write.target().key.name;
  const int pods_before = dependable_pods();
  Json before;
  Json after;
  if (kind == "Pod" && write.request().method == kubernetes::Method::patch) {
    if (auto done = apply_to_pod(write); !done) return done;
  } else if (kind == "Pod") {
    for (auto& [replica_set, pods] : pods_) {
      std::erase_if(pods, [&](const Pod& pod) { return pod.name == name; });
    }
    run_replica_sets();
  } else if (write.is_create()) {
    if (find(kind, name)) return fail(ErrorCode::already_exists, name, "exists");
    after = write.body();
    after.member("metadata").set("uid", "uid-" + name);
    after.member("metadata").set("creationTimestamp", format_rfc3339(now));
    after.set("status", json(R"({"replicas":0})"));
    store(kind, after);
  } else {
    const Json* present = find(kind, name);
    if (!present) return fail(ErrorCode::not_found, name, "is gone");
    before = *present;
    if (write.is_delete()) {
      objects_.erase({kind, name});
      pods_.erase(name);
    } else {
      after = TRY(patched(write, before));
      store(kind, after);
    }
  }
  ++writes;
  log.push_back(write.text());
  if (on_write) on_write({write, *this, before, after, pods_before, dependable_pods()});
  return {};
}

Plan SimulatedWorld::reconcile(std::size_t writes_at_most) {
  const Plan made = plan(observe());
  occupant_ = nullptr;
  live_read_ = made.read_rollout_live;
  std::vector<kubernetes::Write> all = made.writes;
  if (made.status) all.push_back(*made.status);
  std::size_t applied = 0;
  const std::string sizes_before = sizes();
  for (; applied < std::min(all.size(), writes_at_most); ++applied) {
    const auto done = apply(all[applied]);
    if (!done && done.error().code == ErrorCode::already_exists) {
      occupant_ = std::make_shared<const api::ReplicaSet>(
          decoded<api::ReplicaSet>(object("ReplicaSet", all[applied].target().key.name)));
    }
    if (!done) break;
    if (made.status && applied + 1 == all.size()) ++status_writes;
  }
  for (const Event& event : made.events) {
    if (event.after <= applied) events.push_back(event.note);
  }
  if (sizes() != sizes_before) trace.push_back(sizes());
  return made;
}

int SimulatedWorld::settle(int limit) {
  int wrote = 0;
  for (; wrote < limit; ++wrote) {
    const Plan made = reconcile();
    if (made.writes_nothing() && !made.read_rollout_live && !occupant_) return wrote;
  }
  for (std::size_t i = log.size() - std::min<std::size_t>(log.size(), 8); i < log.size(); ++i) {
    MESSAGE(log[i]);
  }
  FAIL("does not settle: " << plan(observe()).text());
  return wrote;
}

void SimulatedWorld::run(Duration at_most) {
  const Instant end = now + at_most;
  while (true) {
    settle();
    if (run_replica_sets()) continue;
    const Plan next = plan(observe());
    // The next moment at which anything can happen: a pod comes up, a timer is due.
    std::optional<Instant> moment;
    const auto consider = [&](Instant at) {
      if (at > now && (!moment || at < *moment)) moment = at;
    };
    if (next.look_again) consider(now + std::max(*next.look_again, 1_ms));
    for (const auto& [name, pods] : pods_) {
      for (const Pod& pod : pods) consider(pod.created + startup);
    }
    if (!moment) return;
    if (*moment > end) {
      advance(end - now);
      settle();
      return;
    }
    advance(*moment - now);
  }
}

api::Rollout SimulatedWorld::rollout() const {
  return decoded<api::Rollout>(*find("Rollout", "web"));
}

std::vector<api::ReplicaSet> SimulatedWorld::replica_sets() const {
  std::vector<api::ReplicaSet> all;
  for (const auto& [key, stored] : objects_) {
    if (key.first == "ReplicaSet") all.push_back(decoded<api::ReplicaSet>(stored));
  }
  return all;
}

api::ReplicaSet SimulatedWorld::replica_set(const std::string& image) const {
  for (const auto& [key, stored] : objects_) {
    if (key.first == "ReplicaSet" && image_of(stored) == image) {
      return decoded<api::ReplicaSet>(stored);
    }
  }
  FAIL("no ReplicaSet of " << image);
  return {};
}

bool SimulatedWorld::has_replica_set(const std::string& image) const {
  return std::ranges::any_of(objects_, [&](const auto& entry) {
    return entry.first.first == "ReplicaSet" && image_of(entry.second) == image;
  });
}

api::Service SimulatedWorld::service(const std::string& name) const {
  const Json* stored = find("Service", name);
  REQUIRE(stored);
  return decoded<api::Service>(*stored);
}

std::string SimulatedWorld::sizes() const {
  std::map<std::string, std::string> by_image;
  for (const auto& [key, stored] : objects_) {
    if (key.first != "ReplicaSet") continue;
    const auto spec = stored["spec"]["replicas"].integer_or(1);
    const auto available = stored["status"]["availableReplicas"].integer_or(0);
    if (spec == 0 && available == 0) continue;
    by_image[image_of(stored)] = std::to_string(spec) + "/" + std::to_string(available);
  }
  std::string text;
  for (const auto& [image, size] : by_image) text += (text.empty() ? "" : " ") + image + ":" + size;
  return text;
}

int SimulatedWorld::count_events(const std::string& reason) const {
  return static_cast<int>(std::ranges::count(events, reason, &kubernetes::EventNote::reason));
}

TEST_CASE("the simulated world refuses what a server refuses") {
  SimulatedWorld world(2, R"({"canary":{}})");
  const Observed before = world.observe();
  world.settle();
  // A plan made before is of another world.
  const Plan stale = plan(before);
  REQUIRE(!stale.writes.empty());
  CHECK_FALSE(world.apply(stale.writes.front()));
  CHECK(world.writes > 0);
  const int writes = world.writes;
  world.advance(10_s);
  world.settle();
  CHECK(world.writes > writes);
  CHECK(world.sizes() == "v1:2/2");
  CHECK(world.rollout().status.phase == "Healthy");
}

}  // namespace slipway::rollout
