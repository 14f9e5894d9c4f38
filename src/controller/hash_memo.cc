#include "controller/hash_memo.h"

namespace slipway::controller {

const rollout::Hashes& HashMemo::hashes_of(const rollout::Observed& seen) {
  const api::Rollout& rollout = *seen.rollout;
  const Hash128 meaning = seen.workload ? seen.workload->template_.meaning() : Hash128{};
  Kept& kept = kept_[rollout.metadata.key()];
  if (kept.uid != rollout.metadata.uid || kept.generation != rollout.metadata.generation ||
      kept.collision_count != rollout.status.collision_count ||
      !(kept.workload_template == meaning)) {
    kept = {rollout.metadata.uid, rollout.metadata.generation, rollout.status.collision_count,
            meaning, rollout::hashes_of(rollout)};
  }
  return kept.hashes;
}

}  // namespace slipway::controller
