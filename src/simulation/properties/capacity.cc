#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// C1 to C12: enough pods, and not too many. A write is to blame when it breaks the promise both in
/// truth and in the world that it was decided on: what others changed meanwhile, and no
/// precondition could have guarded, is not its fault.
namespace slipway::simulation {
namespace {

bool changes_size(const Change& change) {
  return change.request != nullptr && change.set_after != nullptr && change.rollout != nullptr &&
         (change.set_before == nullptr ||
          change.set_before->replicas != change.set_after->replicas);
}

std::int64_t size_before(const Change& change) {
  return change.set_before == nullptr ? 0 : change.set_before->replicas;
}

bool lowers(const Change& change) {
  return changes_size(change) && change.set_after->replicas < size_before(change);
}

bool raises(const Change& change) {
  return changes_size(change) && change.set_after->replicas > size_before(change);
}

/// Both worlds break it.
bool is_to_blame(const Change& change, const Ledger& ledger,
                 const std::function<bool(const World&)>& breaks, Others others = Others::blamed) {
  return breaks(ledger.true_world(*change.rollout)) &&
         breaks(ledger.world_of(*change.request, *change.rollout, others));
}

/// Pods that can be counted on, were this ReplicaSet of that size.
std::int64_t dependable(const World& world, std::string_view key = {}, std::int64_t size = 0) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < world.sets.size(); ++i) {
    const bool is_it = world.sets[i].key == key;
    sum += std::min(is_it ? size : world.sets[i].replicas, world.available[i]);
  }
  return sum;
}

std::string sizes(const World& world) {
  std::string text;
  for (std::size_t i = 0; i < world.sets.size(); ++i) {
    text += fmt::format("{}{} {} of {}", text.empty() ? "" : ", ", world.sets[i].key,
                        world.available[i], world.sets[i].replicas);
  }
  return text;
}

class C1 final : public Property {
 public:
  C1() : Property("C1", "no scale-down leaves fewer than desired - maxUnavailable pods") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!lowers(change) || change.rollout->strategy != Strategy::canary) return;
    checked();
    const auto breaks = [&](const World& world) {
      if (!world.rollout) return true;
      const std::string& key = change.set_after->key;
      const std::int64_t before = dependable(world, key, size_before(change));
      const std::int64_t after = dependable(world, key, change.set_after->replicas);
      return after < before && after < world.rollout->desired - world.rollout->max_unavailable;
    };
    // No precondition on one ReplicaSet can guard what a second controller, or a write of ours that
    // comes late, does to another meanwhile.
    const bool to_blame = is_to_blame(change, ledger, breaks, Others::excused);
    if (!to_blame) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("scaled from {} to {} with {} desired, {} of them dispensable; available: {}",
                    size_before(change), change.set_after->replicas, change.rollout->desired,
                    change.rollout->max_unavailable, sizes(ledger.true_world(*change.rollout)))));
  }
};

class C4 final : public Property {
 public:
  C4() : Property("C4", "no scale-up asks for more than desired + maxSurge (blue-green: twice)") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!raises(change) || change.rollout->strategy == Strategy::none) return;
    // The stable version comes first, whatever else there is.
    const bool is_stable = change.set_after->hash == change.rollout->stable_hash;
    if (is_stable && change.rollout->strategy == Strategy::blue_green) return;
    // What waits for its end follows a change of spec.replicas, and does not count.
    if (change.set_after->valid_deadline()) return;
    checked();
    const auto cap = [](const RolloutView& rollout) {
      return rollout.strategy == Strategy::canary
                 ? rollout.desired + rollout.max_surge
                 : rollout.desired + std::max(rollout.desired, rollout.preview_replicas);
    };
    const auto breaks = [&](const World& world) {
      if (!world.rollout) return true;
      std::int64_t sum = change.set_after->replicas;
      for (const ReplicaSetView& set : world.sets) {
        if (set.key == change.set_after->key || set.valid_deadline()) continue;
        // One that is being deleted asks for nothing any more: what counts is what it still has.
        sum += set.leaving ? std::min(set.replicas, set.status_replicas) : set.replicas;
      }
      return sum > cap(*world.rollout);
    };
    // A pod too many for a moment, from a write that came late, harms nobody; and no precondition
    // on one ReplicaSet could hold it to the size of another.
    const bool to_blame = is_to_blame(change, ledger, breaks, Others::excused);
    if (!to_blame) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("scaled from {} to {}, with {} in all allowed; sizes: {}", size_before(change),
                    change.set_after->replicas, cap(*change.rollout),
                    sizes(ledger.true_world(*change.rollout)))));
  }
};

