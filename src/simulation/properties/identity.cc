#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "simulation/properties/declared_metadata.h"
#include "simulation/properties/groups.h"
#include "simulation/properties/json_difference.h"

/// I1 to I11: whose is what.
namespace slipway::simulation {
namespace {

constexpr std::string_view managed_by = "argo-rollouts.argoproj.io/managed-by-rollouts";

class I1 final : public Property {
 public:
  I1() : Property("I1", "at most one ReplicaSet of a Rollout has a hash") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const ReplicaSetView* after = change.set_after;
    if (change.request == nullptr || after == nullptr || after->owner.empty()) return;
    if (change.set_before != nullptr && change.set_before->owner == after->owner) return;
    checked();
    for (const ReplicaSetView* other : ledger.owned_by(after->owner)) {
      if (other->key == after->key || other->hash != after->hash) continue;
      broken(change.violation(after->text(),
                              fmt::format("has the hash {} of {}", after->hash, other->key)));
    }
  }
};

class I2 final : public Property {
 public:
  I2() : Property("I2", "only what belongs to a Rollout, or is named by one, is changed") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!change.commit.ours) return;
    switch (change.commit.kind) {
      case ObjectKind::replica_set:
        check_set(change, ledger);
        break;
      case ObjectKind::service:
        check_service(change, ledger);
        break;
      case ObjectKind::pod:
        check_pod(change, ledger);
        break;
      case ObjectKind::deployment:
        checked();
        if (!ledger.was_lent(change.commit.kind, change.commit.key)) {
          broken(change.violation("Deployment " + change.commit.key, "no Rollout names it"));
        }
        break;
      case ObjectKind::pod_template:
      case ObjectKind::other:
        checked();
        broken(change.violation(change.commit.key, "is of a kind that is never changed"));
        break;
      default:
        break;
    }
  }

 private:
  void check_set(const Change& change, const Ledger& ledger) {
    const ReplicaSetView* set = change.set_before ? change.set_before : change.set_after;
    const bool adopted = set->owner.empty() && change.set_after && !change.set_after->owner.empty();
    const std::string& owner = adopted ? change.set_after->owner : set->owner;
    checked();
    if (ledger.was_rollout(owner)) return;
    broken(
        change.violation(set->text(), fmt::format("its controller \"{}\" is no Rollout", owner)));
  }
  /// Whose its ReplicaSet is may have changed since it was decided, and no condition on a pod can
  /// tell.
  void check_pod(const Change& change, const Ledger& ledger) {
    checked();
    if (change.rollout != nullptr) return;
    const PodView& pod = change.pod_before ? *change.pod_before : *change.pod_after;
    if (change.request && ledger.was_rollout(ledger.owner_known_to(*change.request, pod))) return;
    broken(change.violation("Pod " + change.commit.key, "belongs to no Rollout"));
  }
  /// By the Rollout of its mark, as far as the writer had been told when it decided: it may be gone
  /// by the time the write lands, and no condition on a Service can tell.
  static bool was_named(const Change& change, const Ledger& ledger) {
    const Json& metadata = (*change.commit.after)["metadata"];
    const std::string_view manager = metadata["annotations"][managed_by].string_or_empty();
    const std::string key =
        std::string(metadata["namespace"].string_or_empty()) + "/" + std::string(manager);
    const std::uint64_t known = ledger.known_to(*change.request, ObjectKind::rollout, key);
    const Version* told = ledger.version_at(ObjectKind::rollout, key, known);
    return told != nullptr && told->content &&
           names(rollout_view(told->content, key), change.commit.key);
  }
  void check_service(const Change& change, const Ledger& ledger) {
    checked();
    for (const auto& [key, rollout] : ledger.rollouts()) {
      if (names(rollout, change.commit.key)) return;
      for (const Version& version : ledger.versions(ObjectKind::rollout, key)) {
        if (version.content && names(rollout_view(version.content, key), change.commit.key)) return;
      }
    }
    if (change.request == nullptr) return;  // A late write of a Rollout that is gone.
    if (is_let_go(change.commit) || was_named(change, ledger)) return;
    broken(change.violation("Service " + change.commit.key, "no Rollout names it"));
  }
  /// Its mark says that it was a Rollout's, and that mark is taken off.
  static bool is_let_go(const Commit& commit) {
    const auto is_marked = [](const std::shared_ptr<const Json>& service) {
      return service && !(*service)["metadata"]["annotations"][managed_by].is_null();
    };
    return is_marked(commit.before) && !is_marked(commit.after);
  }
  static bool names(const RolloutView& rollout, const std::string& service) {
    return std::ranges::find(rollout.services, service) != rollout.services.end();
  }
};

class I3 final : public Property {
 public:
  I3() : Property("I3", "adoption follows a live read of the Rollout") {}

