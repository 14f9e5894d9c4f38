#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "simulation/properties/groups.h"

/// R2, R3, R6 and L8: who is served, how soon, and what is kept of those that are gone.
namespace slipway::simulation {
namespace {

using kubernetes::Method;

bool succeeded(const SentRequest& request) {
  return request.outcome == Outcome::answered && request.status >= 200 && request.status < 300;
}

/// Whether each Rollout that a replica hears news of is looked at soon, while something else is the
/// matter with another. A replica that is itself in trouble (a request that fails or hangs, a
/// process that stood still or runs late) serves nobody in time: what waited then is let off.
class Served : public Property {
 public:
  using Property::Property;

  void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key,
                   std::uint64_t revision, const Ledger& ledger) override {
    Replica& at = breathe(replica, ledger.now());
    if (kind != ObjectKind::rollout) return;
    std::uint64_t& told = at.told[std::string(key)];
    if (revision <= std::exchange(told, std::max(told, revision)) || !at.works) return;
    note_news(replica, key, ledger.now());
    at.waiting.try_emplace(std::string(key), ledger.now());
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    Replica& at = breathe(request.replica, ledger.now());
    if (concerns(request)) at.under_way.emplace(request.id, ledger.now());
  }
  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    Replica& at = breathe(request.replica, ledger.now());
    at.under_way.erase(request.id);
    if (!concerns(request)) return;
    const Duration took = ledger.now() - request.at;
    if (took > stands_still || !succeeded(request)) at.waiting.clear();
    if (took <= slow) return;
    // A worker that waits for the server serves nobody else meanwhile.
    for (auto& [key, since] : at.waiting) {
      since = since + (ledger.now() - std::max(since, request.at));
    }
  }
  void on_reconcile(std::string_view replica, std::string_view rollout,
                    const Ledger& ledger) override {
    Replica& at = breathe(replica, ledger.now());
    at.works = true;
    if (const auto waited = at.waiting.find(rollout); waited != at.waiting.end()) {
      if (is_at_stake(replica, rollout, ledger)) checked();
      at.waiting.erase(waited);
    }
    for (const auto& [id, since] : at.under_way) {
      if (ledger.now() - since > stands_still) at.waiting.clear();
    }
    if (ledger.truth().late_of(replica) > slow) at.waiting.clear();
    for (auto waiting = at.waiting.begin(); waiting != at.waiting.end();) {
      const auto& [key, since] = *waiting;
      const bool late = ledger.now() - since > patience;
      if (late && ledger.rollout(key) != nullptr && is_at_stake(replica, key, ledger)) {
        broken({.property = {},
                .at = ledger.now(),
                .revision = ledger.revision(),
                .request = 0,
                .object = "Rollout " + key,
                .text = fmt::format("{} has had news of it for {}, and looked at {} again instead",
                                    replica, format_go_duration(ledger.now() - since), rollout)});
      }
      waiting = late ? at.waiting.erase(waiting) : std::next(waiting);
    }
  }

 protected:
  /// Something is the matter with another Rollout than this one.
  virtual bool is_at_stake(std::string_view replica, std::string_view rollout,
                           const Ledger& ledger) const = 0;
  virtual void note_news(std::string_view, std::string_view, Instant) {}

 private:
  static constexpr Duration patience = Duration::from_seconds(4);
  static constexpr Duration stands_still = Duration::from_seconds(2);
  static constexpr Duration slow = Duration::from_milliseconds(500);
  struct Replica {
    Instant last;        ///< When it last did or heard anything.
    bool works = false;  ///< It has looked at a Rollout: it leads, and its caches are full.
    std::map<std::string, std::uint64_t, std::less<>> told;  ///< Newest revision, by Rollout.
    std::map<std::string, Instant, std::less<>> waiting;     ///< Since when, by Rollout.
    std::map<std::uint64_t, Instant> under_way;              ///< Requests.
  };
  static bool concerns(const SentRequest& request) {
    return request.about.kind != ObjectKind::event && request.about.kind != ObjectKind::lease;
  }
  Replica& breathe(std::string_view replica, Instant now) {
    Replica& at = replicas_[std::string(replica)];
    if (now - at.last > stands_still) at.waiting.clear();
    at.last = now;
    return at;
  }

