#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "simulation/properties/declared_metadata.h"
#include "simulation/properties/groups.h"
#include "simulation/properties/json_difference.h"

/// D1 to D11: every old ReplicaSet ends, at its time.
namespace slipway::simulation {
namespace {

bool is_our_change(const Change& change) {
  return change.request != nullptr && change.set_before != nullptr && change.set_after != nullptr;
}

std::string quoted(const std::optional<std::string>& text) {
  return text ? "\"" + *text + "\"" : "nothing";
}

/// The longest delay that any version of the Rollout asked for since the one that the request was
/// decided on.
Duration longest_delay(const Change& change, const Ledger& ledger) {
  Duration longest = 0_s;
  const auto look = [&](const RolloutView& rollout) {
    longest = std::max(longest, rollout.scale_down_delay);
    if (rollout.abort_delay) longest = std::max(longest, *rollout.abort_delay);
  };
  if (change.rollout == nullptr) return longest;
  look(*change.rollout);
  for (const Version& version : ledger.versions(ObjectKind::rollout, change.rollout->key)) {
    if (version.content) look(rollout_view(version.content, change.rollout->key));
  }
  return longest;
}

class D1 final : public Property {
 public:
  D1() : Property("D1", "a deadline that is written is a time, ahead of now, within the delay") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_change(change) || !change.set_after->deadline) return;
    if (change.set_before->deadline == change.set_after->deadline) return;
    checked();
    const std::optional<Instant> deadline = change.set_after->valid_deadline();
    if (!deadline) {
      broken(change.violation(change.set_after->text(),
                              fmt::format("the deadline {} was written, which is no time",
                                          quoted(change.set_after->deadline))));
      return;
    }
    const Duration error = ledger.truth().clock_error_max();
    const Instant decided = ledger.decided_at(*change.request);
    const Duration longest = longest_delay(change, ledger);
    if (*deadline > decided - error && *deadline <= change.request->at + longest + 1_s + error) {
      return;
    }
    broken(change.violation(change.set_after->text(),
                            fmt::format("the deadline {} was written at {}, with a delay of {}",
                                        quoted(change.set_after->deadline), format_rfc3339(decided),
                                        format_go_duration(longest))));
  }
};

class D2 final : public Property {
 public:
  D2() : Property("D2", "a deadline comes, stays as it is, and goes with its reason") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_change(change) || change.set_before->deadline == change.set_after->deadline) return;
    const std::optional<Instant> before = change.set_before->valid_deadline();
    if (!before) return;
    checked();
    if (const std::optional<Instant> after = change.set_after->valid_deadline()) {
      if (*after != *before) report(change, *after < *before ? "earlier" : "later");
      return;
    }
    if (change.set_after->deadline) {
      report(change, "unreadable");
      return;
    }
    if (change.set_after->replicas == 0 || change.rollout == nullptr) return;
    const auto in_use = [&](const World& world) {
      if (!world.rollout || world.rollout->leaving) return true;
      const RolloutView& rollout = *world.rollout;
      const std::string& hash = change.set_after->hash;
      // Where the newest template is not written down yet, it may be this one.
      const bool may_be_new = !rollout.is_told();
      // Or the one that is written down is there no more, or is of an older template (an invalid
      // spec is looked at, and no version becomes current by that), and this one has the newest.
      const bool is_missing = std::ranges::none_of(world.sets, [&](const ReplicaSetView& set) {
        return set.hash == rollout.current_hash && !set.leaving &&
               has_template_of(rollout, set, ledger);
      });
      if (is_missing && has_template_of(rollout, *change.set_before, ledger)) return true;
      return may_be_new || hash == rollout.current_hash || hash == rollout.stable_hash ||
             rollout.strategy == Strategy::canary || ledger.is_selected(rollout, hash);
    };
    if (!in_use(ledger.true_world(*change.rollout)) &&
        !in_use(ledger.world_of(*change.request, *change.rollout, Others::excused))) {
      report(change, "gone, though the ReplicaSet is as unused as before");
    }
  }

 private:
  void report(const Change& change, std::string_view what) {
    broken(change.violation(
        change.set_after->text(),
        fmt::format("its deadline {} became {}: {}", quoted(change.set_before->deadline),
                    quoted(change.set_after->deadline), what)));
  }
};

/// Whether an old ReplicaSet of this Rollout ends by a deadline.
bool ends_by_deadline(const RolloutView& rollout) {
  return rollout.strategy == Strategy::blue_green || rollout.routed;
}

