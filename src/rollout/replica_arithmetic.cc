#include "rollout/replica_arithmetic.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>

namespace slipway::rollout {
namespace {

// Wide enough for products of two counts and a weight.
using Wide = __int128;

std::int32_t narrow(std::int64_t count) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::int32_t>::max()));
}

/// A canary of `canary` pods among `total`, measured against the weight that is wanted.
struct Option {
  std::int64_t canary;
  std::int64_t total;
};

/// Whether `a` misses the weight by less than `b`. Compared as fractions: no rounding.
bool nearer(const Option& a, const Option& b, std::int64_t weight, std::int64_t max_weight) {
  const auto miss = [&](const Option& option) {
    const Wide difference = Wide{option.canary} * max_weight - Wide{weight} * option.total;
    return difference < 0 ? -difference : difference;
  };
  return miss(a) * b.total < miss(b) * a.total;
}

/// What counts of a ReplicaSet towards availability. Of the side that is being drained the pods
/// asked for count, whether they serve or not: waiting for them could take for ever.
std::int64_t counted(const Size& size, bool ignoring_availability) {
  if (size.spec < size.available || ignoring_availability) return size.spec;
  return size.available;
}

struct Targets {
  std::int64_t growing;
  std::int64_t drained;
};

/// Brings the sum of both back under the cap. Compat: without giving up pods that serve and are
/// needed, which Argo Rollouts may do.
Targets within_limits(Targets targets, const Size& growing, const Size& drained, std::int64_t cap,
                      std::int64_t floor) {
  targets.growing -= std::max<std::int64_t>(0, targets.growing + targets.drained - cap);
  targets.growing = std::max<std::int64_t>(0, targets.growing);
  const std::int64_t kept = std::min<std::int64_t>(drained.available, targets.drained) +
                            std::min<std::int64_t>(growing.available, targets.growing);
  const std::int64_t lost = std::max<std::int64_t>(0, dependable(growing) - targets.growing);
  targets.growing += std::min(lost, std::max<std::int64_t>(0, floor - kept));
  const std::int64_t over = std::max<std::int64_t>(0, targets.growing + targets.drained - cap);
  // No more than what doesn't serve or isn't needed: the cap is a wish, the floor a promise.
  const std::int64_t serving = std::min<std::int64_t>(dependable(growing), targets.growing) +
                               std::min<std::int64_t>(dependable(drained), targets.drained);
  const std::int64_t idle =
      targets.drained - std::min<std::int64_t>(dependable(drained), targets.drained);
  const std::int64_t spare = idle + std::max<std::int64_t>(0, serving - floor);
  targets.drained = std::max<std::int64_t>(0, targets.drained - std::min(over, spare));
  return targets;
}

/// As few as wanted, as far as only pods go that don't serve.
std::int64_t without_idle(std::int64_t size, std::int32_t wanted, const Size& of) {
  if (size > of.spec) return size;
  return std::min<std::int64_t>(size, std::max(wanted, dependable(of)));
}

}  // namespace

std::int32_t dependable(const Size& size) {
  return std::max(0, std::min(size.spec, size.available));
}

Split split_for_weight(std::int32_t desired, std::int32_t weight, std::int32_t max_weight,
                       std::int32_t max_surge) {
  if (desired <= 0 || max_weight <= 0) return {};
  weight = std::clamp(weight, 0, max_weight);
  const auto rounded_down = [&](std::int64_t total) {
    return static_cast<std::int64_t>(Wide{total} * weight / max_weight);
  };
  const std::int64_t down = rounded_down(desired);
  const std::int64_t up = down + (Wide{desired} * weight % max_weight != 0 ? 1 : 0);
  // Exactly between two counts: rounding up is the choice then.
  const auto tied = [&](std::int64_t total) {
    return Wide{2} * total * weight % (Wide{2} * max_weight) == max_weight;
  };
  const bool may_be_empty = weight == 0 || weight == max_weight || (desired == 1 && max_surge == 0);

  std::optional<Option> best;
  const auto consider = [&](std::int64_t canary, std::int64_t total) {
    const Option option{canary, total};
    if (!best || nearer(option, *best, weight, max_weight)) best = option;
  };
  const std::int64_t all = desired;
  if (up < all || may_be_empty) consider(up, all);
  if (!tied(all) && (down > 0 || may_be_empty)) consider(down, all);
  if (max_surge > 0) {
    consider(up, all + 1);
    if (!tied(all + 1) && (down > 0 || may_be_empty)) consider(down, all + 1);
  }
  // Compat: Argo Rollouts takes none of the new pods where rounding up would leave no old ones and
  // the shares are tied (90 % of 5, without a surge), and the step counts as done without a pod.
  if (!best) consider(down, all);
  return {narrow(best->canary), narrow(best->total - best->canary)};
}

