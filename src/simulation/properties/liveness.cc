#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// L1 to L15, as far as one run can tell: what must come true once nothing fails any more.
namespace slipway::simulation {
namespace {

Violation found(const Ledger& ledger, std::string object, std::string text) {
  return {.property = {},
          .at = ledger.now(),
          .revision = ledger.revision(),
          .request = 0,
          .object = std::move(object),
          .text = std::move(text)};
}

/// One that the controller is to bring somewhere. The others are for people to mend.
bool is_in_its_hands(const RolloutView& rollout) {
  return !rollout.leaving && rollout.strategy != Strategy::none &&
         !rollout.has_condition("InvalidSpec") && !rollout.has_condition("NotSupported");
}

/// Why this Rollout is not where it should end up; empty where it is.
std::string lack_of_goal(const RolloutView& rollout, const Ledger& ledger) {
  if (!rollout.is_told()) return "its spec was never looked at";
  if (rollout.phase == "Paused" || rollout.paused) return {};
  if (rollout.phase == "Degraded") {
    const bool said = rollout.abort ||
                      rollout.has_condition("Progressing", "ProgressDeadlineExceeded") ||
                      rollout.has_condition("Progressing", "RolloutAborted");
    return said ? "" : "it is Degraded for no reason given";
  }
  if (rollout.phase != "Healthy") return "it is " + rollout.phase;
  if (rollout.stable_hash != rollout.current_hash)
    return "it is Healthy, but not on the new version";
  for (const ReplicaSetView* set : ledger.owned_by(rollout.uid)) {
    if (set->hash != rollout.stable_hash) continue;
    if (set->replicas != rollout.desired) {
      return fmt::format("it is Healthy with {} of {} pods asked for", set->replicas,
                         rollout.desired);
    }
    if (ledger.available(*set) < rollout.desired) return "it is Healthy without its pods";
    return {};
  }
  return rollout.desired == 0 ? "" : "it is Healthy without a ReplicaSet";
}

class L1 final : public Property {
 public:
  L1() : Property("L1", "every Rollout reaches its goal and stays there") {}

  void at_quiet(const Ledger& ledger) override { look(ledger); }
  void at_end(const Ledger& ledger) override { look(ledger); }

 private:
  void look(const Ledger& ledger) {
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (!is_in_its_hands(rollout)) continue;
      checked();
      const std::string lack = lack_of_goal(rollout, ledger);
      if (!lack.empty()) broken(found(ledger, rollout.text(), lack));
    }
  }
};

class L2 final : public Property {
 public:
  L2() : Property("L2", "it gets there with a bounded number of writes and reconciles") {}

  void at_heal(const Ledger& ledger) override {
    counts_ = true;
    healed_at_ = ledger.now();
  }
  void on_commit(const Change& change, const Ledger&) override {
    if (!counts_) return;
    if (change.rollout == nullptr) return count_orphan(change.commit);
    Count& count = by_rollout_[change.rollout->key];
    change.commit.ours ? ++count.writes : ++count.events;
  }
  void on_reconcile(std::string_view, std::string_view rollout, const Ledger&) override {
    if (counts_) ++by_rollout_[std::string(rollout)].reconciles;
  }
  void at_quiet(const Ledger& ledger) override {
    counts_ = false;
    for (const auto& [key, count] : by_rollout_) {
      const RolloutView* rollout = ledger.rollout(key);
      if (rollout == nullptr || rollout->leaving) continue;
      checked();
      const auto steps = static_cast<std::uint64_t>(rollout->step_count());
      const auto sets = static_cast<std::uint64_t>(ledger.owned_by(rollout->uid).size());
      const std::uint64_t services = rollout->services.size();
      // Each pod that comes or goes is told in the status, hence the events.
      const std::uint64_t writes = 3 * steps + 2 * sets + 4 * services + 10 + count.events;
      // Resyncs come each quarter of an hour.
      const auto hours = static_cast<std::uint64_t>((ledger.now() - healed_at_).seconds() / 3600);
      const std::uint64_t resyncs = 5 * hours;
      const std::uint64_t reconciles = 2 * (count.events + count.writes) + 4 * steps + 60 + resyncs;
      if (count.writes > writes || count.reconciles > reconciles) {
        broken(found(ledger, rollout->text(),
                     fmt::format("{} writes and {} reconciles, where {} and {} would do",
                                 count.writes, count.reconciles, writes, reconciles)));
      }
    }
  }