bool is_inactive(const RolloutView& rollout, const ReplicaSetView& set, const Ledger& ledger) {
  // Of a status that was never written no version is old.
  return !rollout.current_hash.empty() && set.hash != rollout.current_hash &&
         set.hash != rollout.stable_hash && !ledger.is_selected(rollout, set.hash);
}

class D4 final : public Property {
 public:
  D4() : Property("D4", "nothing is scaled down before its deadline") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_change(change) || change.rollout == nullptr) return;
    const std::int64_t kept = least_kept(*change.rollout, *change.set_before, ledger);
    if (change.set_after->replicas >= kept) return;
    if (!may_not(*change.rollout, *change.set_before, ledger)) return;
    checked();
    // Without one it has not had its delay, if there is any.
    const std::optional<Instant> deadline = change.set_before->valid_deadline();
    if (deadline && change.commit.at >= *deadline - ledger.truth().clock_error_max()) return;
    const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
    if (!decided.rollout || !may_not(*decided.rollout, *change.set_before, ledger)) return;
    if (change.set_after->replicas >= least_kept(*decided.rollout, *change.set_before, ledger)) {
      return;
    }
    const Instant then = ledger.decided_at(*change.request) - ledger.truth().clock_error_max();
    const std::string& key = change.set_before->key;
    if (are_too_many(decided, key, then, ledger)) return;
    if (are_too_many(ledger.true_world(*change.rollout), key, ledger.now(), ledger)) return;
    broken(change.violation(
        change.set_before->text(),
        fmt::format("scaled from {} to {} before its deadline {}", change.set_before->replicas,
                    change.set_after->replicas, quoted(change.set_before->deadline))));
  }

 private:
  static bool may_not(const RolloutView& rollout, const ReplicaSetView& set, const Ledger& ledger) {
    return ends_by_deadline(rollout) && !rollout.leaving && rollout.desired > 0 &&
           rollout.scale_down_delay > 0_s && is_inactive(rollout, set, ledger);
  }
  /// One that follows a lower spec.replicas is still there. And one that is new again is inactive
  /// no more, by the specification: it gets what a preview gets (C5), unless it is whole, since
  /// then it is what makes going back fast.
  static std::int64_t least_kept(const RolloutView& rollout, const ReplicaSetView& set,
                                 const Ledger& ledger) {
    const std::int64_t kept = std::min(set.replicas, rollout.desired);
    const bool is_preview = rollout.preview_replicas > 0 && set.replicas < rollout.desired;
    if (!is_preview || !has_template_of(rollout, set, ledger)) return kept;
    return std::min(kept, rollout.preview_replicas);
  }
  /// More of them wait for their end at that time than the Rollout allows.
  static bool are_too_many(const World& world, std::string_view this_one, Instant at,
                           const Ledger& ledger) {
    if (!world.rollout || !world.rollout->revision_limit) return false;
    const auto waits = [&](const ReplicaSetView& set) {
      if (set.key == this_one) return true;
      const std::optional<Instant> deadline = set.valid_deadline();
      if (set.replicas == 0 || (deadline && *deadline <= at)) return false;
      // New is the ReplicaSet of the template that the spec holds. One that was just superseded is
      // so no more, though the status calls it current until the plan that superseded it has come
      // to its end: it waits too, and the same plan may give it its deadline.
      const bool superseded = (deadline || !has_template_of(*world.rollout, set, ledger)) &&
                              !world.rollout->is_told() && set.hash != world.rollout->stable_hash &&
                              !ledger.is_selected(*world.rollout, set.hash);
      return superseded || is_inactive(*world.rollout, set, ledger);
    };
    return std::ranges::count_if(world.sets, waits) > *world.rollout->revision_limit;
  }
};

/// What the status says is invalid is a Service that is not there. That is looked at last: all that
/// the spec holds is sound.
bool lacks_only_a_service(const RolloutView& rollout, const Ledger& ledger) {
  const Json& conditions = rollout.status()["conditions"];
  if (!conditions.is_array()) return false;
  const bool is_told = std::ranges::any_of(conditions.as_array(), [](const Json& condition) {
    return condition["type"].string_or_empty() == "InvalidSpec" &&
           condition["message"].string_or_empty().ends_with("not found");
  });
  return is_told && std::ranges::any_of(rollout.services, [&](const std::string& key) {
           return ledger.service(key) == nullptr;
         });
}

class D5 final : public Property {
 public:
  D5() : Property("D5", "no zombies: an old ReplicaSet is empty soon after its deadline") {}

