#include <algorithm>

#include "simulation/deeds.h"

/// What people and programs do in a run that is made up.
namespace slipway::simulation {
namespace {

constexpr std::string_view hand_over_verb = "hand-over";
constexpr std::string_view flood_verb = "flood";
constexpr std::string_view neighbour_verb = "update-neighbour";
constexpr std::string_view lender_verb = "change-lender";
constexpr std::string_view hold_verb = "hold-deletion";

/// Drawn for themselves they would nearly always meet a Rollout at rest: each has its own place.
bool has_its_place(const Verb& verb) {
  for (const std::string_view name :
       {std::string_view("abort"), std::string_view("retry"), hand_over_verb, flood_verb,
        neighbour_verb, lender_verb, hold_verb}) {
    if (verb.name == name) return true;
  }
  return false;
}

/// In a third of all runs somebody aborts an update under way, and mostly tries again, perhaps
/// twice.
void abort_an_update(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "aborts");
  if (random.below(3) != 0) return;
  const auto update = std::ranges::find(deeds, "set-image", &Deed::verb);
  if (update == deeds.end()) return;
  auto at = update + 1;
  for (std::uint64_t rounds = 1 + random.below(2); rounds > 0; --rounds) {
    for (const char* verb : {"abort", "retry"}) {
      const Duration gap = 100_ms * (std::int64_t{1} << random.below(10));
      at = deeds.insert(at, {.verb = verb, .gap = gap, .pick = random.next()}) + 1;
      if (random.below(4) == 0) return;
    }
  }
}

/// In one of six runs the last that people do is to begin an update and to abort it.
void abort_in_the_end(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "ending");
  if (random.below(6) != 0) return;
  for (const char* verb : {"set-image", "abort"}) {
    const Duration gap = 100_ms * (std::int64_t{1} << random.below(9));
    deeds.push_back({.verb = verb, .gap = gap, .pick = random.next()});
  }
}

/// Soon after an update has begun another controller takes over, and ours after it.
void hand_over_an_update(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "handover");
  if (random.below(2) != 0) return;
  const auto update = std::ranges::find(deeds, "set-image", &Deed::verb);
  if (update == deeds.end()) return;
  deeds.insert(update + 1, {.verb = std::string(hand_over_verb),
                            .gap = 100_ms * (std::int64_t{1} << random.below(10)),
                            .pick = random.next()});
}

/// Once or twice something happens to what lends the Rollout its template.
void disturb_the_lender(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "lender");
  for (std::uint64_t left = 1 + random.below(2); left > 0; --left) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(deeds.size() + 1));
    const Duration gap = 100_ms * (std::int64_t{1} << random.below(10));
    deeds.insert(deeds.begin() + at,
                 {.verb = std::string(lender_verb), .gap = gap, .pick = random.next()});
  }
}

/// Some ReplicaSets can't go for a while: one of them may be deleted meanwhile.
void hold_deletions(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "finalizers");
  for (std::uint64_t left = 2 + random.below(3); left > 0; --left) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(deeds.size() + 1));
    const Duration gap = 100_ms * (std::int64_t{1} << random.below(10));
    deeds.insert(deeds.begin() + at,
                 {.verb = std::string(hold_verb), .gap = gap, .pick = random.next()});
  }
}

/// Floods the Rollout at some moment, while others have news.
void flood_the_queue(std::uint64_t seed, std::vector<Deed>& deeds) {
  Random random = stream_of(seed, "flood");
  auto at = deeds.begin() + static_cast<std::ptrdiff_t>(random.below(deeds.size() + 1));
  at = deeds.insert(at, {.verb = std::string(flood_verb), .gap = 10_s, .pick = random.next()});
  for (int i = 0; i < 4; ++i) {
    at = deeds.insert(
        at + 1,
        {.verb = std::string(neighbour_verb),
         .gap = Duration::from_milliseconds(static_cast<std::int64_t>(300 + random.below(400))),
         .pick = random.next()});
  }
}

}  // namespace

std::vector<Deed> draw_deeds(std::uint64_t seed, const Rates& rates, const FaultSet& allowed,
                             bool lent) {
  Random random = stream_of(seed, "deeds");
  const auto on = [&](Fault fault) {
    return rates[static_cast<std::size_t>(fault)] != 0 && contains(allowed, fault);
  };
  std::vector<const Verb*> possible;
  for (const Verb& verb : all_verbs()) {
    if (on(verb.fault) && !has_its_place(verb)) possible.push_back(&verb);
  }
  std::vector<Deed> deeds;
  for (std::uint64_t left = 1 + random.below(10); left > 0; --left) {
    Deed deed;
    // A third of all deeds start an update, or there would be nothing to disturb.
    const bool update = possible.empty() || random.below(3) == 0;
    deed.verb = update ? "set-image" : std::string(possible[random.below(possible.size())]->name);
    deed.pick = random.next();
    // From a tenth of a second to seven minutes, evenly over orders of magnitude.
    const Duration reach = 100_ms * (std::int64_t{1} << random.below(12));
    deed.gap = reach + Duration{static_cast<std::int64_t>(
                           random.below(static_cast<std::uint64_t>(reach.nanoseconds)))};
    deeds.push_back(std::move(deed));
  }
  if (on(Fault::ff7)) abort_an_update(seed, deeds);
  if (on(Fault::fd7)) hand_over_an_update(seed, deeds);
  if (on(Fault::fd12)) flood_the_queue(seed, deeds);
  if (on(Fault::ff14) && lent) disturb_the_lender(seed, deeds);
  if (on(Fault::fc21)) hold_deletions(seed, deeds);
  if (on(Fault::ff7)) abort_in_the_end(seed, deeds);
  return deeds;
}

}  // namespace slipway::simulation
