#include <cstdint>
#include <map>
#include <string>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// P4, P6 and P11: what people ask for is done, once, and what can't be done is said.
namespace slipway::simulation {
namespace {

class P4 final : public Property {
 public:
  P4() : Property("P4", "after an abort at most one write under way may still land") {}

  void on_commit(const Change& change, const Ledger&) override {
    const RolloutView* before = change.rollout_before;
    const RolloutView* after = change.rollout_after;
    if (before != nullptr && after != nullptr && !change.commit.ours) {
      const bool stops = (!before->abort && after->abort) || (!before->paused && after->paused);
      if (stops) stops_[after->uid] = {change.commit.at, {}};
    }
    if (change.request == nullptr || change.rollout == nullptr) return;
    const auto stop = stops_.find(change.rollout->uid);
    if (stop == stops_.end() || change.request->at >= stop->second.at) return;
    // Its sender has given it up: what comes after it is another write.
    if (change.request->outcome == Outcome::ambiguous) return;
    checked();
    const std::string id = change.request->replica + " " + change.commit.key;
    // One write may make several commits: an eviction is first noted on its pod.
    const auto landed = stop->second.landed.try_emplace(id, change.request->id).first;
    if (landed->second == change.request->id) return;
    broken(change.violation(std::string(to_string(change.commit.kind)) + " " + change.commit.key,
                            "a second write landed that was sent before the abort or pause"));
  }

 private:
  struct Stop {
    Instant at;
    std::map<std::string, std::uint64_t> landed;  ///< The first request, by replica and object.
  };
  std::map<std::string, Stop> stops_;  ///< The last, by Rollout.
};

class P6 final : public Property {
 public:
  P6() : Property("P6", "a command goes only when it has taken effect, or can't") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const RolloutView* before = change.rollout_before;
    const RolloutView* after = change.rollout_after;
    if (before == nullptr || after == nullptr || !change.commit.ours) return;
    const bool is_stable = after->stable_hash == after->current_hash;
    // A new template or other steps begin all anew, and so does what others made of the spec since.
    const bool anew = before->current_hash != after->current_hash ||
                      before->step_hash != after->step_hash ||
                      before->observed_generation != after->observed_generation ||
                      before->status()["workloadObservedGeneration"] !=
                          after->status()["workloadObservedGeneration"];
    if (before->promote_full && !after->promote_full) {
      checked();
      if (!is_stable && !anew && !after->abort) {
        broken(change.violation(after->text(), "a full promotion was dropped before its end"));
      }
    }
    if (before->abort && !after->abort) {
      checked();
      // Who promotes to the end no longer aborts.
      const bool goes_back = ledger.true_world(*after).goes_back_within_window();
      if (!is_stable && !anew && !before->promote_full && !goes_back) {
        broken(change.violation(after->text(), "an abort was dropped with nothing new to try"));
      }
    }
  }
};

class P11 final : public Property {
 public:
  P11() : Property("P11", "a Rollout without progress is called Degraded in time") {}

  void at_heal(const Ledger& ledger) override { healed_at_ = ledger.now(); }
  void on_reconcile(std::string_view replica, std::string_view key, const Ledger& ledger) override {
    const RolloutView* rollout = ledger.rollout(key);
    if (!healed_at_ || rollout == nullptr || ledger.now() < *healed_at_ + grace) return;
    const std::optional<Instant> since = no_progress_since(*rollout);
    if (!since) {
      overdue_.erase(std::string(replica) + rollout->uid);
      return;
    }
    checked();
    const std::int64_t seconds = rollout->spec()["progressDeadlineSeconds"].integer_or(600);
    const Instant due = *since + Duration::from_seconds(seconds) + ledger.truth().clock_error_max();
    if (ledger.now() <= due + grace) return;
    // The reconcile that begins now may be the one that says so.
    if (++overdue_[std::string(replica) + rollout->uid] < 3) return;
    overdue_.erase(std::string(replica) + rollout->uid);
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = 0,
            .object = rollout->text(),
            .text = fmt::format("is still called Progressing, without progress since {}",
                                format_rfc3339(*since))});
  }

 private:
  static constexpr Duration grace = Duration::from_seconds(60);

  /// What the Progressing condition says, where nothing else holds the update.
  static std::optional<Instant> no_progress_since(const RolloutView& rollout) {
    if (rollout.phase != "Progressing" || rollout.paused || !rollout.pauses().empty()) return {};
    if (rollout.leaving || !rollout.is_told()) return {};
    // A restart to come is called Progressing too, however far ahead it is. Source:
    // behaviour.md 27.6.
    if (rollout.spec()["restartAt"] != rollout.status()["restartedAt"]) return {};
    const Json& conditions = rollout.status()["conditions"];
    if (!conditions.is_array()) return {};
    for (const Json& condition : conditions.as_array()) {
      if (condition["type"].string_or_empty() != "Progressing") continue;
      // A wait for a scale-down delay is told so, and is no lack of progress.
      const Result<Instant> at = parse_rfc3339(condition["lastUpdateTime"].string_or_empty());
      if (at && condition["status"].string_or_empty() == "True") return *at;
    }
    return {};
  }

  std::optional<Instant> healed_at_;
  std::map<std::string, int> overdue_;  ///< By replica and Rollout.
};

}  // namespace

void add_command_properties(Properties& all) {
  all.push_back(std::make_unique<P4>());
  all.push_back(std::make_unique<P6>());
  all.push_back(std::make_unique<P11>());
}

}  // namespace slipway::simulation