  void at_heal(const Ledger& ledger) override { healed_at_ = ledger.now(); }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    began_.try_emplace(request.replica, ledger.now());
  }
  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!healed_at_ || !is_our_change(change) || change.rollout == nullptr) return;
    if (change.set_after->replicas != 0 || change.set_before->replicas == 0) return;
    const std::optional<Instant> deadline = change.set_before->valid_deadline();
    if (!deadline || !ends_by_deadline(*change.rollout)) return;
    checked();
    const Instant began = change.request == nullptr ? *healed_at_ : began_[change.request->replica];
    const Instant used = last_used(*change.rollout, *change.set_before, ledger);
    const Instant due = std::max({*deadline, *healed_at_, began, used}) + after_heal;
    if (change.commit.at <= due + ledger.truth().clock_error_max()) return;
    broken(change.violation(change.set_before->text(),
                            fmt::format("was due by {}", quoted(change.set_before->deadline))));
  }
  void at_quiet(const Ledger& ledger) override {
    for (const auto& [key, set] : ledger.replica_sets()) {
      const RolloutView* rollout = ledger.rollout_of_uid(set.owner);
      if (rollout == nullptr || rollout->leaving || rollout->strategy == Strategy::none) continue;
      checked();
      if (set.replicas == 0 || !is_inactive(*rollout, set, ledger)) continue;
      const std::optional<Instant> deadline = set.valid_deadline();
      if (deadline && *deadline + after_heal > ledger.now()) continue;
      // A rolling update has no deadlines, whatever others write into the annotation, and a person
      // who pauses it holds every size as it is.
      if (rollout->paused && !ends_by_deadline(*rollout)) continue;
      // Where its spec is invalid only what has a deadline ends: the rest of the update waits until
      // people have mended it. But a Service that is missing holds nothing of what is old.
      const bool waits = rollout->has_condition("InvalidSpec") && !ends_by_deadline(*rollout);
      if (waits && !deadline && !lacks_only_a_service(*rollout, ledger)) continue;
      if (is_needed(*rollout, set, ledger)) continue;
      broken({.property = {},
              .at = ledger.now(),
              .revision = ledger.revision(),
              .request = 0,
              .object = set.text(),
              .text = fmt::format("a zombie: {} pods asked for, no longer used, deadline {}",
                                  set.replicas, quoted(set.deadline))});
    }
  }

 private:
  /// When a Service or the status last kept it in use, whatever its deadline says: a person who
  /// pauses the Rollout keeps the preview Service where it is.
  static Instant last_used(const RolloutView& rollout, const ReplicaSetView& set,
                           const Ledger& ledger) {
    Instant last;
    const auto look = [&](ObjectKind kind, const std::string& key, const auto& uses) {
      const std::vector<Version>& versions = ledger.versions(kind, key);
      for (std::size_t i = 0; i < versions.size(); ++i) {
        if (!versions[i].content || !uses(versions[i].content)) continue;
        last = std::max(last, i + 1 < versions.size() ? versions[i + 1].at : ledger.now());
      }
    };
    look(ObjectKind::rollout, rollout.key, [&](const std::shared_ptr<const Json>& content) {
      const RolloutView view = rollout_view(content, rollout.key);
      // What an abort leaves ends at its deadline, current or not.
      return view.stable_hash == set.hash || (view.current_hash == set.hash && !view.abort);
    });
    for (const std::string& key : rollout.services) {
      look(ObjectKind::service, key, [&](const std::shared_ptr<const Json>& content) {
        return service_view(*content, key).hash == set.hash;
      });
    }
    return last;
  }

  /// In a rolling update the pods of an old version go as others serve in their place (C1). Where
  /// the versions that shall serve can't, it keeps those that do, and no others, as long as the
  /// newest version has had its turn: it has pods of its own, or shall have none now.
  static bool is_needed(const RolloutView& rollout, const ReplicaSetView& set,
                        const Ledger& ledger) {
    if (ends_by_deadline(rollout) || set.replicas > ledger.available(set)) return false;
    std::int64_t serving = 0;
    bool has_turn =
        rollout.abort || rollout.phase == "Paused" || rollout.has_condition("InvalidSpec");
    for (const ReplicaSetView* one : ledger.owned_by(rollout.uid)) {
      if (one->leaving) continue;
      serving += std::min(one->replicas, ledger.available(*one));
      if (one->hash == rollout.current_hash && one->replicas > 0) has_turn = true;
    }
    return has_turn && serving <= rollout.desired - rollout.max_unavailable;
  }

  /// A controller that was just restarted looks again within a minute.
  static constexpr Duration after_heal = Duration::from_seconds(60);
  std::optional<Instant> healed_at_;
  std::map<std::string, Instant> began_;  ///< By replica: each begins with a list.
};