  void on_answer(const SentRequest& request, const Ledger&) override {
    if (request.method != kubernetes::Method::get || request.about.collection ||
        request.about.kind != ObjectKind::rollout || request.status != 200) {
      return;
    }
    read_at_[request.replica + " " + request.about.key] = request.answered_at;
  }
  void on_commit(const Change& change, const Ledger&) override {
    if (change.request == nullptr || change.set_before == nullptr || !change.set_after) return;
    if (!change.set_before->owner.empty() || change.set_after->owner.empty()) return;
    checked();
    const std::string rollout = adopter_of(*change.set_after);
    const auto read = read_at_.find(change.request->replica + " " + rollout);
    if (read != read_at_.end() && change.request->at - read->second <= fresh) return;
    broken(change.violation(change.set_after->text(),
                            "adopted without a live read of its Rollout before"));
  }

 private:
  /// By name: it may be gone when the write arrives.
  static std::string adopter_of(const ReplicaSetView& set) {
    const Json& owners = (*set.json)["metadata"]["ownerReferences"];
    const auto controls = [](const Json& owner) { return owner["controller"].bool_or(false); };
    const auto owner = std::ranges::find_if(owners.as_array(), controls);
    return set.key.substr(0, set.key.find('/') + 1) +
           std::string((*owner)["name"].string_or_empty());
  }
  /// A plan's writes may each wait for a slow server.
  static constexpr Duration fresh = Duration::from_seconds(300);
  std::map<std::string, Instant> read_at_;
};

class I4 final : public Property {
 public:
  I4() : Property("I4", "for a Rollout known to be gone nothing is made or scaled up") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (change.request == nullptr || change.set_after == nullptr) return;
    const bool grows =
        change.set_before == nullptr || change.set_after->replicas > change.set_before->replicas;
    const std::string& owner = change.set_after->owner;
    if (!grows || !ledger.was_rollout(owner)) return;
    const RolloutView* rollout = ledger.rollout_of_uid(owner);
    checked();
    if (rollout != nullptr && !rollout->leaving) return;
    if (rollout != nullptr) {
      const World decided = ledger.world_of(*change.request, *rollout);
      if (!decided.rollout || !decided.rollout->leaving) return;
    } else if (!knew_it_gone(*change.request, *change.set_after, ledger)) {
      return;
    }
    broken(change.violation(change.set_after->text(),
                            "made or scaled up though its Rollout was known to be going"));
  }

 private:
  static bool knew_it_gone(const SentRequest& request, const ReplicaSetView& set,
                           const Ledger& ledger) {
    const Json& owners = (*set.json)["metadata"]["ownerReferences"];
    const std::string key = set.key.substr(0, set.key.find('/') + 1) +
                            std::string(owners.at(0)["name"].string_or_empty());
    const auto& versions = ledger.versions(ObjectKind::rollout, key);
    // A namesake may have gone before it.
    const auto last =
        std::ranges::find_if(versions.rbegin(), versions.rend(), [&](const Version& version) {
          return version.content != nullptr &&
                 (*version.content)["metadata"]["uid"].string_or_empty() == set.owner;
        });
    const auto gone = last.base();
    return gone != versions.begin() && gone != versions.end() && gone->at < request.at &&
           ledger.known_to(request, ObjectKind::rollout, key) >= gone->revision;
  }
};

class I5 final : public Property {
 public:
  I5() : Property("I5", "the collision count rises only where the object met is another") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!change.commit.ours || change.rollout_before == nullptr || !change.rollout_after) return;
    if (change.rollout_after->collision_count <= change.rollout_before->collision_count) return;
    checked();
    for (const ReplicaSetView* set : ledger.owned_by(change.rollout_after->uid)) {
      if (!has_template_of(*change.rollout_after, *set, ledger)) continue;
      if (was_another(*set, change, ledger)) continue;
      broken(change.violation(change.rollout_after->text(),
                              fmt::format("a collision was counted though {} is its own and has "
                                          "this very template",
                                          set->key)));
    }
  }

 private:
  /// All that the sender had been told of under that name was not the Rollout's: it met that, which
  /// has gone since, and another replica was there first.
  static bool was_another(const ReplicaSetView& set, const Change& change, const Ledger& ledger) {
    if (change.request == nullptr) return false;
    const std::uint64_t met = ledger.known_to(*change.request, ObjectKind::replica_set, set.key);
    const Version* last = nullptr;
    for (const Version& version : ledger.versions(ObjectKind::replica_set, set.key)) {
      if (version.revision <= met && version.content != nullptr) last = &version;
    }
    return last != nullptr &&
           replica_set_view(last->content, set.key).owner != change.rollout_after->uid;
  }
};

