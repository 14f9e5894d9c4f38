#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// P1 to P12: where an update stands, and who says so.
namespace slipway::simulation {
namespace {

/// A write of ours to a Rollout that was there before.
bool is_our_status(const Change& change) {
  return change.commit.ours && change.rollout_before != nullptr && change.rollout_after != nullptr;
}

/// The same template and steps before and after.
bool same_epoch(const RolloutView& before, const RolloutView& after) {
  return before.current_hash == after.current_hash && before.step_hash == after.step_hash;
}

bool is_steps_end(const RolloutView& rollout) {
  return rollout.step && *rollout.step == rollout.step_count();
}

const Json* find_by(const Json& list, std::string_view member, const Json& value) {
  if (!list.is_array()) return nullptr;
  for (const Json& item : list.as_array()) {
    if (item[member] == value) return &item;
  }
  return nullptr;
}

class P1 final : public Property {
 public:
  P1() : Property("P1", "the step rises one by one, and falls only to begin anew") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!is_our_status(change)) return;
    const RolloutView& before = *change.rollout_before;
    const RolloutView& after = *change.rollout_after;
    if (!before.step || !after.step) return;
    checked();
    const std::int64_t to = *after.step;
    if (!same_epoch(before, after)) {
      if (to == 0 || leaps(before, after)) return;
      broken(change.violation(after.text(), fmt::format("an update begins at step {}", to)));
      return;
    }
    if (to == *before.step || to == *before.step + 1 || to == after.step_count()) return;
    const bool anew = after.abort || before.abort || before.aborted_at;
    // The spec may have lost steps since.
    if ((to == 0 && anew) || *before.step > after.step_count()) return;
    broken(change.violation(after.text(),
                            fmt::format("currentStepIndex went from {} to {}", *before.step, to)));
  }

 private:
  /// An update that has no step to take: there is nothing to update, or it goes back a little way.
  static bool leaps(const RolloutView& before, const RolloutView& after) {
    return after.stable_hash == after.current_hash || before.stable_hash.empty() ||
           before.promote_full || after.spec()["rollbackWindow"].is_object();
  }
};

class P2 final : public Property {
 public:
  P2() : Property("P2", "a weight counts as set only where the pods for it are there") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_status(change) || change.request == nullptr) return;
    const RolloutView& before = *change.rollout_before;
    const RolloutView& after = *change.rollout_after;
    if (!before.step || !after.step || !same_epoch(before, after) || before.promote_full) return;
    if (*after.step != *before.step + 1 || after.routed || *before.step < 0) return;
    if (after.stable_hash == after.current_hash) return;
    const Json& step = after.steps().at(static_cast<std::size_t>(*before.step));
    if (!step["setWeight"].is_integer()) return;
    checked();
    const auto lacks = [&](const World& world) {
      if (!world.rollout) return true;
      const std::int64_t weight = step["setWeight"].as_integer();
      // Shares of pods come near a weight; nearer than a pod they can't.
      const std::int64_t wanted = world.rollout->desired * weight / 100;
      const std::int64_t least =
          std::min(world.rollout->enough_of(wanted),
                   wanted - (weight < 100 ? 1 + world.rollout->max_unavailable : 0));
      std::int64_t available = 0;
      for (std::size_t i = 0; i < world.sets.size(); ++i) {
        if (world.sets[i].hash == after.current_hash) available += world.available[i];
      }
      return available < least;
    };
    if (!lacks(ledger.true_world(after)) || !lacks(ledger.world_of(*change.request, after))) return;
    broken(change.violation(after.text(), fmt::format("step {} ended without the pods of weight {}",
                                                      *before.step, to_text(step["setWeight"]))));
  }
};

class P3 final : public Property {
 public:
  P3() : Property("P3", "a pause without end waits for a person, and begins once") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!is_our_status(change)) return;
    const RolloutView& before = *change.rollout_before;
    const RolloutView& after = *change.rollout_after;
    if (!same_epoch(before, after)) return;
    check_start(change, before, after);
    if (!before.step || !after.step || *after.step <= *before.step) return;
    if (!after.is_pause(*before.step) || after.pause_duration(*before.step)) return;
    const Json& pause = after.steps().at(static_cast<std::size_t>(*before.step))["pause"];
    if (pause.find("duration") != nullptr) return;
    checked();
    const bool resumed = before.controller_pause && before.pauses().empty();
    // To the end at once: by command, or because there is nothing left to update to.
    const bool leaps = is_steps_end(after) &&
                       (*after.step > *before.step + 1 || after.stable_hash == after.current_hash);
    if (resumed || before.promote_full || leaps) return;
    broken(change.violation(
        after.text(),
        fmt::format("step {} is a pause without end, and nobody ended it", *before.step)));
  }

 private:
  void check_start(const Change& change, const RolloutView& before, const RolloutView& after) {
    if (before.step != after.step || !before.pauses().is_array()) return;
    for (const Json& pause : before.pauses().as_array()) {
      const Json* now = find_by(after.pauses(), "reason", pause["reason"]);
      if (now == nullptr || !pause["startTime"].is_string()) continue;
      checked();
      if ((*now)["startTime"] == pause["startTime"]) continue;
      broken(change.violation(after.text(), "the pause's startTime was written anew"));
    }
  }
};