class D6 final : public Property {
 public:
  D6() : Property("D6", "an unreadable deadline is repaired") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.set_after != nullptr && change.set_after->has_bad_deadline()) ++met_;
  }
  void at_quiet(const Ledger& ledger) override {
    for (std::uint64_t i = 0; i < met_; ++i) checked();
    for (const auto& [key, set] : ledger.replica_sets()) {
      const RolloutView* rollout = ledger.rollout_of_uid(set.owner);
      if (rollout == nullptr || rollout->leaving || !set.has_bad_deadline()) continue;
      if (rollout->strategy == Strategy::none || rollout->paused) continue;
      broken({.property = {},
              .at = ledger.now(),
              .revision = ledger.revision(),
              .request = 0,
              .object = set.text(),
              .text = fmt::format("still has the deadline {}", quoted(set.deadline))});
    }
  }

 private:
  std::uint64_t met_ = 0;
};

class D9 final : public Property {
 public:
  D9() : Property("D9", "what an abort leaves is kept for its delay; 0 keeps it") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_change(change) || change.rollout == nullptr) return;
    if (change.set_after->replicas != 0 || change.set_before->replicas == 0) return;
    if (!is_left_of_abort(*change.rollout, *change.set_before)) return;
    checked();
    const World decided = ledger.world_of(*change.request, *change.rollout);
    if (!decided.rollout || !is_left_of_abort(*decided.rollout, *change.set_before)) return;
    const std::optional<Instant> deadline = change.set_before->valid_deadline();
    const bool kept_for_ever = !change.rollout->abort_delay && !decided.rollout->abort_delay;
    if (kept_for_ever || !deadline) {
      broken(change.violation(
          change.set_before->text(),
          fmt::format("was left by an abort and scaled to zero {}",
                      kept_for_ever ? "though it is to be kept" : "without a deadline")));
    } else if (change.commit.at < *deadline - ledger.truth().clock_error_max()) {
      broken(change.violation(change.set_before->text(),
                              fmt::format("was left by an abort and scaled to zero before {}",
                                          quoted(change.set_before->deadline))));
    }
  }

 private:
  static bool is_left_of_abort(const RolloutView& rollout, const ReplicaSetView& set) {
    return ends_by_deadline(rollout) && rollout.abort && !rollout.leaving &&
           set.hash == rollout.current_hash && set.hash != rollout.stable_hash &&
           rollout.is_told() && rollout.desired > 0;
  }
};

class D10 final : public Property {
 public:
  D10() : Property("D10", "no pause ends before its time") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const RolloutView* before = change.rollout_before;
    const RolloutView* after = change.rollout_after;
    if (before == nullptr || after == nullptr || !before->step || !after->step) return;
    const std::optional<Instant> started = before->pause_start("CanaryPauseStep");
    const auto known = started_.find(after->uid);
    const Instant from = known == started_.end() ? started.value_or(Instant{}) : known->second;
    // One pause may follow the other in one write. It begins when all before it was found done,
    // which is when the write was decided: that it came late makes the pause no shorter.
    if (after->pause_start("CanaryPauseStep") && after->pause_start("CanaryPauseStep") != started) {
      started_[after->uid] = change.request ? ledger.decided_at(*change.request) : change.commit.at;
    }
    if (change.request == nullptr || !started || *after->step <= *before->step) return;
    const std::optional<Duration> duration = after->pause_duration(*before->step);
    if (!duration || after->promote_full || before->promote_full) return;
    if (before->current_hash != after->current_hash || before->step_hash != after->step_hash)
      return;
    if (before->generation != after->observed_generation || after->step_count() == *after->step) {
      if (*after->step != *before->step + 1) return;
    }
    if (after->stable_hash == after->current_hash && before->stable_hash != after->stable_hash &&
        *after->step != *before->step + 1) {
      return;
    }
    checked();
    const Duration error = ledger.truth().clock_error_max();
    if (change.commit.at >= from + *duration - 1_s - error - error) return;
    broken(change.violation(
        after->text(),
        fmt::format("step {} pauses for {}, and ended after {}", *before->step,
                    format_go_duration(*duration), format_go_duration(change.commit.at - from))));
  }

 private:
  std::map<std::string, Instant> started_;  ///< True time, by uid.
};

