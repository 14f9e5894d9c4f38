#include "world.h"

#include <doctest/doctest.h>

#include <algorithm>

#include <fmt/format.h>

#include "cli/promotion.h"

namespace slipway::scenarios {
namespace {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

constexpr const char* test_namespace = "default";

}  // namespace

/// A controller's way to the server: notes each write, loses an answer where it is told to, and is
/// cut off with the controller that is killed.
class World::Recorder final : public kubernetes::Transport {
 public:
  explicit Recorder(World& world) : world_(world), inner_(world.cluster_.transport()) {}

  void send(Request request, Done done) override {
    if (is_cut_off_) return;
    const bool is_write = request.method != Method::get;
    if (is_write && is_fatal()) {
      is_cut_off_ = true;
      world_.loop().post([&world = world_] { world.restart_controller(); });
      if (std::exchange(world_.doom_, {})->moment == Moment::before) return;
      done = [](const Result<Response>&) {};
    }
    const bool is_event = request.target.find("/events") != std::string::npos;
    const std::string what =
        std::string(kubernetes::to_string(request.method)) + " " + request.target;
    if (world_.has_lost_ && !is_event && request.target.find('?') == std::string::npos) {
      world_.after_loss_.push_back(what);
    }
    if (is_write && !is_event) {
      world_.writes_.push_back(what + " " + request.body);
      if (auto refusal = world_.refusal_ ? world_.refusal_(request) : std::nullopt) {
        world_.loop().post(
            [done = std::move(done), refusal = std::move(*refusal)] { done(refusal); });
        return;
      }
      if (std::exchange(world_.loses_next_answer_, false)) {
        world_.has_lost_ = true;
        done = [done = std::move(done)](const Result<Response>&) {
          done(fail(ErrorCode::unavailable, "the embedded cluster", "the answer was lost", ""));
        };
      }
      if (request.target.ends_with("/status")) done = noting_status(std::move(done));
    }
    inner_.send(std::move(request), std::move(done));
  }
  std::unique_ptr<kubernetes::Stream> open(Request request,
                                           kubernetes::StreamEvents events) override {
    return inner_.open(std::move(request), std::move(events));
  }
  std::string server() const override { return inner_.server(); }

 private:
  bool is_fatal() { return world_.doom_ && --world_.doom_->nth == 0; }

  Done noting_status(Done done) {
    return [&world = world_, done = std::move(done)](const Result<Response>& answer) {
      if (answer && answer->status == 200) {
        const Json object = parse_json(answer->body).value();
        world.statuses_.push_back(api::decode<api::Rollout>(object).value().status);
      }
      done(answer);
    };
  }

