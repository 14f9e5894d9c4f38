#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/hash.h"
#include "rollout/observed.h"

namespace slipway::controller {

/// Keeps the hashes of each Rollout's template and steps between plans, as long as they hold: to
/// compute them is most of what a plan would cost.
class HashMemo {
 public:
  const rollout::Hashes& hashes_of(const rollout::Observed& seen);
  void forget(const api::ObjectKey& rollout) { kept_.erase(rollout); }
  std::size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    std::string uid;
    std::int64_t generation = 0;
    std::optional<std::int32_t> collision_count;
    Hash128 workload_template;  ///< The meaning of the template that is taken over.
    rollout::Hashes hashes;
  };
  std::map<api::ObjectKey, Kept> kept_;
};

}  // namespace slipway::controller