 private:
  struct Count {
    std::uint64_t writes = 0;
    std::uint64_t events = 0;
    std::uint64_t reconciles = 0;
  };
  /// One that nobody owns may be one to take in: each change of it is news to the Rollouts there.
  void count_orphan(const Commit& commit) {
    if (commit.kind != ObjectKind::replica_set || commit.ours) return;
    const std::string namespace_ = commit.key.substr(0, commit.key.find('/') + 1);
    for (auto& [key, count] : by_rollout_) {
      if (key.starts_with(namespace_)) ++count.events;
    }
  }

  bool counts_ = false;
  Instant healed_at_;
  std::map<std::string, Count> by_rollout_;
};

class L3 final : public Property {
 public:
  L3() : Property("L3", "then it is quiet: no writes, and reconciles by resync only") {}

  void at_quiet(const Ledger& ledger) override { quiet_since_ = ledger.now(); }
  void on_commit(const Change& change, const Ledger&) override {
    if (!quiet_since_ || !change.commit.ours || change.commit.kind == ObjectKind::lease) return;
    checked();
    broken(
        change.violation(std::string(to_string(change.commit.kind)) + " " + change.commit.key,
                         "written long after everything had settled, by " + change.commit.writer));
  }
  void on_reconcile(std::string_view, std::string_view rollout, const Ledger&) override {
    if (quiet_since_) ++reconciles_[std::string(rollout)];
  }
  void at_handover(Leavings, const Ledger& ledger) override { look(ledger); }
  void at_end(const Ledger& ledger) override { look(ledger); }

 private:
  void look(const Ledger& ledger) {
    if (!quiet_since_) return;
    checked();
    const double hours = (ledger.now() - *quiet_since_).seconds() / 3600;
    // Resyncs come each quarter of an hour, up to twice that often by jitter; three replicas.
    const auto allowed = static_cast<std::uint64_t>(8 * hours) * 3 + 10;
    for (const auto& [key, count] : reconciles_) {
      if (count <= allowed) continue;
      broken(found(ledger, "Rollout " + key,
                   fmt::format("reconciled {} times in {:.0f} quiet hours", count, hours)));
    }
    quiet_since_.reset();
  }

  std::optional<Instant> quiet_since_;
  std::map<std::string, std::uint64_t> reconciles_;
};

class L4 final : public Property {
 public:
  L4() : Property("L4", "after an abort the stable version has all pods and all traffic") {}

  void at_quiet(const Ledger& ledger) override {
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (!is_in_its_hands(rollout) || !rollout.abort || rollout.stable_hash.empty()) continue;
      if (!rollout.is_told() || rollout.paused) continue;
      const auto owned = ledger.owned_by(rollout.uid);
      const auto stable = std::ranges::find(owned, rollout.stable_hash, &ReplicaSetView::hash);
      // Where somebody deleted it, or garbled its name, there is nothing to go back to. That we
      // don't is I8.
      if (stable == owned.end()) continue;
      checked();
      if (ledger.available(**stable) < rollout.desired) {
        broken(
            found(ledger, (*stable)->text(), "is stable, and has not all its pods after an abort"));
      }
      const ServiceView* active = ledger.service(rollout.active_service);
      if (active != nullptr && active->hash != rollout.stable_hash) {
        broken(found(ledger, "Service " + active->key,
                     "does not select the stable version after an abort"));
      }
    }
  }
};

class L6 final : public Property {
 public:
  L6() : Property("L6", "a pause ends when its time is over") {}

