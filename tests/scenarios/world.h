#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/rollout.h"
#include "api/workload.h"
#include "cli/promotion.h"
#include "cluster/testing.h"
#include "controller/rollout_controller.h"
#include "kubernetes/write.h"

namespace slipway::scenarios {

/// Services of these names before the pods of an app, as a YAML stream.
std::string services(std::initializer_list<std::string_view> names, std::string_view app);

/// An embedded cluster with the shipping controller, under virtual time: hours pass in
/// milliseconds.
class World {
 public:
  explicit World(std::uint64_t seed = 1);

  kubernetes::VirtualEventLoop& loop() { return cluster_.loop(); }
  cluster::TestCluster& cluster() { return cluster_; }
  controller::RolloutController& controller() { return *controller_; }

  /// Creates each object of a YAML stream, or merges it into the one there is.
  void apply(std::string_view yaml) { cluster_.apply(yaml); }
  /// One object, or null where there is none.
  Json get(const api::Kind& kind, const std::string& name);
  std::vector<Json> list(const api::Kind& kind) { return cluster_.list(kind, "default"); }
  /// A merge patch, as a person sends one with kubectl. Returns the status of the answer.
  int merge_patch(const api::Kind& kind, const std::string& name, const Json& patch,
                  std::string_view subresource = {});
  /// In the template, or in that of the Deployment that the Rollout refers to.
  void set_image(const std::string& rollout, const std::string& image);
  void erase(const api::Kind& kind, const std::string& name) {
    cluster_.delete_object(kind, {"default", name});
  }

  api::Rollout rollout(const std::string& name);
  /// Those that the Rollout controls.
  std::vector<api::ReplicaSet> replica_sets(const std::string& rollout);
  /// The ReplicaSet of that image. Where there is none (yet): one of size 0, without a name.
  api::ReplicaSet replica_set_of(const std::string& rollout, const std::string& image);
  std::string phase(const std::string& name) { return rollout(name).status.phase; }

  /// Runs until the condition holds, for at most `limit` of virtual time.
  bool until(const std::function<bool()>& condition, Duration limit = Duration::from_seconds(300));
  bool until_phase(const std::string& name, const std::string& phase,
                   Duration limit = Duration::from_seconds(300));
  void run_for(Duration duration) { cluster_.run_for(duration); }

  /// Clears every pause without end, as a person would, until the Rollout is Healthy.
  bool promote_until_healthy(const std::string& name);
  /// What a person does with `promote`, `abort` and `retry`.
  void promote(const std::string& name);
  void promote_full(const std::string& name);
  void abort(const std::string& name);
  void retry(const std::string& name);

  /// Answers each later write of the controller that this returns a response for with that
  /// response, in the server's stead: a quota, a webhook, a role.
  using Refusal = std::function<std::optional<kubernetes::Response>(const kubernetes::Request&)>;
  void refuse(Refusal refusal) { refusal_ = std::move(refusal); }

  /// Ends the controller, as a crash does, and starts another.
  void restart_controller(controller::RolloutController::Options options = {});
  void stop_controller() { controller_.reset(); }

  /// Whether the server still gets the write at which the controller is killed.
  enum class Moment { before, after };
  /// The controller dies with its `nth` write from now on, events included, and another starts.
  void kill_at_write(std::size_t nth, Moment moment) { doom_ = Doom{nth, moment}; }
  bool is_doomed() const { return doom_.has_value(); }

  /// Writes by the controller so far, by "VERB kind" and more, newest last.
  const std::vector<std::string>& writes() const { return writes_; }
  std::size_t write_count() const { return writes_.size(); }
  /// Keys of the Rollouts that were reconciled so far, in order.
  const std::vector<std::string>& reconciled() const { return reconciled_; }
  /// The controller's next write is carried out, and its answer is lost.
  void lose_next_answer() { loses_next_answer_ = true; }
  /// "VERB target" of what the controller sent after the answer was lost; events and lists apart.
  const std::vector<std::string>& after_loss() const { return after_loss_; }
  /// Each status of a Rollout that a controller wrote, as the server keeps it, oldest first.
  const std::vector<api::RolloutStatus>& statuses() const { return statuses_; }
  /// Reasons of the events about a Rollout, oldest first.
  std::vector<std::string> event_reasons(const std::string& rollout);

 private:
  class Recorder;
  struct Doom {
    std::size_t nth;
    Moment moment;
  };
  void send_promotion(const std::string& name, const cli::PromoteOptions& options);

  std::uint64_t seed_;
  cluster::TestCluster cluster_;
  std::vector<std::string> writes_;
  std::vector<std::string> reconciled_;
  std::vector<api::RolloutStatus> statuses_;
  std::optional<Doom> doom_;
  bool loses_next_answer_ = false;
  bool has_lost_ = false;
  std::vector<std::string> after_loss_;
  Refusal refusal_;
  std::shared_ptr<Recorder> recorder_;
  std::unique_ptr<controller::RolloutController> controller_;
};

}  // namespace slipway::scenarios
