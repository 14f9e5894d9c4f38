#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// I10, L13 and L15: what becomes of a cluster whose controller goes, and another begins.
namespace slipway::simulation {
namespace {

std::string name_of(const Commit& commit) {
  return std::string(to_string(commit.kind)) + " " + commit.key;
}

bool is_ours(const Change& change) {
  return change.commit.ours && change.commit.kind != ObjectKind::lease &&
         change.commit.kind != ObjectKind::event;
}

class I10 final : public Property {
 public:
  I10() : Property("I10", "a settled cluster of another controller's is taken over in silence") {}

  void at_quiet(const Ledger&) override { settled_ = true; }
  void at_handover(Leavings leavings, const Ledger&) override {
    taken_over_ = settled_ && leavings == Leavings::anothers;
    looked_at_.clear();
  }
  void on_reconcile(std::string_view, std::string_view rollout, const Ledger& ledger) override {
    if (!taken_over_ || ledger.rollout(rollout) == nullptr) return;
    if (looked_at_.emplace(rollout).second) checked();
  }
  void on_commit(const Change& change, const Ledger&) override {
    if (!taken_over_ || !is_ours(change) || !moves_anything(change.commit)) return;
    broken(change.violation(name_of(change.commit), "written when it was taken over"));
  }

 private:
  /// Beside what we note on our own account: annotations of ReplicaSets and Rollouts, a status.
  static bool moves_anything(const Commit& commit) {
    if (commit.kind == ObjectKind::pod || commit.kind == ObjectKind::service) return true;
    if (commit.before == nullptr || commit.after == nullptr) return true;
    return (*commit.before)["spec"] != (*commit.after)["spec"];
  }

  bool settled_ = false;
  bool taken_over_ = false;
  std::set<std::string, std::less<>> looked_at_;
};

class L13 final : public Property {
 public:
  L13() : Property("L13", "who takes over in mid-update repeats no step and leaves none out") {}

  void at_handover(Leavings, const Ledger& ledger) override {
    left_.clear();
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (rollout.step && *rollout.step < rollout.step_count() && !rollout.abort) {
        left_[key] = {rollout.uid, rollout.step_hash, rollout.current_hash, *rollout.step,
                      rollout.pause_start("CanaryPauseStep")};
      }
    }
  }
  void on_commit(const Change& change, const Ledger&) override {
    if (change.commit.kind != ObjectKind::rollout) return;
    const auto left = left_.find(change.commit.key);
    if (left != left_.end() && !goes_on(change, left->second)) left_.erase(left);
  }

 private:
  struct Left {
    std::string uid, step_hash, hash;
    std::int64_t step = 0;
    std::optional<Instant> pause;
  };
  /// Whether the next write is to be looked at too: until the step is left, or others have a say.
  bool goes_on(const Change& change, const Left& left) {
    if (change.rollout_before == nullptr || change.rollout_after == nullptr) return false;
    const RolloutView& now = *change.rollout_after;
    if (!change.commit.ours) {
      return now.generation == change.rollout_before->generation &&
             now.status() == change.rollout_before->status();
    }
    // Where nobody had looked at a new spec yet, the steps begin anew, as they should.
    if (now.uid != left.uid || now.step_hash != left.step_hash || now.current_hash != left.hash ||
        !now.step || now.abort) {
      return false;
    }
    checked();
    if (*now.step != left.step) {
      const bool follows = *now.step == left.step + 1 || *now.step == now.step_count();
      if (!follows) {
        broken(change.violation(
            now.text(), fmt::format("was left at step {}, goes on at {}", left.step, *now.step)));
      }
      return false;
    }
    const std::optional<Instant> pause = now.pause_start("CanaryPauseStep");
    if (!left.pause || !pause || *pause == *left.pause) return true;
    broken(change.violation(now.text(), "its pause begins once more"));
    return false;
  }

  std::map<std::string, Left, std::less<>> left_;  ///< By Rollout, until it leaves that step.
};

class L15 final : public Property {
 public:
  L15() : Property("L15", "a controller that was gone for a week finds nothing to change") {}

  void at_quiet(const Ledger&) override { settled_ = true; }
  void at_handover(Leavings leavings, const Ledger&) override {
    away_ = settled_ && leavings == Leavings::ours;
  }
  void on_reconcile(std::string_view, std::string_view rollout, const Ledger& ledger) override {
    if (away_ && ledger.rollout(rollout) != nullptr) checked();
  }
  void on_commit(const Change& change, const Ledger&) override {
    if (!away_ || !is_ours(change)) return;
    broken(change.violation(name_of(change.commit), "written when the controller came back"));
  }

 private:
  bool settled_ = false;
  bool away_ = false;
};

}  // namespace

void add_handover_properties(Properties& all) {
  all.push_back(std::make_unique<I10>());
  all.push_back(std::make_unique<L13>());
  all.push_back(std::make_unique<L15>());
}

}  // namespace slipway::simulation
