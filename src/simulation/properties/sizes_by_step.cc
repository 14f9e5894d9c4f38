#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "simulation/properties/groups.h"

/// C2, C5, C9 and I9: how far an update has come says how large each version may be, and only a new
/// template makes a new version.
namespace slipway::simulation {
namespace {

bool is_our_resize(const Change& change) {
  return change.request != nullptr && change.set_before != nullptr && change.set_after != nullptr &&
         change.rollout != nullptr && change.set_before->replicas != change.set_after->replicas;
}

/// The template as a person wrote it: without the label that tells versions apart.
Json template_of(const ReplicaSetView& set) {
  Json text = (*set.json)["spec"]["template"];
  if (Json* metadata = text.find("metadata")) {
    if (Json* labels = metadata->find("labels")) labels->erase("rollouts-pod-template-hash");
  }
  return text;
}

class C2 final : public Property {
 public:
  C2() : Property("C2", "behind a router the stable version keeps all pods until the promotion") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_resize(change) || change.set_after->replicas > change.set_before->replicas) return;
    if (!keeps_all(*change.rollout, *change.set_after)) return;
    checked();
    const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
    if (decided.rollout && !keeps_all(*decided.rollout, *change.set_after)) return;
    broken(change.violation(change.set_after->text(),
                            fmt::format("the stable version was scaled from {} to {} of {}",
                                        change.set_before->replicas, change.set_after->replicas,
                                        change.rollout->desired)));
  }

 private:
  static bool keeps_all(const RolloutView& rollout, const ReplicaSetView& set) {
    const bool follows_weight =
        rollout.spec()["strategy"]["canary"]["dynamicStableScale"].bool_or(false);
    return rollout.routed && !follows_weight && !rollout.leaving &&
           set.hash == rollout.stable_hash && set.replicas < rollout.desired;
  }
};

/// The weight that the steps up to and with this one have set; none before the first.
std::int64_t weight_at(const RolloutView& rollout, std::int64_t step) {
  if (step >= rollout.step_count()) return 100;
  std::int64_t weight = 0;
  for (std::int64_t i = 0; i <= step; ++i) {
    const Json& set = rollout.steps().at(static_cast<std::size_t>(i))["setWeight"];
    if (set.is_integer()) weight = set.as_integer();
  }
  return weight;
}

class C5 final : public Property {
 public:
  C5() : Property("C5", "a new version gets no more pods than its step asks for") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (!is_our_resize(change) || change.set_after->replicas < change.set_before->replicas) return;
    const std::optional<std::int64_t> most = most_pods(*change.rollout, *change.set_after);
    if (!most) return;
    checked();
    if (change.set_after->replicas <= *most) return;
    const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
    if (!decided.rollout) return;
    std::optional<std::int64_t> then = most_pods(*decided.rollout, *change.set_after);
    // Where somebody deleted the stable ReplicaSet no step asks for anything: a weight says how the
    // pods are shared with it. What remains is that a version gets no more than all of them.
    const bool alone =
        shares_with_nobody(decided) || shares_with_nobody(ledger.true_world(*change.rollout));
    if (then && alone) then = std::max({*then, decided.rollout->desired, change.rollout->desired});
    if (!then || change.set_after->replicas <= *then) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("scaled from {} to {}, where step {} asks for {} of {}",
                    change.set_before->replicas, change.set_after->replicas,
                    change.rollout->step.value_or(0), *most, change.rollout->desired)));
  }

 private:
  /// Somebody deleted the stable ReplicaSet: a step says how pods are shared with it.
  static bool shares_with_nobody(const World& world) {
    return std::ranges::none_of(world.sets, [&](const ReplicaSetView& set) {
      return set.hash == world.rollout->stable_hash && !set.leaving;
    });
  }
  /// None where no step limits this ReplicaSet.
  static std::optional<std::int64_t> most_pods(const RolloutView& rollout,
                                               const ReplicaSetView& set) {
    const bool is_new = set.hash == rollout.current_hash && set.hash != rollout.stable_hash;
    if (!is_new || rollout.stable_hash.empty() || rollout.promote_full) return {};
    // Of a spec that was not looked at yet the status says nothing.
    if (!rollout.is_told()) return {};
    if (rollout.strategy == Strategy::blue_green) {
      return std::max(rollout.desired, rollout.preview_replicas);
    }
    if (rollout.strategy != Strategy::canary || !rollout.step || rollout.step_count() == 0) {
      return {};
    }
    for (const Json& step : rollout.steps().as_array()) {
      if (step.find("setCanaryScale") != nullptr) return {};
    }
    // The step that is next may be entered by the very plan that scales: it is completed in its
    // status write.
    const std::int64_t weight =
        std::max(weight_at(rollout, *rollout.step), weight_at(rollout, *rollout.step + 1));
    // Shares of pods come near a weight; nearer than a pod they can't.
    return (rollout.desired * weight + 99) / 100 + (weight < 100 ? 1 : 0);
  }
};

class C9 final : public Property {
 public:
  C9() : Property("C9", "a new size alone begins no revision") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (change.request == nullptr || change.rollout == nullptr) return;
    if (change.set_before != nullptr || change.set_after == nullptr) return;
    if (change.rollout->current_hash.empty()) return;
    checked();
    const Json made = template_of(*change.set_after);
    for (const ReplicaSetView* set : ledger.owned_by(change.rollout->uid)) {
      if (set->key == change.set_after->key || set->leaving) continue;
      if (set->hash != change.rollout->current_hash || !(template_of(*set) == made)) continue;
      const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
      if (decided.find(set->key) == nullptr) continue;
      broken(change.violation(change.set_after->text(),
                              fmt::format("is of the template of {}, which is current", set->key)));
    }
  }
};

class I9 final : public Property {
 public:
  I9() : Property("I9", "of one template there is one hash, but for collisions") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    if (change.request == nullptr || change.rollout == nullptr) return;
    if (change.set_before != nullptr || change.set_after == nullptr) return;
    const World decided = ledger.world_of(*change.request, *change.rollout, Others::excused);
    const std::int64_t counted = change.rollout->collision_count;
    const std::int64_t known = decided.rollout ? decided.rollout->collision_count : counted;
    const auto [first, is_first] =
        hashes_.try_emplace(change.rollout->uid + to_text(template_of(*change.set_after)),
                            Made{change.set_after->hash, counted, known});
    if (is_first) return;
    checked();
    // Counted by another replica perhaps: what counts is that there was a collision at all, and
    // that one of the two who made them may not have heard of it yet.
    if (first->second.hash == change.set_after->hash) return;
    if (counted != first->second.collisions || known != first->second.known) return;
    broken(change.violation(
        change.set_after->text(),
        fmt::format("has the hash {}, and had {}", change.set_after->hash, first->second.hash)));
  }

 private:
  struct Made {
    std::string hash;
    std::int64_t collisions = 0;
    std::int64_t known = 0;  ///< Of them, to who made it.
  };
  std::map<std::string, Made> hashes_;  ///< By Rollout and template.
};

}  // namespace

void add_step_size_properties(Properties& all) {
  all.push_back(std::make_unique<C2>());
  all.push_back(std::make_unique<C5>());
  all.push_back(std::make_unique<C9>());
  all.push_back(std::make_unique<I9>());
}

}  // namespace slipway::simulation