class I6 final : public Property {
 public:
  I6() : Property("I6", "each ReplicaSet of a Rollout has a revision of its own, none falls") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const ReplicaSetView* after = change.set_after;
    if (change.request == nullptr || after == nullptr || after->revision <= 0) return;
    const std::int64_t before = change.set_before == nullptr ? 0 : change.set_before->revision;
    if (before == after->revision) return;
    checked();
    if (after->revision < before) {
      broken(change.violation(
          after->text(), fmt::format("its revision fell from {} to {}", before, after->revision)));
    }
    for (const ReplicaSetView* other : ledger.owned_by(after->owner)) {
      if (other->key == after->key || other->revision != after->revision) continue;
      const World decided =
          change.rollout == nullptr ? World{} : ledger.world_of(*change.request, *change.rollout);
      const ReplicaSetView* seen = decided.find(other->key);
      if (seen != nullptr && seen->revision != after->revision) continue;
      broken(change.violation(after->text(), fmt::format("has revision {}, and so has {}",
                                                         after->revision, other->key)));
    }
  }
};

class I7 final : public Property {
 public:
  I7() : Property("I7", "a ReplicaSet keeps its template and its selector") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (change.request == nullptr || change.set_before == nullptr || !change.set_after) return;
    checked();
    const Json& before = (*change.set_before->json)["spec"];
    const Json& after = (*change.set_after->json)["spec"];
    const bool same_template =
        before["template"] == after["template"] ||
        lasting_part(before["template"], ledger) == lasting_part(after["template"], ledger);
    if (same_template && before["selector"] == after["selector"]) return;
    broken(change.violation(change.set_after->text(), "its template or selector was changed"));
  }
};

class I8 final : public Property {
 public:
  I8() : Property("I8", "history loses only what is empty, unused and oldest") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const ReplicaSetView* gone = change.set_before;
    if (change.request == nullptr || gone == nullptr || change.rollout == nullptr) return;
    if (change.request->method != kubernetes::Method::delete_ || gone->leaving) return;
    checked();
    const World now = ledger.true_world(*change.rollout);
    const std::string wrong = objection(*gone, now, now);
    if (wrong.empty()) return;
    const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
    if (!decided.rollout || objection(*gone, decided, now).empty()) return;
    broken(change.violation(gone->text(), "deleted, though it " + wrong));
  }

 private:
  static bool is_expendable(const ReplicaSetView& set, const World& world) {
    return set.replicas == 0 && set.status_replicas == 0 && set.hash != world.previewed &&
           std::ranges::find(world.selected, set.hash) == world.selected.end();
  }
  static std::string_view created(const ReplicaSetView& set) {
    return (*set.json)["metadata"]["creationTimestamp"].string_or_empty();
  }
  /// An older one that is there no more comes first no more: the same plan has deleted it, say.
  static std::string objection(const ReplicaSetView& gone, const World& world, const World& now) {
    const RolloutView& rollout = *world.rollout;
    // While a new template is not told of yet, the last new version is an old one already.
    const bool is_told = rollout.is_told();
    const auto is_in_use = [&](const ReplicaSetView& set) {
      return set.hash == rollout.stable_hash || (is_told && set.hash == rollout.current_hash);
    };
    if (gone.replicas != 0) return fmt::format("still asks for {} pods", gone.replicas);
    if (is_in_use(gone)) return "is in use";
    std::int64_t left = 0;
    for (const ReplicaSetView& other : world.sets) {
      if (other.key == gone.key || other.leaving || is_in_use(other)) continue;
      ++left;
      if (now.find(other.key) != nullptr && is_expendable(other, world) &&
          created(other) < created(gone)) {
        return fmt::format("is younger than {}", other.key);
      }
    }
    const std::int64_t limit = rollout.spec()["revisionHistoryLimit"].integer_or(10);
    return left < limit ? fmt::format("is one of {} that may be kept", limit) : std::string();
  }
};

class I11 final : public Property {
 public:
  I11() : Property("I11", "nothing is changed in a namespace without a Rollout") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.rollout_after == nullptr || change.rollout_before != nullptr) return;
    namespaces_.insert(change.rollout_after->namespace_);
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (request.method == kubernetes::Method::get || request.about.kind == ObjectKind::lease) {
      return;
    }
    checked();
    const std::string namespace_ = request.about.key.substr(0, request.about.key.find('/'));
    if (namespaces_.contains(namespace_)) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = request.id,
            .object = request.about.plural + " " + request.about.key,
            .text = "there never was a Rollout in this namespace"});
  }

 private:
  std::set<std::string> namespaces_;
};

}  // namespace

void add_identity_properties(Properties& all) {
  all.push_back(std::make_unique<I1>());
  all.push_back(std::make_unique<I2>());
  all.push_back(std::make_unique<I3>());
  all.push_back(std::make_unique<I4>());
  all.push_back(std::make_unique<I5>());
  all.push_back(std::make_unique<I6>());
  all.push_back(std::make_unique<I7>());
  all.push_back(std::make_unique<I8>());
  all.push_back(std::make_unique<I11>());
}

}  // namespace slipway::simulation
