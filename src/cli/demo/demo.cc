#include "cli/demo/demo.h"

#include <unistd.h>

#include <fstream>
#include <ostream>
#include <sstream>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/demo/screen.h"
#include "cli/demo/story.h"
#include "cli/files.h"
#include "cli/promotion.h"
#include "cli/rollout_watcher.h"
#include "cluster/embedded_cluster.h"
#include "controller/rollout_controller.h"
#include "example_manifests.h"

namespace slipway::cli {
namespace {

using kubernetes::Write;
using kubernetes::Writer;

constexpr Duration frame = 200_ms;
/// Far more than the story needs; what takes longer is stuck.
constexpr Duration patience = 180_s;
constexpr const char* demo_namespace = "default";

struct Part {
  std::string name;
  Chapter chapter;
};

Result<api::Kind> kind_of(const Json& object) {
  for (const api::Kind& kind : {api::kinds::rollout, api::kinds::service, api::kinds::config_map}) {
    if (object["kind"].string_or_empty() == kind.kind) return kind;
  }
  return fail(ErrorCode::invalid, "kind",
              "found " + quote(object["kind"].string_or_empty()) +
                  ", the demo takes Rollouts and what they need",
              "apply other objects with kubectl, after `make up`");
}

/// Sets the next image on the first container.
Result<Write> image_update(const api::Rollout& rollout, std::string& image) {
  Write write(api::seen(rollout), "a new version");
  const Json content = rollout.spec.template_.content();
  const Json* now = content.find_pointer("/spec/containers/0/image");
  if (now == nullptr) return fail(ErrorCode::invalid, rollout.metadata.name, "has no container");
  image = next_image(std::string(now->string_or_empty()));
  write.set("/spec/template/spec/containers/0/image", image);
  return write;
}

class Demo {
 public:
  Demo(kubernetes::RealEventLoop& loop, cluster::EmbeddedCluster& cluster, Screen screen,
       std::uint64_t seed)
      : loop_(loop),
        screen_(std::move(screen)),
        watcher_(loop, cluster.transport(), demo_namespace, seed),
        writer_(cluster.transport(), [](const Write&, const Json&) {}),
        next_frame_(loop),
        began_(loop.monotonic_now()) {}

  Result<void> install(std::string_view manifest) {
    const std::vector<Json> documents = TRY(parse_yaml(manifest));
    std::vector<Write> creates;
    for (Json object : documents) {
      const api::Kind kind = TRY(kind_of(object));
      object.member("metadata").set("namespace", demo_namespace);
      const std::string name(object["metadata"]["name"].string_or_empty());
      if (kind == api::kinds::rollout) {
        parts_.push_back({name, {}});
        tell(fmt::format("Rollout {} is installed", name));
      }
      creates.push_back(Write::create(kind, std::move(object), "the demo's own"));
    }
    send(std::move(creates));
    return {};
  }

  int run() {
    watcher_.start();
    play();
    loop_.run();
    return status_;
  }

  void interrupt() { end(130); }

 private:
  void play() {
    const Instant now = loop_.now();
    std::vector<RolloutObjects> shown;
    std::size_t over = 0;
    for (Part& part : parts_) {
      if (!watcher_.synced()) break;
      const auto objects = watcher_.objects(part.name);
      if (!objects) continue;
      act(part, *objects, now);
      over += part.chapter.stage == Chapter::Stage::done ? 1 : 0;
      shown.push_back(*objects);
    }
    screen_.show(shown, now);
    if (over == parts_.size()) {
      tell("Both old ReplicaSets are gone");
      screen_.show(shown, now);
      end(0);
    } else if (error_ || loop_.monotonic_now() - began_ > patience) {
      tell(error_ ? "Error: " + error_->text() : "The update did not end in time");
      end(1);
    } else {
      next_frame_.set(frame, [this] { play(); });
    }
  }