class C6 final : public Property {
 public:
  C6() : Property("C6", "an abort never takes pods from the stable version") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!lowers(change) || !change.rollout->abort) return;
    if (change.set_after->hash != change.rollout->stable_hash) return;
    checked();
    const auto breaks = [&](const World& world) {
      // A new template ends an abort, and so does going back a little way: behaviour.md 8.2.3.
      return !world.rollout || (world.rollout->abort && !world.rollout->promote_full &&
                                world.rollout->is_told() && !world.goes_back_within_window() &&
                                world.rollout->stable_hash == change.set_after->hash &&
                                change.set_after->replicas < world.rollout->desired &&
                                size_before(change) <= world.rollout->desired);
    };
    // A second controller that has not heard of the abort is held to the capacity, by C1.
    const bool to_blame = is_to_blame(change, ledger, breaks, Others::excused);
    if (!to_blame) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("the stable version was scaled from {} to {} in an abort; "
                    "{} are desired",
                    size_before(change), change.set_after->replicas, change.rollout->desired)));
  }
};

class C7 final : public Property {
 public:
  C7() : Property("C7", "what carries traffic is not scaled to zero") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!lowers(change) || change.set_after->replicas != 0) return;
    if (change.rollout->desired == 0) return;
    checked();
    const std::string& hash = change.set_after->hash;
    const bool to_blame = is_to_blame(change, ledger, [&](const World& world) {
      if (!world.rollout) return true;
      // Without a router the pods' share is the traffic's share: a weight of 100 leaves the stable
      // version none, before it is stable no more.
      const bool is_stable =
          world.rollout->stable_hash == hash &&
          (world.rollout->strategy == Strategy::blue_green || world.rollout->routed);
      const bool is_selected = std::ranges::find(world.selected, hash) != world.selected.end();
      return world.rollout->desired > 0 && (is_stable || is_selected);
    });
    if (!to_blame) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("scaled to zero while a Service or status.stableRS ({}) "
                    "names it; sizes: {}",
                    change.rollout->stable_hash, sizes(ledger.true_world(*change.rollout)))));
  }
};

class C8 final : public Property {
 public:
  C8() : Property("C8", "with unchanged inputs no ReplicaSet goes up and down") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.rollout == nullptr) return;
    // Whatever others change may be a reason, and so may a step of the update.
    const bool input = !change.commit.ours && change.commit.kind != ObjectKind::pod &&
                       !(change.set_before && change.set_after && !changes_spec(change));
    const bool step = change.rollout_before && change.rollout_after &&
                      (change.rollout_before->step != change.rollout_after->step ||
                       change.rollout_before->phase != change.rollout_after->phase ||
                       change.rollout_before->stable_hash != change.rollout_after->stable_hash);
    if (input || step) swings_.erase(change.rollout->uid);
    if (!changes_size(change) || change.set_before == nullptr) return;
    checked();
    Swing& swing = swings_[change.rollout->uid][change.set_after->uid];
    const int direction = raises(change) ? 1 : -1;
    if (direction != swing.direction) ++swing.turns;
    swing.direction = direction;
    if (swing.turns <= turns_max) return;
    swing.turns = 0;
    broken(change.violation(change.set_after->text(),
                            fmt::format("turned {} times with nothing else changed", turns_max)));
  }

 private:
  /// Pods that come and go may turn it a few times.
  static constexpr int turns_max = 6;
  struct Swing {
    int direction = 0;
    int turns = 0;
  };
  static bool changes_spec(const Change& change) {
    return change.set_before->replicas != change.set_after->replicas ||
           change.set_before->deadline != change.set_after->deadline;
  }
  std::map<std::string, std::map<std::string, Swing>> swings_;  ///< By Rollout, then ReplicaSet.
};

class C10 final : public Property {
 public:
  C10() : Property("C10", "the controller never writes a Rollout's spec") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (!change.commit.ours || change.rollout_before == nullptr || !change.rollout_after) return;
    checked();
    if (change.rollout_before->spec() == change.rollout_after->spec()) return;
    broken(change.violation(change.rollout_after->text(), "its spec was changed"));
  }
};

