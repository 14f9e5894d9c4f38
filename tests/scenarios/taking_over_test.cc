#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "snapshot.h"
#include "world.h"

/// The controller starts in a cluster that Argo Rollouts has left, at rest or in the middle of an
/// update. See docs/architecture.md, "Taking over from Argo Rollouts".
namespace slipway::scenarios {
namespace {

constexpr const char* all_names[] = {
    "analysis-running", "bluegreen-aborted",  "bluegreen-delay",    "bluegreen-empty-deadline",
    "bluegreen-paused", "bluegreen-settled",  "canary-aborted",     "canary-healthy",
    "canary-paused",    "canary-weight-step", "experiment-running", "istio-weighted",
    "workloadref"};

/// What needs more than is built.
constexpr const char* unsupported_names[] = {"analysis-running", "experiment-running",
                                             "istio-weighted"};

constexpr const char* deadline = "scale-down-deadline";

/// A World that holds the snapshot, and no controller yet.
std::unique_ptr<World> without_controller(const Snapshot& snapshot) {
  auto world = std::make_unique<World>();
  world->stop_controller();
  world->run_for(1_s);
  load(snapshot, world->cluster());
  return world;
}

std::unique_ptr<World> taken_over(const std::string& version, const std::string& name) {
  auto world = without_controller(read_snapshot(version, name));
  world->restart_controller();
  return world;
}

std::string lines(const std::vector<std::string>& all) {
  return fmt::format("{}", fmt::join(all, "\n"));
}

/// Everything there is of the kinds that a snapshot holds, by kind and name. The cluster itself
/// goes on writing what it observes: that is left out.
std::map<std::string, Json> objects_of(World& world, const Snapshot& snapshot) {
  std::map<std::string, Json> found;
  for (const Json& item : snapshot.items) {
    const api::Kind& kind = kind_of(item);
    if (kind == api::kinds::pod) continue;
    for (Json object : world.list(kind)) {
      object.member("metadata").erase("resourceVersion");
      object.member("metadata").erase("managedFields");
      const auto name = object["metadata"]["name"].string_or_empty();
      found[fmt::format("{} {}", kind.kind, name)] = std::move(object);
    }
  }
  return found;
}

/// Names ReplicaSets by the tag of their image: "v2".
std::map<std::string, std::string> tags_by_hash(World& world) {
  std::map<std::string, std::string> tags;
  for (const api::ReplicaSet& replica_set : world.replica_sets("web")) {
    const Json content = replica_set.spec.template_.content();
    const auto image = content.find_pointer("/spec/containers/0/image")->string_or_empty();
    tags[*replica_set.metadata.label("rollouts-pod-template-hash")] =
        "v" + std::string(image.substr(image.rfind(':') + 1));
  }
  return tags;
}

/// The controller's writes in few words each. Anything that has no word of its own is told whole.
class Summary {
 public:
  explicit Summary(World& world) : tags_(tags_by_hash(world)) {}

  std::vector<std::string> of(const std::vector<std::string>& writes) const {
    std::vector<std::string> told;
    for (const std::string& write : writes) {
      const std::size_t verb = write.find(' ');
      const std::size_t target = write.find(' ', verb + 1);
      told.push_back(one(write.substr(0, verb), write.substr(verb + 1, target - verb - 1),
                         parse_json(write.substr(target + 1)).value()));
    }
    return told;
  }

 private:
  std::string tag(const std::string& hash) const {
    const auto found = tags_.find(hash);
    return found == tags_.end() ? hash : found->second;
  }

  std::string one(const std::string& verb, const std::string& target, const Json& body) const {
    const std::string name = target.substr(target.rfind('/') + 1);
    if (verb == "POST" && name == "replicasets") {
      return fmt::format("creates {} of {}",
                         tag(text_of(body, "/metadata/labels/rollouts-pod-template-hash")),
                         body["spec"]["replicas"].integer_or(-1));
    }
    if (name == "status") return of_status(body);
    std::string told = name.starts_with("web-") ? tag(name.substr(4)) : name;
    for (std::size_t i = 0; i < body.size(); ++i) {
      const Json& operation = body.at(i);
      if (operation["op"] != Json("test")) told += of_operation(operation);
    }
    return told;
  }

  std::string of_operation(const Json& operation) const {
    const std::string_view path = operation["path"].string_or_empty();
    const bool removes = operation["op"] == Json("remove");
    const Json& value = operation["value"];
    if (path == "/spec/replicas") return fmt::format(" to {}", value.integer_or(-1));
    if (path == "/metadata/annotations/scale-down-deadline") {
      return removes ? "" : " gets its end";
    }
    if (path == "/metadata/annotations/rollout.argoproj.io~1revision") {
      return " has revision " + std::string(value.string_or_empty());
    }
    if (path == "/spec/selector/rollouts-pod-template-hash") {
      return " selects " + tag(std::string(value.string_or_empty()));
    }
    if (path == "/metadata/annotations/slipway.dev~1claim") return "";  // As each decision does.
    if (path == "/metadata/annotations/slipway.dev~1revision-for") return "";
    if (path == "/metadata/annotations/rollout.argoproj.io~1revision-history") return "";
    return " " + to_text(operation);
  }

