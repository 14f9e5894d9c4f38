#include <deque>
#include <map>

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
  void on_reconcile(std::string_view replica, std::string_view rollout,
                    const Ledger& ledger) override {
    const RolloutView* view = ledger.rollout(rollout);
    if (view == nullptr || !applies_to(*view, ledger)) return;
    Window& window = windows_[std::string(replica) + " " + std::string(rollout)];
    const std::uint64_t news = news_[std::string(rollout)];
    std::deque<Entry>& entries = window.entries;
    entries.push_back({ledger.now(), news});
    while (ledger.now() - entries.front().at > window_length) entries.pop_front();
    const std::uint64_t allowed = allowed_alone_ + 2 * (news - entries.front().news);
    checked();
    if (entries.size() <= allowed) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = 0,
            .object = view->text(),
            .text = fmt::format("reconciled {} times within {}, while {} things changed",
                                entries.size(), format_go_duration(window_length),
                                news - entries.front().news)});
    entries.clear();
  }

 protected:
  virtual bool applies_to(const RolloutView& rollout, const Ledger& ledger) const = 0;

 private:
  static constexpr Duration window_length = Duration::from_seconds(60);
  const std::uint64_t allowed_alone_;
  struct Entry {
    Instant at;
    std::uint64_t news;
  };
  struct Window {
    std::deque<Entry> entries;
  };
  std::map<std::string, std::uint64_t> news_;
  std::map<std::string, Window> windows_;
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