class D3 final : public Property {
 public:
  D3() : Property("D3", "an old ReplicaSet has a deadline after two reconciles") {}

  void on_reconcile(std::string_view replica, std::string_view key, const Ledger& ledger) override {
    // What fails may keep a plan from being carried out.
    const RolloutView* rollout = ledger.rollout(key);
    if (rollout == nullptr || ledger.truth().faults_on() || rollout->paused) return;
    if (!ends_by_deadline(*rollout) || !rollout->is_told()) return;
    for (const ReplicaSetView* set : ledger.owned_by(rollout->uid)) {
      if (set->replicas == 0 || set->hash.empty() || !is_inactive(*rollout, *set, ledger)) {
        lacking_.erase(set->uid);
        continue;
      }
      // Who has just taken over may have to wait for the list that shows it.
      if (ledger.known(replica, ObjectKind::replica_set, set->key) == 0) continue;
      checked();
      if (set->valid_deadline()) {
        lacking_.erase(set->uid);
        continue;
      }
      Lack& lack = lacking_.try_emplace(set->uid, Lack{ledger.now(), 0}).first->second;
      // Those of one moment belong together: the first has not yet written.
      if (++lack.reconciles <= reconciles_max || ledger.now() - lack.since < 5_s) continue;
      broken(
          {.property = {},
           .at = ledger.now(),
           .revision = ledger.revision(),
           .request = 0,
           .object = set->text(),
           .text = fmt::format("no longer used, with {} pods and no deadline after {} reconciles",
                               set->replicas, lack.reconciles)});
      lacking_.erase(set->uid);
    }
  }

 private:
  static constexpr int reconciles_max = 3;  ///< The one that begins now included.
  struct Lack {
    Instant since;
    int reconciles = 0;
  };
  std::map<std::string, Lack> lacking_;  ///< By uid.
};

class D11 final : public Property {
 public:
  D11() : Property("D11", "no clock makes a pause longer than its time and the clock's error") {}

  void at_heal(const Ledger& ledger) override { healed_at_ = ledger.now(); }
  void on_commit(const Change& change, const Ledger& ledger) override {
    const RolloutView* before = change.rollout_before;
    const RolloutView* after = change.rollout_after;
    if (before == nullptr || after == nullptr) return;
    const std::optional<Instant> start = before->pause_start("CanaryPauseStep");
    const bool pauses = start.has_value();
    // The epoch stands for a pause whose beginning was not seen.
    Instant& started = started_[after->uid];
    const Instant began = started;
    // One pause may follow the other in one write.
    if (after->pause_start("CanaryPauseStep") != start) started = change.commit.at;
    // A person who pauses the whole Rollout holds every step: that is no clock's doing.
    Instant& held = held_until_[after->uid];
    if (before->paused) held = change.commit.at;
    if (!healed_at_ || change.request == nullptr || !pauses || !before->step || !after->step)
      return;
    const std::optional<Duration> duration = before->pause_duration(*before->step);
    if (!duration || began == Instant{} || *after->step != *before->step + 1) return;
    if (before->current_hash != after->current_hash || before->paused) return;
    checked();
    const Instant due = std::max({began + *duration, *healed_at_ + leader_found, held});
    const Duration error = ledger.truth().clock_error_max();
    if (change.commit.at <= due + error + error + 60_s) return;
    broken(change.violation(
        after->text(),
        fmt::format("step {} pauses for {}, and ended after {}", *before->step,
                    format_go_duration(*duration), format_go_duration(change.commit.at - began))));
  }

 private:
  /// A replica that was killed comes back by then.
  static constexpr Duration leader_found = Duration::from_seconds(300);
  std::optional<Instant> healed_at_;
  std::map<std::string, Instant> started_;     ///< True time, by uid.
  std::map<std::string, Instant> held_until_;  ///< By `spec.paused`: true time, by uid.
};

}  // namespace

void add_deadline_properties(Properties& all) {
  all.push_back(std::make_unique<D1>());
  all.push_back(std::make_unique<D2>());
  all.push_back(std::make_unique<D3>());
  all.push_back(std::make_unique<D4>());
  all.push_back(std::make_unique<D5>());
  all.push_back(std::make_unique<D6>());
  all.push_back(std::make_unique<D9>());
  all.push_back(std::make_unique<D10>());
  all.push_back(std::make_unique<D11>());
}

}  // namespace slipway::simulation