Split step_towards(const Bounds& bounds, const Split& want, const Size& canary, const Size& stable,
                   std::int32_t others) {
  const std::int64_t cap = std::int64_t{bounds.desired} + bounds.max_surge;
  const std::int64_t floor = std::int64_t{bounds.desired} - bounds.max_unavailable;
  std::int64_t room = cap - (std::int64_t{others} + canary.spec + stable.spec);
  std::int64_t next_canary = canary.spec;
  std::int64_t next_stable = stable.spec;

  const auto raise = [&](std::int64_t& size, std::int32_t wanted) {
    if (size >= wanted || room <= 0) return;
    const std::int64_t raised = std::min<std::int64_t>(wanted, size + room);
    room -= raised - size;
    size = raised;
  };
  // What older revisions leave room for is the newest version's first: it may be the remedy.
  if (others > 0) raise(next_canary, want.canary);
  raise(next_stable, want.stable);
  raise(next_canary, want.canary);
  if (others > 0) {
    // Where these fill the room and wait for pods that serve, pods that don't must make some, or
    // nothing ever moves: who crashes for ever would keep its own remedy out. The newest version
    // gets its share even of what the stable one shall have; not the other way round, or the two
    // would take the room from each other without end.
    const std::int64_t lacking = want.canary - next_canary;
    const std::int64_t ceded = std::min<std::int64_t>(want.stable, next_stable - lacking);
    const bool canary_waits = lacking > 0;
    const bool stable_waits = next_stable < want.stable;
    if (canary_waits) next_stable = without_idle(next_stable, narrow(ceded), stable);
    if (stable_waits) next_canary = without_idle(next_canary, want.canary, canary);
    return {narrow(next_canary), narrow(next_stable)};
  }

  const bool increasing = want.canary >= canary.spec;
  const std::int64_t have = counted(canary, !increasing) + counted(stable, increasing);
  if (have <= floor) return {narrow(next_canary), narrow(next_stable)};
  const std::int64_t spare = have - floor;

  const Size& drained = increasing ? stable : canary;
  const Size& growing = increasing ? canary : stable;
  const std::int64_t drained_want = increasing ? want.stable : want.canary;
  Targets targets{increasing ? next_canary : next_stable, increasing ? next_stable : next_canary};
  if (drained.spec > drained_want) {
    targets.drained = std::max<std::int64_t>(drained_want, drained.spec - spare);
  }
  targets = within_limits(targets, growing, drained, cap, floor);
  if (increasing) return {narrow(targets.growing), narrow(targets.drained)};
  return {narrow(targets.drained), narrow(targets.growing)};
}

std::vector<std::int32_t> shrink_old(const Bounds& bounds, const std::vector<Size>& newest_first,
                                     std::int32_t dependable_in_all) {
  std::vector<std::int32_t> sizes;
  sizes.reserve(newest_first.size());
  std::int64_t spare =
      std::int64_t{dependable_in_all} - (std::int64_t{bounds.desired} - bounds.max_unavailable);
  for (const Size& size : newest_first) {
    const std::int64_t serving = dependable(size);
    const std::int64_t given_up = std::clamp<std::int64_t>(spare, 0, serving);
    spare -= given_up;
    sizes.push_back(narrow(serving - given_up));
  }
  return sizes;
}

}  // namespace slipway::rollout