class P5 final : public Property {
 public:
  P5() : Property("P5", "no status write touches a command that its decision had not read") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_status(change) || change.request == nullptr || change.request->decided_on == 0) {
      return;
    }
    const Version* seen =
        ledger.version_at(ObjectKind::rollout, change.commit.key, change.request->decided_on);
    if (seen == nullptr || seen->content == nullptr) return;
    checked();
    const Json& read = (*seen->content)["status"];
    for (const std::string_view field :
         {"abort", "promoteFull", "pauseConditions", "currentStepIndex", "restartedAt"}) {
      const Json& before = change.rollout_before->status()[field];
      if (before == read[field] || change.rollout_after->status()[field] == before) continue;
      broken(change.violation(change.rollout_after->text(),
                              fmt::format("status.{} was overwritten unread", field)));
    }
  }
};

class P7 final : public Property {
 public:
  P7() : Property("P7", "observedGeneration never leads nor falls; Healthy is about this spec") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!is_our_status(change)) return;
    const RolloutView& before = *change.rollout_before;
    const RolloutView& after = *change.rollout_after;
    checked();
    if (after.observed_generation > after.generation) {
      report(change, "leads the generation");
    } else if (after.observed_generation < before.observed_generation &&
               before.observed_generation <= before.generation) {
      report(change, "fell");
    } else if (after.phase == "Healthy" && after.observed_generation != after.generation &&
               before.phase != "Healthy") {
      report(change, "is of another spec than what is called Healthy");
    }
  }

 private:
  void report(const Change& change, std::string_view what) {
    broken(change.violation(
        change.rollout_after->text(),
        fmt::format("observedGeneration {}: {} of {}, before it was {}", what,
                    change.rollout_after->observed_generation, change.rollout_after->generation,
                    change.rollout_before->observed_generation)));
  }
};

class P8 final : public Property {
 public:
  P8() : Property("P8", "stable becomes only what has all its pods, and never nothing") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_status(change) || change.request == nullptr) return;
    const RolloutView& before = *change.rollout_before;
    const RolloutView& after = *change.rollout_after;
    if (before.stable_hash == after.stable_hash || before.stable_hash.empty()) return;
    checked();
    if (after.stable_hash.empty()) {
      broken(change.violation(after.text(), "status.stableRS was emptied"));
      return;
    }
    const auto lacks = [&](const World& world) {
      if (!world.rollout) return true;
      for (std::size_t i = 0; i < world.sets.size(); ++i) {
        if (world.sets[i].hash == after.stable_hash) {
          return world.available[i] < world.rollout->enough();
        }
      }
      return true;
    };
    if (!lacks(ledger.true_world(after)) || !lacks(ledger.world_of(*change.request, after))) return;
    broken(change.violation(after.text(), fmt::format("{} became stable without {} available pods",
                                                      after.stable_hash, after.desired)));
  }
};

class P9 final : public Property {
 public:
  P9() : Property("P9", "a condition's transition time changes with its status only") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!is_our_status(change)) return;
    const Json& before = change.rollout_before->status()["conditions"];
    const Json& after = change.rollout_after->status()["conditions"];
    if (!before.is_array() || !after.is_array()) return;
    for (const Json& condition : after.as_array()) {
      const Json* was = find_by(before, "type", condition["type"]);
      if (was == nullptr || !((*was)["status"] == condition["status"])) continue;
      if (!(*was)["lastTransitionTime"].is_string()) continue;
      checked();
      if ((*was)["lastTransitionTime"] == condition["lastTransitionTime"]) continue;
      broken(change.violation(
          change.rollout_after->text(),
          fmt::format("{}: lastTransitionTime changed, the status did not; "
                      "{} became {}",
                      condition["type"].string_or_empty(), to_text(*was), to_text(condition))));
    }
  }
};

class P12 final : public Property {
 public:
  P12() : Property("P12", "what merely pauses is not called Degraded") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!is_our_status(change)) return;
    const RolloutView& after = *change.rollout_after;
    if (after.abort || after.pauses().empty() || !after.controller_pause) return;
    checked();
    if (after.phase != "Degraded" || change.rollout_before->phase == "Degraded") return;
    const Json* invalid = find_by(after.status()["conditions"], "type", Json("InvalidSpec"));
    if (invalid != nullptr) return;
    broken(change.violation(after.text(), "called Degraded while it pauses"));
  }
};

}  // namespace

void add_step_properties(Properties& all) {
  all.push_back(std::make_unique<P1>());
  all.push_back(std::make_unique<P2>());
  all.push_back(std::make_unique<P3>());
  all.push_back(std::make_unique<P5>());
  all.push_back(std::make_unique<P7>());
  all.push_back(std::make_unique<P8>());
  all.push_back(std::make_unique<P9>());
  all.push_back(std::make_unique<P12>());
}

}  // namespace slipway::simulation
