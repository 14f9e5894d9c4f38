#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// R1, R7, R8, W10, L9 and L11: how a replica carries itself, whatever it plans.
namespace slipway::simulation {
namespace {

using kubernetes::Method;

bool is_change(const SentRequest& request) {
  return request.method != Method::get && request.about.kind != ObjectKind::event &&
         request.about.kind != ObjectKind::lease;
}

bool succeeded(const SentRequest& request) {
  return request.outcome == Outcome::answered && request.status >= 200 && request.status < 300;
}

Violation violation_of(const SentRequest& request, const Ledger& ledger, std::string text) {
  return {.property = {},
          .at = ledger.now(),
          .revision = ledger.revision(),
          .request = request.id,
          .object = std::string(to_string(request.about.kind)) + " " + request.about.key,
          .text = std::move(text)};
}

/// Whom a write to the lease makes its holder; nothing where it leaves that as it is.
std::optional<std::string> holder_written(const Json& body) {
  if (body.is_array()) {
    for (const Json& operation : body.as_array()) {
      if (operation["path"].string_or_empty() == "/spec/holderIdentity" &&
          operation["op"].string_or_empty() != "test") {
        return std::string(operation["value"].string_or_empty());
      }
    }
    return {};
  }
  const Json& holder = body["spec"]["holderIdentity"];
  return holder.is_string() ? std::optional(std::string(holder.string_or_empty())) : std::nullopt;
}

class R1 final : public Property {
 public:
  R1() : Property("R1", "no input breaks a plan's invariants") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!change.commit.ours || change.commit.kind != ObjectKind::event || !change.commit.after) {
      return;
    }
    checked();
    if ((*change.commit.after)["reason"].string_or_empty() != "ReconciliationError") return;
    broken(change.violation("Event " + change.commit.key,
                            std::string((*change.commit.after)["message"].string_or_empty())));
  }
};

class R7 final : public Property {
 public:
  R7() : Property("R7", "after an error the Rollout is looked at again") {}

  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    last_seen_[request.replica] = ledger.now();
    look_at(request);
    if (!is_change(request) || succeeded(request)) return;
    checked();
    failed_.try_emplace(request.replica, Failed{ledger.now(), request});
  }
  void on_reconcile(std::string_view replica, std::string_view, const Ledger& ledger) override {
    last_seen_[std::string(replica)] = ledger.now();
    failed_.erase(std::string(replica));
  }
  void at_quiet(const Ledger& ledger) override {
    for (const auto& [replica, failed] : failed_) {
      // One that is gone has nothing to look at any more.
      if (last_seen_[replica] < failed.at + patience) continue;
      broken(violation_of(failed.request, ledger, replica + " never came back to it"));
    }
  }

 private:
  static constexpr Duration patience = Duration::from_seconds(120);
  /// A Service that a deleted Rollout left has no Rollout to look at: it is read itself.
  void look_at(const SentRequest& request) {
    if (request.method != Method::get || request.about.kind != ObjectKind::service) return;
    if (!succeeded(request) && request.status != 404) return;
    const auto failed = failed_.find(request.replica);
    if (failed != failed_.end() && failed->second.request.about.key == request.about.key) {
      failed_.erase(failed);
    }
  }
  struct Failed {
    Instant at;
    SentRequest request;
  };
  std::map<std::string, Failed> failed_;      ///< By replica, since its last reconcile.
  std::map<std::string, Instant> last_seen_;  ///< By replica.
};

class R8 final : public Property {
 public:
  R8() : Property("R8", "who has released the lease writes no more") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (request.about.kind == ObjectKind::lease && request.method != Method::get) {
      const auto holder = holder_written(ledger.body(request));
      if (holder && holder->empty()) released_.insert(request.replica);
      return;
    }
    if (!is_change(request) || !released_.contains(request.replica)) return;
    broken(violation_of(request, ledger, request.replica + " had released the lease"));
  }
  void on_answer(const SentRequest& request, const Ledger&) override {
    if (released_.contains(request.replica)) checked();
  }

 private:
  std::set<std::string> released_;
};

class W10 final : public Property {
 public:
  W10() : Property("W10", "who has lost the lease for long writes no more") {}

  void at_heal(const Ledger&) override { leases_.clear(); }
  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    if (request.about.kind != ObjectKind::lease || !ledger.truth().faults_on()) return;
    if (request.method == Method::get || !succeeded(request)) return;
    const auto holder = holder_written(ledger.body(request));
    if (!holder || !holder->empty()) leases_[request.replica] = request.at;
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    const auto lease = leases_.find(request.replica);
    if (!is_change(request) || lease == leases_.end()) return;
    checked();
    if (ledger.now() - lease->second <= lease_lasts) return;
    broken(violation_of(request, ledger,
                        fmt::format("{} renewed its lease {} ago", request.replica,
                                    format_go_duration(ledger.now() - lease->second))));
    leases_.erase(lease);
  }

 private:
  /// Fifteen seconds by a clock that may lose a fifth, and one write already on its way.
  static constexpr Duration lease_lasts = Duration::from_seconds(20);
  std::map<std::string, Instant> leases_;  ///< By replica, when it was last renewed.
};

class L9 final : public Property {
 public:
  L9() : Property("L9", "once all is healed the caches hold what the store holds") {}

  void on_reconcile(std::string_view replica, std::string_view, const Ledger& ledger) override {
    // Before that it may be killed, and another have nothing to do.
    if (!ledger.truth().faults_on()) last_to_reconcile_ = replica;
  }
  void at_quiet(const Ledger& ledger) override {
    if (last_to_reconcile_.empty()) return;
    for (const auto& [key, rollout] : ledger.rollouts()) look(ObjectKind::rollout, key, ledger);
    for (const auto& [key, set] : ledger.replica_sets()) {
      // Without the label it is outside of what is watched.
      if (!set.hash.empty()) look(ObjectKind::replica_set, key, ledger);
    }
  }

 private:
  void look(ObjectKind kind, std::string_view key, const Ledger& ledger) {
    const auto& versions = ledger.versions(kind, key);
    if (versions.empty() || versions.back().content == nullptr) return;
    checked();
    const std::uint64_t known = ledger.known(last_to_reconcile_, kind, key);
    if (known >= versions.back().revision) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = 0,
            .object = std::string(to_string(kind)) + " " + std::string(key),
            .text = fmt::format("{} knows revision {}, the store has {}", last_to_reconcile_, known,
                                versions.back().revision)});
  }

  std::string last_to_reconcile_;
};

class L11 final : public Property {
 public:
  L11() : Property("L11", "another writer of the same object holds up no write for long") {}

  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    if (!is_change(request) || request.method != Method::patch) return;
    int& refused = refused_[request.replica + " " + request.target];
    if (succeeded(request)) refused = 0;
    if (request.status != 409 && request.status != 422) return;
    checked();
    if (++refused <= tries_max) return;
    refused = 0;
    broken(violation_of(request, ledger, fmt::format("refused {} times in a row", tries_max)));
  }

 private:
  /// Three are to be expected; what is lost or comes late takes a few more.
  static constexpr int tries_max = 20;
  std::map<std::string, int> refused_;  ///< In a row, by replica and target.
};

}  // namespace

void add_conduct_properties(Properties& all) {
  all.push_back(std::make_unique<R1>());
  all.push_back(std::make_unique<R7>());
  all.push_back(std::make_unique<R8>());
  all.push_back(std::make_unique<W10>());
  all.push_back(std::make_unique<L9>());
  all.push_back(std::make_unique<L11>());
}

}  // namespace slipway::simulation