  void at_heal(const Ledger& ledger) override { free_since_ = ledger.now(); }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    began_.try_emplace(request.replica, ledger.now());
  }
  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!free_since_ || change.rollout_before == nullptr || !change.rollout_after) return;
    // Who unpauses, mends or edits it may do so long after the pause was due.
    if (!change.commit.ours) free_since_ = change.commit.at;
    if (change.request == nullptr || !ends_by_time(*change.rollout_before)) return;
    const RolloutView& before = *change.rollout_before;
    if (change.rollout_after->pause_start("CanaryPauseStep") == start_of(before)) return;
    checked();
    const Instant free = std::max(*free_since_, began_[change.request->replica]);
    if (change.commit.at <= std::max(end_of(before, ledger), free) + grace) return;
    broken(change.violation(before.text(),
                            fmt::format("the pause at step {}, since {} for {}, ended late",
                                        *before.step, format_rfc3339(*start_of(before)),
                                        format_go_duration(*before.pause_duration(*before.step)))));
  }
  void at_quiet(const Ledger& ledger) override {
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (!ends_by_time(rollout)) continue;
      checked();
      if (end_of(rollout, ledger) + grace > ledger.now()) continue;
      broken(found(ledger, rollout.text(),
                   fmt::format("still pauses at step {}, since {} for {}", *rollout.step,
                               format_rfc3339(*start_of(rollout)),
                               format_go_duration(*rollout.pause_duration(*rollout.step)))));
    }
  }

 private:
  static constexpr Duration grace = Duration::from_seconds(60);

  static std::optional<Instant> start_of(const RolloutView& rollout) {
    return rollout.pause_start("CanaryPauseStep");
  }
  static bool ends_by_time(const RolloutView& rollout) {
    return is_in_its_hands(rollout) && !rollout.paused && rollout.step && start_of(rollout) &&
           rollout.pause_duration(*rollout.step) && rollout.is_told();
  }
  static Instant end_of(const RolloutView& rollout, const Ledger& ledger) {
    return *start_of(rollout) + *rollout.pause_duration(*rollout.step) +
           ledger.truth().clock_error_max();
  }

  std::optional<Instant> free_since_;     ///< Nobody and nothing keeps a pause from its end.
  std::map<std::string, Instant> began_;  ///< By replica.
};

class L7 final : public Property {
 public:
  L7() : Property("L7", "every command takes effect") {}

  void at_quiet(const Ledger& ledger) override {
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (!is_in_its_hands(rollout)) continue;
      if (rollout.promote_full && !rollout.paused) {
        checked();
        if (rollout.phase != "Degraded") {
          broken(found(ledger, rollout.text(), "a full promotion is still asked for"));
        }
      }
      if (rollout.abort) {
        checked();
        if (rollout.stable_hash == rollout.current_hash) {
          broken(found(ledger, rollout.text(), "an abort of nothing is still asked for"));
        }
      }
    }
  }
};

class L14 final : public Property {
 public:
  L14() : Property("L14", "of a Rollout that is deleted nothing is left") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.rollout_before != nullptr && change.rollout_after == nullptr) ++deleted_;
  }
  void at_quiet(const Ledger& ledger) override {
    if (deleted_ == 0) return;
    for (const auto& [key, set] : ledger.replica_sets()) {
      if (!ledger.was_rollout(set.owner)) continue;
      checked();
      if (ledger.rollout_of_uid(set.owner) == nullptr) {
        broken(found(ledger, set.text(), "its Rollout is gone, and it is still there"));
      }
    }
  }

 private:
  int deleted_ = 0;
};

}  // namespace

void add_liveness_properties(Properties& all) {
  all.push_back(std::make_unique<L1>());
  all.push_back(std::make_unique<L2>());
  all.push_back(std::make_unique<L3>());
  all.push_back(std::make_unique<L4>());
  all.push_back(std::make_unique<L6>());
  all.push_back(std::make_unique<L7>());
  all.push_back(std::make_unique<L14>());
}

}  // namespace slipway::simulation
