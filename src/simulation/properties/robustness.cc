#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// D7 and R4: nobody turns in circles.
namespace slipway::simulation {
namespace {

/// Counts, for each replica and Rollout, how often it is reconciled with nothing new to look at.
class HotLoop : public Property {
 public:
  HotLoop(std::string id, std::string sentence, std::uint64_t allowed_alone)
      : Property(std::move(id), std::move(sentence)), allowed_alone_(allowed_alone) {}

  void on_commit(const Change& change, const Ledger&) override {
    // What others change is news. So is what we change, as long as it ends somewhere: a loop of
    // writes is for L3 to find, and for the total below.
    if (change.rollout == nullptr) return;
    ++news_[change.rollout->key];
  }
  /// To a replica it is news when it hears of it, be that much later.
  void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key,
                   std::uint64_t revision, const Ledger& ledger) override {
    const RolloutView* rollout = nullptr;
    if (kind == ObjectKind::rollout) rollout = ledger.rollout(key);
    if (kind == ObjectKind::replica_set) {
      const ReplicaSetView* set = ledger.replica_set(key);
      if (set != nullptr) rollout = ledger.rollout_of_uid(set->owner);
    }
    if (rollout == nullptr) return;
    Heard& heard = heard_[std::string(replica) + " " + rollout->key];
    // A list tells of what is known already, too.
    std::uint64_t& newest = heard.newest[{kind, std::string(key)}];
    if (revision <= newest) return;
    newest = revision;
    ++heard.news;
  }
  void on_reconcile(std::string_view replica, std::string_view rollout,
                    const Ledger& ledger) override {
    const RolloutView* view = ledger.rollout(rollout);
    if (view == nullptr || !applies_to(*view, ledger)) return;
    const std::string place = std::string(replica) + " " + std::string(rollout);
    Window& window = windows_[place];
    std::deque<Entry>& entries = window.entries;
    entries.push_back({ledger.now(), news_[std::string(rollout)], heard_[place].news});
    while (ledger.now() - entries.front().at > window_length) entries.pop_front();
    const std::uint64_t news = std::max(entries.back().news - entries.front().news,
                                        entries.back().heard - entries.front().heard);
    const std::uint64_t allowed = allowed_alone_ + 2 * news;
    checked();
    if (entries.size() <= allowed) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = 0,
            .object = view->text(),
            .text = fmt::format("reconciled {} times within {}, while {} things changed",
                                entries.size(), format_go_duration(window_length), news)});
    entries.clear();
  }

 protected:
  virtual bool applies_to(const RolloutView& rollout, const Ledger& ledger) const = 0;

 private:
  static constexpr Duration window_length = Duration::from_seconds(60);
  const std::uint64_t allowed_alone_;
  struct Entry {
    Instant at;
    std::uint64_t news;   ///< Commits.
    std::uint64_t heard;  ///< Those that the replica was told of.
  };
  struct Heard {
    std::uint64_t news = 0;
    std::map<std::pair<ObjectKind, std::string>, std::uint64_t> newest;  ///< Revisions.
  };
  struct Window {
    std::deque<Entry> entries;
  };
  std::map<std::string, std::uint64_t> news_;
  std::map<std::string, Window> windows_;
  std::map<std::string, Heard> heard_;
};

class R4 final : public HotLoop {
 public:
  R4() : HotLoop("R4", "no hot loop: at most one reconcile a second without anything new", 60) {}

 private:
  bool applies_to(const RolloutView&, const Ledger&) const override { return true; }
};

class D7 final : public HotLoop {
 public:
  D7() : HotLoop("D7", "a deadline that has passed on an empty ReplicaSet stirs nobody", 8) {}

 private:
  bool applies_to(const RolloutView& rollout, const Ledger& ledger) const override {
    // Failures are a reason to look again.
    if (ledger.truth().faults_on()) return false;
    for (const ReplicaSetView* set : ledger.owned_by(rollout.uid)) {
      if (set->replicas != 0 || !set->deadline) continue;
      const std::optional<Instant> deadline = set->valid_deadline();
      if (deadline && *deadline < ledger.now()) return true;
    }
    return false;
  }
};

/// A write of the same object again and again is a loop too, whoever is behind it.
class R4Writes final : public Property {
 public:
  R4Writes() : Property("R4b", "no object is written more than once a second for a minute") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (request.method == kubernetes::Method::get || request.about.kind == ObjectKind::event ||
        request.about.kind == ObjectKind::lease) {
      return;
    }
    std::deque<Instant>& times = times_[request.replica + request.target];
    times.push_back(ledger.now());
    while (ledger.now() - times.front() > 60_s) times.pop_front();
    checked();
    if (times.size() <= 120) return;
    times.clear();
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = request.id,
            .object = std::string(to_string(request.about.kind)) + " " + request.about.key,
            .text = "written more than 120 times within a minute"});
  }

 private:
  std::map<std::string, std::deque<Instant>> times_;
};

}  // namespace

void add_robustness_properties(Properties& all) {
  all.push_back(std::make_unique<D7>());
  all.push_back(std::make_unique<R4>());
  all.push_back(std::make_unique<R4Writes>());
}

}  // namespace slipway::simulation
