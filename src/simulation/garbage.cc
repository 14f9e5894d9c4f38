#include "simulation/garbage.h"

#include <vector>

#include "api/kinds.h"
#include "base/time.h"
#include "simulation/disturbance.h"

namespace slipway::simulation {
namespace {

namespace kinds = api::kinds;

constexpr std::string_view ns = "default";
constexpr std::string_view actor = "chaos";

class Garbage {
 public:
  Garbage(Stage& stage, const std::string& rollout, Random& random)
      : stage_(stage), rollout_(rollout), random_(random) {}

  void scatter() {
    hashes_ = {"", "nobody", "5b8f7d9c6"};
    for (const std::string& name : names_of(stage_, kinds::replica_set)) {
      const auto dash = name.rfind('-');
      if (dash != std::string::npos) hashes_.push_back(name.substr(dash + 1));
    }
    status();
    if (maybe()) annotate(kinds::rollout, rollout_, "rollout.argoproj.io/revision", number());
    for (const std::string& name : names_of(stage_, kinds::replica_set)) replica_set(name);
    for (const std::string& name : names_of(stage_, kinds::service)) {
      if (name != "kubernetes" && maybe()) select(name);
    }
  }

 private:
  bool maybe() { return random_.below(2) == 0; }
  template <class T, std::size_t n>
  T one_of(const T (&values)[n]) {
    return values[random_.below(n)];
  }
  std::string hash() { return hashes_[random_.below(hashes_.size())]; }
  /// As an annotation has it.
  std::string number() {
    return one_of<const char*>({"0", "1", "7", "-3", "", "many", "99999999999999999999"});
  }
  /// From days ago to an hour ahead: a deadline further ahead would be waited for, and rightly.
  std::string time() {
    const std::int64_t minutes = 60 - static_cast<std::int64_t>(random_.below(5000));
    return format_rfc3339(stage_.time.now() + Duration::from_seconds(minutes * 60));
  }
  std::string text() {
    return one_of<const char*>({"", "Healthy", "Paused", "Degraded", "Progressing", "rubbish"});
  }
  int count() { return static_cast<int>(random_.below(12)) - 1; }

  void status() {
    for (const char* field : {"currentPodHash", "stableRS", "currentStepHash", "selector"}) {
      set(field, hash());
    }
    for (const char* field : {"currentStepIndex", "replicas", "updatedReplicas", "readyReplicas",
                              "availableReplicas", "HPAReplicas"}) {
      set(field, count());
    }
    for (const char* field : {"abort", "promoteFull", "controllerPause"}) set(field, maybe());
    for (const char* field : {"abortedAt", "restartedAt"}) set(field, time());
    for (const char* field : {"phase", "message"}) set(field, text());
    for (const char* field : {"observedGeneration", "workloadObservedGeneration"}) {
      set(field, number());
    }
    set("pauseConditions", pauses());
    set("conditions", conditions());
    set("blueGreen", Json::object({
                         {"activeSelector",           hash() },
                         {"previewSelector",          hash() },
                         {"scaleUpPreviewCheckPoint", maybe()}
    }));
    set("duration", Json::object({
                        {"rolloutStartedAt",                time() },
                        {"manualPauseStartedAt",            time() },
                        {"totalManualPauseDurationSeconds", count()},
                        {"completionStatus",                text() }
    }));
  }

  Json pauses() {
    Json pauses = Json::array();
    for (const char* reason : {"CanaryPauseStep", "BlueGreenPause", "InconclusiveAnalysisRun"}) {
      if (!maybe()) continue;
      pauses.push_back(Json::object({
          {"reason",    reason},
          {"startTime", time()}
      }));
    }
    return pauses;
  }

  Json conditions() {
    Json conditions = Json::array();
    for (const char* type : {"Progressing", "Available", "Paused", "Healthy", "Completed",
                             "InvalidSpec", "ReplicaFailure", "Rubbish"}) {
      if (!maybe()) continue;
      conditions.push_back(Json::object({
          {"type",               type                                                     },
          {"status",             one_of<const char*>({"True", "False", "Unknown"})        },
          {"lastUpdateTime",     time()                                                   },
          {"lastTransitionTime", time()                                                   },
          {"reason",
           one_of<const char*>({"RolloutAborted", "ProgressDeadlineExceeded", "RolloutPaused",
                                "ReplicaSetUpdated", "NewReplicaSetAvailable", "Rubbish"})},
          {"message",            text()                                                   }
      }));
    }
    return conditions;
  }

  void replica_set(const std::string& name) {
    if (maybe()) annotate(kinds::replica_set, name, "rollout.argoproj.io/revision", number());
    if (maybe()) {
      annotate(kinds::replica_set, name, "rollout.argoproj.io/desired-replicas", number());
    }
    for (const char* key :
         {"scale-down-deadline", "argo-rollouts.argoproj.io/scale-down-deadline"}) {
      if (maybe()) annotate(kinds::replica_set, name, key, maybe() ? time() : number());
    }
    if (maybe()) {
      merge_patch(stage_, actor, kinds::replica_set.path(ns, name),
                  Json::object({
                      {"spec", Json::object({{"replicas", static_cast<int>(random_.below(6))}})}
      }));
    }
  }

  void select(const std::string& service) {
    const std::string chosen = hash();
    merge_patch(
        stage_, actor, kinds::service.path(ns, service),
        Json::object({
            {"spec", Json::object({{"selector",
                                    Json::object({{"rollouts-pod-template-hash",
                                                   chosen.empty() ? Json() : Json(chosen)}})}})}
    }));
  }

  void set(const char* field, Json value) {
    if (random_.below(3) == 0) return;
    if (random_.below(8) == 0) value = Json();
    merge_patch(stage_, actor, kinds::rollout.path(ns, rollout_, "status"),
                Json::object({
                    {"status", Json::object({{field, std::move(value)}})}
    }));
  }

  void annotate(const api::Kind& kind, const std::string& name, const char* key,
                const std::string& value) {
    merge_patch(stage_, actor, kind.path(ns, name), annotation_patch(key, value));
  }

  Stage& stage_;
  const std::string& rollout_;
  Random& random_;
  std::vector<std::string> hashes_;
};

}  // namespace

void scatter_garbage(Stage& stage, const std::string& rollout, Random& random) {
  Garbage(stage, rollout, random).scatter();
}

}  // namespace slipway::simulation
