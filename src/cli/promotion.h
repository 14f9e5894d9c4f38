#pragma once

#include <vector>

#include "cli/commands.h"
#include "kubernetes/write.h"

namespace slipway::cli {

/// The writes of one promotion, in order; none where there is nothing to promote.
using PromotionWrites = std::vector<kubernetes::Write>;

/// Decides what `promote` writes to the Rollout seen (cli-output.md, section 11).
Result<PromotionWrites> promotion_writes(const Json& seen, const PromoteOptions& options);

}  // namespace slipway::cli