  void act(Part& part, const RolloutObjects& objects, Instant now) {
    const Chapter::Stage before = part.chapter.stage;
    switch (next_act(part.chapter, objects, may_update(part), now)) {
      case Act::update:
        update(objects.rollout);
        break;
      case Act::promote:
        promote(objects.rollout);
        break;
      case Act::rest:
        if (before != Chapter::Stage::done) {
          tell(fmt::format("{} is updated, and its old ReplicaSet is gone", part.name));
        }
        break;
      case Act::watch:
        break;
    }
  }

  /// The second Rollout's update begins when the first has come half-way, so that both end
  /// together.
  bool may_update(const Part& part) {
    if (&part == &parts_.front()) return true;
    if (parts_.front().chapter.stage < Chapter::Stage::updating) return false;
    const auto first = watcher_.objects(parts_.front().name);
    if (!first) return false;
    const api::RolloutStatus& status = first->rollout.status;
    // Until the controller has seen the new template the index is still that of the first version.
    const bool under_way = status.current_pod_hash != status.stable_rs;
    return under_way && status.current_step_index.value_or(0) >= 3;
  }

  void update(const api::Rollout& rollout) {
    std::string image;
    Result<Write> write = image_update(rollout, image);
    if (!write) {
      error_ = write.error();
      return;
    }
    tell(fmt::format("{} gets a new image: {}", rollout.metadata.name, image));
    send({std::move(*write)});
  }

  void promote(const api::Rollout& rollout) {
    const PromoteOptions options{.name = rollout.metadata.name};
    const Result<PromotionWrites> writes = promotion_writes(encode(rollout), options);
    if (!writes) {
      error_ = writes.error();
      return;
    }
    tell(fmt::format("{} is promoted past its pause", rollout.metadata.name));
    send(*writes);
  }

  /// A refusal is no failure: the next frame sees the world as it is and acts again.
  void send(std::vector<Write> writes) {
    writer_.execute(std::move(writes), [this](const Writer::Outcome& outcome) {
      if (outcome.error && outcome.error->code != ErrorCode::refused) error_ = outcome.error;
    });
  }

  void tell(const std::string& sentence) { screen_.tell(sentence, loop_.now()); }

  void end(int status) {
    status_ = status;
    loop_.stop();
  }

  kubernetes::RealEventLoop& loop_;
  Screen screen_;
  RolloutWatcher watcher_;
  Writer writer_;
  kubernetes::Timer next_frame_;
  Instant began_;
  std::vector<Part> parts_;
  std::optional<Error> error_;
  int status_ = 1;
};

}  // namespace

Result<int> demo(const DemoOptions& options, Streams streams) {
  const std::string manifest =
      options.manifest.empty() ? std::string(example_canary) : TRY(read_file(options.manifest));
  const std::uint64_t seed = random_seed();
  const auto loop = kubernetes::make_real_event_loop();
  cluster::EmbeddedCluster cluster(*loop, {.seed = seed});
  controller::RolloutController controller(*loop, cluster.transport(), nullptr,
                                           {.namespace_ = demo_namespace}, seed + 1);
  cluster.start();
  controller.start();
  controller.lead();

  const bool live = !options.plain && isatty(STDOUT_FILENO) != 0;
  Demo play(*loop, cluster,
            Screen(streams.out, live ? Screen::Mode::live : Screen::Mode::plain, loop->now()),
            seed + 2);
  TRY_DONE(play.install(manifest));
  TRY_DONE(play.install(example_blue_green));
  loop->on_termination([&] { play.interrupt(); });
  const int status = play.run();
  if (status == 0) {
    streams.out
        << "\nNow try it yourself:\n\n"
           "  make up                                  # a cluster and the controller, to stay\n"
           "  export KUBECONFIG=$PWD/build/up/kubeconfig\n"
           "  kubectl apply -f examples/canary.yaml\n"
           "  kubectl get rollouts,replicasets,pods\n"
           "  kubectl patch rollout shop --type=json -p "
           "'[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\", "
           "\"value\": \"registry.example/shop:2.0\"}]'\n"
           "  build/release/slipway get rollout shop --watch\n"
           "  build/release/slipway promote shop\n";
  }
  return status;
}

}  // namespace slipway::cli