class C11 final : public Property {
 public:
  C11() : Property("C11", "every size is between 0 and the largest int32") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (request.method == kubernetes::Method::get ||
        request.about.kind != ObjectKind::replica_set) {
      return;
    }
    const Json& body = ledger.body(request);
    check(request, body["spec"]["replicas"], ledger);
    if (!body.is_array()) return;
    for (const Json& operation : body.as_array()) {
      if (operation["path"].string_or_empty() == "/spec/replicas" &&
          operation["op"].string_or_empty() != "test") {
        check(request, operation["value"], ledger);
      }
    }
  }

 private:
  void check(const SentRequest& request, const Json& size, const Ledger& ledger) {
    if (size.is_null()) return;
    checked();
    const std::int64_t value = size.integer_or(-1);
    if (value >= 0 && value <= std::numeric_limits<std::int32_t>::max()) return;
    broken({.property = {},
            .at = ledger.now(),
            .revision = ledger.revision(),
            .request = request.id,
            .object = "ReplicaSet " + request.about.key,
            .text = "a size of " + to_text(size) + " is asked for"});
  }
};

class C12 final : public Property {
 public:
  C12() : Property("C12", "a restart leaves desired - maxUnavailable pods") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (lowers(change)) {
      lowered_[change.request->replica + " " + change.set_after->key] = {
          change.commit.revision, change.set_after->replicas};
    }
    if (change.request == nullptr || change.pod_before == nullptr || change.rollout == nullptr) {
      return;
    }
    const bool goes =
        !change.pod_before->leaving && (change.pod_after == nullptr || change.pod_after->leaving);
    if (!goes || !change.pod_before->ready) return;
    checked();
    const World truth = ledger.true_world(*change.rollout);
    const World known = known_to(*change.request, *change.rollout, ledger);
    if (!leaves_too_few(truth) || !leaves_too_few(known)) return;
    broken(change.violation(
        "Pod " + change.commit.key,
        fmt::format("evicted with fewer than {} others available", least_of(*change.rollout))));
  }

 private:
  struct Lowered {
    std::uint64_t revision = 0;
    std::int64_t size = 0;
  };

  static std::int64_t least_of(const RolloutView& rollout) {
    return rollout.desired - std::max<std::int64_t>(rollout.max_unavailable, 1);
  }
  /// Each world has a size of its own: who resizes the Rollout may not have been heard of.
  static bool leaves_too_few(const World& world) {
    return !world.rollout || dependable(world) < least_of(*world.rollout);
  }
  /// Sizes are as the sender was told, and as it made them smaller itself: no precondition on a pod
  /// can guard what others make of them meanwhile.
  World known_to(const SentRequest& request, const RolloutView& rollout,
                 const Ledger& ledger) const {
    World world = ledger.world_of(request, rollout);
    for (ReplicaSetView& set : world.sets) {
      const std::uint64_t told = ledger.known_to(request, ObjectKind::replica_set, set.key);
      const Version* version = ledger.version_at(ObjectKind::replica_set, set.key, told);
      if (version != nullptr && version->content != nullptr) {
        set.replicas = replica_set_view(version->content, set.key).replicas;
      }
      const auto own = lowered_.find(request.replica + " " + set.key);
      if (own != lowered_.end() && own->second.revision > told) {
        set.replicas = std::min(set.replicas, own->second.size);
      }
    }
    return world;
  }

  std::map<std::string, Lowered> lowered_;  ///< Last, by the sender and the ReplicaSet.
};

class C13 final : public Property {
 public:
  C13() : Property("C13", "a Deployment gives up no more pods than the Rollout has ready") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const Commit& commit = change.commit;
    if (commit.kind != ObjectKind::deployment || change.request == nullptr || !change.rollout ||
        commit.before == nullptr || commit.after == nullptr) {
      return;
    }
    const std::int64_t before = (*commit.before)["spec"]["replicas"].integer_or(1);
    const std::int64_t after = (*commit.after)["spec"]["replicas"].integer_or(1);
    if (after >= before) return;
    checked();
    const auto breaks = [&](const World& world) {
      if (!world.rollout) return true;
      std::int64_t ready = 0;
      for (const ReplicaSetView& set : world.sets) {
        ready += (*set.json)["status"]["readyReplicas"].integer_or(0);
      }
      return after + ready < std::min(before, world.rollout->desired);
    };
    if (!is_to_blame(change, ledger, breaks, Others::excused)) return;
    broken(change.violation("Deployment " + commit.key,
                            fmt::format("scaled from {} to {}; sizes: {}", before, after,
                                        sizes(ledger.true_world(*change.rollout)))));
  }
};

}  // namespace

void add_capacity_properties(Properties& all) {
  all.push_back(std::make_unique<C1>());
  all.push_back(std::make_unique<C4>());
  all.push_back(std::make_unique<C6>());
  all.push_back(std::make_unique<C7>());
  all.push_back(std::make_unique<C8>());
  all.push_back(std::make_unique<C10>());
  all.push_back(std::make_unique<C11>());
  all.push_back(std::make_unique<C12>());
  all.push_back(std::make_unique<C13>());
}

}  // namespace slipway::simulation