  std::string of_status(const Json& operations) const {
    Json status = Json::object();
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const Json& operation = operations.at(i);
      const std::string_view path = operation["path"].string_or_empty();
      if (operation["op"] == Json("test") || !path.starts_with("/status/")) continue;
      status.set(path.substr(std::string_view("/status/").size()), operation["value"]);
    }
    std::string told = "status:";
    if (!status["currentStepIndex"].is_null()) {
      told += fmt::format(" step {}", status["currentStepIndex"].integer_or(-1));
    }
    if (!status["stableRS"].is_null()) told += " stable " + tag(text_of(status, "/stableRS"));
    if (!status["phase"].is_null()) told += " " + text_of(status, "/phase");
    return told;
  }

  static std::string text_of(const Json& object, std::string_view pointer) {
    const Json* found = object.find_pointer(pointer);
    return found == nullptr ? std::string() : std::string(found->string_or_empty());
  }

  std::map<std::string, std::string> tags_;
};

using Deed = void (*)(World&);

void promote(World& world) {
  world.promote("web");
}

void retry(World& world) {
  world.retry("web");
}

void wait(World&) {}

template <int Tag>
void set_image(World& world) {
  world.set_image("web", fmt::format("registry.example/web:{}", Tag));
}

/// All that the controller writes in a quarter of an hour after the deed.
struct GoingOn {
  const char* name;
  const char* deed;
  Deed act;
  std::vector<std::string> writes;
};

const std::vector<std::string> last_steps = {
    "status: step 2 Progressing", "v2 to 2", "v1 to 2",
    "status: step 3 Paused",  // For 10 s.
    "status: step 4 Progressing", "v2 to 3", "v1 to 1", "v2 to 4", "v1 to 0",
    "status: stable v2 Healthy"};

const GoingOn going_on[] = {
    {"canary-healthy",
     "a new image",                   set_image<4>,
     {"web has revision 4", "creates v4 of 1", "v3 to 3", "status: step 0 Progressing",
      "status: step 1 Paused"}                                                                   },
    {"canary-healthy",
     "an old image",                  set_image<1>,
     {"web has revision 4", "v1 to 1 has revision 4", "v3 to 3", "status: step 0 Progressing",
      "status: step 1 Paused"}                                                                   },
    {"canary-paused",      "promote", promote,      last_steps                                   },
    {"canary-paused",
     "the old image",                 set_image<1>,
     {"web has revision 3", "v1 to 4 has revision 3", "v2 to 0", "status: step 4 Progressing",
      "status: Healthy"}                                                                         },
    {"canary-weight-step", "promote", promote,      last_steps                                   },
    {"canary-aborted",
     "retry",                         retry,
     {"v2 to 1", "v1 to 3", "status: Progressing", "status:", "status: step 1 Paused"}           },
    {"canary-aborted",
     "the old image",                 set_image<1>,
     {"web has revision 3", "v1 has revision 3", "status: step 4 Healthy"}                       },
    {"workloadref",
     "promote",                       promote,
     {"status: step 2 Progressing", "v2 to 2", "v1 to 0", "status: stable v2", "status: Healthy"}},
    {"bluegreen-delay",    "nothing", wait,         {"v1 to 0", "status:"}                       },
    {"bluegreen-delay",
     "the old image",                 set_image<1>,
     {"web has revision 3", "v1 has revision 3", "preview selects v1", "status: Progressing",
      "active selects v1", "status: stable v1 Healthy", "v2 gets its end", "v1", "v2 to 0",
      "status:"}                                                                                 },
    {"bluegreen-settled",  "nothing", wait,         {"v1 to 0", "status:"}                       },
    {"bluegreen-paused",
     "promote",                       promote,
     {"active selects v2", "status: stable v2 Healthy", "v1 gets its end", "v1 to 0", "status:"} },
    {"bluegreen-aborted",  "nothing", wait,         {"v2 to 0", "status:"}                       },
    {"bluegreen-aborted",  "retry",   retry,        {"v2", "status: Paused", "status:"}          },
};

TEST_CASE("a cluster that waits sees no write at all; what moves it goes on where it stood") {
  for (const std::string& version : snapshot_versions) {
    for (const GoingOn& row : going_on) {
      CAPTURE(version);
      CAPTURE(std::string(row.name));
      CAPTURE(std::string(row.deed));
      const auto world = taken_over(version, row.name);
      world->run_for(60_s);
      CHECK_MESSAGE(world->writes().empty(), lines(world->writes()));
      CHECK(world->event_reasons("web").empty());
      CHECK(world->controller().reconciles() > 0);

      row.act(*world);
      world->run_for(900_s);
      CHECK(lines(Summary(*world).of(world->writes())) == lines(row.writes));
      const std::size_t count = world->write_count();
      world->run_for(900_s);
      CHECK(world->write_count() == count);
    }
  }
}

TEST_CASE("what people asked for while no controller ran is done by the one that takes over") {
  for (const GoingOn& row : going_on) {
    CAPTURE(std::string(row.name));
    CAPTURE(std::string(row.deed));
    const auto world = without_controller(read_snapshot("1.9.1", row.name));
    world->run_for(60_s);
    row.act(*world);
    world->run_for(60_s);
    world->restart_controller();
    world->run_for(900_s);
    CHECK(lines(Summary(*world).of(world->writes())) == lines(row.writes));
  }
}

TEST_CASE("nothing that waits or can be told to go on is left out above") {
  for (const char* name : all_names) {
    const bool is_unsupported = std::ranges::count(unsupported_names, std::string_view(name)) == 1;
    const bool goes_on = std::ranges::any_of(
        going_on, [&](const GoingOn& row) { return row.name == std::string_view(name); });
    const bool is_zombie = name == std::string_view("bluegreen-empty-deadline");
    CHECK(is_unsupported + goes_on + is_zombie == 1);
  }
}

TEST_CASE("the zombie that an empty deadline left ends after its delay") {
  for (const std::string& version : snapshot_versions) {
    CAPTURE(version);
    const auto world = taken_over(version, "bluegreen-empty-deadline");
    const auto zombie = [&] { return world->replica_set_of("web", "registry.example/web:1"); };
    REQUIRE(world->until([&] { return !zombie().metadata.annotation(deadline)->empty(); }, 5_s));
    world->run_for(590_s);
    CHECK(zombie().status.replicas == 4);
    world->run_for(60_s);
    CHECK(zombie().status.replicas == 0);
    CHECK(zombie().metadata.annotation(deadline) == nullptr);
    CHECK(world->phase("web") == "Healthy");
    CHECK(world->event_reasons("web").front() == "ScaleDownDeadlineMended");
  }
}

TEST_CASE("a snapshot is loaded as it was, but for uids and times") {
  for (const std::string& version : snapshot_versions) {
    for (const char* name : all_names) {
      CAPTURE(version);
      CAPTURE(std::string(name));
      const Snapshot snapshot = read_snapshot(version, name);
      const auto world = without_controller(snapshot);
      const auto loaded = objects_of(*world, snapshot);
      world->run_for(60_s);
      CHECK(objects_of(*world, snapshot) == loaded);  // The cluster itself is at rest in it.
      for (const api::ReplicaSet& replica_set : world->replica_sets("web")) {
        const Json& was = snapshot.item("ReplicaSet", replica_set.metadata.name);
        CHECK(replica_set.metadata.generation == was["metadata"]["generation"].integer_or(0));
        CHECK(Json(replica_set.status.available_replicas) ==
              Json(was["status"]["availableReplicas"].integer_or(0)));
        CHECK(replica_set.spec.template_.content() == was["spec"]["template"]);
      }
      const Json& was = snapshot.item("Rollout");
      const api::Rollout web = world->rollout("web");
      CHECK(std::to_string(web.metadata.generation) == web.status.observed_generation);
      CHECK(web.status.phase == was["status"]["phase"].string_or_empty());
      CHECK(web.status.conditions.size() == was["status"]["conditions"].size());
    }
  }
}

TEST_CASE("what is not built yet stays as it is, and a condition says so") {
  for (const std::string& version : snapshot_versions) {
    for (const char* name : unsupported_names) {
      CAPTURE(version);
      CAPTURE(std::string(name));
      const Snapshot snapshot = read_snapshot(version, name);
      const auto world = without_controller(snapshot);
      auto before = objects_of(*world, snapshot);
      world->restart_controller();
      world->run_for(900_s);
      CHECK_MESSAGE(world->writes().size() == 1, lines(world->writes()));
      CHECK(world->event_reasons("web").empty());

      auto after = objects_of(*world, snapshot);
      Json::Array& conditions =
          after["Rollout web"].member("status").member("conditions").as_array();
      REQUIRE(!conditions.empty());
      CHECK(conditions.back()["type"] == Json("NotSupported"));
      CHECK(conditions.back()["status"] == Json("True"));
      conditions.pop_back();
      CHECK(after == before);
    }
  }
}

}  // namespace
}  // namespace slipway::scenarios
