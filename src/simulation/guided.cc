#include "simulation/guided.h"

#include <algorithm>

#include "simulation/deeds.h"

namespace slipway::simulation {
namespace {

/// In [-reach, reach].
std::int64_t step_by(Random& random, std::int64_t reach) {
  return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * reach + 1))) - reach;
}

template <class T>
T shifted(T number, Random& random) {
  const std::int64_t moved = static_cast<std::int64_t>(number) + step_by(random, 3);
  return static_cast<T>(std::max<std::int64_t>(moved, 0));
}

template <class T>
std::ptrdiff_t any_of(const std::vector<T>& items, Random& random) {
  return static_cast<std::ptrdiff_t>(random.below(items.size()));
}

/// Another fault that may strike at the same kind of place, or the same one.
Fault sibling_of(Fault fault, const FaultSet& faults, Random& random) {
  std::vector<Fault> siblings{fault};
  for (const FaultInfo& info : all_faults()) {
    if (info.strikes == info_of(fault).strikes && contains(faults, info.fault)) {
      siblings.push_back(info.fault);
    }
  }
  return siblings[random.below(siblings.size())];
}

void change_strikes(std::vector<Strike>& strikes, const FaultSet& faults, Random& random) {
  if (strikes.empty()) return;
  const std::ptrdiff_t at = any_of(strikes, random);
  Strike changed = strikes[static_cast<std::size_t>(at)];
  switch (random.below(5)) {
    case 0:
      strikes.erase(strikes.begin() + at);
      return;
    case 1:  // Once more, near by.
      changed.ordinal = shifted(changed.ordinal, random);
      break;
    case 2:
      changed.fault = sibling_of(changed.fault, faults, random);
      break;
    case 3:
      changed.size = random.next();
      strikes[static_cast<std::size_t>(at)] = std::move(changed);
      return;
    default:
      changed.ordinal = shifted(changed.ordinal, random);
      strikes[static_cast<std::size_t>(at)] = std::move(changed);
      return;
  }
  strikes.insert(strikes.begin() + at, std::move(changed));
}

/// By any verb whose fault may be.
std::string any_verb(const FaultSet& faults, Random& random) {
  std::vector<std::string_view> verbs{"set-image"};
  for (const Verb& verb : all_verbs()) {
    if (contains(faults, verb.fault)) verbs.push_back(verb.name);
  }
  return std::string(verbs[random.below(verbs.size())]);
}

void change_deeds(std::vector<Deed>& deeds, const FaultSet& faults, Random& random) {
  if (deeds.empty()) return;
  const std::ptrdiff_t at = any_of(deeds, random);
  Deed& deed = deeds[static_cast<std::size_t>(at)];
  switch (random.below(5)) {
    case 0:
      if (deeds.size() > 1) deeds.erase(deeds.begin() + at);
      return;
    case 1: {
      const Deed again = deed;
      deeds.insert(deeds.begin() + at, again);
      return;
    }
    case 2:
      deed.pick = random.next();
      return;
    case 3: {
      Deed more = deed;
      more.verb = any_verb(faults, random);
      more.pick = random.next();
      deeds.insert(deeds.begin() + at, std::move(more));
      return;
    }
    default:
      if (deed.after_writes) deed.after_writes = shifted(*deed.after_writes, random);
      deed.then =
          Duration{deed.then.nanoseconds * static_cast<std::int64_t>(1 + random.below(4)) / 2};
  }
}

void turn_a_knob(Scenario& scenario, const FaultSet& faults, Random& random) {
  switch (random.below(4)) {
    case 0:
      scenario.finishes = !scenario.finishes;
      return;
    case 1:
      scenario.tail = Duration::from_seconds(static_cast<std::int64_t>(5 + random.below(200)));
      return;
    case 2:
      if (contains(faults, Fault::fj5)) scenario.contested = !scenario.contested;
      return;
    default:  // Other uids, latencies and pods.
      scenario.seed = random.next();
  }
}

}  // namespace

Sights sights_of(const RunResult& result) {
  Sights sights;
  for (std::size_t i = 0; i < result.situations.size(); ++i) {
    if (result.situations[i].times == 0) continue;
    const std::size_t row = i * (fault_count + 1);
    sights.insert(static_cast<std::uint32_t>(row));
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
      if (result.faults[fault].felt != 0)
        sights.insert(static_cast<std::uint32_t>(row + fault + 1));
    }
  }
  return sights;
}

std::size_t Corpus::take(Scenario scenario, const Sights& sights) {
  const std::size_t before = seen_.size();
  seen_.insert(sights.begin(), sights.end());
  const std::size_t gained = seen_.size() - before;
  if (gained == 0) return 0;
  if (kept_.size() < kept_max) {
    kept_.push_back({std::move(scenario)});
  } else {
    kept_[oldest_] = {std::move(scenario)};
    oldest_ = (oldest_ + 1) % kept_max;
  }
  return gained;
}

const Scenario& Corpus::pick(Random& random) {
  constexpr int candidates = 3;
  Kept* least = nullptr;
  for (int i = 0; i < candidates; ++i) {
    Kept& one = kept_[random.below(kept_.size())];
    if (least == nullptr || one.picked < least->picked) least = &one;
  }
  ++least->picked;
  return least->scenario;
}

Scenario mutated(const Scenario& scenario, const FaultSet& faults, Random& random) {
  Scenario changed = scenario;
  if (!changed.strikes) changed.strikes.emplace();
  const FaultSet admitted = judgeable(faults, scenario.objects);
  for (std::uint64_t left = 1 + random.below(4); left > 0; --left) {
    switch (random.below(6)) {
      case 0:
        turn_a_knob(changed, admitted, random);
        break;
      case 1:
      case 2:
        change_deeds(changed.deeds, admitted, random);
        break;
      default:
        change_strikes(*changed.strikes, admitted, random);
    }
  }
  return changed;
}

}  // namespace slipway::simulation
