#pragma once

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "api/kinds.h"

namespace slipway::controller {

using KeySet = std::set<api::ObjectKey>;

/// Takes a key out of what is filed at a place, and the place with its last key.
template <class Map>
void remove_key(Map& map, const typename Map::key_type& at, const api::ObjectKey& key) {
  const auto found = map.find(at);
  if (found == map.end()) return;
  found->second.erase(key);
  if (found->second.empty()) map.erase(found);
}

/// What is filed at a place; empty where nothing is.
template <class Map>
const KeySet& keys_at(const Map& map, const typename Map::key_type& at) {
  static const KeySet none;
  const auto found = map.find(at);
  return found == map.end() ? none : found->second;
}

/// Which Rollouts refer to which targets.
template <class Target>
class UserIndex {
 public:
  /// All that the Rollout refers to, in order, each once.
  void set(const api::ObjectKey& rollout, const std::ranges::forward_range auto& targets) {
    const auto known = targets_of_.find(rollout);
    if (known == targets_of_.end() ? std::ranges::empty(targets)
                                   : std::ranges::equal(known->second, targets)) {
      return;
    }
    remove(rollout);
    for (const Target& target : targets) {
      users_[target].insert(rollout);
      targets_of_[rollout].insert(target);
    }
  }
  void remove(const api::ObjectKey& rollout) {
    const auto known = targets_of_.extract(rollout);
    if (known.empty()) return;
    for (const Target& target : known.mapped()) remove_key(users_, target, rollout);
  }
  const KeySet& users_of(const Target& target) const { return keys_at(users_, target); }
  /// Targets, and Rollouts that refer to any.
  std::size_t size() const { return users_.size() + targets_of_.size(); }

 private:
  std::map<Target, KeySet> users_;
  std::map<api::ObjectKey, std::set<Target>> targets_of_;
};

}  // namespace slipway::controller