  World& world_;
  kubernetes::Transport& inner_;
  bool is_cut_off_ = false;
};

std::string services(std::initializer_list<std::string_view> names, std::string_view app) {
  std::string stream;
  for (const std::string_view name : names) {
    stream += fmt::format(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\n"
        "spec: {{selector: {{app: {}}}, ports: [{{port: 80}}]}}\n---\n",
        name, app);
  }
  return stream;
}

World::World(std::uint64_t seed) : seed_(seed), cluster_({.seed = seed}) {
  restart_controller();
}

void World::restart_controller(controller::RolloutController::Options options) {
  controller_.reset();
  recorder_ = std::make_shared<Recorder>(*this);
  options.on_reconcile = [this](const api::ObjectKey& key) { reconciled_.push_back(key.text()); };
  controller_ = std::make_unique<controller::RolloutController>(loop(), *recorder_, nullptr,
                                                                std::move(options), ++seed_);
  controller_->start();
  controller_->lead();
}

Json World::get(const api::Kind& kind, const std::string& name) {
  return cluster_.get(kind, {test_namespace, name}).value_or(Json());
}

int World::merge_patch(const api::Kind& kind, const std::string& name, const Json& patch,
                       std::string_view subresource) {
  return cluster_
      .request(Method::patch, kind.path(test_namespace, name, subresource), to_text(patch),
               kubernetes::media::merge_patch)
      .status;
}

void World::set_image(const std::string& rollout, const std::string& image) {
  const Json seen = get(api::kinds::rollout, rollout);
  const Json& workload = seen["spec"]["workloadRef"];
  REQUIRE((workload.is_null() || workload["kind"].string_or_empty() == "Deployment"));
  const api::Kind& kind = workload.is_null() ? api::kinds::rollout : api::kinds::deployment;
  const std::string name =
      workload.is_null() ? rollout : std::string(workload["name"].string_or_empty());
  Json containers = get(kind, name)["spec"]["template"]["spec"]["containers"];
  containers.as_array().at(0).set("image", image);
  const Json patch = Json::object({
      {"spec",
       Json::object(
           {{"template", Json::object({{"spec", Json::object({{"containers", containers}})}})}})}
  });
  REQUIRE(merge_patch(kind, name, patch) == 200);
}

api::Rollout World::rollout(const std::string& name) {
  return api::decode<api::Rollout>(get(api::kinds::rollout, name)).value();
}

std::vector<api::ReplicaSet> World::replica_sets(const std::string& rollout) {
  const std::string uid = this->rollout(rollout).metadata.uid;
  std::vector<api::ReplicaSet> owned;
  for (const Json& item : list(api::kinds::replica_set)) {
    api::ReplicaSet replica_set = api::decode<api::ReplicaSet>(item).value();
    const api::OwnerReference* controller = replica_set.metadata.controller();
    if (controller != nullptr && controller->uid == uid) owned.push_back(std::move(replica_set));
  }
  return owned;
}

api::ReplicaSet World::replica_set_of(const std::string& rollout, const std::string& image) {
  for (api::ReplicaSet& replica_set : replica_sets(rollout)) {
    const Json content = replica_set.spec.template_.content();
    if (content.find_pointer("/spec/containers/0/image")->string_or_empty() == image) {
      return std::move(replica_set);
    }
  }
  api::ReplicaSet none;
  none.spec.replicas = 0;
  return none;
}

bool World::until(const std::function<bool()>& condition, Duration limit) {
  // The condition asks the server, which takes steps of the loop itself: look only now and then,
  // and only where something has changed.
  const Instant end = loop().now() + limit;
  while (!condition()) {
    const std::uint64_t revision = cluster_.cluster().server().revision();
    while (cluster_.cluster().server().revision() == revision) {
      if (loop().now() >= end) return false;
      loop().run_for(50_ms);
    }
  }
  return true;
}

bool World::until_phase(const std::string& name, const std::string& phase, Duration limit) {
  return until(
      [&] {
        const api::Rollout seen = rollout(name);
        return seen.status.phase == phase &&
               seen.status.observed_generation == std::to_string(seen.metadata.generation);
      },
      limit);
}

bool World::promote_until_healthy(const std::string& name) {
  for (int pause = 0; pause < 50; ++pause) {
    const bool stopped = until(
        [&] {
          const api::Rollout seen = rollout(name);
          if (seen.status.observed_generation != std::to_string(seen.metadata.generation)) {
            return false;
          }
          return seen.status.phase == "Healthy" ||
                 (seen.status.phase == "Paused" && !seen.status.pause_conditions.empty());
        },
        3600_s);
    if (!stopped) return false;
    if (phase(name) == "Healthy") return true;
    promote(name);
    run_for(1_s);
  }
  return false;
}

void World::send_promotion(const std::string& name, const cli::PromoteOptions& options) {
  const Json seen = get(api::kinds::rollout, name);
  const cli::PromotionWrites writes = cli::promotion_writes(seen, options).value();
  for (const kubernetes::Write& write : writes) {
    const Request request = write.request();
    const Response response =
        cluster_.request(request.method, request.target, request.body, request.content_type);
    CHECK_MESSAGE(response.status == 200, response.body);
  }
}

void World::promote(const std::string& name) {
  send_promotion(name, {.name = name});
}

void World::promote_full(const std::string& name) {
  send_promotion(name, {.name = name, .full = true});
}

void World::abort(const std::string& name) {
  const Json patch = Json::object({
      {"status", Json::object({{"abort", true}})}
  });
  CHECK(merge_patch(api::kinds::rollout, name, patch, "status") == 200);
}

void World::retry(const std::string& name) {
  const Json patch = Json::object({
      {"status", Json::object({{"abort", false}})}
  });
  CHECK(merge_patch(api::kinds::rollout, name, patch, "status") == 200);
}

std::vector<std::string> World::event_reasons(const std::string& rollout) {
  std::vector<std::pair<std::string, std::string>> by_time;
  for (const Json& event : list(api::kinds::event)) {
    const Json& about = event["involvedObject"];
    if (about["kind"].string_or_empty() == "Rollout" &&
        about["name"].string_or_empty() == rollout) {
      by_time.emplace_back(event["metadata"]["resourceVersion"].string_or_empty(),
                           event["reason"].string_or_empty());
    }
  }
  std::sort(by_time.begin(), by_time.end(),
            [](const auto& a, const auto& b) { return api::newer_version(b.first, a.first); });
  std::vector<std::string> reasons;
  for (auto& [version, reason] : by_time) reasons.push_back(reason);
  return reasons;
}

}  // namespace slipway::scenarios
