#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// P10: what happens is told, and told once.
namespace slipway::simulation {
namespace {

using kubernetes::Method;

/// What a commit of ours makes happen to a Rollout, by the reason of the Event that tells of it.
std::vector<std::string_view> happenings(const Change& change) {
  std::vector<std::string_view> reasons;
  if (change.set_before == nullptr && change.set_after != nullptr) {
    reasons.push_back("NewReplicaSetCreated");
  }
  const RolloutView* before = change.rollout_before;
  const RolloutView* after = change.rollout_after;
  if (before == nullptr || after == nullptr) return reasons;
  const bool same_steps =
      before->step_hash == after->step_hash && before->current_hash == after->current_hash;
  // To the end at once is a promotion, which leaves steps out.
  if (same_steps && before->step && after->step && *after->step == *before->step + 1) {
    reasons.push_back("RolloutStepCompleted");
  }
  if (before->stable_hash != after->stable_hash) {
    // What is promoted is the current version; where the stable one was lost, another that serves
    // takes its place, which completes no update.
    const bool promoted = after->stable_hash == after->current_hash;
    reasons.push_back(promoted ? "RolloutCompleted" : "StableRevisionMended");
  }
  return reasons;
}

/// The last step may have been left out, by a full promotion, say, and not completed.
bool may_be_silent(const Change& change, std::string_view reason) {
  return reason == "RolloutStepCompleted" &&
         change.rollout_after->step == change.rollout_after->step_count();
}

constexpr std::string_view counted[] = {"NewReplicaSetCreated", "RolloutStepCompleted",
                                        "RolloutCompleted", "StableRevisionMended"};

/// Each happening yields at most one Event of the replica that brought it about, and one soon after
/// it has heard that its write was carried out. Not across a crash: who dies in between tells
/// nothing, since Events are told after the fact and from memory.
class P10 final : public Property {
 public:
  P10() : Property("P10", "each step, promotion and new ReplicaSet is told of once") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!change.commit.ours || change.request == nullptr) return;
    if (change.commit.kind == ObjectKind::event) return told(change);
    // A ReplicaSet may still be made for a Rollout that has just gone.
    const std::string uid = change.set_after != nullptr ? change.set_after->owner
                            : change.rollout != nullptr ? change.rollout->uid
                                                        : std::string();
    for (const std::string_view reason : happenings(change)) {
      ++happened_[id(change.request->replica, uid, reason)];
      if (!may_be_silent(change, reason)) {
        due_[change.request->id].push_back({std::string(reason), uid});
      }
    }
  }
  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    Teller& teller = tellers_[request.replica];
    teller.last_seen = ledger.now();
    const bool went_well =
        request.outcome == Outcome::answered && request.status < 300 && request.whole;
    if (request.about.kind == ObjectKind::event) {
      // It is in trouble with its Events, and may leave some out.
      if (!went_well) teller.fails = true;
      return;
    }
    const auto due = due_.find(request.id);
    if (due == due_.end()) return;
    if (went_well) {
      std::vector<Due>& carried_out = carried_out_[request.replica];
      std::ranges::copy(due->second, std::back_inserter(carried_out));
    }
    due_.erase(due);
  }
  /// A plan is told of when all of it has been carried out: before the next one at the latest.
  void on_reconcile(std::string_view replica, std::string_view rollout,
                    const Ledger& ledger) override {
    const RolloutView* view = ledger.rollout(rollout);
    const auto carried_out = carried_out_.find(replica);
    if (view == nullptr || carried_out == carried_out_.end()) return;
    std::erase_if(carried_out->second, [&](const Due& one) {
      if (one.rollout != view->uid) return false;
      owed_[id(replica, one.rollout, one.reason)].push_back(ledger.now());
      return true;
    });
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    Teller& teller = tellers_[request.replica];
    teller.last_seen = ledger.now();
    if (request.about.kind != ObjectKind::event) return;
    // One that grows tells of what it told before.
    if (request.method != Method::post) {
      teller.fails = true;
      return;
    }
    const Json& event = ledger.body(request);
    const std::string about(event["involvedObject"]["uid"].string_or_empty());
    if (++teller.sent[about] > burst) teller.fails = true;
    const std::string_view reason = event["reason"].string_or_empty();
    if (forget_one(carried_out_[request.replica], about, reason)) return checked();
    const auto owed = owed_.find(id(request.replica, about, reason));
    if (owed == owed_.end() || owed->second.empty()) return;
    checked();
    owed->second.erase(owed->second.begin());
  }
  void at_heal(const Ledger& ledger) override { look(ledger); }
  void at_quiet(const Ledger& ledger) override { look(ledger); }

 private:
  static constexpr Duration patience = Duration::from_seconds(10);
  /// So many for each object; beyond that a teller holds back.
  static constexpr int burst = 20;
  struct Due {
    std::string reason, rollout;
  };
  struct Teller {
    Instant last_seen;
    bool fails = false;
    std::map<std::string, int> sent;  ///< By the uid that they are about.
  };
  static std::string id(std::string_view replica, std::string_view rollout,
                        std::string_view reason) {
    return fmt::format("{} {} {}", replica, rollout, reason);
  }

  static bool forget_one(std::vector<Due>& all, std::string_view rollout, std::string_view reason) {
    const auto found = std::ranges::find_if(
        all, [&](const Due& one) { return one.rollout == rollout && one.reason == reason; });
    if (found == all.end()) return false;
    all.erase(found);
    return true;
  }
  void told(const Change& change) {
    const Json* after = change.commit.after.get();
    if (after == nullptr) return;
    const std::string_view reason = (*after)["reason"].string_or_empty();
    if (std::ranges::find(counted, reason) == std::end(counted)) return;
    const Json* before = change.commit.before.get();
    const std::int64_t times = (*after)["count"].integer_or(1) -
                               (before == nullptr ? 0 : (*before)["count"].integer_or(1));
    const std::string_view about = (*after)["involvedObject"]["uid"].string_or_empty();
    const std::string key = id(change.request->replica, about, reason);
    checked();
    const std::int64_t now = told_[key] += times;
    if (now <= happened_[key]) return;
    broken(
        change.violation("Event " + change.commit.key,
                         fmt::format("{} told of {} {} times, and it has happened {} times by it",
                                     change.request->replica, reason, now, happened_[key])));
  }
  void look(const Ledger& ledger) {
    for (auto& [key, since] : owed_) {
      const std::string replica = key.substr(0, key.find(' '));
      const Teller& teller = tellers_[replica];
      for (const Instant at : since) {
        // One that is gone, or was going, could not tell.
        if (teller.fails || teller.last_seen - at < patience) continue;
        broken({.property = {},
                .at = ledger.now(),
                .revision = ledger.revision(),
                .request = 0,
                .object = key,
                .text = "it happened, and nobody was told"});
      }
      since.clear();
    }
  }

  std::map<std::string, std::int64_t> happened_, told_;
  std::map<std::uint64_t, std::vector<Due>> due_;  ///< By request, until it is answered.
  std::map<std::string, std::vector<Due>, std::less<>> carried_out_;  ///< By replica.
  std::map<std::string, std::vector<Instant>> owed_;
  std::map<std::string, Teller> tellers_;
};

}  // namespace

void add_telling_properties(Properties& all) {
  all.push_back(std::make_unique<P10>());
}

}  // namespace slipway::simulation