  std::map<std::string, Replica> replicas_;
};

class R2 final : public Served {
 public:
  R2() : Served("R2", "a poisoned object delays nothing but its own Rollout") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.commit.after == nullptr || change.rollout == nullptr) return;
    const Json& notes = (*change.commit.after)["metadata"]["annotations"];
    const Json* revision = notes.find("rollout.argoproj.io/revision");
    const bool bad = (change.set_after != nullptr && change.set_after->has_bad_deadline()) ||
                     (revision != nullptr && !parse_integer(revision->string_or_empty()));
    if (bad) poisoned_.insert(change.rollout->key);
  }

 private:
  bool is_at_stake(std::string_view, std::string_view rollout, const Ledger&) const override {
    return poisoned_.size() > (poisoned_.contains(rollout) ? 1u : 0u);
  }

  std::set<std::string, std::less<>> poisoned_;  ///< Ever, in this run.
};

class R3 final : public Served {
 public:
  R3() : Served("R3", "however hot another Rollout is, each is looked at soon after its news") {}

 private:
  static constexpr int hot = 20;
  static constexpr Duration window = Duration::from_seconds(10);
  struct Heat {
    Instant since;
    int news = 0;
    std::string rollout;
  };
  void note_news(std::string_view replica, std::string_view rollout, Instant now) override {
    Heat& heat = heat_[std::string(replica) + " " + std::string(rollout)];
    if (now - heat.since > window) heat = {now, 0, std::string(rollout)};
    ++heat.news;
  }
  bool is_at_stake(std::string_view replica, std::string_view rollout,
                   const Ledger& ledger) const override {
    const std::string prefix = std::string(replica) + " ";
    for (auto heat = heat_.lower_bound(prefix);
         heat != heat_.end() && heat->first.starts_with(prefix); ++heat) {
      const Heat& of = heat->second;
      if (of.rollout != rollout && of.news >= hot && ledger.now() - of.since <= window * 2) {
        return true;
      }
    }
    return false;
  }

  std::map<std::string, Heat> heat_;  ///< By replica and Rollout.
};

class R6 final : public Property {
 public:
  R6() : Property("R6", "of objects that are gone nothing is remembered") {}

  void at_emptied(std::size_t remembered, const Ledger& ledger) override {
    checked();
    if (remembered == 0) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = 0,
            .object = "the controller",
            .text = fmt::format("still remembers something of {} objects, and none is left",
                                remembered)});
  }
};

/// From the moment that a replica stands for election until somebody leads. That who takes over
/// repeats no completed step is P1, which judges each write whoever sends it.
class L8 final : public Property {
 public:
  L8() : Property("L8", "once all is healed somebody leads within a lease and five seconds") {}

  void at_heal(const Ledger&) override { healed_ = true; }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!healed_ || led_ || request.about.kind != ObjectKind::lease) return;
    const Instant since = standing_.try_emplace(request.replica, ledger.now()).first->second;
    if (ledger.now() - since <= patience) return;
    led_ = true;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = request.id,
            .object = "Lease " + request.about.key,
            .text = request.replica + " has stood for election for long, and nobody leads"});
  }
  void on_answer(const SentRequest& request, const Ledger&) override {
    if (!healed_ || led_ || request.about.kind != ObjectKind::lease) return;
    if (request.method == Method::get || !succeeded(request)) return;
    led_ = true;
    checked();
  }

 private:
  /// A lease lasts fifteen seconds; five more to notice and to take it.
  static constexpr Duration patience = Duration::from_seconds(20);
  bool healed_ = false;
  bool led_ = false;
  std::map<std::string, Instant> standing_;  ///< By replica, since when.
};

}  // namespace

void add_service_properties(Properties& all) {
  all.push_back(std::make_unique<R2>());
  all.push_back(std::make_unique<R3>());
  all.push_back(std::make_unique<R6>());
  all.push_back(std::make_unique<L8>());
}

}  // namespace slipway::simulation
